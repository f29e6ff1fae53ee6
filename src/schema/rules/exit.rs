//! The rules of an exit (D19).

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "V5",
        says: &[
            &EXIT_BEFORE_REGISTRATION_ENDS,
            &EXIT_REGISTRATION_INDEFINITE,
            &EXIT_REGISTRATION_END_MISSING,
        ],
        check: registration,
    },
    Rule { id: "V16", says: &[&EXIT_BEFORE_LICENCE_ENDS, &EXIT_LICENCE_END_MISSING], check: licence },
];

const EXIT_BEFORE_REGISTRATION_ENDS: Say = Say {
    code: "exit_before_registration_ends",
    severity: Warn,
    message: "the exit from category 1 is dated before the registration ends",
    fix: "set `effective_on` to the end of the registration or later, or correct `mappa.sor_notification.end`",
    source: FAQ,
};

const EXIT_REGISTRATION_INDEFINITE: Say = Say {
    code: "exit_registration_indefinite",
    severity: Warn,
    message: "the registration has no end, so that category 1 goes on",
    fix: "set `reason` to `registration_ended_on_review` if it was ended on review, or keep the case",
    source: FAQ,
};

const EXIT_REGISTRATION_END_MISSING: Say = Say {
    code: "exit_registration_end_missing",
    severity: Warn,
    message: "the exit from category 1 does not say when the registration ends",
    fix: "add `mappa.sor_notification.end`",
    source: FAQ,
};

const EXIT_BEFORE_LICENCE_ENDS: Say = Say {
    code: "exit_before_licence_ends",
    severity: Warn,
    message: "the exit from category 2 is dated before the licence or hospital order ends",
    fix: "set `effective_on` to the end of the licence or order or later, or correct `licence_end` or `order_end`",
    source: FAQ,
};

const EXIT_LICENCE_END_MISSING: Say = Say {
    code: "exit_licence_end_missing",
    severity: Warn,
    message: "the exit from category 2 does not say when the licence or hospital order ends",
    fix: "add `licence_end` or `order_end`",
    source: FAQ,
};

const FAQ: &str = "MAPPA website, FAQs: how long a person is managed";

/// V5: category 1 ends with the registration.
fn registration(message: &Subject<'_>, found: &mut Findings<'_>) {
    if !waits_for_the_end(message, 1) || message.text("body.reason") == Some("registration_ended_on_review") {
        return;
    }
    if message.flag("body.mappa.sor_notification.indefinite") == Some(true) {
        return found.add(&EXIT_REGISTRATION_INDEFINITE, "/body/reason");
    }
    let end = message.date("body.mappa.sor_notification.end");
    let Some(end) = end.or_else(|| message.date("body.mappa.category_end_date")) else {
        return found.add(&EXIT_REGISTRATION_END_MISSING, "/body/mappa/sor_notification/end");
    };
    if message.date("body.effective_on").is_some_and(|exit| exit < end) {
        found.add(&EXIT_BEFORE_REGISTRATION_ENDS, "/body/effective_on");
    }
}

/// V16: category 2 ends with the licence, or with the hospital or guardianship order.
fn licence(message: &Subject<'_>, found: &mut Findings<'_>) {
    if !waits_for_the_end(message, 2) {
        return;
    }
    let end = message.date("body.licence_end").max(message.date("body.order_end"));
    let Some(end) = end.or_else(|| message.date("body.mappa.category_end_date")) else {
        return found.add(&EXIT_LICENCE_END_MISSING, "/body/licence_end");
    };
    if message.date("body.effective_on").is_some_and(|exit| exit < end) {
        found.add(&EXIT_BEFORE_LICENCE_ENDS, "/body/effective_on");
    }
}

/// Whether somebody leaves MAPPA altogether from this category, for a reason that waits for its end.
/// Death, a quashed conviction and a mistaken entry do not; who leaves multi-agency management only
/// stays in the category.
fn waits_for_the_end(message: &Subject<'_>, category: i64) -> bool {
    let at_once =
        matches!(message.text("body.reason"), Some("deceased" | "conviction_quashed" | "entered_in_error"));
    !at_once
        && message.text("body.leaves") == Some("mappa")
        && message.number("body.mappa.category") == Some(category)
}
