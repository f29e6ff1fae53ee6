//! Category 2, violent and other sexual offenders: an offence of the lists and a disposal that
//! qualifies (CJA 2003 s.327(3)–(4A)).

use serde_json::Value;

use super::{
    super::{
        Findings, Look as _, Say,
        Severity::{Reject, Warn},
        Subject,
    },
    category,
};

pub(super) const DISPOSAL_DOES_NOT_QUALIFY: Say = Say {
    code: "disposal_does_not_qualify",
    severity: Reject,
    message: "the disposal is none of those that bring a person into category 2",
    fix: "check `conviction.disposal.type`; a person with another disposal may come under category 3",
    source: "CJA 2003 s.327(3)(b)",
};

pub(super) const TERM_MISSING: Say = Say {
    code: "term_missing",
    severity: Reject,
    message: "category 2 asks for a term of at least 12 months, and no term is stated",
    fix: "add `conviction.disposal.term_months`, or set `conviction.disposal.life` to true",
    source: "CJA 2003 s.327(3)(b)",
};

pub(super) const TERM_TOO_SHORT: Say = Say {
    code: "term_under_12_months",
    severity: Reject,
    message: "a term of less than 12 months without a hospital or guardianship order does not bring a person \
              into category 2",
    fix: "check `conviction.disposal.term_months`, or consider category 3",
    source: "CJA 2003 s.327(3)(b)",
};

pub(super) const SENTENCE_SUSPENDED: Say = Say {
    code: "suspended_sentence",
    severity: Warn,
    message: "whether a suspended sentence of 12 months or more brings a person into category 2 is not settled",
    fix: "agree the category with the MAPPA co-ordinator, or consider category 3",
    source: "Portcullis",
};

pub(super) const OFFENCE_NOT_LISTED: Say = Say {
    code: "offence_not_listed",
    severity: Reject,
    message: "no index offence is murder, in Schedule 15 Part 1 or 2, or in the list of s.327(4A)",
    fix: "check `schedule_15` of each of `conviction.index_offences`, or consider category 3",
    source: "CJA 2003 s.327(3)(a) and (4A)",
};

pub(super) const OFFENCE_NOT_CODED: Say = Say {
    code: "offence_not_coded",
    severity: Warn,
    message: "whether the offence brings a person into category 2 cannot be told from its title",
    fix: "add `schedule_15` to the offence in `conviction.index_offences`",
    source: "CJA 2003 s.327(3)(a) and (4A)",
};

pub(super) const OFFENCE_OF_PART_3: Say = Say {
    code: "offence_of_part_3",
    severity: Warn,
    message: "an offence of Schedule 15 Part 3 is believed to be one of terrorism, which category 4 covers",
    fix: "consider `mappa.category` 4, or check `schedule_15` of the offence",
    source: "Police, Crime, Sentencing and Courts Act 2022 s.189(8)",
};

pub(super) const FINDING_WITHOUT_ORDER: Say = Say {
    code: "finding_without_order",
    severity: Reject,
    message: "after a finding of unfitness or insanity only a hospital or guardianship order brings a person \
              into category 2",
    fix: "set `conviction.disposal.type` to `hospital_order` or `guardianship_order`, or check `outcome` of \
          the offence",
    source: "CJA 2003 s.327(4)",
};

pub(super) const FINDING_WITH_TERM: Say = Say {
    code: "finding_with_term",
    severity: Reject,
    message: "an order after a finding of unfitness or insanity has no term of custody",
    fix: "leave out `conviction.disposal.term_months`, or check `outcome` of the offence",
    source: "CJA 2003 s.327(4)",
};

/// What a disposal means for category 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reckoned {
    Qualifies,
    Suspended,
    TermTooShort,
    TermMissing,
    Otherwise,
}

/// Holds a disposal against the list of s.327(3)(b). `None` if its kind is not known at all.
pub(super) fn reckon(disposal: &Value) -> Option<Reckoned> {
    let suspended = disposal.flag("suspended") == Some(true);
    let of_term = |suspended: bool| match disposal.number("term_months") {
        _ if disposal.flag("life") == Some(true) => Reckoned::Qualifies,
        None => Reckoned::TermMissing,
        Some(..12) => Reckoned::TermTooShort,
        Some(_) if suspended => Reckoned::Suspended,
        Some(_) => Reckoned::Qualifies,
    };
    Some(match disposal.text("type")? {
        "imprisonment" | "yoi_detention" | "detention_s91_s250_s252a" | "dto" => of_term(suspended),
        "suspended_sentence" => of_term(true),
        "hmp_detention" | "dpp_s226" | "custody_for_life" | "extended_s226b_s228_s254" => Reckoned::Qualifies,
        "hospital_order" | "guardianship_order" => Reckoned::Qualifies,
        "community_order" | "youth_rehabilitation_order" | "fine" | "discharge" => Reckoned::Otherwise,
        "caution" | "youth_caution" | "other" | "none" => Reckoned::Otherwise,
        _ => return None,
    })
}

/// Whether every offence that was dealt with ended in a finding of unfitness or insanity.
pub(super) fn findings_only(conviction: &Value) -> bool {
    let mut outcomes = conviction.list("index_offences").iter().filter_map(|offence| offence.text("outcome"));
    let finding = |outcome| matches!(outcome, "unfit_to_plead" | "not_guilty_by_reason_of_insanity");
    outcomes.next().is_some_and(finding) && outcomes.all(finding)
}

/// Whether an offence is coded as one that brings a person into category 2.
pub(super) fn listed(offence: &Value) -> bool {
    matches!(offence.text("schedule_15"), Some("MURDER" | "PART_1" | "PART_2" | "S327_4A"))
}

/// V10: the disposal is one of those that the Act lists.
pub(super) fn disposal_qualifies(message: &Subject<'_>, found: &mut Findings<'_>) {
    match of_conviction(message) {
        Some(Reckoned::Otherwise) => {
            found.add(&DISPOSAL_DOES_NOT_QUALIFY, "/body/conviction/disposal/type");
        }
        Some(Reckoned::TermMissing) => found.add(&TERM_MISSING, "/body/conviction/disposal/term_months"),
        _ => {}
    }
}

/// V14: a suspended sentence is taken with a warning.
pub(super) fn sentence_is_not_suspended(message: &Subject<'_>, found: &mut Findings<'_>) {
    if of_conviction(message) == Some(Reckoned::Suspended) {
        found.add(&SENTENCE_SUSPENDED, "/body/conviction/disposal/type");
    }
}

/// V15: a term, where the disposal has one, is of at least 12 months.
pub(super) fn term_is_long_enough(message: &Subject<'_>, found: &mut Findings<'_>) {
    if of_conviction(message) == Some(Reckoned::TermTooShort) {
        found.add(&TERM_TOO_SHORT, "/body/conviction/disposal/term_months");
    }
}

/// The disposal of a category 2 case that rests on a conviction; a finding has a rule of its own.
fn of_conviction(message: &Subject<'_>) -> Option<Reckoned> {
    let conviction = message.at("body.conviction").filter(|_| category(message) == Some(2))?;
    reckon(conviction.at("disposal")?).filter(|_| !findings_only(conviction))
}

/// V11: one of the offences is murder or stands in the lists. One that is not coded may do so.
pub(super) fn offence_is_listed(message: &Subject<'_>, found: &mut Findings<'_>) {
    let offences = message.list("body.conviction.index_offences");
    if category(message) != Some(2) || offences.is_empty() || offences.iter().any(listed) {
        return;
    }
    if let Some(index) = offences.iter().position(|offence| !offence.has("schedule_15")) {
        let pointer = format!("/body/conviction/index_offences/{index}/schedule_15");
        return found.add(&OFFENCE_NOT_CODED, pointer);
    }
    // Part 3 has a rule of its own, which only warns: what it holds is not confirmed.
    if offences.iter().all(|offence| offence.text("schedule_15") == Some("NOT_LISTED")) {
        found.add(&OFFENCE_NOT_LISTED, "/body/conviction/index_offences");
    }
}

/// V12: an offence of Part 3 belongs to category 4.
pub(super) fn offence_is_not_terrorism(message: &Subject<'_>, found: &mut Findings<'_>) {
    let of_part_3 = |offence: &Value| offence.text("schedule_15") == Some("PART_3");
    let offences = message.list("body.conviction.index_offences");
    if let Some(index) = offences.iter().position(of_part_3).filter(|_| category(message) == Some(2)) {
        found.add(&OFFENCE_OF_PART_3, format!("/body/conviction/index_offences/{index}/schedule_15"));
    }
}

/// V13: who was unfit to plead or insane is in category 2 by a hospital or guardianship order alone.
pub(super) fn finding_has_its_order(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(conviction) = message.at("body.conviction").filter(|_| category(message) == Some(2)) else {
        return;
    };
    let Some(kind) = conviction.text("disposal.type").filter(|_| findings_only(conviction)) else { return };
    if !matches!(kind, "hospital_order" | "guardianship_order") {
        found.add(&FINDING_WITHOUT_ORDER, "/body/conviction/disposal/type");
    }
    if conviction.number("disposal.term_months").is_some_and(|months| months > 0) {
        found.add(&FINDING_WITH_TERM, "/body/conviction/disposal/term_months");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_disposal_that_the_schema_knows_is_reckoned() {
        let block = crate::schema::catalog::file("common/conviction.json").unwrap();
        let block: Value = serde_json::from_str(block).unwrap();
        let kinds = block.pointer("/$defs/disposal/properties/type/enum").unwrap().as_array().unwrap();
        for kind in kinds {
            assert!(reckon(&json!({ "type": kind, "term_months": 12 })).is_some(), "{kind}");
        }
        assert_eq!(reckon(&json!({ "type": "transportation" })), None);
    }

    #[test]
    fn twelve_months_qualify_and_eleven_do_not() {
        let of = |months: i64| reckon(&json!({ "type": "dto", "term_months": months }));
        assert_eq!((of(11), of(12)), (Some(Reckoned::TermTooShort), Some(Reckoned::Qualifies)));
        let suspended = json!({ "type": "imprisonment", "term_months": 12, "suspended": true });
        assert_eq!(reckon(&suspended), Some(Reckoned::Suspended));
        assert_eq!(reckon(&json!({ "type": "imprisonment", "life": true })), Some(Reckoned::Qualifies));
    }
}
