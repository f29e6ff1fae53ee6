//! Validate: the JSON Schema of its type and version, and the rules V* of the domain, all faults at
//! once. [`Accepted`] → [`Validated`].

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize as _;
use serde_json::Value;

use super::{Code, Fault, Gateway, Refusal, Stop, accept::Accepted};
use crate::{
    message::Envelope,
    schema::{
        self, Verdict,
        rules::{Severity, Subject},
    },
};

/// A message that its schema and its rules accept, with its envelope read.
pub struct Validated {
    pub(super) accepted: Accepted,
    pub(super) envelope: Envelope,
    /// What the rules only warn about: it goes into statement, receipt and ledger.
    pub(super) warnings: Vec<schema::Fault>,
}

impl Validated {
    /// The file of its schema, `minutes/1.0.json`.
    pub(super) fn schema_file(&self) -> String {
        format!("{}/{}.json", self.accepted.message_type, self.accepted.schema_version)
    }
}

pub(super) fn validate(gateway: &Gateway, accepted: Accepted) -> Result<Validated, Stop> {
    let Verdict { mut faults, warnings } = judge(gateway, &accepted)?;
    faults.extend(too_many_recipients(&accepted.json, gateway.limits.recipients, &faults));
    if !faults.is_empty() {
        return Err(refusal(&accepted, faults).into());
    }
    let envelope = Envelope::deserialize(&accepted.json)
        .map_err(|_| Fault::Impossible("an envelope that meets the schema cannot be read"))?;
    Ok(Validated { accepted, envelope, warnings })
}

fn judge(gateway: &Gateway, accepted: &Accepted) -> Result<Verdict, Fault> {
    let area = accepted.json.get("area").and_then(|area| area.as_str()?.parse().ok());
    let profile = area.and_then(|area| gateway.areas.get(area));
    let thresholds = profile.map(|profile| profile.thresholds).unwrap_or_default();
    let none = schema::rules::Raised::new();
    let directory = gateway.directory();
    let subject = Subject {
        message_type: accepted.message_type,
        message: &accepted.json,
        thresholds: &thresholds,
        today: day_in_the_united_kingdom(gateway.clock.now()),
        agencies: directory.as_ref(),
    };
    gateway
        .schemas
        .judge(&subject, accepted.schema_version, profile.map_or(&none, |profile| &profile.severities))
        .ok_or(Fault::Impossible("an accepted message has a schema"))
}

/// The calendar day of a moment in the United Kingdom.
pub fn day_in_the_united_kingdom(at: Timestamp) -> Date {
    at.to_zoned(united_kingdom()).date()
}

/// When a day begins there. `None` beyond the calendar's ends.
pub fn day_begins(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(united_kingdom()).ok()?.timestamp())
}

fn united_kingdom() -> TimeZone {
    // As the Summer Time Act 1972 has it. The rule stands here, so that no time zone files are needed.
    TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").unwrap_or(TimeZone::UTC)
}

/// Fewer recipients may be allowed than the schema has room for. Where the schema speaks of them
/// already, that is enough.
pub fn too_many_recipients(message: &Value, most: usize, told: &[schema::Fault]) -> Option<schema::Fault> {
    let recipients = message.get("recipients")?.as_array()?;
    if recipients.len() <= most || told.iter().any(|fault| fault.pointer == "/recipients") {
        return None;
    }
    let fix = format!("name at most {most} recipients");
    let fault = schema::Fault::new("/recipients", "max_items", "too many recipients for this gateway", fix);
    Some(fault.by_rule("limit", "Portcullis: `limits.recipients` of the gateway", Severity::Reject))
}

fn refusal(accepted: &Accepted, faults: Vec<schema::Fault>) -> Refusal {
    let by_rules_alone =
        faults.iter().all(|fault| fault.rule.as_deref().is_some_and(|rule| rule != "schema"));
    if by_rules_alone {
        return Refusal::with(Code::Rules, "mend what is listed; each entry names its rule", faults);
    }
    let url = format!("GET /v1/schemas/{}/{}.json", accepted.message_type, accepted.schema_version);
    Refusal::with(Code::Schema, format!("mend what is listed; the schema is at {url}"), faults)
}
