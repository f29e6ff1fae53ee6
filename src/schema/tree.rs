//! The schema files as trees that can be walked: `$ref` is followed from file to file, and what stands
//! beside a `$ref` is seen together with what it refers to.
//!
//! In: the embedded files. Out: [`Node`]s, which the readable rendering of a message, the data
//! dictionary and the whole examples are made from. It decides nothing about a message.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::Value;

use super::catalog;

/// Every schema file, parsed once.
static FILES: LazyLock<HashMap<&'static str, Value>> = LazyLock::new(|| {
    let schemas = catalog::schemas(catalog::FILES);
    schemas.filter_map(|(path, text)| Some((path, serde_json::from_str(text).ok()?))).collect()
});

/// How many references and alternatives are followed from one place: more than any of our files has.
const LAYERS_MAX: usize = 32;

/// A schema, with the file that its relative references start from.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    path: &'static str,
    schema: &'static Value,
}

/// A member that a schema names.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Whether its object must have it, whatever else it has.
    pub required: bool,
    /// Its own schema.
    pub node: Node,
}

impl Node {
    /// A schema that says nothing.
    pub const NONE: Self = Self { path: "", schema: &Value::Null };

    /// The root of a file: `referral/1.0.json`.
    pub fn file(path: &str) -> Option<Self> {
        FILES.get_key_value(path).map(|(path, schema)| Self { path, schema })
    }

    /// What stands at this very place, without what it refers to.
    pub fn schema(self) -> &'static Value {
        self.schema
    }

    /// Where a reference at this place leads, and the file and name that it leads to.
    pub fn reference(self) -> Option<(Self, &'static str, &'static str)> {
        let (file, fragment) = split(self.schema.get("$ref")?.as_str()?);
        let target = if file.is_empty() { Self::file(self.path) } else { Self::file(&join(self.path, file)) };
        let target = target?;
        let schema = target.schema.pointer(fragment)?;
        let name = fragment.rsplit('/').next().unwrap_or_default();
        Some((target.at(schema), target.path, name))
    }

    /// This place, what it refers to, and the parts that hold together with it (`allOf`), nearest first.
    pub fn layers(self) -> Vec<Self> {
        let (mut found, mut next) = (Vec::new(), 0);
        found.push(self);
        while let Some(layer) = found.get(next).copied().filter(|_| next < LAYERS_MAX) {
            found.extend(layer.reference().map(|(target, ..)| target));
            let parts = layer.schema.get("allOf").and_then(Value::as_array);
            found.extend(parts.into_iter().flatten().map(|part| layer.at(part)));
            next += 1;
        }
        found
    }

    /// What a keyword says here; the nearest layer's word counts.
    pub fn keyword(self, name: &str) -> Option<&'static Value> {
        self.layers().into_iter().find_map(|layer| layer.schema.get(name))
    }

    /// The same as text.
    pub fn text(self, keyword: &str) -> Option<&'static str> {
        self.keyword(keyword).and_then(Value::as_str)
    }

    /// Its title.
    pub fn title(self) -> Option<&'static str> {
        self.text("title")
    }

    /// Every member that it names, those of the nearest layer first.
    pub fn members(self) -> Vec<Member> {
        let layers = self.layers();
        let lists = layers.iter().filter_map(|layer| layer.schema.get("required")?.as_array());
        let required: Vec<&str> = lists.flatten().filter_map(Value::as_str).collect();
        let mut members: Vec<Member> = Vec::new();
        for layer in layers {
            for (name, schema) in
                layer.schema.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                if !members.iter().any(|member| member.name == name) {
                    let required = required.contains(&name.as_str());
                    members.push(Member { name, required, node: layer.at(schema) });
                }
            }
        }
        members
    }

    /// One member.
    pub fn member(self, name: &str) -> Option<Self> {
        let found = |layer: Self| Some(layer.at(layer.schema.get("properties")?.get(name)?));
        self.layers().into_iter().find_map(found)
    }

    /// What the entries of a list are.
    pub fn item(self) -> Option<Self> {
        self.layers().into_iter().find_map(|layer| Some(layer.at(layer.schema.get("items")?)))
    }

    /// Another schema of the same file.
    pub fn at(self, schema: &'static Value) -> Self {
        Self { schema, ..self }
    }
}

fn split(reference: &str) -> (&str, &str) {
    reference.split_once('#').unwrap_or((reference, ""))
}

/// A relative reference as a path under `schemas/`.
fn join(base: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_a_reference_is_seen_with_what_it_refers_to() {
        let root = Node::file("referral/1.0.json").unwrap();
        let members = root.members();
        let required = |name: &str| members.iter().find(|member| member.name == name).unwrap().required;
        assert!(required("message_id") && required("body") && !required("form"));
        let mappa = root.member("body").unwrap().member("mappa").unwrap();
        assert_eq!(mappa.title(), Some("MAPPA status"));
        assert!(mappa.members().iter().any(|member| member.name == "level_proposed" && member.required));
        let tool = root.member("body").unwrap().member("risk").unwrap().member("tools").unwrap().item();
        assert!(tool.unwrap().member("completed_on").is_some());
    }
}
