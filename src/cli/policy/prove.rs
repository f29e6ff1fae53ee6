//! `portcullis policy prove`.

use super::super::terminal::Terminal;

/// `portcullis policy prove`
#[derive(clap::Args)]
pub struct Arguments {}

pub(super) fn run(_: &Arguments, _: &mut Terminal) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
