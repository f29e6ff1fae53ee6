//! `portcullis schema docs`: the data dictionary as web pages. A page for each version of each type, one
//! of the rules, one of the identifiers, and an index.
//!
//! In: the schemas, their catalogue, the rules. Out: files in a folder, the same bytes on every day: no
//! scripts, no server, nothing from elsewhere, so they can be read from a disk or a page can be printed
//! for a working group. They name every restriction in words, never by colour alone.

mod condition;
mod form;
mod identifiers;
mod index;
mod page;
mod property;
mod rules;
mod type_page;

use std::{fs, path::Path};

use anyhow::Context as _;
use maud::Markup;
use serde_json::json;

use crate::{cli::terminal::Terminal, schema::Schemas};

/// The look of all pages.
const STYLE: &str = include_str!("docs/style.css");

/// Writes all pages, over those of an earlier time.
pub fn write(schemas: &Schemas, folder: &Path, terminal: &mut Terminal) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    let mut files = vec![("style.css".to_owned(), STYLE.to_owned())];
    files.extend(pages(schemas)?.into_iter().map(|(name, page)| (name, page.into_string() + "\n")));
    for (name, text) in &files {
        fs::write(folder.join(name), text).with_context(cannot)?;
    }
    let index = folder.join("index.html");
    if terminal.json() {
        let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
        terminal.value(&json!({ "index": index, "files": names }))?;
    } else {
        terminal.data(&index.display().to_string())?;
        terminal.say(&format!("{} files written; begin with the index", files.len()));
    }
    Ok(())
}

fn pages(schemas: &Schemas) -> anyhow::Result<Vec<(String, Markup)>> {
    let mut pages = vec![
        ("index.html".to_owned(), index::page(schemas.catalogue())),
        ("rules.html".to_owned(), rules::page()),
        ("identifiers.html".to_owned(), identifiers::page()),
    ];
    for entry in schemas.catalogue().entries() {
        pages.push((page::file_of(entry), type_page::page(schemas, entry)?));
    }
    Ok(pages)
}
