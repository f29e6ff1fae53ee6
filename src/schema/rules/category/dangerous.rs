//! Category 3, other dangerous offenders: an offence, a risk of serious harm, and no other category
//! that applies (CJA 2003 s.325(2)(b)).

use serde_json::Value;

use super::{
    super::{
        Findings, Look as _, Say,
        Severity::{Reject, Warn},
        Subject, person,
    },
    category,
    violent::{self, Reckoned},
};
use crate::message::MessageType as T;

pub(super) const OFFENCE_MISSING: Say = Say {
    code: "category_3_offence_missing",
    severity: Reject,
    message: "category 3 rests on an offence that ended in a conviction or caution, and none is stated",
    fix: "add the offence with `outcome` conviction or caution to `conviction.index_offences`",
    source: "CJA 2003 s.325(2)(b)",
};

pub(super) const RATIONALE_MISSING: Say = Say {
    code: "category_3_rationale_missing",
    severity: Reject,
    message: "category 3 needs the reason why the person is considered to pose a risk of serious harm",
    fix: "add `mappa.category_rationale`",
    source: "CJA 2003 s.325(2)(b)",
};

pub(super) const RISK_MISSING: Say = Say {
    code: "category_3_risk_missing",
    severity: Reject,
    message: "category 3 needs the overall risk of serious harm",
    fix: "add `risk.rosh_overall`",
    source: "CJA 2003 s.325(2)(b)",
};

pub(super) const RISK_LOW: Say = Say {
    code: "category_3_risk_low",
    severity: Reject,
    message: "a low risk of serious harm does not meet the test of category 3",
    fix: "check `risk.rosh_overall`; without a risk of serious harm the case is not one for category 3",
    source: "CJA 2003 s.325(2)(b)",
};

pub(super) const RISK_MEDIUM: Say = Say {
    code: "category_3_risk_medium",
    severity: Warn,
    message: "category 3 with a medium risk of serious harm is unusual",
    fix: "check `risk.rosh_overall`, and say in `mappa.category_rationale` why the test is met",
    source: "CJA 2003 s.325(2)(b)",
};

pub(super) const LEVEL_1: Say = Say {
    code: "category_3_at_level_1",
    severity: Warn,
    message: "category 3 exists because several agencies must manage the case together, which level 1 does not",
    fix: "choose level 2 or 3, or consider whether the person still belongs to category 3",
    source: "MAPPA Guidance ch. 7 (2019)",
};

pub(super) const CATEGORY_1_APPLIES: Say = Say {
    code: "category_1_applies",
    severity: Reject,
    message: "the person is subject to sex-offender notification, so that category 1 goes before category 3",
    fix: "set `mappa.category` to 1, or state in `mappa.sor_notification.end` when the period ended",
    source: "CJA 2003 ss.325(2) and 327(2)",
};

pub(super) const CATEGORY_2_APPLIES: Say = Say {
    code: "category_2_applies",
    severity: Reject,
    message: "offence and disposal bring the person into category 2, which goes before category 3",
    fix: "set `mappa.category` to 2; if licence or order are over, state when in \
          `conviction.relevant_dates.licence_end` or `conviction.disposal.ended_on`",
    source: "CJA 2003 ss.325(2) and 327(3)",
};

/// V20: an offence, why serious harm is feared, and a rating that agrees with it.
pub(super) fn test_is_met(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(conviction) = message.at("body.conviction").filter(|_| category(message) == Some(3)) else {
        return;
    };
    // That no finding is stated at all is V3's to tell.
    if violent::findings_only(conviction) {
        found.add(&OFFENCE_MISSING, "/body/conviction/index_offences");
    }
    if message.text("body.mappa.category_rationale").is_none() {
        found.add(&RATIONALE_MISSING, "/body/mappa/category_rationale");
    }
    match message.text("body.risk.rosh_overall") {
        Some("LOW") => found.add(&RISK_LOW, "/body/risk/rosh_overall"),
        Some("MEDIUM") => found.add(&RISK_MEDIUM, "/body/risk/rosh_overall"),
        Some(_) => {}
        None if !tells_the_risk(message.message_type) => {}
        None if message.has("body.risk") => found.add(&RISK_MISSING, "/body/risk/rosh_overall"),
        None => found.add(&RISK_MISSING, "/body/risk"),
    }
}

/// The types whose schema has a place for the risk, and which decide or state what a person is.
fn tells_the_risk(message_type: T) -> bool {
    person::brings_somebody_in(message_type) || message_type == T::Minutes
}

/// V21: a category 3 case is managed at level 2 or 3. What is proposed counts before what is.
pub(super) fn agencies_meet(message: &Subject<'_>, found: &mut Findings<'_>) {
    const LEVELS: [(&str, &str); 3] = [
        ("body.mappa.level_proposed", "/body/mappa/level_proposed"),
        ("body.screening.level_decided", "/body/screening/level_decided"),
        ("body.mappa.level_current", "/body/mappa/level_current"),
    ];
    if category(message) != Some(3) {
        return;
    }
    let level = LEVELS.iter().find_map(|(member, pointer)| Some((message.number(member)?, *pointer)));
    if let Some((1, pointer)) = level {
        found.add(&LEVEL_1, pointer);
    }
}

/// V22: what shows category 1 or 2, and is not shown to be over, goes before category 3.
pub(super) fn no_other_category_applies(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(conviction) = message.at("body.conviction").filter(|_| category(message) == Some(3)) else {
        return;
    };
    let period = message.at("body.mappa.sor_notification").filter(|period| period.has("start"));
    if period.is_some_and(|period| period.date("end").is_none_or(|end| end >= message.today)) {
        return found.add(&CATEGORY_1_APPLIES, "/body/mappa/category");
    }
    // A suspended sentence does not count: whether it qualifies is not confirmed (V14).
    let qualifies = conviction.at("disposal").and_then(violent::reckon) == Some(Reckoned::Qualifies);
    let over = ended(conviction).is_some_and(|end| end < message.today);
    if qualifies && !over && conviction.list("index_offences").iter().any(violent::listed) {
        found.add(&CATEGORY_2_APPLIES, "/body/mappa/category");
    }
}

/// When licence or order end, or ended.
fn ended(conviction: &Value) -> Option<jiff::civil::Date> {
    ["disposal.ended_on", "relevant_dates.licence_end", "relevant_dates.sentence_end"]
        .iter()
        .find_map(|path| conviction.date(path))
}
