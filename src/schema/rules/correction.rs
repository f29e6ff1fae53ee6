//! The rules of a correction (D24). That it reaches everybody who got the earlier message is decided
//! where the deliveries are known, not here.

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "P30", says: &[&MISSING, &DIFFERS], check: earlier_message },
    Rule { id: "P29", says: &[&VICTIMS], check: victims },
];

const DUTY: &str = "DPA 2018 s.38(5)(c)";

const MISSING: Say = Say {
    code: "corrected_message_missing",
    severity: Reject,
    message: "the correction does not say in its envelope which message it corrects",
    fix: "give the earlier message's `message_id` in `supersedes`, as in `body.message_id`",
    source: DUTY,
};

const DIFFERS: Say = Say {
    code: "corrected_message_differs",
    severity: Reject,
    message: "envelope and body name different messages as the one that is corrected",
    fix: "give the same `message_id` in `supersedes` and in `body.message_id`",
    source: DUTY,
};

const VICTIMS: Say = Say {
    code: "correction_of_victim_data",
    severity: Reject,
    message: "new text about victims cannot be cut for readers who may not have it when it stands in a correction",
    fix: "send the whole message anew with `supersedes`, and leave this change out or only remove the old text",
    source: "DPA 2018 s.37",
};

/// P30: the gateway finds those who got the earlier message by the envelope, readers by the body.
fn earlier_message(message: &Subject<'_>, found: &mut Findings<'_>) {
    one_earlier_message(message, found, &MISSING, &DIFFERS);
}

/// P29: only what stands under `victims` is marked for cutting, so nothing about them travels elsewhere.
fn victims(message: &Subject<'_>, found: &mut Findings<'_>) {
    let about =
        |pointer: &str| pointer.split('/').any(|name| matches!(name, "victims" | "potential_victims"));
    for (index, change) in message.list("body.changes").iter().enumerate() {
        if change.has("text") && change.text("pointer").is_some_and(about) {
            found.add(&VICTIMS, format!("/body/changes/{index}/text"));
        }
    }
}

/// Whether envelope and body name the same earlier message.
pub(super) fn one_earlier_message(
    message: &Subject<'_>,
    found: &mut Findings<'_>,
    missing: &'static Say,
    differs: &'static Say,
) {
    match (message.text("supersedes"), message.text("body.message_id")) {
        (None, _) => found.add(missing, "/supersedes"),
        (Some(envelope), Some(body)) if envelope != body => found.add(differs, "/supersedes"),
        _ => {}
    }
}
