//! The rules V* of the domain (§4): what is wrong with a message that its schema cannot tell.
//!
//! In: a [`Subject`], the message with what a rule may know besides. Out: [`Findings`], faults that
//! refuse it and warnings that travel with it. A rule looks at whatever part of the message it knows
//! and is silent about parts that are missing or of another type: those are the schema's to tell. A
//! rule never repeats what it saw, and never asks the clock or the store.
//!
//! One file for each type of message, and one for each part that several types share. What follows
//! from a rule is a [`Say`]; the area profile may raise its severity, never lower it.

mod findings;
mod subject;

mod anonymous;
mod attachments;
mod category;
mod dates;
mod envelope;
mod identifiers;
mod offender_told;
mod person;
mod signs;
mod sweep;
mod timing;

mod action_update;
mod agency_report;
mod attendance;
mod audit_form;
mod correction;
mod dwp_notice;
mod exec_summary;
mod exit;
mod housing_benefit_notice;
mod info_request;
mod info_response;
mod invitation;
mod level_change;
mod meeting_pack;
mod minutes;
mod minutes_request;
mod notification;
mod recall;
mod referral;
mod referral_decision;
mod rmp;
mod scr_report;
mod screening;
mod sfo_notice;
mod stats_return;
mod third_party_disclosure;
mod transfer;

use std::collections::BTreeMap;

pub use findings::Findings;
pub use minutes::distribution_beyond;
pub use person::found_guilty;
pub use subject::{Agencies, LIST_MAX, Look, Subject};

pub use crate::config::Severity;
use crate::message::MessageType;

/// One rule.
pub struct Rule {
    /// Its number in the domain: `V31`, an identifier's `I5`, or `P10` for a permission that the
    /// message alone decides.
    pub id: &'static str,
    /// Everything that it may say.
    pub says: &'static [&'static Say],
    /// Looks at a message and adds what it finds.
    check: fn(&Subject<'_>, &mut Findings<'_>),
}

/// What follows when a rule is not met.
#[derive(Debug)]
pub struct Say {
    /// Stable word, unique among all rules.
    pub code: &'static str,
    /// What happens to the message, unless the area raised it.
    pub severity: Severity,
    /// What is wrong. `{}` stands for a threshold of the area, or for a reason in fixed words.
    pub message: &'static str,
    /// What to do. `{}` as above.
    pub fix: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
}

/// What an area raised: a code to the severity that it has there.
pub type Raised = BTreeMap<String, Severity>;

/// Holds a message against every rule of its type.
pub fn judge<'a>(subject: &Subject<'_>, raised: &'a Raised) -> Findings<'a> {
    let mut found = Findings::new(raised);
    for rule in of(subject.message_type).iter().flat_map(|part| part.iter()) {
        found.of_rule(rule.id);
        (rule.check)(subject, &mut found);
    }
    found
}

/// Every rule of a type: those of its own, and those of the parts that it shares with others.
pub fn of(message_type: MessageType) -> &'static [&'static [Rule]] {
    use MessageType as T;
    // Each type's own rules, after what holds for every message and for every message with a person.
    macro_rules! every {
        ($($part:expr),*) => { &[envelope::RULES, attachments::RULES, sweep::RULES, $($part),*] };
    }
    macro_rules! person {
        ($($part:expr),*) => {
            every![person::RULES, identifiers::RULES, dates::RULES, category::RULES, $($part),*]
        };
    }
    match message_type {
        T::Notification => person![notification::RULES],
        T::Screening => person![screening::RULES],
        T::Referral => person![referral::RULES],
        T::ReferralDecision => person![referral_decision::RULES],
        T::InfoRequest => person![info_request::RULES],
        T::InfoResponse => person![info_response::RULES],
        T::Invitation => person![invitation::RULES],
        T::AgencyReport => person![agency_report::RULES],
        T::MeetingPack => person![meeting_pack::RULES],
        T::Attendance => person![attendance::RULES],
        T::Minutes => person![minutes::RULES],
        T::ActionUpdate => person![action_update::RULES],
        T::Rmp => person![rmp::RULES],
        T::ExecSummary => person![exec_summary::RULES],
        T::MinutesRequest => person![minutes_request::RULES],
        T::ThirdPartyDisclosure => person![third_party_disclosure::RULES],
        T::DwpNotice => person![dwp_notice::RULES],
        T::HousingBenefitNotice => person![housing_benefit_notice::RULES],
        T::Transfer => person![transfer::RULES],
        T::LevelChange => person![level_change::RULES],
        T::Exit => person![exit::RULES],
        T::SfoNotice => person![sfo_notice::RULES],
        T::ScrReport => person![scr_report::RULES],
        T::AuditForm => every![audit_form::RULES],
        T::StatsReturn => every![stats_return::RULES],
        T::Correction => every![correction::RULES],
        T::Recall => every![recall::RULES],
        T::Receipt | T::NonDelivery | T::ResendRequest => &[],
    }
}

/// Every rule once, in the order of their first use.
pub fn all() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = Vec::new();
    for message_type in MessageType::ALL {
        for rule in of(*message_type).iter().flat_map(|part| part.iter()) {
            if !rules.iter().any(|known| std::ptr::eq(*known, rule)) {
                rules.push(rule);
            }
        }
    }
    rules
}

/// Rules of the domain (§4) that are not here, and why. At present none is missing.
pub const ELSEWHERE: &[(&str, &str)] = &[];

/// The codes that an area profile raises and no rule knows.
pub fn unknown_codes(raised: &Raised) -> Vec<&str> {
    let all = all();
    let known = |code: &str| all.iter().any(|rule| rule.says.iter().any(|say| say.code == code));
    raised.keys().map(String::as_str).filter(|code| !known(code)).collect()
}

#[cfg(test)]
mod tests;
