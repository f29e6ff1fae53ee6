//! The rules of a referral (D3): how high the risk, why this level, how early. Who and where the
//! person is stands below; that somebody was found guilty (V3) in `person`.

mod offender;

use jiff::Span;

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
    timing::before,
};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V30", says: &[&LATE_REFERRAL, &VERY_LATE_REFERRAL], check: early_enough },
    Rule { id: "V31", says: &[&RISK_TOOL_MISSING, &RISK_TOOL_OLD], check: risk_assessed },
    Rule { id: "V32", says: &[&LEVEL_RATIONALE_MISSING, &LEVEL_3_REASON_MISSING], check: level_explained },
    Rule { id: "V33", says: &[&LOW_RISK_REFERRED], check: risk_fits_the_level },
    Rule {
        id: "V34",
        says: &[&offender::PRISON_MISSING, &offender::RELEASE_DATE_MISSING],
        check: offender::prison_and_release,
    },
    Rule { id: "V35", says: &[&offender::HOSPITAL_MISSING], check: offender::hospital_described },
    Rule { id: "V36", says: &[&offender::CLOSEST_AREA_MISSING], check: offender::closest_area },
    Rule { id: "V37", says: &[&offender::ADDRESS_NOT_APPROVED], check: offender::release_address_approved },
    Rule { id: "V38", says: &[&offender::ETHNICITY_CODE], check: offender::ethnicity_in_words },
    Rule {
        id: "V39",
        says: &[&offender::JUSTICE_IDENTIFIER_MISSING, &offender::VISOR_MISSING],
        check: offender::known_by_a_number,
    },
];

const LATE_REFERRAL: Say = Say {
    code: "late_referral",
    severity: Warn,
    message: "release from custody is expected in less than {} months, which leaves little time to plan",
    fix: "check `conviction.expected_release_date`; if it is right, say in `referral_reason` why the referral \
          comes now",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §10",
};

const VERY_LATE_REFERRAL: Say = Say {
    code: "very_late_referral",
    severity: Warn,
    message: "release from custody is expected in less than {} weeks, so that the first meeting is urgent",
    fix: "check `conviction.expected_release_date`; if it is right, telephone the co-ordinator today",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §10; the figure is a Portcullis default",
};

const RISK_TOOL_MISSING: Say = Say {
    code: "risk_tool_missing",
    severity: Reject,
    message: "a referral to level 2 or 3 must be supported by the result of a risk assessment tool",
    fix: "add an entry to `risk.tools` with the tool and the date on which it was completed",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §10",
};

const RISK_TOOL_OLD: Say = Say {
    code: "risk_tool_old",
    severity: Warn,
    message: "no risk assessment of the last {} months supports the referral",
    fix: "review the assessment and send the new result in `risk.tools`",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §10; the figure is a Portcullis default",
};

const LEVEL_RATIONALE_MISSING: Say = Say {
    code: "level_rationale_missing",
    severity: Reject,
    message: "the referral does not say why level 1 is not enough",
    fix: "say in `mappa.level_rationale` what formal meetings of the agencies would add",
    source: "MAPPA Guidance ch. 7 (2019)",
};

const LEVEL_3_REASON_MISSING: Say = Say {
    code: "level_3_reason_missing",
    severity: Reject,
    message: "level 3 needs a reason why senior staff must commit resources, or what public interest there is",
    fix: "add `mappa.why_senior_staff_or_media`, or propose level 2",
    source: "MAPPA Guidance ch. 7 (2019)",
};

const LOW_RISK_REFERRED: Say = Say {
    code: "low_risk_at_level_2_or_3",
    severity: Warn,
    message: "a case of low risk is managed at level 2 or 3 only exceptionally",
    fix: "check `risk.rosh_overall`, and say in `mappa.level_rationale` what makes the case an exception",
    source: "MAPPA Guidance ch. 7 (2019)",
};

/// V30: a custodial case is referred in time to plan the release.
fn early_enough(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.text("body.offender.current_location") != Some("custody") {
        return;
    }
    let Some(release) = message.date("body.conviction.expected_release_date") else { return };
    let (months, weeks) =
        (message.thresholds.late_referral_months, message.thresholds.very_late_referral_weeks);
    let sent = message.sent_on();
    if before(release, sent, Span::new().weeks(i64::from(weeks))) {
        found.add_with(&VERY_LATE_REFERRAL, "/body/conviction/expected_release_date", weeks);
    } else if before(release, sent, Span::new().months(i64::from(months))) {
        found.add_with(&LATE_REFERRAL, "/body/conviction/expected_release_date", months);
    }
}

/// V31: a referral rests on an assessment, one of them not older than the area allows.
fn risk_assessed(message: &Subject<'_>, found: &mut Findings<'_>) {
    let tools = message.list("body.risk.tools");
    if tools.is_empty() {
        if message.has("body.risk") {
            found.add(&RISK_TOOL_MISSING, "/body/risk/tools");
        }
        return;
    }
    let months = message.thresholds.risk_tool_months;
    let since = message.today.saturating_sub(Span::new().months(i64::from(months)));
    let mut completed = tools.iter().filter_map(|tool| tool.date("completed_on")).peekable();
    // A day still to come is a slip of the pen and makes no assessment recent.
    let recent = |day| since <= day && day <= message.today;
    if completed.peek().is_some() && !completed.any(recent) {
        found.add_with(&RISK_TOOL_OLD, "/body/risk/tools", months);
    }
}

/// V32: why level 1 is not enough, and for level 3 why senior staff must come.
fn level_explained(message: &Subject<'_>, found: &mut Findings<'_>) {
    if !message.has("body.mappa") {
        return;
    }
    if message.text("body.mappa.level_rationale").is_none() {
        found.add(&LEVEL_RATIONALE_MISSING, "/body/mappa/level_rationale");
    }
    let level_3 = message.number("body.mappa.level_proposed") == Some(3);
    if level_3 && message.text("body.mappa.why_senior_staff_or_media").is_none() {
        found.add(&LEVEL_3_REASON_MISSING, "/body/mappa/why_senior_staff_or_media");
    }
}

/// V33: level and risk are not the same, but a low risk at a high level is an exception.
fn risk_fits_the_level(message: &Subject<'_>, found: &mut Findings<'_>) {
    let level = message.number("body.mappa.level_proposed");
    if matches!(level, Some(2 | 3)) && message.text("body.risk.rosh_overall") == Some("LOW") {
        found.add(&LOW_RISK_REFERRED, "/body/risk/rosh_overall");
    }
}
