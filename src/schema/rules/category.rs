//! What a category asks of the rest of a message. This file: category 1 and what the categories have
//! in common; the others are below.
//!
//! The rules speak where a message has both `mappa` and `conviction`. A message that gives
//! the category in passing, without the conviction, is not asked to prove it again.

mod dangerous;
mod terrorism;
mod violent;

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V4", says: &[&NOTIFICATION_MISSING, &NOTIFICATION_WITHOUT_END], check: registered },
    Rule {
        id: "V10",
        says: &[&violent::DISPOSAL_DOES_NOT_QUALIFY, &violent::TERM_MISSING],
        check: violent::disposal_qualifies,
    },
    Rule {
        id: "V11",
        says: &[&violent::OFFENCE_NOT_LISTED, &violent::OFFENCE_NOT_CODED],
        check: violent::offence_is_listed,
    },
    Rule { id: "V12", says: &[&violent::OFFENCE_OF_PART_3], check: violent::offence_is_not_terrorism },
    Rule {
        id: "V13",
        says: &[&violent::FINDING_WITHOUT_ORDER, &violent::FINDING_WITH_TERM],
        check: violent::finding_has_its_order,
    },
    Rule { id: "V14", says: &[&violent::SENTENCE_SUSPENDED], check: violent::sentence_is_not_suspended },
    Rule { id: "V15", says: &[&violent::TERM_TOO_SHORT], check: violent::term_is_long_enough },
    Rule {
        id: "V20",
        says: &[
            &dangerous::OFFENCE_MISSING,
            &dangerous::RATIONALE_MISSING,
            &dangerous::RISK_MISSING,
            &dangerous::RISK_LOW,
            &dangerous::RISK_MEDIUM,
        ],
        check: dangerous::test_is_met,
    },
    Rule { id: "V21", says: &[&dangerous::LEVEL_1], check: dangerous::agencies_meet },
    Rule {
        id: "V22",
        says: &[&dangerous::CATEGORY_1_APPLIES, &dangerous::CATEGORY_2_APPLIES],
        check: dangerous::no_other_category_applies,
    },
    Rule { id: "V23", says: &[&terrorism::GROUND_MISSING], check: terrorism::has_a_ground },
    Rule {
        id: "V24",
        says: &[
            &terrorism::RATIONALE_MISSING,
            &terrorism::DECISION_MAKER_MISSING,
            &terrorism::DECISION_MAKER_ELSEWHERE,
        ],
        check: terrorism::authority_decided,
    },
];

const NOTIFICATION_MISSING: Say = Say {
    code: "sor_notification_missing",
    severity: Reject,
    message: "category 1 rests on sex-offender notification, and its start is not stated",
    fix: "add `mappa.sor_notification` with `start` and either `end` or `indefinite`, or choose another \
          category",
    source: "CJA 2003 s.327(2)",
};

const NOTIFICATION_WITHOUT_END: Say = Say {
    code: "sor_notification_without_end",
    severity: Reject,
    message: "the period of sex-offender notification has neither an end nor the mark that it has none",
    fix: "add `mappa.sor_notification.end`, or set `mappa.sor_notification.indefinite` to true",
    source: "CJA 2003 s.327(2)",
};

/// V4: a registered sexual offender has a period of notification.
fn registered(message: &Subject<'_>, found: &mut Findings<'_>) {
    if category(message) != Some(1) {
        return;
    }
    let Some(period) = message.at("body.mappa.sor_notification") else {
        return found.add(&NOTIFICATION_MISSING, "/body/mappa/sor_notification");
    };
    if !period.is_object() {
        return;
    }
    if !period.has("start") {
        found.add(&NOTIFICATION_MISSING, "/body/mappa/sor_notification/start");
    }
    if !period.has("end") && period.flag("indefinite") != Some(true) {
        found.add(&NOTIFICATION_WITHOUT_END, "/body/mappa/sor_notification/end");
    }
}

/// The category of a message that also tells what the court did.
fn category(message: &Subject<'_>) -> Option<i64> {
    message.at("body.conviction").and_then(|_| message.number("body.mappa.category"))
}
