//! What every page of the dictionary has around its content.

use maud::{DOCTYPE, Markup, html};

use crate::schema::catalog::Entry;

/// The pages that every page leads to.
const PLACES: [(&str, &str); 3] =
    [("index.html", "Message types"), ("rules.html", "Rules"), ("identifiers.html", "Identifiers")];

/// The page of one version of a type.
pub fn file_of(entry: &Entry) -> String {
    format!("{}-{}.html", entry.message_type, entry.version)
}

/// A whole page. `here` is its own file name.
pub fn page(here: &str, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Portcullis data dictionary" }
                link rel="stylesheet" href="style.css";
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    p.name { "Portcullis data dictionary" }
                    nav aria-label="Dictionary" {
                        ul {
                            @for (file, name) in PLACES {
                                li {
                                    a href=(file) aria-current=[(file == here).then_some("page")] { (name) }
                                }
                            }
                        }
                    }
                }
                main #content tabindex="-1" {
                    h1 { (title) }
                    (content)
                }
                footer {
                    p {
                        "Made by portcullis " (env!("CARGO_PKG_VERSION"))
                        " from the schemas that messages are held against. All persons, places and numbers \
                         in the examples are invented."
                    }
                }
            }
        }
    }
}

/// A table that can be moved sideways by keyboard where the window is narrow.
pub fn table(id: &str, caption: &str, heads: &[&str], rows: &Markup) -> Markup {
    let caption_id = format!("{id}.table");
    html! {
        div.scroll role="region" aria-labelledby=(caption_id) tabindex="0" {
            table.members[heads.len() == super::property::HEADS.len()] {
                caption id=(caption_id) { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// The links to the parts of a long page.
pub fn contents<'a>(parts: impl Iterator<Item = (&'a str, &'a str)>) -> Markup {
    html! {
        nav.contents aria-labelledby="contents" {
            h2 #contents { "On this page" }
            ul { @for (id, name) in parts { li { a href={ "#" (id) } { (name) } } } }
        }
    }
}

/// A path or code with places at which a line may end.
pub fn breakable(name: &str) -> Markup {
    html! {
        @for part in name.split_inclusive(['.', '_']) { (part) wbr; }
    }
}
