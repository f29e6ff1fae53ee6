//! The rules of a change of level (D19).

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
};

pub(super) const RULES: &[Rule] =
    &[Rule { id: "V78", says: &[&LEVEL_UNCHANGED, &LEVEL_3_TO_1], check: one_step }];

const LEVEL_UNCHANGED: Say = Say {
    code: "level_unchanged",
    severity: Reject,
    message: "a change of level has two different levels",
    fix: "set `level_from` to the level until now and `level_to` to the level from `effective_on`",
    source: "Portcullis",
};

const LEVEL_3_TO_1: Say = Say {
    code: "level_3_to_1",
    severity: Warn,
    message: "the case goes from level 3 to level 1 in one step",
    fix: "consider level 2 first, and say in `rationale` why no step between is needed",
    source: "MAPPA Guidance ch. 7 (2019)",
};

/// V78: a case that leaves level 3 is expected to step down through level 2.
fn one_step(message: &Subject<'_>, found: &mut Findings<'_>) {
    match (message.number("body.level_from"), message.number("body.level_to")) {
        (Some(from), Some(to)) if from == to => found.add(&LEVEL_UNCHANGED, "/body/level_to"),
        (Some(3), Some(1)) => found.add(&LEVEL_3_TO_1, "/body/level_to"),
        _ => {}
    }
}
