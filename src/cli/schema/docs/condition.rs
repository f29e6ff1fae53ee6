//! What a schema demands of several members together, in words.

use maud::{Markup, html};
use serde_json::Value;

use super::form;
use crate::schema::tree::Node;

/// The conditions of an object: alternatives, and what follows from what.
pub fn of(node: Node) -> Vec<Markup> {
    node.layers().into_iter().flat_map(|layer| of_layer(layer.schema())).collect()
}

fn of_layer(schema: &'static Value) -> Vec<Markup> {
    let mut found = Vec::new();
    for (keyword, how_many) in
        [("anyOf", "At least one of these holds: "), ("oneOf", "Exactly one of these holds: ")]
    {
        if let Some(alternatives) = schema.get(keyword).and_then(Value::as_array) {
            found.push(html! { (how_many) (each("", alternatives, "; or ")) "." });
        }
    }
    if let Some(condition) = schema.get("if") {
        for (keyword, when) in [("then", "If "), ("else", "Unless ")] {
            if let Some(consequence) = schema.get(keyword) {
                found.push(html! { (when) (demand("", condition)) ", then " (demand("", consequence)) "." });
            }
        }
    }
    if let Some(forbidden) = schema.get("not").filter(|forbidden| !form::is_anything(forbidden)) {
        found.push(html! { "It is never so that " (demand("", forbidden)) "." });
    }
    for (name, needed) in schema.get("dependentRequired").and_then(Value::as_object).into_iter().flatten() {
        let needed = needed.as_array().into_iter().flatten().map(|name| code("", name));
        found.push(html! { "With " code { (name) } " there must be " (joined(needed, " and ")) "." });
    }
    found
}

/// A part of a condition in words, about what stands at `path`; the schema itself where there are none
/// for it.
fn demand(path: &str, schema: &'static Value) -> Markup {
    let Some(members) = schema.as_object() else { return literal(schema) };
    let mut parts = Vec::new();
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("title" | "description" | "examples" | "$comment" | "type", _) => {}
            ("required", Value::Array(required)) => {
                // What a member is compared with has to be there; once is enough to say it.
                let compared = members.get("properties").and_then(Value::as_object);
                let alone = |name: &&Value| {
                    !name
                        .as_str()
                        .is_some_and(|name| compared.is_some_and(|members| members.contains_key(name)))
                };
                let names: Vec<Markup> = required.iter().filter(alone).map(|name| code(path, name)).collect();
                let are = if names.len() == 1 { " is there" } else { " are there" };
                if !names.is_empty() {
                    parts.push(html! { (joined(names.into_iter(), " and ")) (are) });
                }
            }
            ("properties", Value::Object(members)) => {
                parts.extend(members.iter().map(|(name, schema)| is(&below(path, name), schema)));
            }
            ("not", schema) => parts.push(html! { "it is not so that " (demand(path, schema)) }),
            ("anyOf" | "oneOf", Value::Array(several)) => parts.push(each(path, several, " or ")),
            ("allOf", Value::Array(several)) => parts.push(each(path, several, " and ")),
            _ => return html! { code { (path) } " meets " (literal(schema)) },
        }
    }
    joined(parts.into_iter(), " and ")
}

/// What a condition says of one member.
fn is(path: &str, schema: &'static Value) -> Markup {
    if let Some(constant) = schema.get("const") {
        return html! { code { (path) } " is " (literal(constant)) };
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return html! { code { (path) } " is " (joined(values.iter().map(literal), " or ")) };
    }
    if schema == &Value::Bool(false) {
        return html! { code { (path) } " is not there" };
    }
    demand(path, schema)
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn each(path: &str, several: &'static [Value], word: &str) -> Markup {
    joined(several.iter().map(|schema| demand(path, schema)), word)
}

fn code(path: &str, name: &Value) -> Markup {
    html! { code { (below(path, &form::plain(name))) } }
}

fn literal(value: &Value) -> Markup {
    html! { code { (form::plain(value)) } }
}

fn joined(parts: impl Iterator<Item = Markup>, word: &str) -> Markup {
    html! { @for (number, part) in parts.enumerate() { @if number > 0 { (word) } (part) } }
}
