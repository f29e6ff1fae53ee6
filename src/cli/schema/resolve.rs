//! A schema with everything that it refers to in its place, so that it stands alone.

use serde_json::{Map, Value, json};

use crate::schema::tree::Node;

/// Keywords whose members are schemas under names.
const NAMED: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];
/// Keywords that are lists of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords that are one schema.
const SINGLE: [&str; 8] =
    ["items", "if", "then", "else", "not", "contains", "additionalProperties", "propertyNames"];
/// What a place says to people counts before what it refers to says.
const FOR_PEOPLE: [&str; 4] = ["title", "description", "examples", "$comment"];
/// Deeper than our blocks are nested. A schema that refers to itself keeps its reference from there on.
const DEPTH_MAX: usize = 24;

/// The schema of `root` without a reference.
pub fn inlined(root: Node) -> Value {
    let mut schema = at(root, 0);
    // The keywords of the file as a whole come first, as in the file.
    let head = ["$schema", "$id"].map(|name| (name, root.schema().get(name).cloned()));
    if let Value::Object(members) = &mut schema {
        for (place, (name, value)) in head.into_iter().enumerate() {
            value.and_then(|value| members.shift_insert(place, name.to_owned(), value));
        }
    }
    schema
}

fn at(node: Node, depth: usize) -> Value {
    let Value::Object(members) = node.schema() else { return node.schema().clone() };
    let inner = |schema| at(node.at(schema), depth + 1);
    let part = |(name, value): (&String, &'static Value)| {
        let value = match (name.as_str(), value) {
            (name, Value::Object(schemas)) if NAMED.contains(&name) => {
                Value::Object(schemas.iter().map(|(name, schema)| (name.clone(), inner(schema))).collect())
            }
            (name, Value::Array(schemas)) if LISTS.contains(&name) => schemas.iter().map(inner).collect(),
            (name, schema) if SINGLE.contains(&name) => inner(schema),
            (_, data) => data.clone(),
        };
        (name.clone(), value)
    };
    let left_out = |name: &str| matches!(name, "$ref" | "$defs" | "$id" | "$schema");
    let own: Map<String, Value> = members.iter().filter(|(name, _)| !left_out(name)).map(part).collect();
    match node.reference().filter(|_| depth < DEPTH_MAX) {
        Some((target, ..)) => merged(own, at(target, depth + 1)),
        None => Value::Object(own),
    }
}

/// Both hold. One object where that means the same; else the one beside the other under `allOf`.
fn merged(own: Map<String, Value>, target: Value) -> Value {
    let Value::Object(target) = target else { return beside(own, target) };
    if !blend(&own, &target) {
        return beside(own, Value::Object(target));
    }
    let mut both = own;
    for (name, value) in target {
        match (name.as_str(), both.get_mut(&name), value) {
            ("required", Some(Value::Array(names)), Value::Array(more)) => {
                names.extend(more.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
            }
            ("properties", Some(Value::Object(properties)), Value::Object(more)) => properties.extend(more),
            (_, Some(_), _) => {}
            (_, None, value) => drop(both.insert(name, value)),
        }
    }
    Value::Object(both)
}

/// Whether two schemas say of no thing something different, and none closes what the other opens.
fn blend(own: &Map<String, Value>, target: &Map<String, Value>) -> bool {
    let members = |schema: &Map<String, Value>| schema.get("properties").and_then(Value::as_object).cloned();
    let (ours, theirs) = (members(own).unwrap_or_default(), members(target).unwrap_or_default());
    let closes = |schema: &Map<String, Value>| schema.contains_key("additionalProperties");
    let same = target.iter().all(|(name, value)| match name.as_str() {
        "required" | "properties" => true,
        name if FOR_PEOPLE.contains(&name) => true,
        name => own.get(name).is_none_or(|known| known == value),
    });
    let named_twice = theirs.keys().any(|name| ours.contains_key(name));
    let closed = (closes(own) && !theirs.is_empty()) || (closes(target) && !ours.is_empty());
    same && !named_twice && !closed
}

fn beside(mut own: Map<String, Value>, target: Value) -> Value {
    match own.get_mut("allOf") {
        Some(Value::Array(parts)) => parts.push(target),
        _ => drop(own.insert("allOf".into(), json!([target]))),
    }
    Value::Object(own)
}
