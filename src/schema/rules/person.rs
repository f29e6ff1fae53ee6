//! What holds for every message about a person: one category, no earlier than the law has it, and a
//! finding of a court without which MAPPA has no case.

use jiff::civil::{Date, date};
use serde_json::Value;

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Info, Reject},
    Subject,
};
use crate::message::MessageType as T;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "V1",
        says: &[&CATEGORY_MISSING, &CATEGORY_UNKNOWN, &CATEGORIES_DIFFER],
        check: exactly_one_category,
    },
    Rule { id: "V2", says: &[&CATEGORY_4_BEFORE_THE_LAW], check: category_4_has_a_beginning },
    Rule { id: "V3", says: &[&MARAC_OR_PROFESSIONALS_MEETING], check: somebody_was_found_guilty },
];

const CATEGORY_MISSING: Say = Say {
    code: "category_missing",
    severity: Reject,
    message: "the MAPPA category is not stated",
    fix: "add `category`, exactly one of 1, 2, 3 and 4",
    source: "MAPPA Guidance 2012, form A",
};

const CATEGORY_UNKNOWN: Say = Say {
    code: "category_unknown",
    severity: Reject,
    message: "the MAPPA category is none of those that the law knows",
    fix: "set `category` to 1 (registered sexual offender), 2 (violent and other sexual offender), 3 (other \
          dangerous offender) or 4 (terrorist offender), as a whole number",
    source: "CJA 2003 ss.325(2) and 327",
};

const CATEGORIES_DIFFER: Say = Say {
    code: "categories_differ",
    severity: Reject,
    message: "the message states two categories for one person",
    fix: "state the same `category` wherever the message has one",
    source: "MAPPA Guidance 2012, form A",
};

const CATEGORY_4_BEFORE_THE_LAW: Say = Say {
    code: "category_4_before_commencement",
    severity: Info,
    message: "the record is older than category 4, which is believed to have begun on 28 June 2022",
    fix: "check `mappa.category_since`, or the category that the person had at that time",
    source: "Police, Crime, Sentencing and Courts Act 2022 s.189",
};

const MARAC_OR_PROFESSIONALS_MEETING: Say = Say {
    code: "marac_or_professionals_meeting",
    severity: Reject,
    message: "no conviction, caution or finding under s.327(4) is stated, and MAPPA cannot be used without one",
    fix: "state it in `conviction.index_offences`; if there is none, arrange a professionals' meeting or refer \
          the victim to the multi-agency risk assessment conference (MARAC) instead",
    source: "CJA 2003 s.325(2); Kent and Medway Safeguarding Procedures 2.4.5 §4",
};

/// Where a message may state a category: the block, the member, and the member's pointer. The first
/// that stands has to tell, and those after it agree with it.
const CATEGORIES: [(&str, &str, &str); 3] = [
    ("body.mappa", "body.mappa.category", "/body/mappa/category"),
    ("body.offender_summary", "body.offender_summary.category", "/body/offender_summary/category"),
    ("body.meeting", "body.meeting.category", "/body/meeting/category"),
];

/// V1: whoever the message is about is in exactly one category. A question to another body and its
/// answer may come before the category is settled, and a warning to Jobcentre Plus may be about
/// somebody outside MAPPA.
fn exactly_one_category(message: &Subject<'_>, found: &mut Findings<'_>) {
    let may_be_open = match message.message_type {
        T::InfoRequest | T::InfoResponse => true,
        T::DwpNotice => message.flag("body.non_mappa") == Some(true),
        _ => false,
    };
    // A plan names the meeting that it follows, and the category may have changed since.
    let looks_back = message.message_type == T::Rmp;
    let (mut told_elsewhere, mut first) = (false, None);
    for (block, member, pointer) in CATEGORIES {
        if !message.at(block).is_some_and(Value::is_object) {
            continue;
        }
        match message.at(member).map(|category| (category.is_number(), category.as_i64())) {
            None if !may_be_open && !told_elsewhere => found.add(&CATEGORY_MISSING, pointer),
            Some((_, Some(0))) if may_be_open => {}
            Some((_, Some(1..=4))) => {}
            Some((true, _)) => found.add(&CATEGORY_UNKNOWN, pointer),
            // What is no number is the schema's to tell.
            _ => {}
        }
        let known = message.number(member).filter(|category| (1..=4).contains(category));
        if known.is_some_and(|category| *first.get_or_insert(category) != category) && !looks_back {
            found.add(&CATEGORIES_DIFFER, pointer);
        }
        told_elsewhere = true;
    }
}

/// V2: category 4 did not exist before the Act of 2022. The day is not confirmed, so that a historic
/// record is only remarked upon.
fn category_4_has_a_beginning(message: &Subject<'_>, found: &mut Findings<'_>) {
    let since = message.date("body.mappa.category_since").or_else(|| message.created_on());
    if message.number("body.mappa.category") == Some(4) && since.is_some_and(|day| day < CATEGORY_4_BEGINS) {
        found.add(&CATEGORY_4_BEFORE_THE_LAW, "/body/mappa/category");
    }
}

const CATEGORY_4_BEGINS: Date = date(2022, 6, 28);

/// V3: who brings somebody into MAPPA names what a court or the police found. The bare accusation has
/// other ways, which the answer names. Nor does any other message carry somebody's case on with a
/// conviction block that holds none (P14); those that end or correct an entry have no such block.
fn somebody_was_found_guilty(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(body) = message.at("body").filter(|body| body.is_object()) else { return };
    match body.at("conviction") {
        None if brings_somebody_in(message.message_type) => {
            found.add(&MARAC_OR_PROFESSIONALS_MEETING, "/body/conviction");
        }
        Some(conviction) if conviction.is_object() && !found_guilty(conviction, message.today) => {
            found.add(&MARAC_OR_PROFESSIONALS_MEETING, "/body/conviction/index_offences");
        }
        _ => {}
    }
}

/// Whether a message of this type may be the first that the arrangements hear of somebody. V3 names
/// notification and referral; a screening decides about the level of the same people.
pub(super) fn brings_somebody_in(message_type: T) -> bool {
    matches!(message_type, T::Notification | T::Screening | T::Referral)
}

/// Whether a `conviction` block names an offence that was dealt with: by a stated finding or its
/// date, or because a court ordered something. The date of a trial to come is no finding.
pub fn found_guilty(conviction: &Value, today: Date) -> bool {
    let offences = conviction.list("index_offences");
    let dated = |offence: &Value| {
        // What is no date is the schema's to tell.
        offence.has("conviction_or_caution_date")
            && offence.date("conviction_or_caution_date").is_none_or(|day| day <= today)
    };
    let dealt_with = |offence: &Value| offence.has("outcome") || dated(offence);
    let ordered = conviction.text("disposal.type").is_some_and(|kind| !matches!(kind, "none" | "other"));
    offences.iter().any(dealt_with) || (ordered && !offences.is_empty())
}
