//! How the meeting was held: the statements read, the grades present, the apologies made good.

use serde_json::Value;

use crate::{
    message::AgencyType,
    schema::rules::{Findings, Look as _, Rule, Say, Severity::Warn, Subject},
};

pub(super) const STATEMENTS: Rule = Rule {
    id: "V49",
    says: &[&CONFIDENTIALITY_STATEMENT_NOT_READ, &DIVERSITY_STATEMENT_NOT_READ],
    check: statements,
};

pub(super) const SENIOR_STAFF: Rule = Rule {
    id: "V50",
    says: &[&SENIOR_POLICE_MISSING, &SENIOR_PROBATION_MISSING, &SENIOR_PRISON_MISSING],
    check: senior_staff,
};

pub(super) const APOLOGIES: Rule =
    Rule { id: "V53", says: &[&APOLOGY_REPORT_UNKNOWN, &APOLOGY_WITHOUT_NOTE], check: apologies };

const CONFIDENTIALITY_STATEMENT_NOT_READ: Say = Say {
    code: "confidentiality_statement_not_read",
    severity: Warn,
    message: "the confidentiality statement was not read at the meeting",
    fix: "read it next time, or correct `meeting.confidentiality_statement_read`",
    source: "MAPPA Guidance 2012, form L",
};

const DIVERSITY_STATEMENT_NOT_READ: Say = Say {
    code: "diversity_statement_not_read",
    severity: Warn,
    message: "the diversity statement was not read at the meeting",
    fix: "read it next time, or correct `meeting.diversity_statement_read`",
    source: "MAPPA Guidance 2012, form L",
};

/// V49: both statements open a meeting.
fn statements(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.flag("body.meeting.confidentiality_statement_read") == Some(false) {
        found.add(&CONFIDENTIALITY_STATEMENT_NOT_READ, "/body/meeting/confidentiality_statement_read");
    }
    if message.flag("body.meeting.diversity_statement_read") == Some(false) {
        found.add(&DIVERSITY_STATEMENT_NOT_READ, "/body/meeting/diversity_statement_read");
    }
}

const SENIOR_POLICE_MISSING: Say = Say {
    code: "senior_police_missing",
    severity: Warn,
    message: "no police officer of the grade that a level 3 meeting needs is recorded as present",
    fix: "give the officer's `grade`, or invite a detective chief inspector or above next time",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §12",
};

const SENIOR_PROBATION_MISSING: Say = Say {
    code: "senior_probation_missing",
    severity: Warn,
    message: "nobody from probation of the grade that a level 3 meeting needs is recorded as present",
    fix: "give the manager's `grade`, or invite a director or head of service next time",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §12",
};

const SENIOR_PRISON_MISSING: Say = Say {
    code: "senior_prison_missing",
    severity: Warn,
    message: "the prison attended a level 3 meeting, but nobody of governor grade is recorded as present",
    fix: "give the manager's `grade`, or invite a governor or head of function next time",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §12",
};

/// Who can commit an agency of the responsible authority on the day.
struct Senior {
    kind: AgencyType,
    /// The prison is expected only where it is concerned with the case.
    always: bool,
    /// Words of a grade or post, any of which is enough. Titles differ between areas.
    grades: &'static [&'static str],
    say: &'static Say,
}

const SENIOR: [Senior; 3] = [
    Senior {
        kind: AgencyType::Police,
        always: true,
        grades: &[
            "chief inspector",
            "chief insp",
            "ch insp",
            "dci",
            "d c i",
            "d ci",
            "superintendent",
            "supt",
            "dsu",
            "dcs",
            "chief constable",
            "acc",
            "commander",
        ],
        say: &SENIOR_POLICE_MISSING,
    },
    Senior {
        kind: AgencyType::Probation,
        always: true,
        grades: &["director", "head", "assistant chief officer", "aco", "chief executive"],
        say: &SENIOR_PROBATION_MISSING,
    },
    Senior {
        kind: AgencyType::Prison,
        always: false,
        grades: &["governor", "director", "head"],
        say: &SENIOR_PRISON_MISSING,
    },
];

/// V50: a level 3 meeting exists because senior staff must commit resources on the day.
fn senior_staff(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.number("body.meeting.level") != Some(3) {
        return;
    }
    let attendees = message.list("body.meeting.attendees");
    // Without a directory nobody's kind is known, and silence is better than three wrong warnings.
    if !attendees.iter().any(|one| message.kind_of(one).is_some()) {
        return;
    }
    for wanted in &SENIOR {
        let mut there = attendees
            .iter()
            .filter(|one| one.flag("present") == Some(true) && message.kind_of(one) == Some(wanted.kind))
            .peekable();
        if (wanted.always || there.peek().is_some()) && !there.any(|one| is_senior(one, wanted.grades)) {
            found.add(wanted.say, "/body/meeting/attendees");
        }
    }
}

fn is_senior(attendee: &Value, grades: &[&str]) -> bool {
    let titles = [attendee.text("grade"), attendee.text("role")];
    titles.into_iter().flatten().any(|title| grades.iter().any(|grade| contains(title, grade)))
}

/// Whether the words of `wanted` stand next to each other in `title`, in either case and with any
/// punctuation: "T/Det. Chief Inspector (PPU)".
fn contains(title: &str, wanted: &str) -> bool {
    let words = || title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    (0..words().count()).any(|from| {
        let mut next = words().skip(from);
        wanted.split(' ').all(|word| next.next().is_some_and(|other| other.eq_ignore_ascii_case(word)))
    })
}

const APOLOGY_REPORT_UNKNOWN: Say = Say {
    code: "apology_report_unknown",
    severity: Warn,
    message: "the minutes do not say whether an agency that apologised sent a report",
    fix: "add `report_received` to the apology",
    source: "MAPPA Guidance 2012, form K",
};

const APOLOGY_WITHOUT_NOTE: Say = Say {
    code: "apology_without_note",
    severity: Warn,
    message: "an apology has no note of what the agency reported, or why it did not",
    fix: "add `note` to the apology",
    source: "MAPPA Guidance 2012, form K",
};

/// V53: an agency that cannot come is still heard.
fn apologies(message: &Subject<'_>, found: &mut Findings<'_>) {
    for (index, apology) in message.list("body.meeting.apologies").iter().enumerate() {
        if !apology.is_object() {
            continue;
        }
        if !apology.has("report_received") {
            found.add(&APOLOGY_REPORT_UNKNOWN, format!("/body/meeting/apologies/{index}/report_received"));
        }
        if apology.text("note").is_none() {
            found.add(&APOLOGY_WITHOUT_NOTE, format!("/body/meeting/apologies/{index}/note"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senior_grade_is_known_by_its_words_whatever_their_case_and_punctuation() {
        let police = SENIOR[0].grades;
        for title in [
            "Detective Chief Inspector",
            "T/DCI, PPU",
            "D.C.I.",
            "D/Ch. Insp",
            "D/CI",
            "det supt",
            "Assistant Chief Constable",
        ] {
            assert!(police.iter().any(|grade| contains(title, grade)), "{title}");
        }
        for title in ["Detective Inspector", "DI", "Detective Sergeant", "Inspector, chief's staff", ""] {
            assert!(!police.iter().any(|grade| contains(title, grade)), "{title}");
        }
    }
}
