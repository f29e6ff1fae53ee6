//! The rules of an audit form (D22): about practice, so that it can go to the board without names.

use super::{
    Findings, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
    anonymous::{self, Outcomes},
};

pub(super) const RULES: &[Rule] =
    &[Rule { id: "P25", says: &[&IDENTIFIER, &POSTCODE, &BIRTH_DATE], check: nobody_is_identified }];

const BOARD: &str = "CJA 2003 s.326(1), review of the arrangements and not of persons";

const IDENTIFIER: Say = Say {
    code: "audit_with_identifier",
    severity: Reject,
    message: "a text of an audit form has the shape of a person's or case's number",
    fix: "take the number out: an audit goes to the board without anything by which a person can be found",
    source: BOARD,
};

const POSTCODE: Say = Say {
    code: "audit_with_postcode",
    severity: Reject,
    message: "a text of an audit form has the shape of a postcode",
    fix: "take the postcode out: an audit goes to the board without anything by which a person can be found",
    source: BOARD,
};

const BIRTH_DATE: Say = Say {
    code: "audit_with_birth_date",
    severity: Warn,
    message: "a text of an audit form has a full date that may be a date of birth",
    fix: "name the month and year only, unless it is the day of a meeting",
    source: BOARD,
};

/// P25: an audit that names somebody is a case paper, which the board does not receive. The envelope may
/// name the case, by its pseudonym.
fn nobody_is_identified(message: &Subject<'_>, found: &mut Findings<'_>) {
    let outcomes = Outcomes { identifier: &IDENTIFIER, postcode: &POSTCODE, birth_date: &BIRTH_DATE };
    anonymous::nobody_is_identified(message, found, &outcomes);
}
