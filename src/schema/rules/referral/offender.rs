//! Who a referral is about and where they are (V34–V39).

use serde_json::Value;

use super::super::{
    Findings, Look as _, Say,
    Severity::{Reject, Warn},
    Subject,
};

pub(super) const PRISON_MISSING: Say = Say {
    code: "prison_missing",
    severity: Reject,
    message: "the person is in custody, and the prison is not stated",
    fix: "add `offender.establishment_code`, the three letters of the prison",
    source: "MAPPA Guidance 2012, form A",
};

pub(super) const RELEASE_DATE_MISSING: Say = Say {
    code: "release_date_missing",
    severity: Reject,
    message: "the person is in custody, and no date of release is stated",
    fix: "add `conviction.expected_release_date`, or for a sentence without a fixed end \
          `conviction.relevant_dates.parole_eligibility`",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §10",
};

pub(super) const HOSPITAL_MISSING: Say = Say {
    code: "hospital_missing",
    severity: Reject,
    message: "the person is in hospital, and nothing is said of detention and treatment",
    fix: "have mental health services complete `hospital`",
    source: "MAPPA Guidance 2012, forms A section 4 and B section 5",
};

pub(super) const CLOSEST_AREA_MISSING: Say = Say {
    code: "closest_area_missing",
    severity: Reject,
    message: "for a person of no fixed abode the area of closest links must be stated",
    fix: "add `offender.closest_area_if_nfa`",
    source: "MAPPA Guidance 2012, form A",
};

pub(super) const ADDRESS_NOT_APPROVED: Say = Say {
    code: "release_address_not_approved",
    severity: Warn,
    message: "the release address is not stated to be approved",
    fix: "give the approved address, or set `offender.address_approved` once it is",
    source: "MAPPA Guidance 2012, forms A and B",
};

pub(super) const ETHNICITY_CODE: Say = Say {
    code: "ethnicity_code",
    severity: Warn,
    message: "ethnicity looks like a code",
    fix: "state the actual ethnicity in words in `offender.ethnicity`",
    source: "MAPPA Guidance 2012, forms A and B",
};

pub(super) const JUSTICE_IDENTIFIER_MISSING: Say = Say {
    code: "justice_identifier_missing",
    severity: Reject,
    message: "the person cannot be found in the records of police, probation or prisons",
    fix: "add a PNC, CRO, ViSOR, CRN or prison number to `offender.identifiers`",
    source: "MAPPA Guidance 2012, form A",
};

pub(super) const VISOR_MISSING: Say = Say {
    code: "visor_reference_missing",
    severity: Warn,
    message: "a registered sexual offender has a record on ViSOR, and its reference is not stated",
    fix: "ask the police for the reference and add it to `offender.identifiers`",
    source: "MAPPA Guidance 2012, form A",
};

/// V34: who is in custody has a prison and a day of release. A sentence without a fixed end has no
/// such day; there the parole eligibility date is what planning starts from.
pub(super) fn prison_and_release(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.text("body.offender.current_location") != Some("custody") {
        return;
    }
    if message.text("body.offender.establishment_code").is_none() {
        found.add(&PRISON_MISSING, "/body/offender/establishment_code");
    }
    let Some(conviction) = message.at("body.conviction").filter(|conviction| conviction.is_object()) else {
        return;
    };
    let parole = without_fixed_end(conviction) && conviction.has("relevant_dates.parole_eligibility");
    if !conviction.has("expected_release_date") && !parole {
        found.add(&RELEASE_DATE_MISSING, "/body/conviction/expected_release_date");
    }
}

fn without_fixed_end(conviction: &Value) -> bool {
    let kind = conviction.text("disposal.type");
    conviction.flag("disposal.life") == Some(true)
        || matches!(kind, Some("custody_for_life" | "hmp_detention" | "dpp_s226"))
}

/// V35: who is in hospital has the block that mental health services complete.
pub(super) fn hospital_described(message: &Subject<'_>, found: &mut Findings<'_>) {
    let in_hospital = message.text("body.offender.current_location") == Some("hospital");
    let described = message.at("body.hospital").is_some_and(|block| {
        // What is no object is the schema's to tell; an empty one describes nothing.
        block.as_object().is_none_or(|members| !members.is_empty())
    });
    if in_hospital && !described {
        found.add(&HOSPITAL_MISSING, "/body/hospital");
    }
}

/// V36: who has no fixed abode has closest links somewhere.
pub(super) fn closest_area(message: &Subject<'_>, found: &mut Findings<'_>) {
    let homeless = message.flag("body.offender.is_nfa") == Some(true);
    if homeless && message.text("body.offender.closest_area_if_nfa").is_none() {
        found.add(&CLOSEST_AREA_MISSING, "/body/offender/closest_area_if_nfa");
    }
}

/// V37: a release address that is given should be the approved one.
pub(super) fn release_address_approved(message: &Subject<'_>, found: &mut Findings<'_>) {
    let in_custody = message.text("body.offender.current_location") == Some("custody");
    let given = in_custody && message.has("body.offender.proposed_release_address");
    if given && message.flag("body.offender.address_approved") != Some(true) {
        found.add(&ADDRESS_NOT_APPROVED, "/body/offender/address_approved");
    }
}

/// V38: ethnicity in words.
pub(super) fn ethnicity_in_words(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.text("body.offender.ethnicity").is_some_and(looks_like_a_code) {
        found.add(&ETHNICITY_CODE, "/body/offender/ethnicity");
    }
}

/// One or two characters, which all codes of the 16+1 list are (`W1` to `O9`, `NS`), or one of the
/// police's identity codes (`IC1` to `IC9`).
fn looks_like_a_code(text: &str) -> bool {
    let text = text.trim().as_bytes();
    match text {
        [_] | [_, _] => true,
        [i, c, digit] => {
            i.eq_ignore_ascii_case(&b'I') && c.eq_ignore_ascii_case(&b'C') && digit.is_ascii_digit()
        }
        _ => false,
    }
}

/// V39: police, probation or prisons know the person by a number; a registered sexual offender is on
/// ViSOR.
pub(super) fn known_by_a_number(message: &Subject<'_>, found: &mut Findings<'_>) {
    if !message.at("body.offender").is_some_and(Value::is_object) {
        return;
    }
    let of_justice =
        |known: &Value| matches!(known.text("scheme"), Some("PNC" | "CRO" | "VISOR" | "CRN" | "NOMS"));
    let identifiers = message.list("body.offender.identifiers");
    if !identifiers.iter().any(of_justice) {
        return found.add(&JUSTICE_IDENTIFIER_MISSING, "/body/offender/identifiers");
    }
    let on_visor = identifiers.iter().any(|known| known.text("scheme") == Some("VISOR"));
    if message.number("body.mappa.category") == Some(1) && !on_visor {
        found.add(&VISOR_MISSING, "/body/offender/identifiers");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_words() {
        let codes = "W1 W2 W9 M1 M2 M3 M9 A1 A2 A3 A9 B1 B2 B9 O1 O9 NS IC4 ic1";
        assert!(codes.split(' ').all(looks_like_a_code));
        assert!(
            ["White British", "Ibo", "Any other Asian background"]
                .map(looks_like_a_code)
                .iter()
                .all(|is| !is)
        );
    }
}
