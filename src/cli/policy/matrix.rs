//! `portcullis policy matrix`: who may send and receive what, and by which rule, for the people who are
//! responsible for the rules.
//!
//! In: a folder of policies. Out: every answer comes from the engine that decides about real messages,
//! asked about made-up agencies and cases ([`Scene`]); no text of a policy is read but what it says of
//! itself. It changes nothing and looks at no store.

mod grid;
mod legend;
mod of_type;
mod overview;
mod records;

use std::path::PathBuf;

use super::super::terminal::Terminal;
use crate::{
    clock::Clock,
    config::Config,
    message::{AgencyType, MessageType},
    policy::{Relation, Scene, When},
};
use grid::Asking;

/// `portcullis policy matrix`
#[derive(clap::Args)]
#[command(after_help = READING)]
pub struct Arguments {
    /// One type of message, such as `minutes`; without it all types in short
    message_type: Option<MessageType>,
    /// The settings, which name the folder of policies
    #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
    config: PathBuf,
    /// A folder of policies, such as a draft, instead of that one
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Only what this type of agency sends; may be given again
    #[arg(long, value_name = "TYPE", value_parser = agency_type)]
    sender: Vec<AgencyType>,
    /// Only what this type of agency receives; may be given again
    #[arg(long, value_name = "TYPE", value_parser = agency_type)]
    recipient: Vec<AgencyType>,
    /// Only recipients that stand so towards the case, such as `lead`; may be given again
    #[arg(long, value_name = "RELATION", value_parser = relation)]
    relation: Vec<Relation>,
    /// The level of the case
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    level: u8,
    /// The category of the case; 4 serves purpose (aa) alone
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    category: u8,
    /// With the approval of the police (P32) and a named person at each recipient
    #[arg(long)]
    approved: bool,
    /// What is out of the ordinary, such as `suspended`
    #[arg(long, value_name = "WHAT", default_value = "ordinary", value_parser = when)]
    when: When,
}

const READING: &str = "\
P15   allowed, by this rule        ✗ P25   barred: a bar wins over every permit
–     no rule permits it           ! …     the rules could not be evaluated, which is a refusal

With --json: one line for each combination (`ask` is `send`, `own_agency` or `receive`) and for each policy
(`ask` is `policy`, with how often it decided and, if never, why not).";

pub(super) fn run(arguments: &Arguments, clock: &Clock, terminal: &mut Terminal) -> anyhow::Result<()> {
    let folder = match &arguments.policies {
        Some(folder) => folder.clone(),
        None => Config::load(&arguments.config)?.directory.policies,
    };
    let policies = super::load(&folder)?;
    let scene = Scene {
        message_type: arguments.message_type.unwrap_or(MessageType::Minutes),
        level: arguments.level,
        category: arguments.category,
        approved: arguments.approved,
        when: arguments.when,
        now: clock.now(),
    };
    let asking = Asking {
        policies: &policies,
        scene,
        senders: chosen(&arguments.sender, AgencyType::ALL),
        recipients: grid::parties(&chosen(&arguments.recipient, AgencyType::ALL), scene.category),
        relations: chosen(&arguments.relation, Relation::ALL),
    };
    match arguments.message_type {
        message_type if terminal.json() => {
            let all = message_type.map_or_else(|| MessageType::ALL.to_vec(), |only| vec![only]);
            records::print(&asking, &all, terminal)
        }
        Some(_) => Ok(terminal.data(&of_type::rendered(&asking))?),
        None => Ok(terminal.data(&overview::rendered(&asking))?),
    }
}

/// What was asked for, or all there is.
fn chosen<T: Copy>(wanted: &[T], all: &[T]) -> Vec<T> {
    if wanted.is_empty() { all.to_vec() } else { wanted.to_vec() }
}

/// `yot` and `la-csc` are understood too.
fn agency_type(text: &str) -> Result<AgencyType, crate::message::Malformed> {
    text.to_uppercase().replace('-', "_").parse()
}

fn relation(text: &str) -> Result<Relation, String> {
    let word = text.replace(['_', '-'], " ");
    let found = Relation::ALL.iter().find(|relation| relation.as_str() == word);
    found.copied().ok_or_else(|| one_of(Relation::ALL.iter().map(|relation| relation.as_str())))
}

fn when(text: &str) -> Result<When, String> {
    let word = text.replace(['-', ' '], "_");
    let found = When::ALL.iter().find(|when| when.as_str() == word);
    found.copied().ok_or_else(|| one_of(When::ALL.iter().map(|when| when.as_str())))
}

fn one_of(words: impl Iterator<Item = &'static str>) -> String {
    format!("one of {}", words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
}
