//! `portcullis policy matrix`.

use super::super::terminal::Terminal;
use crate::clock::Clock;

/// `portcullis policy matrix`
#[derive(clap::Args)]
pub struct Arguments {}

pub(super) fn run(_: &Arguments, _: &Clock, _: &mut Terminal) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
