//! The rules of a transfer to another area (D18).

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject};

pub(super) const RULES: &[Rule] = &[Rule { id: "V68", says: &[&TRANSFER_WITHIN_AREA], check: two_areas }];

const TRANSFER_WITHIN_AREA: Say = Say {
    code: "transfer_within_area",
    severity: Reject,
    message: "a case is transferred from one area to another, and these are the same",
    fix: "set `area` to the losing and `receiving_area` to the receiving area",
    source: "MAPPA Guidance 2012, form G",
};

/// V68: the losing area, which is the envelope's, is not the receiving one.
fn two_areas(message: &Subject<'_>, found: &mut Findings<'_>) {
    let receiving = message.text("body.receiving_area");
    if receiving.is_some() && receiving == message.text("area") {
        found.add(&TRANSFER_WITHIN_AREA, "/body/receiving_area");
    }
}
