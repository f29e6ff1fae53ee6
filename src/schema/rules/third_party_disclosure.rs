//! The rules of the record of a disclosure to a third party (D15).

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject, offender_told};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V66", says: &[&DISCLOSURE_TEST_MISSING, &DISCLOSURE_TEST_NOT_MET], check: tests },
    Rule {
        id: "V66",
        says: &[&DISCLOSURE_OFFENDER_TOLD_MISSING, &DISCLOSURE_WITHHELD_WITHOUT_REASON],
        check: offender_told,
    },
    Rule { id: "V66", says: &[&SECTION_327A_NOT_CONSIDERED], check: section_327a },
];

const DISCLOSURE_TEST_MISSING: Say = Say {
    code: "disclosure_test_missing",
    severity: Reject,
    message: "a decision on disclosure is held against three tests, each with its reason",
    fix: "give `met` and `reason` in `tests` for each of `lawful`, `necessary` and `proportionate`",
    source: TESTS,
};

const DISCLOSURE_TEST_NOT_MET: Say = Say {
    code: "disclosure_test_not_met",
    severity: Reject,
    message: "nothing is disclosed unless all three tests are met",
    fix: "set `decision` to `do_not_disclose` or `defer`, or correct `met`",
    source: TESTS,
};

const DISCLOSURE_OFFENDER_TOLD_MISSING: Say = Say {
    code: "disclosure_offender_told_missing",
    severity: Reject,
    message: "the record does not say whether the offender is told of the disclosure",
    fix: "add `offender_informed.decision`: `informed`, `to_be_informed` or `withheld`",
    source: "MAPPA Guidance ch. 10 (May 2022)",
};

const DISCLOSURE_WITHHELD_WITHOUT_REASON: Say = Say {
    code: "disclosure_withheld_without_reason",
    severity: Reject,
    message: "that the offender is not told is recorded with its reason",
    fix: "add `offender_informed.reason`",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §11",
};

const SECTION_327A_NOT_CONSIDERED: Say = Say {
    code: "section_327a_not_considered",
    severity: Reject,
    message: "where children are involved the duty to consider disclosure to the public is considered too",
    fix: "consider it, and set `s327a_considered` to true with `s327a_reasons`",
    source: "CJA 2003 s.327A",
};

const TESTS: &str = "MAPPA Guidance ch. 10 (May 2022); ECHR Article 8";

/// V66: lawful, necessary and proportionate, each with a reason, and all met if anything is told.
fn tests(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(tests) = message.at("body.tests") else {
        return found.add(&DISCLOSURE_TEST_MISSING, "/body/tests");
    };
    if !tests.is_object() {
        return;
    }
    let tells = matches!(message.text("body.decision"), Some("disclose" | "self_disclosure"));
    for name in ["lawful", "necessary", "proportionate"] {
        let Some(test) = tests.at(name) else {
            found.add(&DISCLOSURE_TEST_MISSING, format!("/body/tests/{name}"));
            continue;
        };
        if test.is_object() && test.text("reason").is_none() {
            found.add(&DISCLOSURE_TEST_MISSING, format!("/body/tests/{name}/reason"));
        }
        if tells && test.flag("met") == Some(false) {
            found.add(&DISCLOSURE_TEST_NOT_MET, format!("/body/tests/{name}/met"));
        }
    }
}

/// V66: what the offender is told is decided, and withholding it has a reason.
fn offender_told(message: &Subject<'_>, found: &mut Findings<'_>) {
    let (undecided, without_reason) =
        (&DISCLOSURE_OFFENDER_TOLD_MISSING, &DISCLOSURE_WITHHELD_WITHOUT_REASON);
    offender_told::decided(message, found, undecided, without_reason);
}

/// V66: for children the responsible authority always considers s.327A.
fn section_327a(message: &Subject<'_>, found: &mut Findings<'_>) {
    let children = message.flag("body.children_involved") == Some(true);
    if children && message.flag("body.s327a_considered") != Some(true) {
        found.add(&SECTION_327A_NOT_CONSIDERED, "/body/s327a_considered");
    }
}
