//! `portcullis agency`: the directory of an installation. A gateway that runs notices a change within
//! seconds.

use std::path::PathBuf;

use super::{
    serve,
    terminal::{Table, Terminal},
};
use crate::{
    clock::Clock,
    config::{Config, load_agencies},
    crypto::random::Random,
    message::Agency,
    store::Store as _,
};

/// `portcullis agency`
#[derive(clap::Subcommand)]
pub enum Arguments {
    /// Add or replace agencies; those that the file does not name stay as they are
    Import {
        /// A file of the form of config/agencies.toml, with keys and certificates
        file: PathBuf,
        /// The settings of the installation
        #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
        config: PathBuf,
    },
    /// List the directory
    List {
        /// The settings of the installation
        #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
        config: PathBuf,
    },
}

pub(super) async fn run(
    arguments: &Arguments,
    terminal: &mut Terminal,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    match arguments {
        Arguments::Import { file, config } => {
            let agencies = load_agencies(file)?;
            let count = agencies.len();
            let store = serve::existing_store(&Config::load(config)?)?;
            serve::import(&store, agencies, "agency import", clock, random).await?;
            terminal.say(&format!("{count} agencies imported"));
            Ok(())
        }
        Arguments::List { config } => {
            let directory = serve::existing_store(&Config::load(config)?)?.directory().await?;
            let mut agencies: Vec<&Agency> = directory.agencies().collect();
            agencies.sort_by(|a, b| a.agency_id.cmp(&b.agency_id));
            if terminal.json() {
                terminal.value(&serde_json::json!({ "agencies": agencies }))?;
            } else {
                terminal.data(&table(&agencies))?;
            }
            Ok(())
        }
    }
}

fn table(agencies: &[&Agency]) -> String {
    let mut table = Table::new(["agency", "type", "status", "areas", "channels", "name"]);
    for agency in agencies {
        let words = |words: Vec<String>| words.join(" ");
        let standing = if agency.suspended { "suspended".to_owned() } else { agency.status.to_string() };
        table.row([
            agency.agency_id.to_string(),
            agency.agency_type.to_string(),
            standing,
            words(agency.areas.iter().map(ToString::to_string).collect()),
            words(agency.channels.iter().map(ToString::to_string).collect()),
            agency.name.clone(),
        ]);
    }
    table.rendered()
}
