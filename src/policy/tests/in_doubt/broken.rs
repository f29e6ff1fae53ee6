//! Every policy as shipped, broken: made to err always, and made to err where it would apply. The second
//! is where Cedar alone would let through what a bar stops.

use std::collections::HashMap;

use cedar_policy::{EntityUid, Policy, PolicyId, PolicySet};
use serde_json::{Value, json};

use super::super::{
    support::*,
    worlds::{Asked, Verb},
};
use crate::policy::{Doubt, Policies, questions::Question};

/// The answers of the sound policies: what is allowed by action, and what each policy decided.
#[derive(Default)]
struct Sound {
    allowed: HashMap<EntityUid, (Asked, Verb)>,
    decided: HashMap<String, Vec<(Asked, Verb)>>,
}

fn sound() -> Sound {
    let mut sound = Sound::default();
    for case in Asked::all() {
        for &verb in case.verbs() {
            let decision = case.decide(shipped(), verb);
            assert!(decision.doubt.is_none(), "{case:?} {verb:?} {decision:?}");
            if decision.is_allowed() {
                sound.allowed.insert(verb.action(shipped(), case.kind), (case, verb));
            }
            for ground in &decision.grounds {
                sound.decided.entry(ground.id.clone()).or_default().push((case, verb));
            }
        }
    }
    sound
}

/// As many worlds as are asked of each policy that errs where it applies.
const WORLDS: usize = 40;

#[test]
fn a_broken_policy_never_lets_anything_through() {
    let sound = sound();
    let mut policies = Policies::load(&folder()).unwrap();
    let (mut always, mut where_it_applies) = (0, 0);
    for id in shipped().grounds.keys() {
        let decided = sound.decided.get(&id.to_string()).into_iter().flatten();
        for (place, how) in [Place::First(absent()), Place::Last(overflow())].into_iter().enumerate() {
            let kept = break_policy(&mut policies, id, &how);
            let allowed = kept.keys().filter_map(|action| sound.allowed.get(action));
            let worlds: Vec<_> =
                if place == 0 { allowed.collect() } else { decided.clone().take(WORLDS).collect() };
            for (case, verb) in worlds {
                let decision = case.decide(&policies, *verb);
                assert_eq!(decision.doubt, Some(Doubt::Evaluation), "{id} {case:?} {verb:?}");
                assert!(decision.grounds.iter().any(|ground| ground.id == id.to_string()), "{id}");
                assert!(!decision.is_allowed());
                if place == 0 { always += 1 } else { where_it_applies += 1 }
            }
            for (action, question) in kept {
                policies.questions.insert(action, question);
            }
        }
    }
    let all = shipped().grounds.len();
    println!(
        "{all} policies, {} of them seen to decide; refused: {always} of what was allowed, with a policy that \
         always errs; {where_it_applies} with one that errs where it applies",
        sound.decided.len()
    );
    assert!(always > all && where_it_applies > 2_000, "{always} {where_it_applies}");
}

/// Where the clause stands that errs.
enum Place {
    First(Value),
    Last(Value),
}

/// Puts a broken policy in the place of the sound one, in every question that it bears on. Gives the sound
/// questions.
fn break_policy(policies: &mut Policies, id: &PolicyId, how: &Place) -> HashMap<EntityUid, Question> {
    let bearing = policies.questions.iter().filter(|(_, question)| question.set.policy(id).is_some());
    let actions: Vec<EntityUid> = bearing.map(|(action, _)| action.clone()).collect();
    let mut kept = HashMap::new();
    for action in actions {
        let question = policies.questions.remove(&action).unwrap();
        let broken = question.set.policies().map(|policy| {
            let broken = (policy.id() == id).then(|| broken(policy, how));
            broken.unwrap_or_else(|| policy.clone())
        });
        let broken = question.with(PolicySet::from_policies(broken).unwrap()).unwrap();
        policies.questions.insert(action.clone(), broken);
        kept.insert(action, question);
    }
    kept
}

fn broken(policy: &Policy, how: &Place) -> Policy {
    let mut json = policy.to_json().unwrap();
    let conditions = json["conditions"].as_array_mut().unwrap();
    match how {
        Place::First(clause) => conditions.insert(0, clause.clone()),
        Place::Last(clause) => conditions.push(clause.clone()),
    }
    Policy::from_json(Some(policy.id().clone()), json).unwrap()
}

/// An attribute that nobody has.
fn absent() -> Value {
    when(json!({ ".": { "left": { "Var": "principal" }, "attr": "no_such_attribute" } }))
}

/// More than a Long holds.
fn overflow() -> Value {
    let sum = json!({ "+": { "left": { "Value": i64::MAX }, "right": { "Value": 1 } } });
    when(json!({ "==": { "left": sum, "right": { "Value": 0 } } }))
}

fn when(body: Value) -> Value {
    json!({ "kind": "when", "body": body })
}

#[test]
fn a_broken_file_refuses_to_load() {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "cedar"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let schema = std::fs::read_to_string(folder().join("schema.cedarschema")).unwrap();
    assert!(Policies::from_sources(&schema, &files).is_ok());
    for place in 0..files.len() {
        let whole = files[place].1.clone();
        let shorter = whole.trim_end().trim_end_matches(';').to_owned();
        let sounder = [("principal.status", "principal.standing"), ("resource.area", "resource.place")];
        let misspelt = sounder.iter().map(|(right, wrong)| whole.replacen(right, wrong, 1));
        for broken in misspelt.chain([shorter]).filter(|broken| *broken != whole) {
            files[place].1 = broken;
            assert!(Policies::from_sources(&schema, &files).is_err(), "{}", files[place].0);
        }
        files[place].1 = whole;
    }
    for cut in [schema.len() / 2, schema.len() - 4] {
        assert!(Policies::from_sources(&schema[..cut], &files).is_err());
    }
}
