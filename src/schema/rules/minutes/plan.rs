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
    fix: "add an item to the pillar, or name it with a reason in `rmp.none_needed`",
    source: "MAPPA Guidance ch. 12 (2018), paragraph 12.11",
};

const CONTINGENCY_PLAN_MISSING: Say = Say {
    code: "contingency_plan_missing",
    severity: Reject,
    message: "a risk management plan has a contingency plan",
    fix: "add `rmp.contingency_plan` with at least one trigger and what is then done",
    source: "MAPPA Guidance ch. 12 (2018), paragraph 12.11",
};

const LICENCE_CONDITIONS_MISSING: Say = Say {
    code: "licence_conditions_missing",
    severity: Reject,
    message: "the plan of an offender on licence lists the conditions of the licence",
    fix: "add `rmp.licence_conditions` with every condition in force",
    source: "MAPPA Guidance ch. 12 (2018), paragraph 12.11",
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

/// A licence that has not ended, of somebody who is at liberty under it: in custody or hospital it has
/// not begun, and where somebody is unlawfully at large it was revoked.
fn on_licence(message: &Subject<'_>) -> bool {
    let ends = message.date("body.conviction.relevant_dates.licence_end");
    let at_liberty = matches!(
        message.text("body.offender.current_location"),
        Some("community" | "approved_premises" | "abroad")
    );
    at_liberty && ends.is_some_and(|ends| ends >= message.today)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{message::MessageType, schema::rules::tests::codes_of};

    fn is_on_licence(location: &str, ends: &str) -> bool {
        let body = json!({
            "rmp": {},
            "offender": { "current_location": location },
            "conviction": { "relevant_dates": { "licence_end": ends } },
        });
        codes_of("V44", MessageType::Minutes, &body).contains(&"licence_conditions_missing".to_owned())
    }

    #[test]
    fn a_licence_runs_to_its_last_day_and_for_those_at_liberty() {
        for at_liberty in ["community", "approved_premises", "abroad"] {
            assert!(is_on_licence(at_liberty, "2026-11-20"), "{at_liberty}");
            assert!(!is_on_licence(at_liberty, "2026-11-19"), "{at_liberty}");
        }
        for elsewhere in ["custody", "hospital", "unlawfully_at_large"] {
            assert!(!is_on_licence(elsewhere, "2030-01-01"), "{elsewhere}");
        }
    }
}
