//! `portcullis schema list`.

use serde_json::json;

use crate::{
    cli::terminal::{Table, Terminal},
    schema::catalog::{Catalogue, Entry},
};

/// One line for each type; as JSON the catalogue's entries, one for each version.
pub fn print(catalogue: &Catalogue, terminal: &mut Terminal) -> anyhow::Result<()> {
    if terminal.json() {
        return Ok(terminal.value(&json!({ "schemas": catalogue.entries() }))?);
    }
    let mut table = Table::new(["type", "document", "versions", "made by", "title"]);
    for (newest, versions) in by_type(catalogue) {
        let versions: Vec<String> = versions.into_iter().map(with_life).collect();
        table.row([
            newest.message_type.to_string(),
            newest.document.clone(),
            versions.join(", "),
            newest.made_by.as_str().to_owned(),
            newest.title.clone(),
        ]);
    }
    Ok(terminal.data(&table.rendered())?)
}

/// Each type by its newest version, with all its versions.
pub fn by_type(catalogue: &Catalogue) -> Vec<(&Entry, Vec<&Entry>)> {
    let mut types: Vec<(&Entry, Vec<&Entry>)> = Vec::new();
    for entry in catalogue.entries() {
        match types.last_mut().filter(|(newest, _)| newest.message_type == entry.message_type) {
            Some((_, versions)) => versions.push(entry),
            None => types.push((entry, vec![entry])),
        }
    }
    types
}

fn with_life(entry: &Entry) -> String {
    match life(entry) {
        Some(life) => format!("{} ({life})", entry.version),
        None => entry.version.to_string(),
    }
}

/// What the catalogue says of a version that is on its way out. By its dates alone: the same program
/// tells the same on every day.
pub fn life(entry: &Entry) -> Option<String> {
    let deprecated = entry.deprecated?;
    Some(match entry.sunset {
        Some(sunset) => format!("deprecated from {deprecated}, accepted until {sunset}"),
        None => format!("deprecated from {deprecated}"),
    })
}
