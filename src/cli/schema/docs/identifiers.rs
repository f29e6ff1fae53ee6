//! The page of the identifiers that all messages share.

use maud::{Markup, html};
use serde_json::Value;

use super::{
    form, page,
    property::{HEADS, Property},
};
use crate::schema::tree::{Member, Node};

/// `identifiers.html`.
pub fn page() -> Markup {
    let root = Node::file(form::IDENTIFIERS).unwrap_or(Node::NONE);
    let shared = root.schema().get("$defs").and_then(Value::as_object).into_iter().flatten();
    let (blocks, simple): (Vec<_>, Vec<_>) = shared
        .map(|(name, schema)| (name, root.at(schema)))
        .partition(|(_, node)| !node.members().is_empty());
    let heads = ["Name", "Form", "Meaning"];
    let rows = html! {
        @for (name, node) in &simple {
            tr {
                th scope="row" id=(name) {
                    a.self href={ "#" (name) } { code { (name) } }
                    @if let Some(title) = node.title() { span.title { (title) } }
                }
                td { (form::of(*node)) }
                td { (meaning(*node)) }
            }
        }
    };
    let content = html! {
        p.lead { "The forms that a member refers to by name, so that the same thing is written in the same way \
                  in every message." }
        h2 #shared { "Forms that members share" }
        (page::table("shared", "Forms that members share", &heads, &rows))
        @for (name, node) in &blocks { (block(name, *node)) }
    };
    page::page("identifiers.html", "Identifiers", &content)
}

fn block(name: &str, node: Node) -> Markup {
    let title = node.title().unwrap_or(name);
    let member = Member { name: "", required: true, node };
    let rows = Property::with_inner(name, member);
    let rows = html! { @for property in rows.iter().skip(1) { (property.row()) } };
    html! {
        h2 id=(name) { (title) }
        @if let Some(text) = node.text("description") { p { (text) } }
        (page::table(&format!("{name}.members"), &format!("Members of {title}"), &HEADS, &rows))
    }
}

fn meaning(node: Node) -> Markup {
    let values = node.keyword("enum").and_then(Value::as_array);
    let first = node.keyword("examples").and_then(|examples| examples.get(0));
    html! {
        @if let Some(text) = node.text("description") { p { (text) } }
        @if let Some(values) = values {
            p.allowed {
                "Allowed: "
                @for (number, value) in values.iter().enumerate() {
                    @if number > 0 { ", " }
                    code { (form::plain(value)) }
                }
            }
        }
        @if let Some(value) = first { p.example { "Example: " code { (value.to_string()) } } }
    }
}
