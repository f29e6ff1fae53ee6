//! `portcullis policy`: the rules of permission for the people who are responsible for them: printed as a
//! matrix, tried on past decisions before a change is published, and proved.

mod matrix;
mod prove;
mod replay;

use std::path::Path;

use super::{Exit, terminal::Terminal};
use crate::{clock::Clock, policy::Policies};

/// `portcullis policy`
#[derive(clap::Subcommand)]
pub enum Arguments {
    /// Print who may send and receive what, and by which rule
    Matrix(matrix::Arguments),
    /// Run a draft of the rules over the decisions in the ledger, and list every answer that changes
    Replay(replay::Arguments),
    /// Prove what the rules promise, with the solver cvc5
    Prove(prove::Arguments),
}

pub(super) fn run(arguments: &Arguments, clock: &Clock, terminal: &mut Terminal) -> anyhow::Result<()> {
    match arguments {
        Arguments::Matrix(arguments) => matrix::run(arguments, clock, terminal),
        Arguments::Replay(arguments) => super::wait(replay::run(arguments, terminal)),
        Arguments::Prove(arguments) => prove::run(arguments, terminal),
    }
}

/// The policies of a folder.
///
/// # Errors
/// Which file, which policy, why, and what to do about it.
pub fn load(folder: &Path) -> anyhow::Result<Policies> {
    Policies::load(folder).map_err(|fault| {
        Exit::Config.because(format!("the policies in {}: {}", folder.display(), fault.told()))
    })
}
