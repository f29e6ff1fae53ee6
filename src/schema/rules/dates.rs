//! The rule of dates (V74), for every message with a person: what happened to somebody happened in
//! order, and a child under ten cannot be guilty of an offence.
//!
//! Several index offences may have been dealt with on several occasions, and only one sentence is
//! told: so the sentence is held against the earliest conviction, and a caution leads to none.

use jiff::{ToSpan as _, civil::Date};
use serde_json::Value;

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V74", says: &[&OFFENCE_BEFORE_BIRTH, &UNDER_TEN_AT_OFFENCE], check: age_at_offence },
    Rule { id: "V74", says: &[&CONVICTION_BEFORE_OFFENCE, &SENTENCE_BEFORE_CONVICTION], check: convictions },
    Rule { id: "V74", says: &[&RELEASE_BEFORE_SENTENCE, &LICENCE_END_BEFORE_RELEASE], check: releases },
];

const OFFENCE_BEFORE_BIRTH: Say = Say {
    code: "offence_before_birth",
    severity: Reject,
    message: "the offence is dated on or before the person's date of birth",
    fix: "correct `date_of_offence` or the person's `date_of_birth`",
    source: "Portcullis",
};

const UNDER_TEN_AT_OFFENCE: Say = Say {
    code: "under_ten_at_offence",
    severity: Reject,
    message: "the person was under ten years old on the date of the offence",
    fix: "correct `date_of_offence` or `date_of_birth`, or mark `date_of_birth_estimated`",
    source: "Children and Young Persons Act 1933 s.50",
};

const CONVICTION_BEFORE_OFFENCE: Say = Say {
    code: "conviction_before_offence",
    severity: Reject,
    message: "the conviction or caution is dated before the offence",
    fix: "correct `conviction_or_caution_date` or `date_of_offence`",
    source: "Portcullis",
};

const SENTENCE_BEFORE_CONVICTION: Say = Say {
    code: "sentence_before_conviction",
    severity: Reject,
    message: "the sentence is dated before every conviction of the index offences",
    fix: "correct `relevant_dates.sentence` or the `conviction_or_caution_date` of the index offence",
    source: "Portcullis",
};

const RELEASE_BEFORE_SENTENCE: Say = Say {
    code: "release_before_sentence",
    severity: Reject,
    message: "the release is dated before the sentence",
    fix: "correct the date of release or `relevant_dates.sentence`",
    source: "Portcullis",
};

const LICENCE_END_BEFORE_RELEASE: Say = Say {
    code: "licence_end_before_release",
    severity: Reject,
    message: "the licence ends before the release",
    fix: "correct `relevant_dates.licence_end` or the date of release",
    source: "Portcullis",
};

const OFFENCES: &str = "body.conviction.index_offences";

/// The dates on which somebody leaves custody for good, as the schema has them under `conviction`.
const RELEASES: [&str; 3] =
    ["relevant_dates.conditional_release", "relevant_dates.earliest_release", "expected_release_date"];

/// V74: born, then ten years old, then the offence.
fn age_at_offence(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(person) = message.at("body.offender").or_else(|| message.at("body.offender_summary")) else {
        return;
    };
    let Some(born) = person.date("date_of_birth") else { return };
    // An estimate may be years out: too little to call somebody a child.
    let estimated = person.flag("date_of_birth_estimated") == Some(true);
    let tenth_birthday = born.checked_add(10.years()).ok().filter(|_| !estimated);
    for (index, offence) in message.list(OFFENCES).iter().enumerate() {
        let Some(day) = offence.date("date_of_offence") else { continue };
        let place = || format!("/body/conviction/index_offences/{index}/date_of_offence");
        if day <= born {
            found.add(&OFFENCE_BEFORE_BIRTH, place());
        } else if tenth_birthday.is_some_and(|tenth| day < tenth) {
            found.add(&UNDER_TEN_AT_OFFENCE, place());
        }
    }
}

/// V74: the offence, then the conviction, then the sentence.
fn convictions(message: &Subject<'_>, found: &mut Findings<'_>) {
    for (index, offence) in message.list(OFFENCES).iter().enumerate() {
        let dates = (offence.date("date_of_offence"), offence.date("conviction_or_caution_date"));
        if matches!(dates, (Some(offence), Some(conviction)) if conviction < offence) {
            let place = format!("/body/conviction/index_offences/{index}/conviction_or_caution_date");
            found.add(&CONVICTION_BEFORE_OFFENCE, place);
        }
    }
    let earliest = message.list(OFFENCES).iter().filter_map(conviction).min();
    let sentence = message.date("body.conviction.relevant_dates.sentence");
    if matches!((earliest, sentence), (Some(conviction), Some(sentence)) if sentence < conviction) {
        found.add(&SENTENCE_BEFORE_CONVICTION, "/body/conviction/relevant_dates/sentence");
    }
}

/// The day on which a court found somebody guilty of an offence, or unfit to be tried for it.
fn conviction(offence: &Value) -> Option<Date> {
    let of_court = offence.text("outcome") != Some("caution");
    offence.date("conviction_or_caution_date").filter(|_| of_court)
}

/// V74: the sentence, then the release, then the end of the licence.
fn releases(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(conviction) = message.at("body.conviction") else { return };
    let sentence = conviction.date("relevant_dates.sentence");
    let releases = || RELEASES.into_iter().filter_map(|path| Some((path, conviction.date(path)?)));
    for (path, _) in releases().filter(|(_, release)| sentence.is_some_and(|sentence| *release < sentence)) {
        found.add(&RELEASE_BEFORE_SENTENCE, format!("/body/conviction/{}", path.replace('.', "/")));
    }
    let latest = releases().map(|(_, release)| release).max();
    let licence_end = conviction.date("relevant_dates.licence_end");
    if matches!((latest, licence_end), (Some(release), Some(end)) if end < release) {
        found.add(&LICENCE_END_BEFORE_RELEASE, "/body/conviction/relevant_dates/licence_end");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{message::MessageType, schema::rules::tests::codes_of};

    fn codes(body: &serde_json::Value) -> Vec<String> {
        codes_of("V74", MessageType::Notification, body)
    }

    fn aged(offender: serde_json::Value, offence: &str) -> Vec<String> {
        codes(&json!({
            "offender": offender,
            "conviction": { "index_offences": [{ "date_of_offence": offence }] },
        }))
    }

    #[test]
    fn an_offence_on_the_tenth_birthday_is_possible_and_the_day_before_it_is_not() {
        let born = json!({ "date_of_birth": "1996-02-29" });
        assert_eq!(aged(born.clone(), "2006-02-28"), [""; 0]);
        assert_eq!(aged(born.clone(), "2006-02-27"), ["under_ten_at_offence"]);
        assert_eq!(aged(born, "1996-02-29"), ["offence_before_birth"]);
    }

    #[test]
    fn an_estimated_date_of_birth_makes_nobody_a_child() {
        let born = json!({ "date_of_birth": "1996-02-29", "date_of_birth_estimated": true });
        assert_eq!(aged(born.clone(), "2004-01-01"), [""; 0]);
        assert_eq!(aged(born, "1995-01-01"), ["offence_before_birth"]);
    }

    #[test]
    fn one_sentence_among_several_convictions_follows_the_earliest() {
        let offences = |outcome: &str| {
            json!([
                { "conviction_or_caution_date": "2020-01-10", "outcome": outcome },
                { "conviction_or_caution_date": "2022-01-10", "outcome": "conviction" },
            ])
        };
        let of = |outcome| {
            let dates = json!({ "sentence": "2021-03-01" });
            codes(&json!({ "conviction": { "index_offences": offences(outcome), "relevant_dates": dates } }))
        };
        assert_eq!(of("conviction"), [""; 0]);
        assert_eq!(of("caution"), ["sentence_before_conviction"], "a caution is no conviction");
    }

    #[test]
    fn every_release_is_held_against_the_sentence_and_the_last_against_the_licence() {
        let dates = json!({
            "sentence": "2021-03-01",
            "conditional_release": "2021-02-01",
            "licence_end": "2024-03-01",
        });
        let body =
            json!({ "conviction": { "relevant_dates": dates, "expected_release_date": "2024-03-02" } });
        assert_eq!(codes(&body), ["release_before_sentence", "licence_end_before_release"]);
    }
}
