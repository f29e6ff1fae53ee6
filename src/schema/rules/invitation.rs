//! The rules of an invitation (D6).

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject};
use crate::message::AgencyType;

pub(super) const RULES: &[Rule] = &[Rule { id: "P8", says: &[&INVITEE_WITHOUT_REASON], check: reasons }];

const INVITEE_WITHOUT_REASON: Say = Say {
    code: "invitee_without_reason",
    severity: Reject,
    message: "an agency outside the responsible authority is invited without a reason",
    fix: "add `reason_code` to the invitee: what it can contribute or commit",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §12; DPA 2018 s.37",
};

/// P8: only those are invited who contribute or can commit their agency. The responsible authority
/// and the co-ordinator are permanent members and need no reason.
fn reasons(message: &Subject<'_>, found: &mut Findings<'_>) {
    use AgencyType::{Coord, Police, Prison, Probation};
    for (index, invitee) in message.list("body.invitees").iter().enumerate() {
        let permanent = matches!(message.kind_of(invitee), None | Some(Police | Probation | Prison | Coord));
        if !permanent && invitee.text("reason_code").is_none() {
            found.add(&INVITEE_WITHOUT_REASON, format!("/body/invitees/{index}/reason_code"));
        }
    }
}
