//! `portcullis policy prove`: proves what the policies promise, by `portcullis-prove`.
//!
//! In: a folder of policies. Out: each promise with what became of it. The prover is a program of its own
//! (`tests/proofs`), so that neither a symbolic compiler nor a solver is part of a gateway. It is looked for
//! beside this program, then in `PATH`, then in the source tree, that is, where the current folder has
//! `tests/proofs`; there cargo builds it first.
//!
//! Exit codes: 0 all proved, 3 the policies cannot be read, 5 a promise is not proved, 69 the prover or its
//! solver is not installed.

#[cfg(test)]
mod tests;

use std::{
    env,
    ffi::OsString,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::super::{Exit, terminal::Terminal};

const EXIT_CODES: &str = "Exit codes: 0 every promise is proved, 3 the policies cannot be read, 5 a promise is not \
                          proved (a request that breaks it is shown), 69 the prover or cvc5 is not installed";

/// `portcullis policy prove`
#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Arguments {
    /// The policies and their schema
    #[arg(long, value_name = "DIR", default_value = "config/policies")]
    policies: PathBuf,
}

pub(super) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let beside = env::current_exe().ok();
    let places = Places {
        beside: beside.as_deref().and_then(Path::parent),
        path: env::var_os("PATH"),
        tree: Path::new(""),
    };
    let Some(prover) = places.prover() else { return Err(Exit::Unavailable.because(HOW_TO_INSTALL)) };
    prove(prover, &arguments.policies, terminal)
}

/// Where the prover may be.
struct Places<'p> {
    /// The folder of this program.
    beside: Option<&'p Path>,
    /// The variable `PATH`.
    path: Option<OsString>,
    /// The folder that may be a source tree.
    tree: &'p Path,
}

impl Places<'_> {
    /// The command that runs the prover, without its arguments; none where there is no prover.
    fn prover(&self) -> Option<Command> {
        let path = self.path.as_deref().map(env::split_paths).into_iter().flatten();
        // An entry that is not absolute means the current folder, where anybody may have put anything.
        let folders = self.beside.map(Path::to_owned).into_iter().chain(path.filter(|dir| dir.is_absolute()));
        let installed = folders.map(|dir| dir.join(PROVER)).find(|program| program.is_file());
        installed.map(Command::new).or_else(|| self.to_build())
    }

    fn to_build(&self) -> Option<Command> {
        let manifest = self.tree.join("tests/proofs/Cargo.toml");
        manifest.is_file().then(|| {
            let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["run", "--quiet", "--locked", "--bin", PROVER, "--manifest-path"]);
            cargo.arg(manifest).arg("--");
            cargo
        })
    }
}

fn prove(mut prover: Command, policies: &Path, terminal: &mut Terminal) -> anyhow::Result<()> {
    prover.arg("--policies").arg(policies).args(terminal.json().then_some("--json"));
    // What it says on standard error goes where ours goes, as it comes.
    let started = prover.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| {
        let name = prover.get_program().to_string_lossy().into_owned();
        Exit::Unavailable.because(format!("`{name}` does not start: {error}"))
    })?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        if terminal.json() {
            let mut document = Vec::new();
            output.read_to_end(&mut document)?;
            terminal.raw(&document)?;
        } else {
            output.lines().try_for_each(|line| terminal.data(&line?))?;
        }
    }
    ended(child.wait()?.code())
}

/// The prover's exit code as our own.
fn ended(code: Option<i32>) -> anyhow::Result<()> {
    let (exit, says) = match code {
        Some(0) => return Ok(()),
        Some(3) => (Exit::Config, "the policies cannot be proved as they are"),
        Some(5) => (Exit::Verification, "not everything that the policies promise is proved"),
        Some(69) => (Exit::Unavailable, "there is no solver to prove anything with"),
        _ => (Exit::Failed, "the prover failed"),
    };
    Err(exit.because(says))
}

const PROVER: &str = "portcullis-prove";

const HOW_TO_INSTALL: &str = "`portcullis-prove` is not installed: it is looked for beside this program, in \
                              PATH, and in the source tree. `cargo install --locked --path tests/proofs` in \
                              the source tree installs it; it needs the solver cvc5 (on Debian and Ubuntu \
                              `apt-get install cvc5`)";
