//! The rules of a notice to a council's housing-benefit contact (D17).

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
    dwp_notice::without_contact,
    timing::age_on,
};
use crate::message::AgencyType;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V64", says: &[&AGE, &LEVEL], check: exempt },
    Rule { id: "P21", says: &[&NO_CONTACT], check: contact },
];

const FORM: &str = "MAPPA Guidance, form P: exemption from the shared-accommodation rate";

const AGE: Say = Say {
    code: "housing_benefit_age",
    severity: Reject,
    message: "the exemption is for claimants aged 25 to 34, and this one is not",
    fix: "check `claimant.date_of_birth`, or do not send the notice",
    source: FORM,
};

const LEVEL: Say = Say {
    code: "housing_benefit_level",
    severity: Reject,
    message: "the exemption is for claimants managed at level 2 or 3",
    fix: "check `level`, or do not send the notice",
    source: FORM,
};

const NO_CONTACT: Say = Say {
    code: "housing_benefit_contact_missing",
    severity: Warn,
    message: "the notice does not name the council's housing-benefit single point of contact",
    fix: "name the contact in `recipients[].attention`",
    source: FORM,
};

/// V64: aged 25 to 34 on the day of the notice, and at level 2 or 3.
fn exempt(message: &Subject<'_>, found: &mut Findings<'_>) {
    let born = message.date("body.claimant.date_of_birth");
    if born.is_some_and(|born| !(25..=34).contains(&age_on(born, message.sent_on()))) {
        found.add(&AGE, "/body/claimant/date_of_birth");
    }
    if message.number("body.level").is_some_and(|level| !(2..=3).contains(&level)) {
        found.add(&LEVEL, "/body/level");
    }
}

/// P21: it goes to the registered single point of contact.
fn contact(message: &Subject<'_>, found: &mut Findings<'_>) {
    if let Some(pointer) = without_contact(message, AgencyType::LaHousing) {
        found.add(&NO_CONTACT, pointer);
    }
}
