//! The rules of minutes (D10): what a meeting must have considered and decided, with reasons, and
//! who is to receive the record of it.

mod actions;
mod attendance;
mod plan;

pub use actions::beyond as distribution_beyond;

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject, offender_told,
};
use crate::schema::calendar::working_days_between;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "V40",
        says: &[&OFFENDER_TOLD_UNDECIDED, &WITHHELD_WITHOUT_REASON],
        check: what_the_offender_is_told,
    },
    Rule {
        id: "V41",
        says: &[&DISCLOSURE_NOT_RECORDED, &DISCLOSURE_WITHOUT_REASONS, &DISCLOSURE_NOT_CONSIDERED],
        check: disclosure,
    },
    actions::OWNED_AND_DUE,
    actions::OWNERS_TOOK_PART,
    plan::COMPLETE,
    Rule { id: "V45", says: &[&VICTIM_ISSUES_MISSING], check: victims },
    Rule { id: "V46", says: &[&REVIEW_DATE_MISSING, &REVIEW_INTERVAL_LONG], check: review },
    Rule { id: "V47", says: &[&LEAD_AGENCY_NOT_NAMED], check: lead_agency },
    Rule { id: "V48", says: &[&DECISION_WITHOUT_RATIONALE], check: decisions },
    attendance::STATEMENTS,
    attendance::SENIOR_STAFF,
    actions::DISTRIBUTION,
    Rule { id: "V52", says: &[&MINUTES_LATE], check: in_good_time },
    attendance::APOLOGIES,
];

const OFFENDER_TOLD_UNDECIDED: Say = Say {
    code: "offender_told_undecided",
    severity: Reject,
    message: "minutes record whether the offender is told of the meeting and its outcome",
    fix: "add `offender_informed.decision`: informed, to_be_informed or withheld",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §11",
};

const WITHHELD_WITHOUT_REASON: Say = Say {
    code: "withheld_without_reason",
    severity: Reject,
    message: "where the offender is not told, the minutes say why",
    fix: "add `offender_informed.reason`, such as the safety of a victim or of staff",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §11",
};

/// V40: to withhold from the offender that they are under MAPPA is an exception, and is minuted.
fn what_the_offender_is_told(message: &Subject<'_>, found: &mut Findings<'_>) {
    offender_told::decided(message, found, &OFFENDER_TOLD_UNDECIDED, &WITHHELD_WITHOUT_REASON);
}

const DISCLOSURE_NOT_RECORDED: Say = Say {
    code: "disclosure_not_recorded",
    severity: Reject,
    message: "minutes record that disclosure to third parties was considered, even if there is to be none",
    fix: "add `disclosure_considered` with `considered` and `reasons`",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §9; MAPPA Guidance ch. 10 (May 2022)",
};

const DISCLOSURE_WITHOUT_REASONS: Say = Say {
    code: "disclosure_without_reasons",
    severity: Reject,
    message: "the result of considering disclosure has no reasons",
    fix: "add `disclosure_considered.reasons`, also where nothing is disclosed",
    source: "MAPPA Guidance ch. 10 (May 2022)",
};

// An honest record of an omission is worth more than one bent to pass, so this does not refuse.
const DISCLOSURE_NOT_CONSIDERED: Say = Say {
    code: "disclosure_not_considered",
    severity: Warn,
    message: "the meeting did not consider disclosure to third parties, as every meeting should",
    fix: "consider it and send the minutes anew with `disclosure_considered.considered` true",
    source: "MAPPA Guidance ch. 10 (May 2022)",
};

/// V41: disclosure is considered at every meeting, and the reasons stand in the minutes.
fn disclosure(message: &Subject<'_>, found: &mut Findings<'_>) {
    let considered = match message.at("body.disclosure_considered") {
        None => return found.add(&DISCLOSURE_NOT_RECORDED, "/body/disclosure_considered"),
        Some(considered) if considered.is_object() => considered,
        Some(_) => return,
    };
    if considered.text("reasons").is_none() {
        found.add(&DISCLOSURE_WITHOUT_REASONS, "/body/disclosure_considered/reasons");
    }
    if considered.flag("considered") == Some(false) {
        found.add(&DISCLOSURE_NOT_CONSIDERED, "/body/disclosure_considered/considered");
    }
}

const VICTIM_ISSUES_MISSING: Say = Say {
    code: "victim_issues_missing",
    severity: Reject,
    message: "minutes address the issues of victims and potential victims, or say why there are none",
    fix: "add `victim_issues_text`, `no_victim_issues_reason` or a first `victims` entry to `victims`",
    source: "MAPPA Guidance 2012, form K",
};

/// V45: victims are named by reference, their issues told, or their absence explained.
fn victims(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(victims) = message.at("body.victims") else {
        return found.add(&VICTIM_ISSUES_MISSING, "/body/victims");
    };
    let told = victims.text("victim_issues_text").is_some()
        || victims.text("no_victim_issues_reason").is_some()
        || !victims.list("victims").is_empty();
    if victims.is_object() && !told {
        found.add(&VICTIM_ISSUES_MISSING, "/body/victims");
    }
}

const REVIEW_DATE_MISSING: Say = Say {
    code: "review_date_missing",
    severity: Warn,
    message: "a case that stays has a date for its next review",
    fix: "add `next_review_date`, or `exit` if the case leaves",
    source: "MAPPA Guidance 2012, form L",
};

const REVIEW_INTERVAL_LONG: Say = Say {
    code: "review_interval_long",
    severity: Warn,
    message: "the next review is more than {} days after the meeting, too long for this level",
    fix: "bring `next_review_date` forward to within {} days, or have the chair note why it is later",
    source: "MAPPA practitioner guidance (frequency depends on level); figures are Portcullis defaults",
};

/// V46: a case that stays is reviewed, and at level 2 or 3 within the area's interval.
fn review(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.has("body.exit") {
        return;
    }
    if !message.has("body.next_review_date") {
        return found.add(&REVIEW_DATE_MISSING, "/body/next_review_date");
    }
    // The level from now on, which the meeting may just have changed.
    let level = message.number("body.level_decision.level").or(message.number("body.meeting.level"));
    let days = match level {
        Some(2) => message.thresholds.review_level_2_days,
        Some(3) => message.thresholds.review_level_3_days,
        _ => return,
    };
    let held = message.date("body.meeting.date");
    let next = message.date("body.next_review_date");
    let between = held.zip(next).and_then(|(held, next)| held.until(next).ok());
    if between.is_some_and(|span| span.get_days() > i32::from(days)) {
        found.add_with(&REVIEW_INTERVAL_LONG, "/body/next_review_date", days);
    }
}

const LEAD_AGENCY_NOT_NAMED: Say = Say {
    code: "minutes_lead_agency_missing",
    severity: Reject,
    message: "minutes name the lead agency",
    fix: "add `mappa.lead_agency`",
    source: "Criminal Justice Joint Inspection, MAPPA follow-up 2015",
};

/// V47: inspectors found minutes from which nobody could tell who led the case.
fn lead_agency(message: &Subject<'_>, found: &mut Findings<'_>) {
    let mappa = message.at("body.mappa").filter(|mappa| mappa.is_object());
    if mappa.is_some_and(|mappa| mappa.text("lead_agency").is_none()) {
        found.add(&LEAD_AGENCY_NOT_NAMED, "/body/mappa/lead_agency");
    }
}

const DECISION_WITHOUT_RATIONALE: Say = Say {
    code: "decision_without_rationale",
    severity: Reject,
    message: "every decision in the minutes has its reasons, so that it can be defended later",
    fix: "add `rationale` to the decision",
    source: "MAPPA Guidance ch. 13b (May 2022)",
};

/// V48: a decision without its reasons cannot be defended.
fn decisions(message: &Subject<'_>, found: &mut Findings<'_>) {
    for (index, decision) in message.list("body.decisions").iter().enumerate() {
        if decision.is_object() && decision.text("rationale").is_none() {
            found.add(&DECISION_WITHOUT_RATIONALE, format!("/body/decisions/{index}/rationale"));
        }
    }
}

const MINUTES_LATE: Say = Say {
    code: "minutes_late",
    severity: Warn,
    message: "the minutes go out more than {} working days after the meeting",
    fix: "send minutes of this level within {} working days of `meeting.date`",
    source: "MAPPA Guidance ch. 13b (May 2022); figures are Portcullis defaults",
};

/// V52: minutes are timely. What the gateway asked to have sent once more was sent before.
fn in_good_time(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(held) = message.date("body.meeting.date") else { return };
    if message.is_sent_again() {
        return;
    }
    let days = match message.number("body.meeting.level") {
        Some(3) => message.thresholds.minutes_level_3_working_days,
        _ => message.thresholds.minutes_level_2_working_days,
    };
    if working_days_between(held, message.today) > u32::from(days) {
        found.add_with(&MINUTES_LATE, "/body/meeting/date", days);
    }
}
