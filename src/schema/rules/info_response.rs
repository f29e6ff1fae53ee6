//! The rules of an information response (D5).

use serde_json::Value;

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V77", says: &[&RESPONSE_WITHOUT_REQUEST], check: request },
    Rule { id: "V77", says: &[&THIRD_PARTY_NOT_ASKED_FOR], check: third_parties },
];

const RESPONSE_WITHOUT_REQUEST: Say = Say {
    code: "response_without_request",
    severity: Warn,
    message: "a response names the request that it answers",
    fix: "set `in_reply_to` to the `message_id` of the request",
    source: SOURCE,
};

const THIRD_PARTY_NOT_ASKED_FOR: Say = Say {
    code: "third_party_not_asked_for",
    severity: Warn,
    message: "an answer speaks of a person other than the offender about whom nothing was asked",
    fix: "leave the person out, or say in `third_parties[].why_needed` why the answer cannot do without",
    source: SOURCE,
};

const SOURCE: &str = "Kent and Medway Safeguarding Procedures 2.4.5 §9; DPA 2018 s.37";

/// V77: an answer to nothing is information that nobody gave a reason for.
fn request(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.text("in_reply_to").is_none() {
        found.add(&RESPONSE_WITHOUT_REQUEST, "/in_reply_to");
    }
}

/// V77: no more about others than was asked for. The gateway does not keep the request, so the
/// sender says of each person whether they were asked about.
fn third_parties(message: &Subject<'_>, found: &mut Findings<'_>) {
    for (answer, part) in message.list("body.answers").iter().enumerate() {
        for (index, person) in part.list("third_parties").iter().enumerate() {
            if unasked(person) {
                let pointer = format!("/body/answers/{answer}/third_parties/{index}");
                found.add(&THIRD_PARTY_NOT_ASKED_FOR, pointer);
            }
        }
    }
}

fn unasked(person: &Value) -> bool {
    person.flag("asked_for") == Some(false) && person.text("why_needed").is_none()
}
