//! Reads facts out of a message that its schema accepted: ids, codes, dates and flags, never narrative.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    message::{
        AgencyId, CaseFacts, Envelope, ExitScope, Fact, InviteReason, Invitee, MeetingFacts, MeetingId,
        MessageType,
    },
    schema::rules::{Look, found_guilty},
};

/// The lead agency that a `mappa` block names.
pub fn lead_agency(mappa: Option<&Value>) -> Option<AgencyId> {
    agency(mappa?, "lead_agency")
}

/// The agencies that share supervision by a `mappa` block.
pub fn shared_supervision(mappa: Option<&Value>) -> Vec<AgencyId> {
    let listed = mappa.and_then(|mappa| mappa.get("shared_supervision")).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

/// What a notification states, or a referral proposes.
pub(super) fn opened(envelope: &Envelope, body: &Value, proposed: bool, today: Date) -> Option<Fact> {
    let mappa = body.at("mappa");
    Some(Fact::CaseOpened {
        by: envelope.sender.agency_id.clone(),
        proposed,
        area: envelope.area,
        // What opens a case says for which limb; its schema sees to that.
        purpose: envelope.purpose?,
        category: small(body, "mappa.category"),
        lead: lead_agency(mappa),
        shared_supervision: shared_supervision(mappa),
        convicted: body.at("conviction").map(|conviction| found_guilty(conviction, today)),
        foreign_national: body.at("offender").and_then(foreign_national),
    })
}

/// What the co-ordination unit of the case's area sets by a message.
pub(super) fn by_coordinator(envelope: &Envelope, body: &Value, case: &CaseFacts) -> Vec<Fact> {
    let by = || envelope.sender.agency_id.clone();
    let fact = match envelope.message_type {
        MessageType::ReferralDecision => {
            level_decided(body, case).map(|level| Fact::LevelSet { by: by(), level })
        }
        MessageType::LevelChange => small(body, "level_to").map(|level| Fact::LevelSet { by: by(), level }),
        MessageType::Exit => scope(body).map(|scope| Fact::Left { by: by(), scope }),
        MessageType::Invitation => meeting(body, case).map(Fact::Meeting),
        MessageType::Attendance => present(body, case, false),
        // A draft may still change, and binds nobody.
        MessageType::Minutes if body.text("minutes_status") == Some("final") => present(body, case, true),
        _ => None,
    };
    fact.into_iter().collect()
}

/// Accepted at level 2 or 3. To hold somebody at level 1 sets the level of a case that has none; one that
/// is managed higher goes down by a `level_change` alone, also where a referral to level 3 fails.
fn level_decided(body: &Value, case: &CaseFacts) -> Option<u8> {
    match body.text("decision")? {
        "accepted_level_2" => Some(2),
        "accepted_level_3" => Some(3),
        "level_1_exchange" if case.level.is_none() => Some(1),
        _ => None,
    }
}

fn scope(body: &Value) -> Option<ExitScope> {
    body.text("leaves")?.parse().ok()
}

/// The meeting as the invitation tells it. Who confirmed, attended and holds an action stays.
fn meeting(body: &Value, case: &CaseFacts) -> Option<MeetingFacts> {
    let meeting_id = meeting_id(body)?;
    let known = case.meeting(meeting_id).cloned();
    let (confirmed, attended, action_owners) =
        known.map(|known| (known.confirmed, known.attended, known.action_owners)).unwrap_or_default();
    let invitee = |entry: &Value| {
        let reason = entry.text("reason_code").and_then(reason);
        Some(Invitee { agency_id: agency(entry, "agency_id")?, reason })
    };
    Some(MeetingFacts {
        meeting_id,
        date: body.date("meeting.date"),
        level: small(body, "meeting.level"),
        invited: body.list("invitees").iter().filter_map(invitee).collect(),
        confirmed,
        attended,
        action_owners,
    })
}

/// The seven words of the form stand for the three grounds that P8 knows.
fn reason(code: &str) -> Option<InviteReason> {
    match code {
        "can_commit_resources" => Some(InviteReason::CommitResources),
        "supervises_offender" | "victim_contact" | "safeguarding" => Some(InviteReason::StatutoryInvolvement),
        "holds_information" | "owns_action" | "professional_advice" => {
            Some(InviteReason::SignificantContribution)
        }
        _ => None,
    }
}

/// Who was there. An attendance record knows no actions, so that those of the meeting's record stay.
/// A meeting that the case does not know learns nothing: only its record or its invitation opens one.
fn present(body: &Value, case: &CaseFacts, by_minutes: bool) -> Option<Fact> {
    let meeting_id = meeting_id(body)?;
    let known = case.meeting(meeting_id)?;
    let there = body.list("meeting.attendees").iter().filter(|person| person.flag("present") == Some(true));
    let attended = there.filter_map(|person| agency(person, "agency_id")).collect();
    let action_owners: BTreeSet<AgencyId> = if by_minutes {
        body.list("actions").iter().filter_map(|action| agency(action, "owner_agency")).collect()
    } else {
        known.action_owners.clone()
    };
    Some(Fact::Present { meeting_id, by_minutes, attended, action_owners })
}

/// P36. The flag tells; without it the nationality does, where it is more than "not known". Whoever is
/// British or Irish beside something else is no foreign national.
fn foreign_national(offender: &Value) -> Option<bool> {
    if let Some(flag) = offender.flag("foreign_national") {
        return Some(flag);
    }
    let nationality = offender.text("nationality")?.to_lowercase();
    let words: Vec<&str> =
        nationality.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let any = |listed: &[&str]| words.iter().any(|word| listed.contains(word));
    if any(NOT_TOLD) || words.is_empty() {
        return None;
    }
    Some(!any(AT_HOME))
}

const AT_HOME: &[&str] = &[
    "british", "briton", "uk", "gb", "gbr", "britain", "kingdom", "english", "england", "welsh", "wales",
    "scottish", "scots", "scotland", "irish", "ireland", "irl",
];
const NOT_TOLD: &[&str] = &["unknown", "not", "unclear", "disputed", "none", "unconfirmed"];

fn meeting_id(body: &Value) -> Option<MeetingId> {
    body.text("meeting.meeting_id")?.parse().ok()
}

fn agency(value: &Value, member: &str) -> Option<AgencyId> {
    value.text(member)?.parse().ok()
}

fn small(body: &Value, path: &str) -> Option<u8> {
    body.number(path).and_then(|number| u8::try_from(number).ok())
}

#[cfg(test)]
mod tests;
