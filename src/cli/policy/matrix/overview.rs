//! All types of message in short, as the rules are written down for people (domain §3.3): a row for each
//! type, a column for each kind of agency.

use std::collections::BTreeSet;

use super::{
    grid::{Answer, Asking, Outcome, for_each},
    legend::wrapped,
};
use crate::{
    cli::terminal::aligned,
    config::usual_status,
    message::{AgencyType, MessageType, Status},
    policy::{Party, Relation},
};

/// The kinds of agency that have a column.
const KINDS: [&str; 7] = ["RA", "DTC", "assoc.", "COORD", "SMB", "LAY", "COURT"];

const READING: &str = "\
A: always; C: under a condition, by one of these rules; ✗: barred by this rule, wholly or unless a condition \
is met; –: no rule permits it. RA: responsible authority; DTC: duty to co-operate bodies; assoc.: associates. One sender of each \
kind was asked about; `portcullis policy matrix TYPE` asks about each type and relation, and tells what the \
rules say.";

/// The whole table.
pub fn rendered(asking: &Asking) -> String {
    let mut lines = vec![["message", "sent by"].into_iter().chain(KINDS).map(str::to_owned).collect()];
    lines.extend(for_each(MessageType::ALL, |message_type| line(&asking.about(*message_type))));
    let scene = asking.scene;
    let head = format!(
        "category {} at level {}, policy set {}",
        scene.category,
        scene.level,
        asking.policies.sha256_hex()
    );
    format!("{head}\n\n{}\n{}", aligned(&lines), wrapped(READING, ""))
}

fn line(asking: &Asking) -> Vec<String> {
    let senders = senders(asking);
    let sent_by: Vec<&str> = match asking.scene.message_type.made_by_agencies() {
        true => senders.iter().map(|sender| kind(*sender)).collect(),
        false => vec!["the gateway"],
    };
    let mut line = vec![asking.scene.message_type.to_string(), sent_by.join(" ")];
    line.extend(KINDS.map(|wanted| {
        let held: Vec<Party> =
            asking.recipients.iter().copied().filter(|party| kind(party.agency_type) == wanted).collect();
        cell(asking, &senders, &held)
    }));
    line
}

/// One of each kind that may send it in some relation.
fn senders(asking: &Asking) -> Vec<AgencyType> {
    let able = asking.able();
    let first = |wanted: &str| able.iter().copied().find(|sender| kind(*sender) == wanted);
    KINDS.iter().filter_map(|wanted| first(wanted)).collect()
}

/// What these agencies are told, all in one.
fn cell(asking: &Asking, senders: &[AgencyType], parties: &[Party]) -> String {
    let relations = asking.receiving();
    let mut answers: Vec<(Relation, Answer)> = Vec::new();
    for (sender, party) in senders.iter().flat_map(|sender| parties.iter().map(move |party| (sender, party)))
    {
        let asked =
            relations.iter().map(|relation| (*relation, asking.receive(*sender, *party, *relation).0));
        answers.extend(asked);
    }
    let rules = |wanted: &dyn Fn(&(Relation, Answer)) -> bool| -> BTreeSet<String> {
        answers.iter().filter(|answer| wanted(answer)).flat_map(|(_, answer)| answer.rules.clone()).collect()
    };
    let count = |outcome| answers.iter().filter(|(_, answer)| answer.outcome == outcome).count();
    let (allowed, barred) = (count(Outcome::Allowed), count(Outcome::Barred));
    let bars = || short(&rules(&|(_, answer)| answer.outcome == Outcome::Barred));
    if count(Outcome::InDoubt) > 0 {
        "!".to_owned()
    } else if answers.is_empty() {
        String::new()
    } else if allowed == answers.len() {
        // The rules that need no relation; more of them may hold for those that have one.
        format!("A {}", short(&rules(&|(relation, _)| Some(relation) == relations.first())))
    } else if allowed > 0 {
        let permits = short(&rules(&|(_, answer)| answer.is_allowed()));
        if barred > 0 { format!("C {permits} ✗{}", bars()) } else { format!("C {permits}") }
    } else if barred > 0 {
        format!("✗ {}", bars())
    } else {
        "–".to_owned()
    }
}

/// `P15 P16` as `P15,16`: eight columns are wide enough already.
fn short(rules: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for rule in rules {
        match rule.strip_prefix('P').filter(|_| text.starts_with('P')) {
            Some(number) => text.push_str(&format!(",{number}")),
            None if text.is_empty() => text.push_str(rule),
            None => text.push_str(&format!(" {rule}")),
        }
    }
    text
}

fn kind(agency_type: AgencyType) -> &'static str {
    match usual_status(agency_type) {
        Status::Ra => "RA",
        Status::Dtc => "DTC",
        Status::Associate => "assoc.",
        Status::Coord => "COORD",
        Status::Board if agency_type == AgencyType::Lay => "LAY",
        Status::Board => "SMB",
        Status::Court => "COURT",
    }
}
