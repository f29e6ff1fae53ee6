//! `portcullis-prove`: proves what a policy set promises. `portcullis policy prove` runs it.
//!
//! Standard output has the proofs, or one JSON document with `--json`; standard error what went wrong. Exit
//! codes as of `portcullis`: 0 all proved, 2 wrong usage, 3 policies or promises cannot be read, 5 a
//! promise is not proved, 69 there is no solver.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use portcullis_proofs::{Promises, Report, Rules, Solver, SolverFault, prove};

/// Prove what the policies promise, with the solver cvc5
#[derive(Parser)]
#[command(name = "portcullis-prove", version)]
struct Arguments {
    /// The policies and their schema
    #[arg(long, value_name = "DIR", default_value = "config/policies")]
    policies: PathBuf,
    /// Other promises than those built in
    #[arg(long, value_name = "DIR")]
    promises: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) if report.holds() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(NOT_PROVED),
        Err((code, says)) => {
            let _ = writeln!(io::stderr(), "error: {says}");
            ExitCode::from(code)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report, (u8, String)> {
    let promises = match &arguments.promises {
        Some(dir) => Promises::read(dir),
        None => Promises::shipped(),
    };
    let promises = promises.map_err(|fault| (MISCONFIGURED, fault.to_string()))?;
    let rules = Rules::read(&arguments.policies).map_err(|fault| (MISCONFIGURED, fault.to_string()))?;
    let solvers = Solver::start_all().map_err(|fault| match fault {
        SolverFault::Missing => (UNAVAILABLE, fault.to_string()),
        other => (FAILED, other.to_string()),
    })?;
    let report = prove(&rules, &promises, solvers, |proof| {
        if !arguments.json {
            print(&proof.rendered());
        }
    });
    if arguments.json {
        print(&format!("{}\n", serde_json::to_string(&report).map_err(|e| (FAILED, e.to_string()))?));
    } else {
        print(&format!("\n{}\n", report.summary()));
    }
    Ok(report)
}

/// A reader that has seen enough (`| head`) is no error.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

const FAILED: u8 = 1;
const MISCONFIGURED: u8 = 3;
const NOT_PROVED: u8 = 5;
const UNAVAILABLE: u8 = 69;
