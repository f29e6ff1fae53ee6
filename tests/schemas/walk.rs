//! Every schema inside the schema files, with the place where it stands.

use std::sync::LazyLock;

use portcullis::schema::catalog;
use serde_json::Value;

/// Every schema file, parsed. They stand in folders; the lists beside those are no schemas.
pub static FILES: LazyLock<Vec<(&'static str, Value)>> = LazyLock::new(|| {
    let schemas = catalog::FILES.iter().filter(|(path, _)| path.contains('/'));
    schemas.map(|(path, text)| (*path, serde_json::from_str(text).unwrap())).collect()
});

/// One schema inside a file.
#[derive(Clone)]
pub struct Place {
    pub path: &'static str,
    pub pointer: String,
    pub schema: &'static Value,
    /// Whether it only adds to what stands elsewhere: a condition, an alternative, or a member that
    /// the block referred to has too.
    pub condition: bool,
}

impl Place {
    /// Where it stands, for people.
    pub fn name(&self) -> String {
        format!("{}#{}", self.path, self.pointer)
    }

    pub fn has(&self, keyword: &str) -> bool {
        self.schema.get(keyword).is_some()
    }

    /// Whether a value of this JSON type may stand there, as far as `type` tells.
    pub fn may_be(&self, wanted: &str) -> bool {
        match self.schema.get("type") {
            Some(Value::String(only)) => only == wanted,
            Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
            _ => false,
        }
    }

    fn inner(&self, step: &str, schema: &'static Value, condition: bool) -> Self {
        let pointer = format!("{}/{step}", self.pointer);
        Self { path: self.path, pointer, schema, condition: self.condition || condition }
    }

    /// The schemas directly inside.
    pub fn within(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for (keyword, value) in self.schema.as_object().into_iter().flatten() {
            match (&**keyword, value) {
                ("properties", _) => found.extend(self.members().map(|(_, member)| member)),
                ("$defs", Value::Object(named)) => found.extend(
                    named.iter().map(|(name, schema)| self.inner(&format!("$defs/{name}"), schema, false)),
                ),
                ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => found.extend(
                    parts
                        .iter()
                        .enumerate()
                        .map(|(i, part)| self.inner(&format!("{keyword}/{i}"), part, true)),
                ),
                ("items" | "if" | "then" | "else" | "not", schema) => {
                    found.push(self.inner(keyword, schema, keyword != "items"));
                }
                _ => {}
            }
        }
        found
    }

    /// The members of an object with their names.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, Self)> + '_ {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        let block = self.target().flatten().and_then(|block| block.schema.get("properties"));
        properties.into_iter().flatten().map(move |(name, schema)| {
            let adds = block.is_some_and(|members| members.get(name).is_some());
            (&**name, self.inner(&format!("properties/{name}"), schema, adds))
        })
    }

    /// Where `$ref` leads, if there is one and it leads anywhere.
    pub fn target(&self) -> Option<Option<Self>> {
        let reference = self.schema.get("$ref")?.as_str().unwrap_or_default();
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let path = match (file.strip_prefix("../"), self.path.rsplit_once('/')) {
            _ if file.is_empty() => self.path.to_owned(),
            (Some(above), _) => above.to_owned(),
            (None, Some((folder, _))) => format!("{folder}/{file}"),
            (None, None) => file.to_owned(),
        };
        let found = FILES.iter().find(|(known, _)| *known == path);
        Some(found.and_then(|(path, root)| {
            let schema = root.pointer(pointer)?;
            Some(Self { path, pointer: pointer.to_owned(), schema, condition: false })
        }))
    }
}

/// The root of a file.
pub fn root(path: &str) -> Place {
    let (path, schema) = FILES.iter().find(|(known, _)| *known == path).unwrap();
    Place { path, pointer: String::new(), schema, condition: false }
}

/// Every schema of every file, from the roots down.
pub fn places() -> Vec<Place> {
    let mut found = Vec::new();
    let mut left: Vec<Place> = FILES.iter().map(|(path, _)| root(path)).collect();
    while let Some(place) = left.pop() {
        left.extend(place.within());
        found.push(place);
    }
    found
}
