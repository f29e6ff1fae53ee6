//! The rules of a notification (D1). That somebody was found guilty (V3) stands in `person`, since
//! referral and screening share it.

use jiff::civil::Date;

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject, timing::age_on};
use crate::message::AgencyType;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V67", says: &[&NOT_A_YOUTH_CASE], check: youth_case },
    Rule { id: "T7", says: &[&NOTIFICATION_LATE], check: in_time },
];

const NOT_A_YOUTH_CASE: Say = Say {
    code: "not_a_youth_case",
    severity: Warn,
    message: "a youth offending team notifies of somebody who is an adult, and no order made as a youth is stated",
    fix: "check `offender.date_of_birth` and `conviction.disposal.type`, or agree with probation who is to \
          notify",
    source: "MAPPA Guidance 2012, form H",
};

const NOTIFICATION_LATE: Say = Say {
    code: "notification_late",
    severity: Warn,
    message: "youth offending teams and mental health services notify within {} days of sentence or admission",
    fix: "check `conviction.relevant_dates`; if the dates are right, tell the co-ordinator by telephone what \
          has happened since",
    source: "MAPPA Guidance 2012, forms H and I; the figure is a Portcullis default",
};

/// V67: a youth offending team has people under 18, and those whom a court dealt with as youths.
fn youth_case(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.sender_kind() != Some(AgencyType::Yot) {
        return;
    }
    let Some(birth) = message.date("body.offender.date_of_birth") else { return };
    let under_18 = |day: Date| age_on(birth, day) < 18;
    if !under_18(message.today) && !ordered_as_youth(message) && !dealt_with_on(message).any(under_18) {
        found.add(&NOT_A_YOUTH_CASE, "/body/offender/date_of_birth");
    }
}

/// Whether the disposal is one that only somebody under 18 can have had.
fn ordered_as_youth(message: &Subject<'_>) -> bool {
    matches!(
        message.text("body.conviction.disposal.type"),
        Some(
            "hmp_detention"
                | "dpp_s226"
                | "detention_s91_s250_s252a"
                | "extended_s226b_s228_s254"
                | "dto"
                | "youth_rehabilitation_order"
                | "youth_caution"
        )
    )
}

/// The days on which a court or the police dealt with the person.
fn dealt_with_on<'a>(message: &'a Subject<'_>) -> impl Iterator<Item = Date> + 'a {
    let offences = message.list("body.conviction.index_offences").iter();
    let found = offences.filter_map(|offence| offence.date("conviction_or_caution_date"));
    found.chain(message.date("body.conviction.relevant_dates.sentence"))
}

/// T7: the first notice comes soon after the sentence or the admission.
fn in_time(message: &Subject<'_>, found: &mut Findings<'_>) {
    let dates =
        ["body.conviction.relevant_dates.hospital_admission", "body.conviction.relevant_dates.sentence"];
    let since = match message.sender_kind() {
        Some(AgencyType::Yot) => message.date("body.conviction.relevant_dates.sentence"),
        Some(kind) if treats(kind) => dates.iter().find_map(|path| message.date(path)),
        _ => None,
    };
    let (Some(since), Some(sent)) = (since, message.created_on()) else { return };
    let days = message.thresholds.notification_days;
    let latest = since.checked_add(jiff::Span::new().days(i64::from(days)));
    if latest.is_ok_and(|latest| sent > latest) {
        found.add_with(&NOTIFICATION_LATE, "/created_at", days);
    }
}

/// Whether agencies of this kind provide mental health services.
fn treats(kind: AgencyType) -> bool {
    use AgencyType::{HealthAuth, Icb, Lhb, NhsTrust, Nhse};
    matches!(kind, HealthAuth | Icb | Lhb | NhsTrust | Nhse)
}
