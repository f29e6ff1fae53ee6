//! The rules of a meeting pack (D8): papers that are complete, owned, and early enough to be read.

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
};
use crate::schema::calendar::working_days_between;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V54", says: &[&PREVIOUS_MINUTES_MISSING], check: previous_minutes },
    Rule { id: "V55", says: &[&ATTACHMENT_WITHOUT_OWNER], check: owners },
    Rule { id: "T3", says: &[&PAPERS_LATE], check: early_enough },
];

const PREVIOUS_MINUTES_MISSING: Say = Say {
    code: "previous_minutes_missing",
    severity: Warn,
    message: "the pack for a review does not include the minutes of the meeting before",
    fix: "add a document of kind previous_minutes to `documents`",
    source: "MAPPA Guidance 2012, form L",
};

/// V54: a review looks back at what the last meeting decided.
fn previous_minutes(message: &Subject<'_>, found: &mut Findings<'_>) {
    let review = message.text("body.meeting.initial_or_review") == Some("review");
    let mut documents = message.list("body.documents").iter();
    if review && !documents.any(|document| document.text("kind") == Some("previous_minutes")) {
        found.add(&PREVIOUS_MINUTES_MISSING, "/body/documents");
    }
}

const ATTACHMENT_WITHOUT_OWNER: Say = Say {
    code: "attachment_without_owner",
    severity: Reject,
    message: "every attachment names the agency that supplied it and stays responsible for it",
    fix: "add `owner_agency` to the attachment",
    source: "MAPPA Guidance ch. 9 (May 2022)",
};

/// V55: shared information stays the responsibility of the agency that supplied it.
fn owners(message: &Subject<'_>, found: &mut Findings<'_>) {
    for (index, attachment) in message.list("attachments").iter().enumerate() {
        if attachment.is_object() && attachment.text("owner_agency").is_none() {
            found.add(&ATTACHMENT_WITHOUT_OWNER, format!("/attachments/{index}/owner_agency"));
        }
    }
}

const PAPERS_LATE: Say = Say {
    code: "papers_late",
    severity: Warn,
    message: "the papers go out fewer than {} working days before the meeting",
    fix: "send papers {} working days ahead, or set `meeting.urgent` if it was called at short notice",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §11; the figure is a Portcullis default",
};

/// T3: papers come early enough to be read, but for urgent meetings, which may be called at short
/// notice (T14). What the gateway asked to have sent once more was sent before.
fn early_enough(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(held) = message.date("body.meeting.date") else { return };
    let days = message.thresholds.papers_working_days;
    let exempt = message.flag("body.meeting.urgent") == Some(true) || message.is_sent_again();
    if !exempt && working_days_between(message.today, held) < u32::from(days) {
        found.add_with(&PAPERS_LATE, "/body/meeting/date", days);
    }
}
