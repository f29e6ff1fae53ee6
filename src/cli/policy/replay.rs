//! `portcullis policy replay`.

use super::super::terminal::Terminal;

/// `portcullis policy replay`
#[derive(clap::Args)]
pub struct Arguments {}

pub(super) fn run(_: &Arguments, _: &mut Terminal) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
