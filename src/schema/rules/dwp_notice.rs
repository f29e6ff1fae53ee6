//! The rules of a notice to Jobcentre Plus (D16).

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
    timing::before,
};
use crate::message::AgencyType;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V62", says: &[&NO_RESTRICTION, &NOT_RELEVANT, &OTHERS_NAMED], check: restrictions },
    Rule { id: "V63", says: &[&LATE], check: in_time },
    Rule { id: "P21", says: &[&NO_CONTACT], check: contact },
    Rule { id: "P3", says: &[&OUTSIDE_MAPPA], check: legal_basis },
];

const FORM: &str = "MAPPA Guidance 2012, form J";

const NO_RESTRICTION: Say = Say {
    code: "dwp_without_restriction",
    severity: Reject,
    message: "the notice names no restriction",
    fix: "add `restrictions[0]` with the restriction and the service that it affects",
    source: FORM,
};

const NOT_RELEVANT: Say = Say {
    code: "dwp_restriction_not_relevant",
    severity: Reject,
    message: "the restriction does not say which service of the jobcentre it affects",
    fix: "name the service in `services` or say in `relevance` what staff do because of it, or leave it out",
    source: FORM,
};

const OTHERS_NAMED: Say = Say {
    code: "dwp_others_named_without_reason",
    severity: Warn,
    message: "other people are named and it is not said why the jobcentre must know of them",
    fix: "give the reason in `other_people_justification`, or take names and addresses out",
    source: FORM,
};

const LATE: Say = Say {
    code: "dwp_notice_late",
    severity: Warn,
    message: "the planned release is less than {} weeks away",
    fix: "telephone the single point of contact now, and send such a notice {} weeks before release",
    source: FORM,
};

const NO_CONTACT: Say = Say {
    code: "dwp_contact_missing",
    severity: Warn,
    message: "the notice does not name the jobcentre's single point of contact",
    fix: "name the contact in `recipients[].attention`",
    source: FORM,
};

const OUTSIDE_MAPPA: Say = Say {
    code: "dwp_basis_outside_mappa",
    severity: Warn,
    message: "section 325(4) covers MAPPA offenders, and the notice is about somebody else",
    fix: "set `legal_basis` to `OTHER` and name the power in `legal_basis_text`",
    source: "CJA 2003 s.325(2), (4)",
};

/// V62: at least one restriction, each of use to the jobcentre, and nobody else's data without reason.
fn restrictions(message: &Subject<'_>, found: &mut Findings<'_>) {
    let restrictions = message.list("body.restrictions");
    let unreadable = message.at("body.restrictions").is_some_and(|value| !value.is_array());
    if restrictions.is_empty() && !unreadable {
        found.add(&NO_RESTRICTION, "/body/restrictions");
    }
    for (index, restriction) in restrictions.iter().enumerate() {
        if restriction.is_object()
            && restriction.list("services").is_empty()
            && restriction.text("relevance").is_none()
        {
            found.add(&NOT_RELEVANT, format!("/body/restrictions/{index}/relevance"));
        }
    }
    let named = message.flag("body.other_people_named") == Some(true);
    if named && message.text("body.other_people_justification").is_none() {
        found.add(&OTHERS_NAMED, "/body/other_people_justification");
    }
}

/// V63: for somebody in custody, so many weeks before the planned release.
fn in_time(message: &Subject<'_>, found: &mut Findings<'_>) {
    let weeks = message.thresholds.dwp_notice_weeks;
    let Some(release) = message.date("body.custody.planned_release_date") else { return };
    if before(release, message.sent_on(), jiff::Span::new().weeks(i64::from(weeks))) {
        found.add_with(&LATE, "/body/custody/planned_release_date", weeks);
    }
}

/// P21: it goes to the registered single point of contact.
fn contact(message: &Subject<'_>, found: &mut Findings<'_>) {
    if let Some(pointer) = without_contact(message, AgencyType::Dwp) {
        found.add(&NO_CONTACT, pointer);
    }
}

/// P3: the power of section 325(4) serves the purposes of section 325(2) and no other.
fn legal_basis(message: &Subject<'_>, found: &mut Findings<'_>) {
    let outside = message.flag("body.non_mappa") == Some(true);
    if outside && message.text("legal_basis") == Some("CJA325_4") {
        found.add(&OUTSIDE_MAPPA, "/legal_basis");
    }
}

/// Where a recipient of this kind should be told whom the message is for.
pub(super) fn without_contact(message: &Subject<'_>, kind: AgencyType) -> Option<String> {
    let unnamed = message.list("recipients").iter().position(|recipient| {
        message.kind_of(recipient) == Some(kind) && recipient.text("attention").is_none()
    });
    unnamed.map(|index| format!("/recipients/{index}/attention"))
}
