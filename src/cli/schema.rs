//! `portcullis schema`: what messages look like. The list of types, the schema of one, a whole message
//! of one, and the data dictionary as pages to read or print. All of it comes from the schema files
//! that validate; nothing is asked of a gateway.

mod docs;
pub mod example;
mod list;
mod resolve;

use std::{path::PathBuf, str::FromStr};

use anyhow::Context as _;

use super::{Exit, terminal::Terminal};
use crate::{
    message::MessageType,
    schema::{
        SchemaFault, Schemas, Version,
        catalog::{self, Catalogue, Entry},
        tree::Node,
    },
};

/// `portcullis schema …`
#[derive(clap::Subcommand)]
pub enum Arguments {
    /// List the message types with their versions
    List,
    /// Print the schema of a message type
    Show {
        /// The type, with a version if it is not the newest: referral, referral/1.0
        #[arg(value_name = "TYPE[/VERSION]")]
        which: Which,
        /// With the shared blocks in their places, so that the schema stands alone
        #[arg(long)]
        resolved: bool,
    },
    /// Print a whole message of a type, made of the schema's own examples
    Example {
        /// The type, with a version if it is not the newest: referral, referral/1.0
        #[arg(value_name = "TYPE[/VERSION]")]
        which: Which,
        /// With no more than must be there
        #[arg(long)]
        minimal: bool,
    },
    /// Write the data dictionary into a folder, as web pages that need no server
    Docs {
        /// The folder; it is made if it is not there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let listed = catalog::file("catalog.json").unwrap_or_default();
    let catalogue = Catalogue::read(listed).map_err(SchemaFault::Catalogue)?;
    match arguments {
        Arguments::List => list::print(&catalogue, terminal)?,
        Arguments::Show { which, resolved } => show(which.entry(&catalogue)?, *resolved, terminal)?,
        Arguments::Example { which, minimal } => {
            let example = example::of(&Schemas::embedded()?, which.entry(&catalogue)?, *minimal)?;
            print_json(&example, terminal)?;
            terminal.say("its message_id and case_ref are examples too: put your own before you send it");
        }
        Arguments::Docs { folder } => docs::write(&Schemas::embedded()?, folder, terminal)?,
    }
    Ok(())
}

fn show(entry: &Entry, resolved: bool, terminal: &mut Terminal) -> anyhow::Result<()> {
    let text = catalog::file(&entry.file).context("the schema is not part of this program")?;
    if resolved {
        let root = Node::file(&entry.file).context("the schema is not part of this program")?;
        print_json(&resolve::inlined(root), terminal)
    } else {
        Ok(terminal.raw(text.as_bytes())?)
    }
}

/// Indented also with `--json`: these are files to keep and to read.
fn print_json(value: &serde_json::Value, terminal: &mut Terminal) -> anyhow::Result<()> {
    Ok(terminal.raw(serde_json::to_string_pretty(value)?.as_bytes())?)
}

/// A type, and perhaps a version of it.
#[derive(Debug, Clone)]
pub struct Which {
    message_type: MessageType,
    version: Option<Version>,
}

impl Which {
    fn entry<'a>(&self, catalogue: &'a Catalogue) -> anyhow::Result<&'a Entry> {
        let mut versions = catalogue.of(self.message_type);
        let found = match self.version {
            None => versions.next(),
            Some(version) => versions.find(|entry| entry.version == version),
        };
        found.ok_or_else(|| {
            let known: Vec<String> =
                catalogue.of(self.message_type).map(|entry| entry.version.to_string()).collect();
            let known = known.join(", ");
            Exit::Usage.because(format!("`{}` has these versions: {known}", self.message_type))
        })
    }
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (message_type, version) = match text.split_once('/') {
            Some((message_type, version)) => (message_type, Some(version)),
            None => (text, None),
        };
        Ok(Self {
            message_type: message_type
                .parse()
                .map_err(|wrong: crate::message::Malformed| wrong.to_string())?,
            version: version
                .map(str::parse)
                .transpose()
                .map_err(|wrong: crate::schema::NoVersion| wrong.to_string())?,
        })
    }
}
