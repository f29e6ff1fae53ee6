//! The rules of a request for minutes (D14).

use super::{Findings, Look as _, Rule, Say, Severity::Info, Subject};

pub(super) const RULES: &[Rule] = &[Rule { id: "P18", says: &[&SUMMARY_ONLY], check: summary_only }];

const SUMMARY_ONLY: Say = Say {
    code: "summary_only",
    severity: Info,
    message: "minutes are not given to a subject, a representative or a court, and the gateway delivers \
              nothing to private persons",
    fix: "expect at most an executive summary, and set `asked_for` to `executive_summary`",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §13",
};

/// P18: such a request goes to the MAPPA manager, who may answer it with an executive summary.
fn summary_only(message: &Subject<'_>, found: &mut Findings<'_>) {
    let outside = matches!(message.text("body.requester.kind"), Some("subject" | "representative" | "court"));
    if outside && matches!(message.text("body.asked_for"), Some("full_minutes" | "extract")) {
        found.add(&SUMMARY_ONLY, "/body/asked_for");
    }
}
