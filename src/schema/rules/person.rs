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
    fix: "make `meeting.category` and `mappa.category` the same",
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
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §4",
};

/// Where a message may state a category: the block, the member, and the member's pointer.
const CATEGORIES: [(&str, &str, &str); 2] = [
    ("body.mappa", "body.mappa.category", "/body/mappa/category"),
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
    for (block, member, pointer) in CATEGORIES {
        if !message.at(block).is_some_and(Value::is_object) {
            continue;
        }
        // Where both blocks stand, the status is what has to tell; a meeting may leave it to it.
        let told_elsewhere = block == "body.meeting" && message.has("body.mappa");
        match message.at(member).map(|category| (category.is_number(), category.as_i64())) {
            None if !may_be_open && !told_elsewhere => found.add(&CATEGORY_MISSING, pointer),
            Some((_, Some(0))) if may_be_open => {}
            Some((_, Some(1..=4))) => {}
            Some((true, _)) => found.add(&CATEGORY_UNKNOWN, pointer),
            // What is no number is the schema's to tell.
            _ => {}
        }
    }
    let stated = CATEGORIES.map(|(_, member, _)| message.number(member));
    if let [Some(one @ 1..=4), Some(other @ 1..=4)] = stated
        && one != other
    {
        found.add(&CATEGORIES_DIFFER, "/body/meeting/category");
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
/// other ways, which the answer names.
fn somebody_was_found_guilty(message: &Subject<'_>, found: &mut Findings<'_>) {
    if !brings_somebody_in(message.message_type) || !message.at("body").is_some_and(Value::is_object) {
        return;
    }
    match message.at("body.conviction") {
        None => found.add(&MARAC_OR_PROFESSIONALS_MEETING, "/body/conviction"),
        Some(conviction) if conviction.is_object() && !found_guilty(conviction) => {
            found.add(&MARAC_OR_PROFESSIONALS_MEETING, "/body/conviction/index_offences");
        }
        Some(_) => {}
    }
}

/// Whether a message of this type may be the first that the arrangements hear of somebody. V3 names
/// notification and referral; a screening decides about the level of the same people.
pub(super) fn brings_somebody_in(message_type: T) -> bool {
    matches!(message_type, T::Notification | T::Screening | T::Referral)
}

/// Whether an offence is named that was dealt with: by a stated finding or its date, or because a
/// court ordered something.
pub(super) fn found_guilty(conviction: &Value) -> bool {
    let offences = conviction.list("index_offences");
    let dealt_with = |offence: &Value| offence.has("outcome") || offence.has("conviction_or_caution_date");
    let ordered = conviction.text("disposal.type").is_some_and(|kind| !matches!(kind, "none" | "other"));
    offences.iter().any(dealt_with) || (ordered && !offences.is_empty())
}

/// Completed years of age on a day.
pub(super) fn age_on(birth: Date, day: Date) -> i16 {
    let birthday_to_come = (day.month(), day.day()) < (birth.month(), birth.day());
    day.year() - birth.year() - i16::from(birthday_to_come)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_age_is_complete_on_the_birthday() {
        let born = date(2008, 11, 20);
        assert_eq!(age_on(born, date(2026, 11, 19)), 17);
        assert_eq!(age_on(born, date(2026, 11, 20)), 18);
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 2, 28)), 17);
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 3, 1)), 18);
    }
}
