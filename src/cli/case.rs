//! `portcullis case`: references of cases.

use jiff::tz::TimeZone;
use serde_json::json;

use super::terminal::Terminal;
use crate::{
    clock::Clock,
    crypto::random::{NoRandom, Random},
    message::{Area, CaseRef},
};

/// `portcullis case …`
#[derive(clap::Subcommand)]
pub enum Arguments {
    /// Print the reference of a new case: area, year and eight random characters
    New {
        /// The MAPPA area, such as 46 for Kent
        #[arg(long)]
        area: Area,
    },
}

pub(super) fn run(
    arguments: &Arguments,
    terminal: &mut Terminal,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    let Arguments::New { area } = arguments;
    let case_ref = new(*area, clock, random)?;
    if terminal.json() {
        terminal.value(&json!({ "case_ref": case_ref }))?;
    } else {
        terminal.data(case_ref.as_str())?;
    }
    Ok(())
}

/// A new reference (design §4). Nothing is registered: the notification or referral that bears it
/// first opens the case.
///
/// # Errors
/// No randomness.
pub fn new(area: Area, clock: &Clock, random: &Random) -> Result<CaseRef, NoRandom> {
    let year = clock.now().to_zoned(TimeZone::UTC).year();
    Ok(CaseRef::new(area, year, random.bytes()?))
}
