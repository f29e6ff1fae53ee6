//! The policies and their schema, read as the gateway reads them: each policy under its `@id`, all of them
//! validated strictly. A policy that reads an optional attribute without asking for it first is refused
//! here already, by name.

use std::{collections::BTreeMap, fs, io, path::Path};

use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityUid, Policy, PolicyId, PolicySet, RequestEnv, Schema,
    ValidationMode, Validator,
};

/// A policy set that fits its schema.
pub struct Rules {
    /// The schema.
    pub schema: Schema,
    /// The policies by the order of their ids.
    pub policies: BTreeMap<String, Policy>,
    actions: Entities,
    /// A permit for everything.
    everything: Policy,
}

/// Why policies cannot be read. Texts for the owner of the policies.
#[derive(Debug, thiserror::Error)]
pub enum RulesFault {
    /// A file cannot be read.
    #[error("`{file}` cannot be read: {source}")]
    Unreadable {
        /// The file or folder.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// Not Cedar text, or no policy in it, or two of the same id.
    #[error("`{file}`: {says}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        says: String,
    },
    /// A policy does not fit the schema: it may err when it is evaluated.
    #[error("policy `{policy}` does not fit the schema: {says}")]
    Unfit {
        /// Its id.
        policy: String,
        /// What Cedar's validator says.
        says: String,
    },
}

impl Rules {
    /// Reads `schema.cedarschema` and every `*.cedar` file of a folder.
    ///
    /// # Errors
    /// The first fault found.
    pub fn read(dir: &Path) -> Result<Self, RulesFault> {
        let mut files = cedar_files(dir)?;
        files.sort();
        let schema = read(&dir.join("schema.cedarschema"))?;
        Self::from_texts(&schema, &files)
    }

    /// The same from texts: the schema, and name and text of each policy file.
    ///
    /// # Errors
    /// The first fault found.
    pub fn from_texts(schema: &str, files: &[(String, String)]) -> Result<Self, RulesFault> {
        let (schema, _) =
            Schema::from_cedarschema_str(schema).map_err(|told| malformed("schema.cedarschema", &told))?;
        let mut policies = BTreeMap::new();
        for (file, text) in files {
            let parsed: PolicySet = text.parse().map_err(|told| malformed(file, &told))?;
            for policy in parsed.policies() {
                let id = policy.annotation("id").filter(|id| !id.is_empty());
                let id = id.ok_or_else(|| malformed(file, &"a policy has no @id"))?.to_owned();
                if policies.insert(id.clone(), policy.new_id(PolicyId::new(&id))).is_some() {
                    return Err(malformed(file, &format!("`{id}` is the id of two policies")));
                }
            }
        }
        if policies.is_empty() {
            return Err(malformed("*.cedar", &"there is no policy"));
        }
        let actions = schema.action_entities().map_err(|told| malformed("schema.cedarschema", &told))?;
        let everything = Policy::parse(Some(PolicyId::new("")), "permit(principal, action, resource);");
        let everything = everything.map_err(|told| malformed("*.cedar", &told))?;
        let rules = Self { schema, policies, actions, everything };
        rules.validate()?;
        Ok(rules)
    }

    /// What can be asked, one environment for each action, in the order of their names.
    pub fn environments(&self) -> Vec<RequestEnv> {
        let mut all: Vec<_> = self.schema.request_envs().collect();
        all.sort();
        all.dedup();
        all
    }

    /// The policies whose scope takes the action in, as the gateway chooses them.
    pub fn bearing_on(&self, action: &EntityUid) -> Vec<&Policy> {
        self.policies.values().filter(|policy| self.takes_in(policy, action)).collect()
    }

    /// The bars that bear on the action, beside a permit for everything.
    pub fn bars(&self, action: &EntityUid) -> PolicySet {
        let bars = self.bearing_on(action).into_iter().filter(|policy| policy.effect() == Effect::Forbid);
        policy_set(bars.chain([&self.everything]))
    }

    /// Whether the scope of a policy or promise takes the action in.
    pub fn takes_in(&self, policy: &Policy, action: &EntityUid) -> bool {
        match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(only) => only == *action,
            ActionConstraint::In(groups) => groups.iter().any(|group| {
                group == action
                    || self.actions.ancestors(action).is_some_and(|mut all| all.any(|one| one == group))
            }),
        }
    }

    /// The actions and their groups, for evaluating a request.
    pub fn action_entities(&self) -> &Entities {
        &self.actions
    }

    fn validate(&self) -> Result<(), RulesFault> {
        let set = policy_set(self.policies.values());
        let result = Validator::new(self.schema.clone()).validate(&set, ValidationMode::Strict);
        match result.validation_errors().next() {
            None => Ok(()),
            Some(error) => {
                Err(RulesFault::Unfit { policy: error.policy_id().to_string(), says: error.to_string() })
            }
        }
    }
}

/// A set of policies whose ids differ.
pub(crate) fn policy_set<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> PolicySet {
    // Ids differ by construction, the one fault that there could be.
    PolicySet::from_policies(policies.into_iter().cloned()).unwrap_or_default()
}

/// Name and text of each `*.cedar` file of a folder.
pub(crate) fn cedar_files(dir: &Path) -> Result<Vec<(String, String)>, RulesFault> {
    let unreadable = |source| RulesFault::Unreadable { file: dir.display().to_string(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, read(&path)?));
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String, RulesFault> {
    let unreadable = |source| RulesFault::Unreadable { file: path.display().to_string(), source };
    fs::read_to_string(path).map_err(unreadable)
}

fn malformed(file: &str, says: &dyn ToString) -> RulesFault {
    RulesFault::Malformed { file: file.into(), says: says.to_string() }
}
