//! The rules of a screening (D2, MAPPA Q): that the level which the case owner decided follows from
//! what was found, and that release is screened in time.

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Info, Reject, Warn},
    Subject,
    timing::before,
};
use crate::message::AgencyType;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "T1", says: &[&SCREENED_LATE, &SCREENED_EARLY], check: in_the_window },
    Rule { id: "V32", says: &[&SCREENED_LEVEL_3_REASON_MISSING], check: level_3_explained },
    Rule { id: "V33", says: &[&LEVEL_TESTS_NOT_MET, &LEVEL_TESTS_MET], check: level_follows },
];

const SCREENED_LATE: Say = Say {
    code: "screened_late",
    severity: Warn,
    message: "release from custody is expected in less than {} months, too late for a referral in good time",
    fix: "check `conviction.expected_release_date`; if it is right, send the referral without delay",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §10",
};

const SCREENED_EARLY: Say = Say {
    code: "screened_before_window",
    severity: Info,
    message: "youth offending teams screen those who are to be released within {} months, and this release is \
              later",
    fix: "screen again nearer to `conviction.expected_release_date`",
    source: "West Yorkshire MAPPA, identification by youth offending teams",
};

const SCREENED_LEVEL_3_REASON_MISSING: Say = Say {
    code: "screened_level_3_reason_missing",
    severity: Reject,
    message: "level 3 needs senior staff to commit resources, or public interest, and neither is stated",
    fix: "set `screening.senior_staff_needed` or `screening.media_interest` to true, or decide on level 2",
    source: "MAPPA Guidance ch. 7 (2019)",
};

const LEVEL_TESTS_NOT_MET: Say = Say {
    code: "level_tests_not_met",
    severity: Warn,
    message: "level 2 or 3 asks that formal meetings add value, and for a high risk, an exceptional need or a \
              step down from level 3",
    fix: "check the answers in `screening` and `risk.rosh_overall`, or decide on level 1",
    source: "MAPPA Guidance ch. 7 (2019)",
};

const LEVEL_TESTS_MET: Say = Say {
    code: "level_tests_met_at_level_1",
    severity: Warn,
    message: "the answers meet the tests of level 2, and level 1 was decided",
    fix: "say in `screening.reasons` why the lead agency can manage the case alone, or refer to level 2",
    source: "MAPPA Guidance ch. 7 (2019)",
};

/// T1: release is screened so early that a referral is still in time. Youth offending teams look
/// ahead as far as that and no further.
fn in_the_window(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.text("body.offender.current_location") != Some("custody") {
        return;
    }
    let Some(release) = message.date("body.conviction.expected_release_date") else { return };
    let months = message.thresholds.late_referral_months;
    let soon = before(release, message.sent_on(), jiff::Span::new().months(i64::from(months)));
    let youth = message.sender_kind() == Some(AgencyType::Yot);
    let refers = matches!(message.number("body.screening.level_decided"), Some(2 | 3));
    if soon && refers && !youth {
        found.add_with(&SCREENED_LATE, "/body/conviction/expected_release_date", months);
    } else if youth && !soon {
        found.add_with(&SCREENED_EARLY, "/body/conviction/expected_release_date", months);
    }
}

/// V32, as far as a screening can tell: what makes the case one for level 3.
fn level_3_explained(message: &Subject<'_>, found: &mut Findings<'_>) {
    let answers = ["body.screening.senior_staff_needed", "body.screening.media_interest"];
    let said = answers.iter().any(|answer| message.flag(answer) == Some(true));
    if message.number("body.screening.level_decided") == Some(3) && !said {
        found.add(&SCREENED_LEVEL_3_REASON_MISSING, "/body/screening/senior_staff_needed");
    }
}

/// V33, as far as a screening can tell: the tests of level 2 and the level agree.
fn level_follows(message: &Subject<'_>, found: &mut Findings<'_>) {
    let said = |answer| message.flag(answer) == Some(true);
    let high = matches!(message.text("body.risk.rosh_overall"), Some("HIGH" | "VERY_HIGH"));
    let ground =
        high || said("body.screening.exceptional_need") || said("body.screening.stepping_down_from_level_3");
    let met = said("body.screening.formal_meetings_add_value") && ground;
    match message.number("body.screening.level_decided") {
        Some(2 | 3) if !met => found.add(&LEVEL_TESTS_NOT_MET, "/body/screening/level_decided"),
        Some(1) if met => found.add(&LEVEL_TESTS_MET, "/body/screening/level_decided"),
        _ => {}
    }
}
