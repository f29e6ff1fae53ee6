//! `portcullis case`: references of cases, and what the gateway knows about a case.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    client::{Client, Identity, Profile},
    terminal::{Table, Terminal, labelled},
};
use crate::{
    clock::Clock,
    crypto::random::{NoRandom, Random},
    message::{AgencyId, Area, CaseRef, CaseStatement, Purpose},
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
    /// Show what holds about a case: for its circle and the area's co-ordination unit
    Show {
        /// The case
        case_ref: CaseRef,
        /// Who calls.
        #[command(flatten)]
        identity: Identity,
    },
    /// Confirm or change what holds about a case: for the area's co-ordination unit
    State {
        /// The case
        case_ref: CaseRef,
        /// What is stated.
        #[command(flatten)]
        stated: Stated,
        /// Who calls.
        #[command(flatten)]
        identity: Identity,
    },
}

/// What is stated; the rest stays.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub struct Stated {
    /// The limbs of s.325(2) that it serves: a, aa, b or c; may be repeated
    #[arg(long = "purpose")]
    purposes: Vec<Purpose>,
    /// Category 1 to 4
    #[arg(long)]
    category: Option<u8>,
    /// The lead agency
    #[arg(long, value_name = "AGENCY")]
    lead: Option<AgencyId>,
    /// Whether there is a conviction, caution or finding: true or false
    #[arg(long, value_name = "BOOL")]
    convicted: Option<bool>,
    /// Whether the person is neither British nor Irish: true or false
    #[arg(long, value_name = "BOOL")]
    foreign_national: Option<bool>,
}

impl Stated {
    fn statement(&self) -> CaseStatement {
        let purposes: BTreeSet<Purpose> = self.purposes.iter().copied().collect();
        CaseStatement {
            purposes: (!purposes.is_empty()).then_some(purposes),
            category: self.category,
            lead: self.lead.clone(),
            convicted: self.convicted,
            foreign_national: self.foreign_national,
        }
    }
}

pub(super) async fn run(
    arguments: &Arguments,
    terminal: &mut Terminal,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    match arguments {
        Arguments::New { area } => {
            let case_ref = new(*area, clock, random)?;
            if terminal.json() {
                terminal.value(&json!({ "case_ref": case_ref }))?;
            } else {
                terminal.data(case_ref.as_str())?;
            }
        }
        Arguments::Show { case_ref, identity } => {
            let answer = Client::new(&Profile::load(identity)?)?.case(case_ref).await?;
            if terminal.json() {
                terminal.raw(&answer.bytes)?;
            } else {
                terminal.data(&rendered(&answer.value))?;
            }
        }
        Arguments::State { case_ref, stated, identity } => {
            let client = Client::new(&Profile::load(identity)?)?;
            let answer = client.put_case(case_ref, &stated.statement()).await?;
            if terminal.json() {
                terminal.raw(&answer.bytes)?;
            }
            terminal.say("stated");
        }
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

fn rendered(case: &Value) -> String {
    let shown = |member: &str| words(case.get(member));
    let mut lines = vec![
        ("case", shown("case_ref")),
        ("purposes", shown("purposes")),
        ("category", shown("category")),
        ("level", shown("level")),
        ("left", shown("left")),
        ("lead", shown("lead")),
        ("proposed lead", shown("proposed_lead")),
        ("shares supervision", shown("shared_supervision")),
        ("opened by", shown("opened_by")),
        ("convicted", shown("convicted")),
        ("foreign national", shown("foreign_national")),
    ];
    if case.get("claimed_by").is_some() {
        lines.push(("claimed by", shown("claimed_by")));
    }
    let mut text = labelled(&lines);
    let entries = |member: &str| case.get(member).and_then(Value::as_array).into_iter().flatten();
    let mut meetings = Table::new(["meeting", "date", "level", "confirmed", "attended", "action owners"]);
    for meeting in entries("meetings") {
        let of = |member: &str| words(meeting.get(member));
        let (confirmed, attended) = (of("confirmed"), of("attended"));
        meetings.row([of("meeting_id"), of("date"), of("level"), confirmed, attended, of("action_owners")]);
    }
    let mut designations = Table::new(["designation", "associate", "by officer of", "start", "expiry"]);
    for made in entries("designations") {
        let of = |member: &str| words(made.get(member));
        let (id, associate) = (of("designation_id"), of("agency_id"));
        designations.row([id, associate, of("ra_agency"), of("start"), of("expiry")]);
    }
    let mut approvals = Table::new(["approval", "kind", "by", "to", "until"]);
    for given in entries("approvals") {
        let of = |member: &str| words(given.get(member));
        approvals.row([of("approval_id"), of("kind"), of("by"), of("to"), of("until")]);
    }
    for (member, table) in [
        ("meetings", meetings.rendered()),
        ("designations", designations.rendered()),
        ("approvals", approvals.rendered()),
    ] {
        if entries(member).next().is_some() {
            text.push_str(&format!("\n{table}"));
        }
    }
    text
}

/// A value as a person reads it; what is not known is a dash.
fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(entries)) if !entries.is_empty() => {
            entries.iter().map(|entry| words(Some(entry))).collect::<Vec<_>>().join(" ")
        }
        None | Some(Value::Null | Value::Array(_)) => "-".into(),
        Some(other) => other.to_string(),
    }
}
