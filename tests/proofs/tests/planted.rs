//! Mistakes that people make, planted in the shipped policies: each has to be found, by the promise that it
//! breaks, with a request that shows it. Otherwise the proofs would prove nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by them")]

mod support;

use portcullis_proofs::{Prover, RulesFault, Solver, Verdict};
use support::{add, change, counterexample, drop, outcome, planted, shipped};

/// `portcullis check` would load this set: it is well formed, and wrong.
#[test]
fn a_careless_permit_for_minutes_is_found() {
    let rules = shipped(add(r#"@id("CARELESS-invited")
           permit(principal, action == Action::"receive_minutes", resource)
           when { resource has meeting && resource.meeting.invited.contains(principal) &&
                  resource has case && principal in resource.case };"#));
    let shown = counterexample(&outcome(&rules, "minutes"));
    assert!(shown.contains("receive_minutes") && shown.contains("CARELESS-invited"), "{shown}");
}

#[test]
fn a_dropped_bar_on_suspended_agencies_is_found() {
    let rules = shipped(drop("P2-suspended"));
    let shown = counterexample(&outcome(&rules, "suspended"));
    assert!(shown.contains("suspended"), "{shown}");
}

#[test]
fn victim_data_for_housing_is_found() {
    let rules = shipped(add(r#"@id("CARELESS-housing")
           permit(principal, action == Action::"see_victims_minutes", resource)
           when { principal.type == AgencyType::"LA_HOUSING" };"#));
    let shown = counterexample(&outcome(&rules, "victims"));
    assert!(shown.contains("see_victims_minutes by an agency of type LA_HOUSING"), "{shown}");
}

/// A bar that is lifted for too many: `||` where `&&` was meant.
#[test]
fn a_bar_lifted_too_far_is_found() {
    let rules = shipped(change(
        "P22-designated",
        "resource has case && resource.case.associates",
        "resource.justified || resource has case && resource.case.associates",
    ));
    let shown = counterexample(&outcome(&rules, "associates"));
    assert!(shown.contains("status associate"), "{shown}");
}

/// Every agency of the area may have statistics; whoever forgets where they come from lets the board have
/// them from anybody.
#[test]
fn a_forgotten_condition_on_the_sender_is_found() {
    let rules = shipped(change(
        "P25-counts-board",
        "principal.status == Status::\"board\" &&\n  resource.sender.status == Status::\"coord\" &&",
        "principal.status == Status::\"board\" &&",
    ));
    let shown = counterexample(&outcome(&rules, "board"));
    assert!(shown.contains("receive_stats_return"), "{shown}");
}

#[test]
fn a_new_type_of_agency_is_found_until_it_is_judged() {
    let rules = shipped(|schema, _| *schema = schema.replace("\"OTHER\"\n", "\"OTHER\", \"INTEL\"\n"));
    let shown = counterexample(&outcome(&rules, "closed-list"));
    assert!(shown.contains("INTEL"), "{shown}");
}

/// Cedar would skip this bar whenever the sum does not fit 64 bits.
#[test]
fn a_bar_that_can_err_is_found() {
    let rules = shipped(add(r#"@id("CARELESS-sum")
           forbid(principal, action in [Action::"send_mending"], resource)
           when { resource.prior_left_out + 1 > 1 };"#));
    let shown = counterexample(&Prover::new(&rules, Solver::start().unwrap()).no_policy_errs());
    assert!(shown.contains("CARELESS-sum"), "{shown}");
}

/// Such a set does not load, in the gateway neither.
#[test]
fn a_bar_that_reads_what_may_be_absent_is_found() {
    let told = planted(change(
        "P14-convicted",
        "resource has case && resource.case has convicted && !resource.case.convicted",
        "resource has case && !resource.case.convicted",
    ));
    let Some(RulesFault::Unfit { policy, says }) = told.err() else { panic!("it was read") };
    assert_eq!(policy, "P14-convicted");
    assert!(says.contains("convicted"), "{says}");
}

/// Refusing everything keeps every promise, and is none.
#[test]
fn a_set_that_refuses_too_much_is_found() {
    let rules =
        shipped(add(r#"@id("CARELESS-bar") forbid(principal, action in [Action::"receive"], resource)
           when { principal.status == Status::"court" };"#));
    let proof = outcome(&rules, "courts");
    let Verdict::Empty { what } = &proof.verdict else { panic!("{}", proof.rendered()) };
    assert_eq!(what, &["no longer possible: a court gets a released summary"]);
}

#[test]
fn a_policy_that_never_applies_is_found() {
    let rules = shipped(add(
        r#"@id("CARELESS-idle") permit(principal, action == Action::"receive_minutes", resource)
           when { principal.suspended && !principal.suspended };"#,
    ));
    let proof = Prover::new(&rules, Solver::start().unwrap()).every_policy_applies();
    let Verdict::Empty { what } = &proof.verdict else { panic!("{}", proof.rendered()) };
    assert_eq!(what, &["`CARELESS-idle` applies to no request"]);
}
