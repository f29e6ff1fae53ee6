//! What form a value has, in words.

use maud::{Markup, html};
use serde_json::Value;

use crate::schema::tree::Node;

/// The file whose blocks have a page of their own.
pub const IDENTIFIERS: &str = "common/identifiers.json";

/// Kind, limits and pattern.
pub fn of(node: Node) -> Markup {
    html! {
        p { (kind(node)) }
        @for limit in limits(node) { p { (limit) } }
        @if let Some(pattern) = node.text("pattern").filter(|_| identifier(node).is_none()) {
            p { "matches " code.pattern { (pattern) } }
        }
    }
}

/// A value as it is written in prose: text without quotation marks.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a member is named only to say that it is never there.
pub fn is_never(node: Node) -> bool {
    node.keyword("not").is_some_and(is_anything)
}

/// Whether a schema takes everything.
pub fn is_anything(schema: &Value) -> bool {
    schema.as_object().is_some_and(serde_json::Map::is_empty)
}

/// The shared identifier that a place refers to.
fn identifier(node: Node) -> Option<&'static str> {
    let to_identifier = |layer: Node| {
        let (_, file, name) = layer.reference()?;
        (file == IDENTIFIERS && !name.is_empty()).then_some(name)
    };
    node.layers().into_iter().find_map(to_identifier)
}

fn kind(node: Node) -> Markup {
    if is_never(node) {
        return html! { "none" };
    }
    if let Some(name) = identifier(node) {
        return html! { a href={ "identifiers.html#" (name) } { (name) } };
    }
    if let Some(constant) = node.keyword("const") {
        return html! { "always " code { (plain(constant)) } };
    }
    html! {
        (kind_in_words(node))
        @if let Some(item) = node.item() {
            " of "
            @if item.members().is_empty() { (of(item)) } @else { "objects" }
        }
    }
}

fn kind_in_words(node: Node) -> String {
    let word = |kind: &str| match (kind, node.text("format")) {
        ("string", Some("date")) => "date",
        ("string", Some("date-time")) => "moment",
        ("string", _) if node.keyword("enum").is_some() => "one of a list",
        ("string", _) => "text",
        ("integer", _) => "whole number",
        ("number", _) => "number",
        ("boolean", _) => "true or false",
        ("array", _) => "list",
        ("object", _) => "object",
        ("null", _) => "null",
        _ => "value",
    };
    match node.keyword("type") {
        Some(Value::String(kind)) => word(kind).to_owned(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join(" or ")
        }
        _ if node.keyword("enum").is_some() => "one of a list".to_owned(),
        _ => "object".to_owned(),
    }
}

/// The limits that are worth a reader's time: none for the length of what is one of a list or a
/// shared identifier.
fn limits(node: Node) -> Vec<String> {
    if identifier(node).is_some() || ["enum", "const"].iter().any(|word| node.keyword(word).is_some()) {
        return Vec::new();
    }
    let number =
        |keyword: &str| node.keyword(keyword).filter(|value| value.is_number()).map(Value::to_string);
    let ranges = [
        range(number("minLength"), number("maxLength"), " characters"),
        range(number("minItems"), number("maxItems"), " entries"),
        range(number("minimum"), number("maximum"), ""),
    ];
    let mut limits: Vec<String> = ranges.into_iter().flatten().collect();
    if node.keyword("uniqueItems").and_then(Value::as_bool) == Some(true) {
        limits.push("each entry once".to_owned());
    }
    limits
}

fn range(least: Option<String>, most: Option<String>, of: &str) -> Option<String> {
    match (least.filter(|least| of.is_empty() || least != "0"), most) {
        (Some(least), Some(most)) if least == most => Some(format!("exactly {most}{of}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most}{of}")),
        (Some(least), None) => Some(format!("at least {least}{of}")),
        (None, Some(most)) => Some(format!("at most {most}{of}")),
        (None, None) => None,
    }
}
