//! Actions and who receives the minutes: each action has an owner who learns of it in time.

use serde_json::Value;

use crate::schema::{
    Fault,
    rules::{
        Findings, Look as _, Raised, Rule, Say,
        Severity::{Reject, Warn},
        Subject,
    },
};

pub(super) const OWNED_AND_DUE: Rule = Rule {
    id: "V42",
    says: &[&ACTION_WITHOUT_OWNER, &ACTION_WITHOUT_DUE_DATE, &ACTION_DUE_BEFORE_MEETING],
    check: owned_and_due,
};

pub(super) const OWNERS_TOOK_PART: Rule =
    Rule { id: "V43", says: &[&ACTION_OWNER_NOT_INVOLVED], check: owners_took_part };

pub(super) const DISTRIBUTION: Rule =
    Rule { id: "V51", says: &[&DISTRIBUTION_BEYOND_RECIPIENTS], check: distribution };

const ACTION_WITHOUT_OWNER: Say = Say {
    code: "action_without_owner",
    severity: Reject,
    message: "every action has an agency that owns it",
    fix: "add `owner_agency` to the action",
    source: "MAPPA Guidance ch. 13b (May 2022)",
};

const ACTION_WITHOUT_DUE_DATE: Say = Say {
    code: "action_without_due_date",
    severity: Reject,
    message: "every action has a date by which it is done",
    fix: "add `due_date` to the action",
    source: "MAPPA Guidance ch. 13b (May 2022)",
};

const ACTION_DUE_BEFORE_MEETING: Say = Say {
    code: "action_due_before_meeting",
    severity: Reject,
    message: "an action is due before the meeting that set it",
    fix: "set `due_date` to the day of the meeting or later, or list the action in `previous_actions`",
    source: "MAPPA Guidance ch. 13b (May 2022)",
};

/// V42: an action without owner or date is done by nobody.
fn owned_and_due(message: &Subject<'_>, found: &mut Findings<'_>) {
    let held = message.date("body.meeting.date");
    for (index, action) in message.list("body.actions").iter().enumerate() {
        if !action.is_object() {
            continue;
        }
        if action.text("owner_agency").is_none() {
            found.add(&ACTION_WITHOUT_OWNER, format!("/body/actions/{index}/owner_agency"));
        }
        if !action.has("due_date") {
            found.add(&ACTION_WITHOUT_DUE_DATE, format!("/body/actions/{index}/due_date"));
        }
        if held.zip(action.date("due_date")).is_some_and(|(held, due)| due < held) {
            found.add(&ACTION_DUE_BEFORE_MEETING, format!("/body/actions/{index}/due_date"));
        }
    }
}

const ACTION_OWNER_NOT_INVOLVED: Say = Say {
    code: "action_owner_not_involved",
    severity: Warn,
    message: "an action belongs to an agency that neither attended nor apologised nor receives the minutes",
    fix: "add the agency to `distribution_list`, or give the action to one that was there",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §13",
};

/// V43: who must act has been there or is told.
fn owners_took_part(message: &Subject<'_>, found: &mut Findings<'_>) {
    const LISTS: [&str; 3] = ["body.meeting.attendees", "body.meeting.apologies", "body.distribution_list"];
    // The chair was there, and who sends the minutes has them.
    const NAMED: [&str; 2] = ["body.meeting.chair.agency_id", "sender.agency_id"];
    for (index, action) in message.list("body.actions").iter().enumerate() {
        let Some(owner) = action.text("owner_agency") else { continue };
        let listed = |list: &str| message.list(list).iter().any(|one| one.text("agency_id") == Some(owner));
        let named = |member: &str| message.text(member) == Some(owner);
        if !LISTS.iter().any(|list| listed(list)) && !NAMED.iter().any(|member| named(member)) {
            found.add(&ACTION_OWNER_NOT_INVOLVED, format!("/body/actions/{index}/owner_agency"));
        }
    }
}

const DISTRIBUTION_BEYOND_RECIPIENTS: Say = Say {
    code: "distribution_beyond_recipients",
    severity: Reject,
    message: "the minutes list an agency for distribution that this message does not go to",
    fix: "add the agency to `recipients`, or take it off `distribution_list`",
    source: "Kent and Medway Safeguarding Procedures 2.4.5 §13",
};

/// V51: nobody stands on the distribution list who may not have the minutes. Who may is decided by
/// P15 to P17 for each recipient, and one refused recipient refuses the message; with every listed
/// agency among the recipients the list therefore lies within P15 to P17. The sender has the minutes
/// already. Where recipients are left out nothing is known here of who they are: see [`beyond`].
fn distribution(message: &Subject<'_>, found: &mut Findings<'_>) {
    if !message.at("recipients").is_some_and(Value::is_array) {
        return;
    }
    let recipients = message.list("recipients");
    let receives = |agency: &str| recipients.iter().any(|one| one.text("agency_id") == Some(agency));
    listed_beyond(message, receives, found);
}

/// V51 for minutes whose recipients the gateway computed.
pub fn beyond(message: &Value, receives: impl Fn(&str) -> bool) -> Vec<Fault> {
    let nothing_raised = Raised::new();
    let mut found = Findings::new(&nothing_raised);
    found.of_rule(DISTRIBUTION.id);
    listed_beyond(message, receives, &mut found);
    found.faults
}

fn listed_beyond(message: &Value, receives: impl Fn(&str) -> bool, found: &mut Findings<'_>) {
    let sender = message.text("sender.agency_id");
    for (index, listed) in message.list("body.distribution_list").iter().enumerate() {
        let Some(agency) = listed.text("agency_id") else { continue };
        if !receives(agency) && sender != Some(agency) {
            found.add(&DISTRIBUTION_BEYOND_RECIPIENTS, format!("/body/distribution_list/{index}/agency_id"));
        }
    }
}
