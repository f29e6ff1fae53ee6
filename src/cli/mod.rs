//! The command line: one file per command. It wires the rooms below it together by hand and holds no
//! rules of its own.
//!
//! In: arguments, and the few variables that the help names. Out: data on standard output, what is
//! said about it on standard error, an [`Exit`]. Here alone errors are `anyhow`'s: the types of the
//! rooms below decide the exit code, in one place (`exit.rs`).

pub mod agency;
pub mod approve;
pub mod case;
pub mod check;
pub mod client;
pub mod demo;
pub mod designate;
pub mod explain;
pub mod inbox;
pub mod init;
pub mod key;
pub mod ledger;
pub mod pki;
pub mod policy;
pub mod schema;
pub mod send;
pub mod serve;
pub mod terminal;
pub mod track;

mod exit;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand, error::ErrorKind};

pub use exit::{Ended, Exit};

use crate::{clock::Clock, crypto::random::Random};
use client::ClientFault;
use terminal::Terminal;

/// The secure messaging gateway between the agencies that protect the public under MAPPA
#[derive(Parser)]
#[command(name = "portcullis", version, after_help = EXIT_CODES)]
struct CommandLine {
    /// Print data as JSON; a refusal is then the gateway's problem document
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Watch a referral travel from a police system to its recipients: needs nothing set up
    Demo(demo::Arguments),
    /// Make a development installation: settings, keys, certificates and a directory to begin with
    Init(init::Arguments),
    /// Run the gateway
    Serve(serve::Arguments),
    /// Try settings, policies, schemas and keys, or a message, without starting or sending anything
    Check(check::Arguments),
    /// See what messages look like: their schemas, examples, and the data dictionary
    #[command(subcommand)]
    Schema(schema::Arguments),
    /// Read, try and prove the rules of permission
    #[command(subcommand)]
    Policy(policy::Arguments),
    /// Verify the ledger
    #[command(subcommand)]
    Ledger(ledger::Arguments),
    /// Keys: the gateway's for signing, and those that agencies' mail is sealed to
    #[command(subcommand)]
    Key(key::Arguments),
    /// Import and list the agencies of an installation
    #[command(subcommand)]
    Agency(agency::Arguments),
    /// Make the reference of a new case, see what holds about one, and state it
    #[command(subcommand)]
    Case(case::Arguments),
    /// Designate an associate for one case
    Designate(designate::Arguments),
    /// Give a written authority: a release of minutes or of a summary, category 4, the board's
    Approve(approve::Arguments),
    /// Ask who may receive a message, and by which rule and law, without sending it
    Explain(explain::Arguments),
    /// Send a message, with its attachments
    Send(send::Arguments),
    /// List, collect, open and acknowledge what was sent to you
    #[command(subcommand)]
    Inbox(inbox::Arguments),
    /// See what became of what you sent
    Track(track::Arguments),
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong configuration, \
                          4 refused by the gateway, 5 verification failed, 69 gateway unavailable";

/// Runs one command, on the terminal of this process.
pub fn run<A: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = A>) -> ExitCode {
    match CommandLine::try_parse_from(arguments) {
        Ok(line) => perform(line.command, &mut Terminal::of_process(line.json)).into(),
        Err(told) => {
            // Help and version are asked for, and go to standard output; all else is a mistake.
            let asked = matches!(told.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = told.print();
            if asked { Exit::Ok } else { Exit::Usage }.into()
        }
    }
}

/// Runs one command with another terminal: for tests.
///
/// # Errors
/// What `clap` has to say about the arguments.
pub fn run_on<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
    terminal: impl FnOnce(bool) -> Terminal,
) -> Result<Exit, clap::Error> {
    let line = CommandLine::try_parse_from(arguments)?;
    Ok(perform(line.command, &mut terminal(line.json)))
}

fn perform(command: Command, terminal: &mut Terminal) -> Exit {
    let Err(error) = dispatch(command, terminal) else { return Exit::Ok };
    match error.chain().find_map(|cause| cause.downcast_ref::<ClientFault>()).and_then(ClientFault::problem) {
        Some(problem) => {
            // The document is data: whoever asked for JSON can read every fault and its place.
            if terminal.json() {
                let _ = terminal.raw(&problem.bytes);
            }
            terminal.say_styled(&problem.rendered(terminal.colour()));
        }
        None => terminal.say(&format!("error: {error:#}")),
    }
    Exit::of(&error)
}

fn dispatch(command: Command, terminal: &mut Terminal) -> anyhow::Result<()> {
    let (clock, random) = (Clock::system(), Random::system());
    match command {
        Command::Demo(arguments) => serving(demo::run(&arguments, terminal)),
        Command::Init(arguments) => init::run(arguments, terminal, &clock, &random),
        Command::Serve(arguments) => serving(serve::run(&arguments.config)),
        Command::Check(arguments) => check::run(&arguments, &clock, terminal),
        Command::Schema(arguments) => schema::run(&arguments, terminal),
        Command::Policy(arguments) => policy::run(&arguments, &clock, terminal),
        Command::Ledger(arguments) => wait(ledger::run(&arguments, terminal)),
        Command::Key(arguments) => wait(key::run(&arguments, terminal, &clock, &random)),
        Command::Agency(arguments) => wait(agency::run(&arguments, terminal, &clock, &random)),
        Command::Case(arguments) => wait(case::run(&arguments, terminal, &clock, &random)),
        Command::Designate(arguments) => wait(designate::run(&arguments, terminal, &clock, &random)),
        Command::Approve(arguments) => wait(approve::run(&arguments, terminal, &clock, &random)),
        Command::Explain(arguments) => wait(explain::run(&arguments, terminal)),
        Command::Send(arguments) => wait(send::run(&arguments, terminal)),
        Command::Inbox(arguments) => wait(inbox::run(&arguments, terminal)),
        Command::Track(arguments) => wait(track::run(&arguments, terminal)),
    }
}

/// Runs a command that serves, on all cores.
fn serving(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

/// Runs a command that makes calls. One thread is enough for one caller.
fn wait(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

#[cfg(test)]
mod tests;
