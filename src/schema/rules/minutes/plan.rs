//! The risk management plan as the minutes record it.

use serde_json::Value;

use crate::schema::rules::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
};

pub(super) const COMPLETE: Rule = Rule {
    id: "V44",
    says: &[&PILLAR_EMPTY, &CONTINGENCY_PLAN_MISSING, &LICENCE_CONDITIONS_MISSING],
    check: complete,
};

const PILLAR_EMPTY: Say = Say {
    code: "pillar_empty",
    severity: Warn,
    message: "a pillar of the risk management plan is empty and nothing says that none is needed",
    fix: "add an item to the pillar, or name it with a reason in `body.rmp.none_needed`",
    source: "MAPPA Guidance ch. 12",
};

const CONTINGENCY_PLAN_MISSING: Say = Say {
    code: "contingency_plan_missing",
    severity: Reject,
    message: "a risk management plan has a contingency plan",
    fix: "add `body.rmp.contingency_plan` with at least one trigger and what is then done",
    source: "MAPPA Guidance ch. 12, paragraph 12.11",
};

const LICENCE_CONDITIONS_MISSING: Say = Say {
    code: "licence_conditions_missing",
    severity: Reject,
    message: "the plan of an offender on licence lists the conditions of the licence",
    fix: "add `body.rmp.licence_conditions` with every condition in force",
    source: "MAPPA Guidance ch. 12, paragraph 12.11",
};

/// Recommended frame, which a board may replace: an empty one warns and does not refuse.
const PILLARS: [&str; 4] =
    ["supervision", "monitoring_and_control", "interventions_and_treatment", "victim_safety"];

/// V44: something under each pillar or a reason for nothing, a contingency plan always, and the
/// conditions of a licence in force.
fn complete(message: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(plan) = message.at("body.rmp").filter(|plan| plan.is_object()) else { return };
    for pillar in PILLARS {
        if !has_item(plan, pillar) && !is_waived(plan, pillar) {
            found.add(&PILLAR_EMPTY, format!("/body/rmp/{pillar}"));
        }
    }
    if !has_item(plan, "contingency_plan") {
        found.add(&CONTINGENCY_PLAN_MISSING, "/body/rmp/contingency_plan");
    }
    if on_licence(message) && plan.list("licence_conditions").is_empty() {
        found.add(&LICENCE_CONDITIONS_MISSING, "/body/rmp/licence_conditions");
    }
}

fn has_item(plan: &Value, list: &str) -> bool {
    plan.list(list).iter().any(|item| item.text("action").is_some())
}

fn is_waived(plan: &Value, pillar: &str) -> bool {
    plan.list("none_needed").iter().any(|none| none.text("pillar") == Some(pillar))
}

/// A licence that has not ended, of somebody who is not in custody: there it has not begun, or was
/// revoked, and its conditions may not be known yet.
fn on_licence(message: &Subject<'_>) -> bool {
    let ends = message.date("body.conviction.relevant_dates.licence_end");
    ends.is_some_and(|ends| ends >= message.today)
        && message.text("body.offender.current_location") != Some("custody")
}
