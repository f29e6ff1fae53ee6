//! The solver: one cvc5 process, asked one question after another.
//!
//! In: policies compiled for one environment. Out: yes, no, or a request that shows it. "Do not know" (the
//! solver gave up within its time) is an error, never a yes.

use std::{env, ffi::OsString, io, process, thread};

use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env, solver::LocalSolver};
use tokio::{process::Command, runtime::Runtime};

/// A running cvc5.
pub struct Solver {
    runtime: Runtime,
    program: OsString,
    version: String,
    /// Whether it knows [`REWRITES`].
    rewrites: bool,
    compiler: CedarSymCompiler<LocalSolver>,
    asked: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SolverFault {
    /// There is no cvc5.
    #[error(
        "cvc5 is not installed: on Debian and Ubuntu `apt-get install cvc5`, else https://cvc5.github.io; \
             CVC5 names it where it is not in PATH"
    )]
    Missing,
    /// It does not start.
    #[error("cvc5 does not start: {0}")]
    Unstartable(#[from] io::Error),
    /// It gave no answer, or policies could not be turned into a question.
    #[error("undecided: {0}")]
    Undecided(String),
}

type Answer<T> = Result<T, SolverFault>;

impl Solver {
    /// Starts the cvc5 that `CVC5` names, or that is in `PATH`.
    ///
    /// # Errors
    /// It is not there or does not start.
    pub fn start() -> Answer<Self> {
        let program = env::var_os("CVC5").filter(|path| !path.is_empty()).unwrap_or_else(|| "cvc5".into());
        let version = version(&program)?;
        let rewrites =
            process::Command::new(&program).args([REWRITES, "--version"]).output()?.status.success();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let compiler = {
            let _inside = runtime.enter();
            compiler(&program, rewrites)?
        };
        Ok(Self { runtime, program, version, rewrites, compiler, asked: 0 })
    }

    /// Starts one for each core.
    ///
    /// # Errors
    /// As [`Solver::start`].
    pub fn start_all() -> Answer<Vec<Self>> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        (0..cores.min(SOLVERS_MAX)).map(|_| Self::start()).collect()
    }

    /// What it calls itself.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many questions it was asked so far.
    pub fn asked(&self) -> usize {
        self.asked
    }

    /// A request that the first set allows and the second does not; none is a proof that there is none.
    ///
    /// # Errors
    /// Undecided.
    pub fn beyond(&mut self, set: &CompiledPolicySet, bound: &CompiledPolicySet) -> Answer<Option<Env>> {
        self.ask(|runtime, compiler| {
            runtime.block_on(compiler.check_implies_with_counterexample_opt(set, bound)).map_err(undecided)
        })
    }

    /// Whether the second set allows all that the first allows; cheaper than [`Solver::beyond`].
    ///
    /// # Errors
    /// Undecided.
    pub fn implies(&mut self, set: &CompiledPolicySet, bound: &CompiledPolicySet) -> Answer<bool> {
        self.ask(|runtime, compiler| {
            runtime.block_on(compiler.check_implies_opt(set, bound)).map_err(undecided)
        })
    }

    /// A request that both allow.
    ///
    /// # Errors
    /// Undecided.
    pub fn within(&mut self, set: &CompiledPolicySet, example: &CompiledPolicySet) -> Answer<Option<Env>> {
        self.ask(|runtime, compiler| {
            runtime.block_on(compiler.check_disjoint_with_counterexample_opt(set, example)).map_err(undecided)
        })
    }

    /// Whether it allows everything.
    ///
    /// # Errors
    /// Undecided.
    pub fn allows_all(&mut self, set: &CompiledPolicySet) -> Answer<bool> {
        self.ask(|runtime, compiler| {
            runtime.block_on(compiler.check_always_allows_opt(set)).map_err(undecided)
        })
    }

    /// Whether it refuses everything.
    ///
    /// # Errors
    /// Undecided.
    pub fn refuses_all(&mut self, set: &CompiledPolicySet) -> Answer<bool> {
        self.ask(|runtime, compiler| {
            runtime.block_on(compiler.check_always_denies_opt(set)).map_err(undecided)
        })
    }

    /// A request over which the policy errs.
    ///
    /// # Errors
    /// Undecided.
    pub fn erring(&mut self, policy: &CompiledPolicy) -> Answer<Option<Env>> {
        self.ask(|runtime, compiler| {
            runtime.block_on(compiler.check_never_errors_with_counterexample_opt(policy)).map_err(undecided)
        })
    }

    /// Whether the policy matches no request at all.
    ///
    /// # Errors
    /// Undecided.
    pub fn idle(&mut self, policy: &CompiledPolicy) -> Answer<bool> {
        self.ask(|runtime, compiler| {
            runtime.block_on(compiler.check_never_matches_opt(policy)).map_err(undecided)
        })
    }

    fn ask<T>(
        &mut self,
        question: impl FnOnce(&Runtime, &mut CedarSymCompiler<LocalSolver>) -> Answer<T>,
    ) -> Answer<T> {
        self.asked += 1;
        if self.asked.is_multiple_of(QUESTIONS_PER_PROCESS) {
            self.restart()?;
        }
        let answer = question(&self.runtime, &mut self.compiler);
        if answer.is_err() {
            // What was written or read of this question would be taken for part of the next one.
            self.restart()?;
        }
        answer
    }

    fn restart(&mut self) -> Answer<()> {
        let _inside = self.runtime.enter();
        self.compiler = compiler(&self.program, self.rewrites)?;
        Ok(())
    }
}

fn version(program: &OsString) -> Answer<String> {
    let told = process::Command::new(program).arg("--version").stdin(process::Stdio::null()).output();
    let told = told.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SolverFault::Missing,
        _ => SolverFault::Unstartable(error),
    })?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let word = text.split_whitespace().skip_while(|word| *word != "version").nth(1);
    Ok(format!("cvc5 {}", word.unwrap_or("of an unknown version")))
}

fn compiler(program: &OsString, rewrites: bool) -> Answer<CedarSymCompiler<LocalSolver>> {
    let mut command = Command::new(program);
    command.args(["--lang", "smt"]).arg(format!("--tlimit-per={QUESTION_MS_MAX}")).kill_on_drop(true);
    command.args(rewrites.then_some(REWRITES));
    let solver = LocalSolver::from_command(&mut command).map_err(undecided)?;
    CedarSymCompiler::new(solver).map_err(undecided)
}

fn undecided(told: impl ToString) -> SolverFault {
    SolverFault::Undecided(told.to_string())
}

/// Rewrites a question thoroughly before it is thought about: half the time for questions such as these.
const REWRITES: &str = "--ext-rew-prep=use";
/// cvc5 1.0.3 keeps something of each question, and grows slower: three times by the 75th. Starting it takes
/// as long as an easy question.
const QUESTIONS_PER_PROCESS: usize = 6;
/// For one question; all take milliseconds.
const QUESTION_MS_MAX: u32 = 30_000;
/// More would wait for each other's promises: a few of them make up most of the work.
const SOLVERS_MAX: usize = 8;
