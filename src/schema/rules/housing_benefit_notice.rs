//! The rules of a notice to a council's housing-benefit contact (D17).

use jiff::civil::Date;

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
    dwp_notice::without_contact,
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
    fix: "check `body.claimant.date_of_birth`, or do not send the notice",
    source: FORM,
};

const LEVEL: Say = Say {
    code: "housing_benefit_level",
    severity: Reject,
    message: "the exemption is for claimants managed at level 2 or 3",
    fix: "check `body.level`, or do not send the notice",
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
    let written = message.created_on().unwrap_or(message.today);
    let born = message.date("body.claimant.date_of_birth");
    if born.is_some_and(|born| !(25..=34).contains(&age(born, written))) {
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

/// Whole years. Somebody born on 29 February has their birthday on 1 March in other years.
fn age(born: Date, on: Date) -> i16 {
    let birthday_to_come = (on.month(), on.day()) < (born.month(), born.day());
    on.year() - born.year() - i16::from(birthday_to_come)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_year_of_age_is_complete_on_the_birthday() {
        assert_eq!(age(date(2001, 11, 20), date(2026, 11, 20)), 25);
        assert_eq!(age(date(2001, 11, 21), date(2026, 11, 20)), 24);
        assert_eq!(age(date(1991, 11, 21), date(2026, 11, 20)), 34);
        assert_eq!(age(date(1991, 11, 20), date(2026, 11, 20)), 35);
        assert_eq!(age(date(2000, 2, 29), date(2025, 2, 28)), 24);
        assert_eq!(age(date(2000, 2, 29), date(2025, 3, 1)), 25);
    }
}
