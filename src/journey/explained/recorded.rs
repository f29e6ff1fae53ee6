//! What is recorded about one agency in a case, as far as the deciding policies look at it: closed words
//! with dates, and a sentence for each. Never a narrative: the gateway keeps none.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::Facts;
use crate::{
    message::{AgencyId, ApprovalKind, CaseFacts, MeetingFacts, MeetingId},
    policy::Decision,
};

/// One thing that is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// What: `invited`, `confirmed`, `attended`, `action_owner`, `lead`, `referrer`, `opener`,
    /// `shares_supervision`, `designated`, `released`, `approved`, or of the case itself `purposes`,
    /// `category`, `level`, `convicted`, `not_convicted`, `foreign_national`, `no_foreign_national`, `left`.
    pub fact: &'static str,
    /// The same for people: "recorded as present at the meeting of 3 November 2026".
    pub text: String,
    /// At which meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// When that meeting is or was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// From this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Up to, and without, this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What holds about this agency and was looked at in the decision about it.
pub(super) fn of(facts: &Facts<'_>, agency: &AgencyId, decision: &Decision) -> Vec<Recorded> {
    let Some(case) = facts.case else { return Vec::new() };
    let looks = facts.policies.looks_at(decision);
    let about = About { facts, case, agency, looks: &looks };
    let mut found = about.at_meetings();
    found.extend(about.towards_the_case());
    found.extend(about.granted());
    if !decision.grounds.is_empty() {
        found.extend(about.of_the_case());
    }
    found
}

struct About<'a> {
    facts: &'a Facts<'a>,
    case: &'a CaseFacts,
    agency: &'a AgencyId,
    looks: &'a BTreeSet<String>,
}

impl About<'_> {
    /// Whether any of these was looked at.
    fn looks(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.looks.contains(*word))
    }

    fn at_meetings(&self) -> Vec<Recorded> {
        let anywhere = self.looks(&["in.case"]);
        let mut found = Vec::new();
        for meeting in &self.case.meetings {
            let this = self.facts.meeting.is_none_or(|id| id == meeting.meeting_id);
            let looked = |of_meeting: &str, of_case: &str| {
                anywhere || (this && self.looks(&[of_meeting])) || self.looks(&[of_case])
            };
            let mut add = |fact, holds: bool, words: &str| {
                if holds {
                    found.push(at(meeting, fact, words));
                }
            };
            let Self { agency, .. } = self;
            let invited = looked("meeting.invited", "case.invitees") && meeting.invites(agency);
            add("invited", invited, "invited to");
            let confirmed =
                looked("meeting.confirmed", "case.confirmed") && meeting.confirmed.contains(*agency);
            add("confirmed", confirmed, "confirmed for");
            let attended = looked("meeting.attended", "case.attended") && meeting.attended.contains(*agency);
            add("attended", attended, "recorded as present at");
            let acts = looked("meeting.action_owners", "case.action_owners")
                && meeting.action_owners.contains(*agency);
            add("action_owner", acts, "holds an action of");
        }
        found
    }

    fn towards_the_case(&self) -> Vec<Recorded> {
        let Self { case, agency, .. } = self;
        let stands = [
            (
                "lead",
                &["case.lead", "in.case"][..],
                case.lead.as_ref() == Some(agency),
                "the lead agency of the case",
            ),
            ("referrer", &["case.referrers"], case.referrers.contains(*agency), "referred the case"),
            ("opener", &["in.case"], case.openers.contains(*agency), "notified or referred the case"),
            (
                "shares_supervision",
                &["in.case"],
                case.shared_supervision.contains(*agency),
                "shares supervision in the case",
            ),
        ];
        let stands = stands.into_iter().filter(|(_, looked_at, holds, _)| *holds && self.looks(looked_at));
        stands.map(|(fact, _, _, text)| plain(fact, text)).collect()
    }

    fn granted(&self) -> Vec<Recorded> {
        let mut found = Vec::new();
        let designation = self.case.designation(self.agency, self.facts.now);
        if let Some(made) = designation.filter(|_| self.looks(&["case.associates"])) {
            let text = format!("designated for the case from {} until {}", day(made.start), day(made.expiry));
            let (from, until) = (Some(made.start), Some(made.expiry));
            found.push(Recorded { from, until, ..plain("designated", text) });
        }
        for kind in ApprovalKind::ALL.iter().filter(|kind| self.looks(&[&format!("approval.{kind}")])) {
            for given in self.case.approvals(*kind, self.agency, self.facts.now) {
                let (fact, what) = match kind {
                    ApprovalKind::MinutesRelease => ("released", "minutes released to it"),
                    ApprovalKind::ExecSummary => ("released", "executive summary released to it"),
                    ApprovalKind::Category4 => ("approved", "category 4 messages to it approved"),
                    ApprovalKind::Smb => ("approved", "case review to it approved"),
                };
                let text = format!("{what} by `{}` until {}", given.by, day(given.until));
                let (meeting_id, until) = (given.meeting_id, Some(given.until));
                found.push(Recorded { meeting_id, until, ..plain(fact, text) });
            }
        }
        found
    }

    /// What holds about the case, whoever receives.
    fn of_the_case(&self) -> Vec<Recorded> {
        let case = self.case;
        let mut found = Vec::new();
        if self.looks(&["case.purposes"]) && !case.purposes.is_empty() {
            let purposes: Vec<&str> = case.purposes.iter().map(|purpose| purpose.as_str()).collect();
            found.push(plain("purposes", format!("the case serves purpose {}", purposes.join(", "))));
        }
        if let Some(category) = case.category.filter(|_| self.looks(&["case.category"])) {
            found.push(plain("category", format!("the case is of category {category}")));
        }
        if let Some(level) = case.level.filter(|_| self.looks(&["case.level"])) {
            found.push(plain("level", format!("the case is at level {level}")));
        }
        if let Some(convicted) = case.convicted.filter(|_| self.looks(&["case.convicted"])) {
            found.push(match convicted {
                true => plain("convicted", "a conviction, caution or finding is recorded"),
                false => plain("not_convicted", "recorded as without conviction, caution or finding"),
            });
        }
        if let Some(foreign) = case.foreign_national.filter(|_| self.looks(&["case.foreign_national"])) {
            found.push(match foreign {
                true => plain("foreign_national", "recorded as a foreign national"),
                false => plain("no_foreign_national", "recorded as no foreign national"),
            });
        }
        if case.left && self.looks(&["case.left"]) {
            found.push(plain("left", "the case left MAPPA"));
        }
        found
    }
}

fn at(meeting: &MeetingFacts, fact: &'static str, words: &str) -> Recorded {
    let text = match meeting.date {
        Some(date) => format!("{words} the meeting of {}", date.strftime("%-d %B %Y")),
        None => format!("{words} a meeting whose date is not recorded"),
    };
    Recorded { meeting_id: Some(meeting.meeting_id), date: meeting.date, ..plain(fact, text) }
}

fn plain(fact: &'static str, text: impl Into<String>) -> Recorded {
    Recorded { fact, text: text.into(), meeting_id: None, date: None, from: None, until: None }
}

fn day(at: Timestamp) -> String {
    if at == Timestamp::MAX { "further notice".into() } else { at.strftime("%-d %B %Y").to_string() }
}
