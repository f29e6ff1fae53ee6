//! The first page: every type.

use maud::{Markup, html};

use super::page;
use crate::{
    cli::schema::list,
    schema::catalog::{Catalogue, Entry},
};

/// `index.html`.
pub fn page(catalogue: &Catalogue) -> Markup {
    let heads = ["Message type", "Document", "Versions", "Made by", "What it is for"];
    let rows = html! {
        @for (newest, versions) in list::by_type(catalogue) {
            tr {
                th scope="row" id=(newest.message_type) {
                    a href=(page::file_of(newest)) { (newest.title) }
                    span.title { code { (newest.message_type) } }
                }
                td { (newest.document) }
                td { @for entry in versions { p { (version(entry)) } } }
                td { (newest.made_by.as_str()) }
                td { (newest.description) }
            }
        }
    };
    let content = html! {
        p.lead {
            "What agencies send to one another through the gateway under MAPPA, member by member. \
             These pages are made from the schemas that every message is held against, so they say \
             what is accepted, no more and no less."
        }
        p {
            "A message is JSON: an envelope that all types share, a body of its type's own, and a list of \
             the files that travel with it. Besides the schema, each type has "
            a href="rules.html" { "rules" } ", which refuse a message or warn about it, and members that are "
            a href="identifiers.html" { "identifiers" } " of an agency, a case or a person."
        }
        h2 { "All types" }
        (page::table("types", "Every message type, by document", &heads, &rows))
        h2 { "How to read the pages" }
        dl {
            dt { "Required" }
            dd {
                "The member must be there wherever the object is that it belongs to. An optional object may \
                 be left out with everything in it."
            }
            dt { "Victim data" }
            dd {
                "The member is cut from the copies of recipients who may not have it. Nothing that may be cut \
                 is required."
            }
            dt { "[]" }
            dd { "In a path: each entry of the list." }
            dt { "Version" }
            dd {
                "A message names the version that it was written for. The newest and the one before it are \
                 accepted; the older one's page says from when on it is deprecated and which day is its last."
            }
        }
    };
    page::page("index.html", "Message types", &content)
}

fn version(entry: &Entry) -> Markup {
    html! {
        a href=(page::file_of(entry)) { (entry.version) span.unseen { " of " (entry.title) } }
        @if let Some(life) = list::life(entry) { " " (life) }
    }
}
