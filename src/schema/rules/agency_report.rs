//! The rules of an agency's report to a meeting (D7).

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject};

pub(super) const RULES: &[Rule] = &[Rule {
    id: "V76",
    says: &[&PRISON_REPORT_WITHOUT_ESTABLISHMENT, &PRISON_REPORT_WITHOUT_GRADE],
    check: prison_report,
}];

const PRISON_REPORT_WITHOUT_ESTABLISHMENT: Say = Say {
    code: "prison_report_without_establishment",
    severity: Warn,
    message: "a prison's report names its establishment",
    fix: "add `establishment_code`",
    source: "MAPPA Guidance 2012, form F",
};

const PRISON_REPORT_WITHOUT_GRADE: Say = Say {
    code: "prison_report_without_grade",
    severity: Warn,
    message: "a prison's report gives the grade of its author",
    fix: "add `author.grade`",
    source: "MAPPA Guidance 2012, form F",
};

/// V76: who reads a prison's report must know where it comes from and what its author can answer for.
fn prison_report(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.text("body.kind") != Some("prison") {
        return;
    }
    if !message.has("body.establishment_code") {
        found.add(&PRISON_REPORT_WITHOUT_ESTABLISHMENT, "/body/establishment_code");
    }
    if message.text("body.author.grade").is_none() {
        found.add(&PRISON_REPORT_WITHOUT_GRADE, "/body/author/grade");
    }
}
