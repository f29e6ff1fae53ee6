//! The rules of identifiers (I1 to I6, V75), for every message with a person.
//!
//! The list is free-form in the schema, because a wrong number beside a sound one still tells who is
//! meant: that warns. Where no number is sound, nobody can tell, and the message is refused. Numbers
//! of no published form, ViSOR's and a youth offending team's own, count as sound.

use jiff::civil::Date;
use serde_json::Value;

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
};
use crate::schema::identifiers::{Doubt, Scheme, Text, Wrong, canonical, doubts};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "I1", says: &[&PNC.alone, &PNC.beside], check: |m, found| judge(&PNC, m, found) },
    Rule { id: "I2", says: &[&CRO.alone, &CRO.beside], check: |m, found| judge(&CRO, m, found) },
    Rule { id: "I3", says: &[&NOMS.alone, &NOMS.beside], check: |m, found| judge(&NOMS, m, found) },
    Rule { id: "I4", says: &[&CRN.alone, &CRN.beside], check: |m, found| judge(&CRN, m, found) },
    Rule { id: "I5", says: &[&NHS.alone, &NHS.beside], check: |m, found| judge(&NHS, m, found) },
    Rule {
        id: "I6",
        says: &[&NINO.alone, &NINO.beside, &NINO_NO_SUFFIX, &NINO_ADMINISTRATIVE],
        check: national_insurance,
    },
    Rule { id: "V75", says: &[&IDENTIFIERS_DISAGREE, &PNC_BEFORE_AGE_TEN], check: disagreements },
];

/// What follows from a wrong number of one scheme.
struct Outcomes {
    scheme: Scheme,
    /// No identifier of the person is sound.
    alone: Say,
    /// Another one is.
    beside: Say,
}

macro_rules! outcomes {
    ($scheme:ident, $code:literal, $name:literal, $form:literal, $source:literal) => {
        Outcomes {
            scheme: Scheme::$scheme,
            alone: Say {
                code: concat!($code, "_wrong"),
                severity: Reject,
                message: concat!(
                    "the ",
                    $name,
                    " is wrong and no other identifier of this person is sound: {}"
                ),
                fix: concat!("correct `value` (", $form, "), or add an identifier that is sound"),
                source: $source,
            },
            beside: Say {
                code: concat!($code, "_wrong_beside_sound"),
                severity: Warn,
                message: concat!(
                    "the ",
                    $name,
                    " is wrong, though another identifier of this person is sound: {}"
                ),
                fix: concat!("correct `value` (", $form, "), or leave this identifier out"),
                source: $source,
            },
        }
    };
}

static PNC: Outcomes = outcomes!(
    Pnc,
    "pnc",
    "PNC identifier",
    "the year, a slash, seven digits and the check letter",
    "CJS data standards, PNC ID"
);
static CRO: Outcomes = outcomes!(
    Cro,
    "cro",
    "CRO number",
    "six digits, a slash, two digits of the year and the check letter",
    "Ministry of Justice, hmpps-person-record, CRO identifier"
);
static NOMS: Outcomes = outcomes!(
    Noms,
    "noms",
    "prison number",
    "a letter, four digits and two letters",
    "Ministry of Justice, prisoner-offender-search, prisoner number"
);
static CRN: Outcomes = outcomes!(
    Crn,
    "crn",
    "probation case reference number",
    "a letter and six digits",
    "Ministry of Justice, hmpps-accredited-programmes-manage-and-deliver-api, CRN"
);
static NHS: Outcomes = outcomes!(
    Nhs,
    "nhs",
    "NHS number",
    "ten digits, the last of which is the check digit",
    "NHS Data Dictionary, NHS number"
);
static NINO: Outcomes = outcomes!(
    Nino,
    "nino",
    "National Insurance number",
    "two letters, six digits and a letter from A to D",
    "HMRC National Insurance Manual NIM39110"
);

static NINO_NO_SUFFIX: Say = Say {
    code: "nino_no_suffix",
    severity: Warn,
    message: "the National Insurance number is without its last letter",
    fix: "add the letter to `value` if the record has it",
    source: "CJS data standards, National Insurance number",
};

static NINO_ADMINISTRATIVE: Say = Say {
    code: "nino_administrative",
    severity: Warn,
    message: "the National Insurance number is of a series kept for administration, so it is hardly the person's own",
    fix: "compare `value` with a record of the Department for Work and Pensions",
    source: "HMRC National Insurance Manual NIM39110",
};

static IDENTIFIERS_DISAGREE: Say = Say {
    code: "identifiers_disagree",
    severity: Warn,
    message: "the person has two different identifiers of the same kind",
    fix: "find out which `value` is right and leave the other out, or say in `issuer` why there are two",
    source: "Portcullis",
};

static PNC_BEFORE_AGE_TEN: Say = Say {
    code: "pnc_before_age_ten",
    severity: Warn,
    message: "the PNC identifier is of a year before the person was ten years old",
    fix: "compare `value` and `date_of_birth` with the record",
    source: "Portcullis",
};

/// The members of a body that hold a person with identifiers.
const PEOPLE: [&str; 2] = ["offender", "offender_summary"];

struct Person<'a> {
    block: &'static str,
    born: Option<Date>,
    identifiers: &'a [Value],
    this_year: i16,
}

impl Person<'_> {
    /// The numbers of one scheme, each with its pointer and what it reads as. A blank one is the
    /// schema's to tell.
    fn of(&self, scheme: Scheme) -> impl Iterator<Item = (usize, Result<Text, Wrong>)> {
        let numbered = self.identifiers.iter().enumerate();
        let read = numbered
            .filter(move |(_, one)| scheme_of(one) == Some(scheme))
            .filter_map(move |(i, one)| Some((i, canonical(scheme, one.text("value")?, self.this_year))));
        read.filter(|(_, read)| !matches!(read, Err(Wrong::Absent)))
    }

    fn has_a_sound_one(&self) -> bool {
        let sound = |one: &Value| {
            let (Some(scheme), Some(value)) = (scheme_of(one), one.text("value")) else { return false };
            canonical(scheme, value, self.this_year).is_ok()
        };
        self.identifiers.iter().any(sound)
    }

    fn pointer(&self, index: usize) -> String {
        format!("/body/{}/identifiers/{index}/value", self.block)
    }
}

fn scheme_of(identifier: &Value) -> Option<Scheme> {
    Scheme::of_person(identifier.text("scheme")?)
}

fn people<'a>(message: &Subject<'a>) -> impl Iterator<Item = Person<'a>> {
    let (body, this_year) = (message.message.at("body"), message.today.year());
    PEOPLE.into_iter().filter_map(move |block| {
        let person = body?.at(block)?;
        let (born, identifiers) = (person.date("date_of_birth"), person.list("identifiers"));
        Some(Person { block, born, identifiers, this_year })
    })
}

/// I1 to I6: a wrong number beside a sound one warns, alone it refuses the message.
fn judge(of: &'static Outcomes, message: &Subject<'_>, found: &mut Findings<'_>) {
    for person in people(message) {
        // Asked once for each person: a hostile list is long.
        let mut say = None;
        for (index, read) in person.of(of.scheme) {
            let Err(wrong) = read else { continue };
            let say =
                say.get_or_insert_with(|| if person.has_a_sound_one() { &of.beside } else { &of.alone });
            found.add_with(say, person.pointer(index), wrong);
        }
    }
}

/// I6: and a sound National Insurance number may be unusual.
fn national_insurance(message: &Subject<'_>, found: &mut Findings<'_>) {
    judge(&NINO, message, found);
    for person in people(message) {
        for (index, read) in person.of(Scheme::Nino) {
            let Ok(number) = read else { continue };
            for doubt in doubts(Scheme::Nino, number.as_str()) {
                match doubt {
                    Doubt::NoSuffix => found.add(&NINO_NO_SUFFIX, person.pointer(index)),
                    Doubt::AdministrativePrefix => found.add(&NINO_ADMINISTRATIVE, person.pointer(index)),
                    Doubt::UnknownArea => {}
                }
            }
        }
    }
}

/// Of these a person has one number. A youth offending team's reference is each team's own.
const ONE_EACH: [Scheme; 7] =
    [Scheme::Pnc, Scheme::Cro, Scheme::Noms, Scheme::Crn, Scheme::Nhs, Scheme::Nino, Scheme::Visor];

/// V75: the numbers agree with each other, and the police's with the date of birth.
fn disagreements(message: &Subject<'_>, found: &mut Findings<'_>) {
    for person in people(message) {
        for scheme in ONE_EACH {
            let mut sound = person.of(scheme).filter_map(|(index, read)| Some((index, read.ok()?)));
            let Some((_, first)) = sound.next() else { continue };
            for (index, _) in sound.filter(|(_, other)| *other != first) {
                found.add(&IDENTIFIERS_DISAGREE, person.pointer(index));
            }
        }
        let Some(born) = person.born else { continue };
        for (index, read) in person.of(Scheme::Pnc) {
            let year = read.ok().and_then(|number| number.as_str().get(..4)?.parse::<i16>().ok());
            if year.is_some_and(|year| year < born.year().saturating_add(10)) {
                found.add(&PNC_BEFORE_AGE_TEN, person.pointer(index));
            }
        }
    }
}

#[cfg(test)]
mod tests;
