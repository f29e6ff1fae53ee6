//! The rules of a decision on a referral (D4).

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject};
use crate::schema::calendar::working_days_between;

pub(super) const RULES: &[Rule] = &[Rule { id: "T6", says: &[&FIRST_MEETING_LATE], check: first_meeting }];

const FIRST_MEETING_LATE: Say = Say {
    code: "first_meeting_late",
    severity: Warn,
    message: "the first meeting is planned for more than {} working days after the referral",
    fix: "bring `first_meeting.date` forward to within {} working days of `referred_on`, or agree on the delay",
    source: "Portcullis",
};

/// T6: an accepted case is met about soon. No national source for the figure is known, so it is the
/// area's, and lateness only warns.
fn first_meeting(message: &Subject<'_>, found: &mut Findings<'_>) {
    let accepted = matches!(message.text("body.decision"), Some("accepted_level_2" | "accepted_level_3"));
    let (Some(referred), Some(meeting)) =
        (message.date("body.referred_on"), message.date("body.first_meeting.date"))
    else {
        return;
    };
    let limit = message.thresholds.first_meeting_working_days;
    if accepted && working_days_between(referred, meeting) > u32::from(limit) {
        found.add_with(&FIRST_MEETING_LATE, "/body/first_meeting/date", limit);
    }
}
