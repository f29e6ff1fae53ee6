//! Category 4: terrorist offenders, and those whom the responsible authority considers at risk of
//! involvement in terrorism (CJA 2003 ss.325(2)(aa), (c) and 327(4B)–(4D)).

use super::{
    super::{Findings, Look as _, Say, Severity::Reject, Subject},
    category,
};
use crate::message::AgencyType::{Police, Prison, Probation};

pub(super) const GROUND_MISSING: Say = Say {
    code: "category_4_ground_missing",
    severity: Reject,
    message: "nothing that is stated brings the person into category 4",
    fix: "set `mappa.terrorist_notification` or `mappa.terrorism_offence` to true, or name the offence in \
          `conviction.index_offences` and say in `mappa.category_rationale` why the person is considered at risk",
    source: "CJA 2003 ss.325(2)(c) and 327(4B)–(4D)",
};

pub(super) const RATIONALE_MISSING: Say = Say {
    code: "category_4_rationale_missing",
    severity: Reject,
    message: "the reason why the responsible authority considers the person at risk of involvement in \
              terrorism is missing",
    fix: "add `mappa.category_rationale`",
    source: "CJA 2003 s.325(2)(c)",
};

pub(super) const DECISION_MAKER_MISSING: Say = Say {
    code: "decision_maker_missing",
    severity: Reject,
    message: "the officer of the responsible authority who decided that the person is at risk is not named",
    fix: "add `mappa.ra_decision_maker` with name, role and agency",
    source: "CJA 2003 s.325(2)(c)",
};

pub(super) const DECISION_MAKER_ELSEWHERE: Say = Say {
    code: "decision_maker_outside_ra",
    severity: Reject,
    message: "only police, probation and prison decide that a person is at risk of involvement in terrorism",
    fix: "name an officer of the responsible authority in `mappa.ra_decision_maker`",
    source: "CJA 2003 s.325(1) and (2)(c)",
};

/// V23: notification, an offence of terrorism, or an offence and the authority's reason.
pub(super) fn has_a_ground(message: &Subject<'_>, found: &mut Findings<'_>) {
    if category(message) != Some(4) || terrorist_offender(message) {
        return;
    }
    // V3 speaks of a missing offence, and V24 of a missing reason where the purpose shows that
    // s.325(2)(c) is meant.
    if !at_risk(message) {
        found.add(&GROUND_MISSING, "/body/mappa");
    }
}

/// V24: that somebody is at risk is a decision of the authority, with a reason and a name.
pub(super) fn authority_decided(message: &Subject<'_>, found: &mut Findings<'_>) {
    if category(message) != Some(4) || terrorist_offender(message) || !at_risk(message) {
        return;
    }
    if message.text("body.mappa.category_rationale").is_none() {
        found.add(&RATIONALE_MISSING, "/body/mappa/category_rationale");
    }
    let Some(officer) = message.at("body.mappa.ra_decision_maker") else {
        return found.add(&DECISION_MAKER_MISSING, "/body/mappa/ra_decision_maker");
    };
    if !matches!(message.kind_of(officer), None | Some(Police | Probation | Prison)) {
        found.add(&DECISION_MAKER_ELSEWHERE, "/body/mappa/ra_decision_maker/agency_id");
    }
}

/// s.325(2)(aa): subject to notification, or convicted of terrorism.
fn terrorist_offender(message: &Subject<'_>) -> bool {
    let said = |member| message.flag(member) == Some(true);
    said("body.mappa.terrorist_notification") || said("body.mappa.terrorism_offence")
}

/// Whether the message claims s.325(2)(c): by its purpose, or by a reason that its purpose does not
/// put under (aa).
fn at_risk(message: &Subject<'_>) -> bool {
    match message.text("purpose") {
        Some("c") => true,
        Some("aa") => false,
        _ => message.text("body.mappa.category_rationale").is_some(),
    }
}
