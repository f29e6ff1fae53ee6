//! The rules of a risk management plan sent by itself (D12).

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject};

pub(super) const RULES: &[Rule] =
    &[Rule { id: "V69", says: &[&PLAN_REPLACES_NOTHING, &PLAN_NOT_NEWER], check: version }];

const PLAN_REPLACES_NOTHING: Say = Say {
    code: "plan_replaces_nothing",
    severity: Warn,
    message: "a later version of the plan does not name the message that it replaces",
    fix: "set `supersedes` to the message with the version before, so that nobody works from the old plan",
    source: "DPA 2018 s.38",
};

const PLAN_NOT_NEWER: Say = Say {
    code: "plan_not_newer",
    severity: Warn,
    message: "the review of this version is not later than that of the version before",
    fix: "correct `rmp.reviewed_on` or `previous.reviewed_on`",
    source: "DPA 2018 s.38",
};

/// V69: a plan that follows another is newer and says which one it replaces.
fn version(message: &Subject<'_>, found: &mut Findings<'_>) {
    let later =
        message.has("body.previous") || message.number("body.version").is_some_and(|version| version > 1);
    if later && !message.has("supersedes") {
        found.add(&PLAN_REPLACES_NOTHING, "/supersedes");
    }
    let reviewed = message.date("body.rmp.reviewed_on");
    let before = message.date("body.previous.reviewed_on");
    if reviewed.zip(before).is_some_and(|(reviewed, before)| reviewed <= before) {
        found.add(&PLAN_NOT_NEWER, "/body/rmp/reviewed_on");
    }
}
