//! The compiled schemas, found by type and version, and what they find wrong with a message.
//!
//! In: strictly parsed JSON. Out: every fault at once, each with its place and its fix, never with a
//! submitted value or an unknown member's name. Nothing here goes to the network: every `$ref` is
//! among the embedded files.

pub mod attachment;
pub mod calendar;
pub mod catalog;
pub mod cut;
mod fault;
mod head;
pub mod identifiers;
mod judge;
mod names;
mod patterns;
pub mod render;
pub mod rules;
pub mod strict;
pub mod tree;
mod version;
pub mod victims;

use std::collections::HashMap;

use identifiers::Scheme;
use jiff::civil::Date;
use jsonschema::{PatternOptions, Registry, ValidationOptions, Validator};
use serde_json::Value;

use catalog::Catalogue;
pub use catalog::Deprecation;
pub use fault::Fault;
pub use head::Head;
pub use judge::Verdict;
pub use version::{NoVersion, Version};

use crate::message::MessageType;

/// How many faults one answer lists.
pub const FAULTS_MAX: usize = 100;

/// Every schema, compiled once.
pub struct Schemas {
    compiled: HashMap<(MessageType, &'static str), Validator>,
    catalogue: Catalogue,
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
    /// The catalogue is wrong, or does not list a schema that is there.
    #[error("schemas/catalog.json: {0}")]
    Catalogue(String),
}

impl Schemas {
    /// Compiles the embedded schemas.
    ///
    /// # Errors
    /// As [`Schemas::of`].
    pub fn embedded() -> Result<Self, SchemaFault> {
        Self::of(catalog::FILES)
    }

    /// Compiles these files: schemas by their path, and the `catalog.json` that lists them.
    ///
    /// # Errors
    /// A file is no schema, or the catalogue does not list it.
    pub fn of(files: &[(&'static str, &'static str)]) -> Result<Self, SchemaFault> {
        let listed = files.iter().find(|(path, _)| *path == "catalog.json").map_or("{}", |(_, text)| *text);
        let catalogue = Catalogue::read(listed).map_err(SchemaFault::Catalogue)?;
        let parse = |(path, text): (&'static str, &'static str)| {
            serde_json::from_str::<Value>(text)
                .map(|value| (path, value))
                .map_err(|e| SchemaFault::NotJson(path, e))
        };
        let schemas: Vec<(&str, Value)> = catalog::schemas(files).map(parse).collect::<Result<_, _>>()?;
        let mut registry = Registry::new();
        for (path, schema) in &schemas {
            let id = schema.get("$id").and_then(Value::as_str).unwrap_or_default();
            registry = registry.add(id, schema).map_err(|e| broken(path, e))?;
        }
        let registry = registry.prepare().map_err(|e| broken("catalog.json", e))?;
        let mut compiled = HashMap::new();
        for (path, schema) in &schemas {
            let Some(key) = type_and_version(path) else { continue };
            if !catalogue.of(key.0).any(|entry| entry.file == *path) {
                return Err(SchemaFault::Catalogue(format!("{path} is not listed")));
            }
            let validator = with_identifier_formats(jsonschema::options())
                .offline()
                .with_registry(&registry)
                .should_validate_formats(true)
                // Linear time: a sender chooses the text, never how long it takes.
                .with_pattern_options(PatternOptions::regex())
                .build(schema)
                .map_err(|e| broken(path, e.masked()))?;
            compiled.insert(key, validator);
        }
        Ok(Self { compiled, catalogue })
    }

    /// What is listed.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The versions in which a type is accepted on a day (UTC), newest first.
    pub fn live(&self, message_type: MessageType, day: Date) -> Vec<&'static str> {
        let entries = self.catalogue.of(message_type).filter(|entry| !entry.is_over(day));
        entries
            .filter_map(|entry| {
                let version = entry.version.to_string();
                self.versions(message_type).find(|known| *known == version)
            })
            .collect()
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
