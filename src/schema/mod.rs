//! The compiled schemas, found by type and version, and what they find wrong with a message.
//!
//! In: strictly parsed JSON. Out: every fault at once, each with its place and its fix, never with a
//! submitted value or an unknown member's name. Nothing here goes to the network: every `$ref` is
//! among the embedded files.

pub mod attachment;
pub mod calendar;
pub mod catalog;
mod fault;
mod head;
pub mod identifiers;
mod judge;
mod names;
pub mod render;
pub mod rules;
pub mod strict;

use std::collections::HashMap;

use identifiers::Scheme;
use jsonschema::{PatternOptions, Registry, ValidationOptions, Validator};
use serde_json::Value;

pub use fault::Fault;
pub use head::Head;
pub use judge::Verdict;

use crate::message::MessageType;

/// How many faults one answer lists.
pub const FAULTS_MAX: usize = 100;

/// Every schema, compiled once.
pub struct Schemas {
    compiled: HashMap<(MessageType, &'static str), Validator>,
}

/// The embedded schemas do not compile. A test sees to it that this never leaves the house.
#[derive(Debug, thiserror::Error)]
pub enum SchemaFault {
    /// A file is not JSON.
    #[error("schemas/{0} is not JSON")]
    NotJson(&'static str, #[source] serde_json::Error),
    /// A file is no schema, or refers to what is not there.
    #[error("schemas/{path} does not compile: {reason}")]
    DoesNotCompile {
        /// Which file.
        path: &'static str,
        /// What the compiler says.
        reason: String,
    },
    /// The catalogue names a file or type that is not there.
    #[error("schemas/catalog.json and the files disagree about {0}")]
    Catalogue(String),
}

impl Schemas {
    /// Compiles the embedded schemas.
    pub fn embedded() -> Result<Self, SchemaFault> {
        let parse = |(path, text): &(&'static str, &'static str)| {
            serde_json::from_str::<Value>(text)
                .map(|value| (*path, value))
                .map_err(|e| SchemaFault::NotJson(path, e))
        };
        let files: Vec<(&str, Value)> = catalog::FILES.iter().map(parse).collect::<Result<_, _>>()?;
        let mut registry = Registry::new();
        for (path, schema) in files.iter().filter(|(path, _)| *path != "catalog.json") {
            let id = schema.get("$id").and_then(Value::as_str).unwrap_or_default();
            registry = registry.add(id, schema).map_err(|e| broken(path, e))?;
        }
        let registry = registry.prepare().map_err(|e| broken("catalog.json", e))?;
        let mut compiled = HashMap::new();
        for (path, schema) in &files {
            if let Some((message_type, version)) = type_and_version(path) {
                let validator = with_identifier_formats(jsonschema::options())
                    .offline()
                    .with_registry(&registry)
                    .should_validate_formats(true)
                    // Linear time: a sender chooses the text, never how long it takes.
                    .with_pattern_options(PatternOptions::regex())
                    .build(schema)
                    .map_err(|e| broken(path, e.masked()))?;
                compiled.insert((message_type, version), validator);
            }
        }
        Ok(Self { compiled })
    }

    /// The versions in which a type is known, in no order.
    pub fn versions(&self, message_type: MessageType) -> impl Iterator<Item = &'static str> {
        self.compiled.keys().filter(move |(known, _)| *known == message_type).map(|(_, version)| *version)
    }

    /// Every fault that the schema finds, up to [`FAULTS_MAX`]. `None` if there is no such schema.
    pub fn faults(&self, message_type: MessageType, version: &str, message: &Value) -> Option<Vec<Fault>> {
        // The map's keys are 'static; a scan over a handful beats an allocation.
        let (_, validator) = self.compiled.iter().find(|((t, v), _)| *t == message_type && *v == version)?;
        if validator.is_valid(message) {
            return Some(Vec::new());
        }
        Some(fault::of_all(validator.iter_errors(message)))
    }
}

/// Teaches the validator the identifiers' own formats.
fn with_identifier_formats(options: ValidationOptions) -> ValidationOptions {
    Scheme::ALL.into_iter().fold(options, |options, scheme| {
        options.with_format(scheme.about().format, move |text: &str| identifiers::is_sound(scheme, text))
    })
}

fn broken(path: &'static str, reason: impl std::fmt::Display) -> SchemaFault {
    SchemaFault::DoesNotCompile { path, reason: reason.to_string() }
}

/// `referral/1.0.json` is version 1.0 of the type `referral`; `common/…` is none.
fn type_and_version(path: &'static str) -> Option<(MessageType, &'static str)> {
    let (message_type, file) = path.split_once('/')?;
    Some((message_type.parse().ok()?, file.strip_suffix(".json")?))
}
