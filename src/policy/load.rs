//! Reading the policies: every fault that can be found before the first message is found here. A set
//! that does not load keeps the gateway from starting.

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use cedar_policy::{
    Authorizer, CedarSchemaError, Effect, ParseErrors, Policy, PolicyId, PolicySet, PolicySetError,
    RequestValidationError, Schema, ValidationError, ValidationMode, ValidationWarning, Validator,
    entities_errors::EntitiesError,
};

use super::{Ground, Policies, probe, questions::questions, slice::Words, topic::topics};
use crate::crypto::{hex, sha256};

/// The name of the schema among the policy files.
const SCHEMA_FILE: &str = "schema.cedarschema";

/// Why the policies cannot be used. Each names the file, and the policy where there is one.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFault {
    /// A file cannot be read.
    #[error("`{file}` cannot be read")]
    Unreadable {
        /// The file or folder.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The folder holds no policy.
    #[error("`{file}` holds no policy")]
    NoPolicy {
        /// The folder, or `*.cedar`.
        file: String,
    },
    /// The schema is no Cedar schema.
    #[error("`{SCHEMA_FILE}` is not a Cedar schema")]
    Schema {
        /// What Cedar says.
        source: Box<CedarSchemaError>,
    },
    /// The schema does not have an action that the gateway asks about.
    #[error("`{SCHEMA_FILE}` does not know `{action}`")]
    UnknownAction {
        /// Which.
        action: String,
    },
    /// The schema does not take the entities that the gateway builds.
    #[error("`{SCHEMA_FILE}` does not fit what the gateway knows")]
    Misfit {
        /// What Cedar says.
        source: Box<EntitiesError>,
    },
    /// The schema does not take what the gateway asks.
    #[error("`{SCHEMA_FILE}` does not fit what the gateway asks about `{action}`")]
    Unaskable {
        /// About which action.
        action: String,
        /// What Cedar says.
        source: Box<RequestValidationError>,
    },
    /// Cedar does not take what the gateway itself makes; this cannot happen while its tests pass.
    #[error("the policies cannot be made ready")]
    Unbuildable,
    /// The file is no Cedar text.
    #[error("`{file}` is not Cedar text")]
    Syntax {
        /// The file.
        file: String,
        /// What Cedar says.
        source: Box<ParseErrors>,
    },
    /// A template has slots to fill in; the gateway fills in none.
    #[error("`{file}` holds a template, only policies are allowed")]
    Template {
        /// The file.
        file: String,
    },
    /// A policy lacks an annotation or it is empty.
    #[error("policy `{policy}` in `{file}` has no @{annotation}")]
    Unannotated {
        /// The file.
        file: String,
        /// Its id, or Cedar's number for it in the file.
        policy: String,
        /// Which annotation.
        annotation: &'static str,
    },
    /// Two policies have the same id.
    #[error("policy `{policy}` in `{file}` has the id of another policy")]
    SameId {
        /// The file of the second.
        file: String,
        /// The id.
        policy: String,
        /// What Cedar says.
        source: Box<PolicySetError>,
    },
    /// A policy does not fit the schema.
    #[error("policy `{policy}` in `{file}` does not fit the schema")]
    Invalid {
        /// The file.
        file: String,
        /// The id.
        policy: String,
        /// What Cedar says.
        source: Box<ValidationError>,
    },
    /// Cedar warns about a policy, for instance that it can never apply.
    #[error("policy `{policy}` in `{file}` is doubtful")]
    Doubtful {
        /// The file.
        file: String,
        /// The id.
        policy: String,
        /// What Cedar says.
        source: Box<ValidationWarning>,
    },
}

impl Policies {
    /// Reads every `*.cedar` file of the folder and its `schema.cedarschema`. Other files and folders
    /// in it are left alone.
    ///
    /// # Errors
    /// The first fault found: see [`PolicyFault`].
    pub fn load(dir: &Path) -> Result<Self, PolicyFault> {
        let read = |path: &Path| fs::read_to_string(path).map_err(|source| unreadable(path, source));
        let schema = read(&dir.join(SCHEMA_FILE))?;
        let mut files = Vec::new();
        for entry in fs::read_dir(dir).map_err(|source| unreadable(dir, source))? {
            let path = entry.map_err(|source| unreadable(dir, source))?.path();
            if path.extension().is_some_and(|extension| extension == "cedar") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, read(&path)?));
            }
        }
        if files.is_empty() {
            return Err(PolicyFault::NoPolicy { file: dir.display().to_string() });
        }
        Self::from_sources(&schema, &files)
    }

    /// The same from texts: the schema, and the policy files by name.
    ///
    /// # Errors
    /// The first fault found: see [`PolicyFault`].
    pub fn from_sources(schema_text: &str, files: &[(String, String)]) -> Result<Self, PolicyFault> {
        let words =
            Words::new().map_err(|source| PolicyFault::Syntax { file: SCHEMA_FILE.into(), source })?;
        let (schema, _) = Schema::from_cedarschema_str(schema_text)
            .map_err(|source| PolicyFault::Schema { source: Box::new(source) })?;
        probe::check(&schema, &words)?;
        let sha256_hex = digest(schema_text, files);
        let mut set = PolicySet::new();
        let mut origin = HashMap::new();
        for (file, text) in files {
            add_file(&mut set, &mut origin, file, text)?;
        }
        if set.is_empty() {
            return Err(PolicyFault::NoPolicy { file: "*.cedar".into() });
        }
        validate(&schema, &set, &origin)?;
        let grounds = set.policies().map(|p| (p.id().clone(), Arc::new(ground(p)))).collect();
        let questions = questions(&schema, &set, &grounds)?;
        let topics = topics(&words, &questions)?;
        Ok(Self { schema, authorizer: Authorizer::new(), words, grounds, questions, topics, sha256_hex })
    }
}

fn add_file(
    set: &mut PolicySet,
    origin: &mut HashMap<PolicyId, String>,
    file: &str,
    text: &str,
) -> Result<(), PolicyFault> {
    let parsed: PolicySet =
        text.parse().map_err(|source| PolicyFault::Syntax { file: file.into(), source: Box::new(source) })?;
    if parsed.templates().next().is_some() {
        return Err(PolicyFault::Template { file: file.into() });
    }
    let mut policies: Vec<_> = parsed.policies().collect();
    policies.sort_by_key(|policy| policy.id().to_string());
    for policy in policies {
        check_annotations(file, policy)?;
        let id = PolicyId::new(annotation(policy, "id"));
        set.add(policy.new_id(id.clone())).map_err(|source| PolicyFault::SameId {
            file: file.into(),
            policy: id.to_string(),
            source: Box::new(source),
        })?;
        origin.insert(id, file.into());
    }
    Ok(())
}

fn check_annotations(file: &str, policy: &Policy) -> Result<(), PolicyFault> {
    let explains: &[&'static str] = match policy.effect() {
        Effect::Forbid => &["text"],
        Effect::Permit => &["missing"],
    };
    let wanted = ["id", "legal_basis", "source"].iter().chain(explains);
    match wanted.copied().find(|name| annotation(policy, name).trim().is_empty()) {
        None => Ok(()),
        Some(name) => {
            let named = policy.annotation("id").filter(|id| !id.is_empty());
            let policy = named.map_or_else(|| policy.id().to_string(), str::to_owned);
            Err(PolicyFault::Unannotated { file: file.into(), policy, annotation: name })
        }
    }
}

fn validate(schema: &Schema, set: &PolicySet, origin: &HashMap<PolicyId, String>) -> Result<(), PolicyFault> {
    let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    let place = |id: &PolicyId| (origin.get(id).cloned().unwrap_or_default(), id.to_string());
    if let Some(error) = result.validation_errors().next() {
        let (file, policy) = place(error.policy_id());
        return Err(PolicyFault::Invalid { file, policy, source: Box::new(error.clone()) });
    }
    if let Some(warning) = result.validation_warnings().next() {
        let (file, policy) = place(warning.policy_id());
        return Err(PolicyFault::Doubtful { file, policy, source: Box::new(warning.clone()) });
    }
    Ok(())
}

fn ground(policy: &Policy) -> Ground {
    let id = annotation(policy, "id");
    Ground {
        id: id.into(),
        rule: id.split('-').next().unwrap_or(id).into(),
        legal_basis: annotation(policy, "legal_basis").into(),
        source: annotation(policy, "source").into(),
        text: policy.annotation("text").map(Into::into),
    }
}

fn annotation<'p>(policy: &'p Policy, name: &str) -> &'p str {
    policy.annotation(name).unwrap_or_default()
}

/// See [`Policies::sha256_hex`].
fn digest(schema: &str, files: &[(String, String)]) -> String {
    let mut all: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    all.push((SCHEMA_FILE, schema));
    all.sort_unstable();
    let lines: String =
        all.iter().map(|(name, text)| format!("{}  {name}\n", hex(&sha256(text.as_bytes())))).collect();
    hex(&sha256(lines.as_bytes()))
}

fn unreadable(path: &Path, source: std::io::Error) -> PolicyFault {
    PolicyFault::Unreadable { file: path.display().to_string(), source }
}
