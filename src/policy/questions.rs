//! One question for each action: the policies that bear on it, found once at load. A request about
//! minutes then evaluates no policy about referrals.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cedar_policy::{
    ActionConstraint, Effect, Entities, Entity, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    Schema,
};
use serde_json::{Value, json};

use super::{
    Ground, Missing, PolicyFault,
    looked_at::LookedAt,
    short::{Part, Short},
};

/// What is needed to answer about one action.
pub(super) struct Question {
    /// The policies whose scope takes the action in. Only the scope counts, as written: no reasoning
    /// about conditions can leave a bar out.
    pub set: PolicySet,
    /// The same, split.
    pub short: Short,
    /// The action and the groups that it is in, for conditions that ask about them.
    pub entities: Vec<Entity>,
    /// How many groups those are.
    pub groups: usize,
    /// Who may ask, and about what.
    takes: (Vec<EntityTypeName>, Vec<EntityTypeName>),
    /// What the policies look at.
    pub looked_at: LookedAt,
    /// The permits among them in the order of their ids, for telling what a default deny lacked.
    pub permits: Vec<Missing>,
}

impl Question {
    /// Whether the schema lets this principal ask about this resource.
    pub fn takes(&self, principal: &EntityUid, resource: &EntityUid) -> bool {
        self.takes.0.contains(principal.type_name()) && self.takes.1.contains(resource.type_name())
    }
}

#[cfg(test)]
impl Question {
    /// The same with other policies.
    pub fn with(&self, set: PolicySet) -> Result<Self, PolicyFault> {
        let parts = set.policies().map(Part::of).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            short: Short::of(parts)?,
            set,
            entities: self.entities.clone(),
            groups: self.groups,
            takes: self.takes.clone(),
            looked_at: LookedAt::from_iter([&self.looked_at]),
            permits: self.permits.clone(),
        })
    }
}

/// The questions that the schema has, by action.
pub(super) fn questions(
    schema: &Schema,
    set: &PolicySet,
    grounds: &HashMap<PolicyId, Arc<Ground>>,
) -> Result<HashMap<EntityUid, Question>, PolicyFault> {
    let hierarchy =
        schema.action_entities().map_err(|source| PolicyFault::Misfit { source: Box::new(source) })?;
    let all: Vec<Scoped> = set.policies().map(Scoped::new).collect::<Result<_, _>>()?;
    schema
        .actions()
        .map(|action| {
            let question = question(schema, action, &hierarchy, &all, grounds)?;
            Ok((action.clone(), question))
        })
        .collect()
}

/// A policy as it is written, and as it is evaluated where its scope takes the action in.
struct Scoped<'s> {
    written: &'s Policy,
    bare: Policy,
    part: Part,
    looked_at: LookedAt,
}

impl<'s> Scoped<'s> {
    /// Cedar builds the condition anew for each evaluation out of scope and clauses, with the place of
    /// each part in the text. The action of the scope is decided here at load, and places and
    /// annotations are not needed to evaluate: without them a policy costs half as much.
    fn new(written: &'s Policy) -> Result<Self, PolicyFault> {
        let mut json = written.to_json().map_err(|_| PolicyFault::Unbuildable)?;
        let looked_at = LookedAt::by(&json);
        let members = json.as_object_mut().ok_or(PolicyFault::Unbuildable)?;
        members.insert("action".into(), json!({ "op": "All" }));
        members.remove("annotations");
        let bare = bare(written.id(), json)?;
        Ok(Self { written, part: Part::of(&bare)?, bare, looked_at })
    }
}

fn bare(id: &PolicyId, json: Value) -> Result<Policy, PolicyFault> {
    Policy::from_json(Some(id.clone()), json).map_err(|_| PolicyFault::Unbuildable)
}

fn question(
    schema: &Schema,
    action: &EntityUid,
    hierarchy: &Entities,
    all: &[Scoped],
    grounds: &HashMap<PolicyId, Arc<Ground>>,
) -> Result<Question, PolicyFault> {
    let mut scope: HashSet<EntityUid> = hierarchy.ancestors(action).into_iter().flatten().cloned().collect();
    let groups = scope.len();
    scope.insert(action.clone());
    let bearing: Vec<_> = all.iter().filter(|policy| bears_on(policy.written, action, &scope)).collect();
    let mut permits: Vec<_> = bearing.iter().filter_map(|policy| missing(policy.written, grounds)).collect();
    permits.sort_by(|a, b| a.ground.id.cmp(&b.ground.id));
    let set = PolicySet::from_policies(bearing.iter().map(|policy| policy.bare.clone()))
        .map_err(|_| PolicyFault::Unbuildable)?;
    let looked_at = bearing.iter().map(|policy| &policy.looked_at).collect();
    let entities = scope.iter().filter_map(|uid| hierarchy.get(uid).cloned()).collect();
    let takes = (
        schema.principals_for_action(action).into_iter().flatten().cloned().collect(),
        schema.resources_for_action(action).into_iter().flatten().cloned().collect(),
    );
    let short = Short::of(bearing.iter().map(|policy| policy.part.clone()))?;
    Ok(Question { set, short, entities, groups, takes, looked_at, permits })
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
