//! One question for each action: the policies that bear on it, found once at load. A request about
//! minutes then evaluates no policy about referrals.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cedar_policy::{
    ActionConstraint, Effect, Entities, Entity, EntityUid, Policy, PolicyId, PolicySet, Schema,
};

use super::{Ground, Missing, PolicyFault};

/// What is needed to answer about one action.
pub(super) struct Question {
    /// The policies whose scope takes the action in. Only the scope counts, as written: no reasoning
    /// about conditions can leave a bar out.
    pub set: PolicySet,
    /// The action and the groups that it is in, for requests to know them.
    pub entities: Vec<Entity>,
    /// The permits among them in the order of their ids, for telling what a default deny lacked.
    pub permits: Vec<Missing>,
}

/// The questions that the schema has, by action.
pub(super) fn questions(
    schema: &Schema,
    set: &PolicySet,
    grounds: &HashMap<PolicyId, Arc<Ground>>,
) -> Result<HashMap<EntityUid, Question>, PolicyFault> {
    let hierarchy =
        schema.action_entities().map_err(|source| PolicyFault::Misfit { source: Box::new(source) })?;
    schema
        .actions()
        .map(|action| {
            let question = question(action, &hierarchy, set, grounds)?;
            Ok((action.clone(), question))
        })
        .collect()
}

fn question(
    action: &EntityUid,
    hierarchy: &Entities,
    all: &PolicySet,
    grounds: &HashMap<PolicyId, Arc<Ground>>,
) -> Result<Question, PolicyFault> {
    let mut scope: HashSet<EntityUid> = hierarchy.ancestors(action).into_iter().flatten().cloned().collect();
    scope.insert(action.clone());
    let policies: Vec<&Policy> = all.policies().filter(|policy| bears_on(policy, action, &scope)).collect();
    let mut permits: Vec<_> = policies.iter().filter_map(|policy| missing(policy, grounds)).collect();
    permits.sort_by(|a, b| a.ground.id.cmp(&b.ground.id));
    let set =
        PolicySet::from_policies(policies.into_iter().cloned()).map_err(|_| PolicyFault::Unbuildable)?;
    let entities = scope.iter().filter_map(|uid| hierarchy.get(uid).cloned()).collect();
    Ok(Question { set, entities, permits })
}

fn bears_on(policy: &Policy, action: &EntityUid, scope: &HashSet<EntityUid>) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(only) => only == *action,
        ActionConstraint::In(groups) => groups.iter().any(|group| scope.contains(group)),
    }
}

fn missing(policy: &Policy, grounds: &HashMap<PolicyId, Arc<Ground>>) -> Option<Missing> {
    let ground = grounds.get(policy.id()).filter(|_| policy.effect() == Effect::Permit)?;
    let lacks = policy.annotation("missing").unwrap_or_default().into();
    Some(Missing { ground: ground.clone(), lacks })
}
