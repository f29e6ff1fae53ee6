//! Every entity that a question stands on, taken away: nothing is allowed by it that was refused.

use super::super::{
    support::*,
    worlds::{Asked, Verb},
};
use crate::policy::Doubt;

#[test]
fn with_an_entity_gone_nothing_more_is_allowed() {
    let (mut asked, mut refused) = (0, 0);
    // One in five suffices: circumstances and agencies come round with each type of message.
    for case in Asked::all().step_by(5) {
        for &verb in case.verbs() {
            let (one, other) = take_each_away(case, verb);
            asked += one;
            refused += other;
        }
    }
    println!("{asked} questions with one entity gone, {refused} of them refused");
    assert!(asked > 40_000, "{asked}");
}

/// Takes each entity away and asks again. How often, and how often the answer was no.
fn take_each_away(case: Asked, verb: Verb) -> (u32, u32) {
    case.prepared(shipped(), verb, |prepared, to| {
        let whole = verb.ask(prepared, to);
        let action = verb.action(shipped(), case.kind);
        let who = shipped().words.agency_uid(&id(case.who));
        let (mut asked, mut refused) = (0, 0);
        for absent in prepared.entities().iter().map(cedar_policy::Entity::uid) {
            let without = prepared.without(&absent);
            let decision = verb.ask(&without, to);
            let told = || format!("{case:?} {verb:?} without {absent}: {decision:?}");
            assert!(whole.is_allowed() || !decision.is_allowed(), "{}", told());
            // The agency that is asked about is read from the directory again. Of the actions, those of
            // other questions do not matter.
            let in_scope = absent == action || prepared.entities().is_ancestor_of(&absent, &action);
            let matters = if absent.type_name().basename() == "Action" { in_scope } else { absent != who };
            if matters {
                assert_eq!(decision.doubt, Some(Doubt::MissingEntity), "{}", told());
            } else {
                assert_eq!(decision, whole, "{}", told());
            }
            asked += 1;
            refused += u32::from(!decision.is_allowed());
        }
        (asked, refused)
    })
}
