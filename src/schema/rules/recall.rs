//! The rules of a recall (D24). That it reaches everybody who got the earlier message is decided where
//! the deliveries are known, not here.

use super::{Findings, Rule, Say, Severity::Reject, Subject, correction::one_earlier_message};

pub(super) const RULES: &[Rule] = &[Rule { id: "P30", says: &[&MISSING, &DIFFERS], check: earlier_message }];

const DUTY: &str = "DPA 2018 s.38(5)(c)";

const MISSING: Say = Say {
    code: "recalled_message_missing",
    severity: Reject,
    message: "the recall does not say in its envelope which message it recalls",
    fix: "give the earlier message's `message_id` in `supersedes`, as in `body.message_id`",
    source: DUTY,
};

const DIFFERS: Say = Say {
    code: "recalled_message_differs",
    severity: Reject,
    message: "envelope and body name different messages as the one that is recalled",
    fix: "give the same `message_id` in `supersedes` and in `body.message_id`",
    source: DUTY,
};

/// P30: the gateway finds those who got the earlier message by the envelope, readers by the body.
fn earlier_message(message: &Subject<'_>, found: &mut Findings<'_>) {
    one_earlier_message(message, found, &MISSING, &DIFFERS);
}
