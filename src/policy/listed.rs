//! The policies of a set, one by one, for whoever prints them.

use std::sync::Arc;

use cedar_policy::Effect;

use super::{Ground, Policies};

/// A policy of the set.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What it rests on.
    pub ground: Arc<Ground>,
    /// Whether it permits; otherwise it bars.
    pub permits: bool,
    /// The actions that its scope takes in, `receive_minutes`, in alphabetical order. All that begin with
    /// `send_`, `receive_` or `see_victims_` are about messages.
    pub actions: Vec<String>,
}

impl Policies {
    /// Every policy, in the order of the ids.
    pub fn listed(&self) -> Vec<Listed> {
        let mut listed: Vec<Listed> = Vec::with_capacity(self.grounds.len());
        for (id, ground) in &self.grounds {
            let holding =
                || self.questions.iter().filter_map(|(action, q)| Some((action, q.set.policy(id)?)));
            let mut actions: Vec<String> =
                holding().map(|(action, _)| action.id().unescaped().to_owned()).collect();
            actions.sort_unstable();
            let permits = holding().any(|(_, policy)| policy.effect() == Effect::Permit);
            listed.push(Listed { ground: ground.clone(), permits, actions });
        }
        listed.sort_by(|a, b| a.ground.id.cmp(&b.ground.id));
        listed
    }
}
