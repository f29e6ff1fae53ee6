//! The rules of the envelope: its marking (V72), and what must agree within it (E1, E2: Portcullis's
//! own, design §4).

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V72", says: &[&MARKING_TIER, &MARKING_NOT_SENSITIVE], check: marking },
    Rule { id: "E1", says: &[&RECIPIENT_TWICE], check: recipients_once },
    Rule { id: "E2", says: &[&CASE_OF_ANOTHER_AREA], check: case_of_the_area },
];

const MARKING_TIER: Say = Say {
    code: "marking_tier",
    severity: Reject,
    message: "the gateway carries the tier OFFICIAL and nothing above it, and has not stored this message",
    fix: "set `marking.tier` to OFFICIAL and `marking.sensitive` to true, or send what is SECRET or above by a \
          system approved for it",
    source: "Government Security Classifications; MAPPA form D, as re-marked",
};

const MARKING_NOT_SENSITIVE: Say = Say {
    code: "marking_not_sensitive",
    severity: Reject,
    message: "everything about a MAPPA case is marked OFFICIAL-SENSITIVE",
    fix: "set `marking.sensitive` to true",
    source: "Government Security Classifications; MAPPA form D, as re-marked",
};

/// V72: the marking is OFFICIAL-SENSITIVE, neither more nor less.
fn marking(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.text("marking.tier").is_some_and(|tier| tier != "OFFICIAL") {
        found.add(&MARKING_TIER, "/marking/tier");
    }
    if message.flag("marking.sensitive") == Some(false) {
        found.add(&MARKING_NOT_SENSITIVE, "/marking/sensitive");
    }
}

const RECIPIENT_TWICE: Say = Say {
    code: "recipient_twice",
    severity: Reject,
    message: "this agency is named as recipient twice",
    fix: "name each recipient once",
    source: "Portcullis",
};

/// E1: each recipient once.
fn recipients_once(message: &Subject<'_>, found: &mut Findings<'_>) {
    let recipients = message.list("recipients");
    for (index, recipient) in recipients.iter().enumerate() {
        let Some(agency) = recipient.text("agency_id") else { continue };
        let earlier = recipients.iter().take(index);
        if earlier.into_iter().any(|other| other.text("agency_id") == Some(agency)) {
            found.add(&RECIPIENT_TWICE, format!("/recipients/{index}/agency_id"));
        }
    }
}

const CASE_OF_ANOTHER_AREA: Say = Say {
    code: "case_of_another_area",
    severity: Reject,
    message: "the case reference belongs to another area than the message",
    fix: "use a `case_ref` that begins with the message's own `area`",
    source: "Portcullis",
};

/// E2: a message is about a case of its own area.
fn case_of_the_area(message: &Subject<'_>, found: &mut Findings<'_>) {
    if let (Some(case_ref), Some(area)) = (message.text("case_ref"), message.text("area"))
        && case_ref.split('-').next() != Some(area)
    {
        found.add(&CASE_OF_ANOTHER_AREA, "/case_ref");
    }
}
