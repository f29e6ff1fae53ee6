//! The page of one version of one type.

use anyhow::Context as _;
use maud::{Markup, html};
use serde_json::Value;

use super::{
    condition, page,
    property::{HEADS, Property},
    rules,
};
use crate::{
    cli::schema::{example, list},
    message::MessageType,
    schema::{
        Schemas,
        catalog::Entry,
        tree::{Member, Node},
    },
};

/// A part of the page: its anchor, its heading, its content.
struct Part {
    id: String,
    name: String,
    content: Markup,
}

/// `referral-1.0.html`.
pub fn page(schemas: &Schemas, entry: &Entry) -> anyhow::Result<Markup> {
    let root = Node::file(&entry.file).context("the schema is not part of this program")?;
    let mut parts = vec![envelope(root)];
    if let Some(body) = example::ordered(root.members()).into_iter().find(|member| member.name == "body") {
        parts.extend(body_parts(body));
    }
    parts.extend(rules::of(entry.message_type).map(|content| Part {
        id: "rules".into(),
        name: "Rules".into(),
        content,
    }));
    parts.push(whole_example(schemas, entry)?);
    let title = format!("{} {}", entry.title, entry.version);
    let content = html! {
        p.lead { (root.text("description").unwrap_or(&entry.description)) }
        (summary(entry))
        (page::contents(parts.iter().map(|part| (part.id.as_str(), part.name.as_str()))))
        @for part in &parts { section { h2 id=(part.id) { (part.name) } (part.content) } }
    };
    Ok(page::page(&page::file_of(entry), &title, &content))
}

fn summary(entry: &Entry) -> Markup {
    html! {
        dl.summary {
            dt { "Type" } dd { code { (entry.message_type) } }
            dt { "Version" } dd { code { (entry.version) } }
            dt { "Document" } dd { (entry.document) }
            dt { "Made by" } dd { (entry.made_by.as_str()) }
            dt { "Life" } dd { @match list::life(entry) { Some(life) => (life), None => "in use" } }
            dt { "Schema" } dd { code { "/v1/schemas/" (entry.file) } }
        }
    }
}

/// Everything around the body.
fn envelope(root: Node) -> Part {
    let members = example::ordered(root.members()).into_iter().filter(|member| member.name != "body");
    let rows: Vec<Property> = members.flat_map(|member| Property::with_inner(member.name, member)).collect();
    let rows = html! { @for property in &rows { (property.row()) } };
    let content = html! {
        @for condition in condition::of(root) { p.condition { (condition) } }
        (page::table("envelope", "Members of the envelope, and the list of attachments", &HEADS, &rows))
    };
    Part { id: "envelope".into(), name: "Envelope and attachments".into(), content }
}

/// The body: what stands in it directly, then a part for each block.
fn body_parts(body: Member) -> Vec<Part> {
    let is_block = |member: &Member| !inner(member.node).members().is_empty();
    let (blocks, direct): (Vec<Member>, Vec<Member>) = body.node.members().into_iter().partition(is_block);
    let path = |member: &Member| format!("body.{}", member.name);
    let rows = html! {
        (Property::alone("body", body).row())
        @for member in &direct { (Property::alone(&path(member), *member).row()) }
    };
    let mut parts = vec![Part {
        id: "body.direct".into(),
        name: "Body".into(),
        content: page::table("body.direct", "The body, and what stands in it directly", &HEADS, &rows),
    }];
    for member in blocks {
        let path = path(&member);
        let title = member.node.title().unwrap_or(member.name);
        let properties = Property::with_inner(&path, member);
        let rows = html! { @for property in &properties { (property.row()) } };
        let (id, caption) = (format!("{path}.block"), format!("Members of {path}"));
        let content = page::table(&id, &caption, &HEADS, &rows);
        parts.push(Part { id, name: title.to_owned(), content });
    }
    parts
}

/// What the entries of a list are, or the thing itself.
fn inner(node: Node) -> Node {
    node.item().unwrap_or(node)
}

fn whole_example(schemas: &Schemas, entry: &Entry) -> anyhow::Result<Part> {
    let message: Value = example::of(schemas, entry, false)?;
    let text = serde_json::to_string_pretty(&message)?;
    let content = html! {
        p { "Made of the examples above; " code { "portcullis schema example " (entry.message_type) } " prints it." }
        @if MessageType::made_by_agencies(entry.message_type) {
            p { "Its identifiers are examples too: a message of yours has its own." }
        }
        pre tabindex="0" aria-labelledby="example" { code { (text) } }
    };
    Ok(Part { id: "example".into(), name: "Example of a whole message".into(), content })
}
