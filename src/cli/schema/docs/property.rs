//! The members of a schema as rows: one for each, with those inside it below.

use maud::{Markup, html};
use serde_json::Value;

use super::{condition, form, page};
use crate::schema::tree::{Member, Node};

/// Our blocks are nested less deep. A schema that refers to itself would not end.
const DEPTH_MAX: usize = 24;

/// What a row tells.
pub const HEADS: [&str; 4] = ["Member", "Required", "Form", "Meaning"];

/// A member with its place in the message.
pub struct Property {
    /// `body.risk.tools[].tool`.
    pub path: String,
    member: Member,
}

impl Property {
    /// The member itself, and all inside it.
    pub fn with_inner(path: &str, member: Member) -> Vec<Self> {
        let mut found = Vec::new();
        collect(path.to_owned(), member, 0, &mut found);
        found
    }

    /// The member itself.
    pub fn alone(path: &str, member: Member) -> Self {
        Self { path: path.to_owned(), member }
    }

    fn needed(&self) -> Markup {
        if form::is_never(self.member.node) {
            html! { strong { "never there" } }
        } else if self.member.required {
            html! { strong { "required" } }
        } else {
            html! { "optional" }
        }
    }

    /// The row. Its heading bears the anchor.
    pub fn row(&self) -> Markup {
        let node = self.member.node;
        let anchor = anchor(&self.path);
        let conditions =
            condition::of(node).into_iter().chain(node.item().into_iter().flat_map(condition::of));
        html! {
            tr {
                th scope="row" id=(anchor) {
                    a.self href={ "#" (anchor) } { code { (page::breakable(&self.path)) } }
                    @if let Some(title) = node.title() { span.title { (title) } }
                }
                td { (self.needed()) }
                td { (form::of(node)) }
                td {
                    @if let Some(text) = node.text("description") { p { (text) } }
                    (allowed(node))
                    @for condition in conditions { p.condition { (condition) } }
                    @if let Some(group) = node.text("x-victim") { (victim(group)) }
                    (example(node))
                }
            }
        }
    }
}

/// The id of a member's row.
pub fn anchor(path: &str) -> String {
    path.replace("[]", "")
}

fn collect(path: String, member: Member, depth: usize, found: &mut Vec<Property>) {
    let (node, mut prefix) = inside(member.node, path.clone());
    prefix.push('.');
    found.push(Property { path, member });
    if depth < DEPTH_MAX {
        for inner in node.members() {
            collect(format!("{prefix}{}", inner.name), inner, depth + 1, found);
        }
    }
}

/// Through lists to what their entries are.
fn inside(mut node: Node, mut path: String) -> (Node, String) {
    for _ in 0..DEPTH_MAX {
        let Some(item) = node.item() else { break };
        node = item;
        path.push_str("[]");
    }
    (node, path)
}

fn allowed(node: Node) -> Markup {
    let of_items = node.item().and_then(|item| item.keyword("enum"));
    let values = node.keyword("enum").or(of_items).and_then(Value::as_array);
    html! {
        @if let Some(values) = values {
            p.allowed {
                "Allowed: "
                @for (number, value) in values.iter().enumerate() {
                    @if number > 0 { ", " }
                    code { (form::plain(value)) }
                }
            }
        }
    }
}

fn victim(group: &str) -> Markup {
    html! {
        @if group == "none" {
            p { "Stays in every copy." }
        } @else {
            p.victim { strong { "Victim data: " (group) "." } " Cut for recipients who may not have it." }
        }
    }
}

/// The first example of what is no block: the members of a block have their own.
fn example(node: Node) -> Markup {
    let first = node.keyword("examples").and_then(|examples| examples.get(0));
    let simple = first.filter(|value| match value {
        Value::Object(_) => false,
        Value::Array(items) => !items.is_empty() && items.iter().all(|item| !item.is_object()),
        _ => true,
    });
    html! { @if let Some(value) = simple { p.example { "Example: " code { (value.to_string()) } } } }
}
