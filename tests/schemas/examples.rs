//! A whole example of every type, and every schema standing alone, as the command line prints them.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex},
};

use portcullis::{
    cli::{Exit, run_on, schema::example, terminal::Terminal},
    config::Thresholds,
    message::MessageType,
    schema::{
        Schemas,
        catalog::{self, Catalogue, Entry},
        rules::{Raised, Subject},
        strict,
    },
};
use serde_json::Value;

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `portcullis schema …` prints.
pub fn schema(arguments: &[&str]) -> (Exit, String) {
    let data = Screen::default();
    let line = ["portcullis", "schema"].into_iter().chain(arguments.iter().copied());
    let terminal = |json| Terminal::new(json, Box::new(data.clone()), Box::new(io::sink()));
    let exit = run_on(line, terminal).unwrap();
    let text = String::from_utf8(data.0.lock().unwrap().clone()).unwrap();
    (exit, text)
}

/// Every version whose schema is there.
pub fn entries() -> Vec<Entry> {
    let catalogue = Catalogue::read(catalog::file("catalog.json").unwrap()).unwrap();
    catalogue.entries().iter().filter(|entry| catalog::file(&entry.file).is_some()).cloned().collect()
}

fn named(entry: &Entry) -> String {
    format!("{}/{}", entry.message_type, entry.version)
}

fn printed(arguments: &[&str]) -> Value {
    let (exit, text) = schema(arguments);
    assert_eq!(exit, Exit::Ok, "{arguments:?}");
    serde_json::from_str(&text).unwrap()
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(|value| 1 + self::members(value)).sum(),
        Value::Array(items) => items.iter().map(self::members).sum(),
        _ => 0,
    }
}

#[test]
fn every_type_has_a_whole_example_and_a_smaller_one_that_meet_its_schema() {
    let schemas = Schemas::embedded().unwrap();
    for entry in entries() {
        let which = named(&entry);
        let [whole, minimal] = [false, true].map(|minimal| example::of(&schemas, &entry, minimal).unwrap());
        for example in [&whole, &minimal] {
            let faults = schemas.faults(entry.message_type, &entry.version.to_string(), example).unwrap();
            assert_eq!(faults, [], "{which}: {example:#}");
        }
        assert!(members(&minimal) <= members(&whole), "{which}");
    }
}

#[test]
fn nothing_of_a_minimal_referral_can_be_left_out() {
    let schemas = Schemas::embedded().unwrap();
    let thresholds = Thresholds::default();
    let faults = |message: &Value| {
        let (message_type, today) = (MessageType::Referral, jiff::civil::date(2026, 11, 20));
        let subject = Subject { message_type, message, thresholds: &thresholds, today, agencies: &() };
        schemas.judge(&subject, "1.0", &Raised::new()).unwrap().faults
    };
    let minimal = printed(&["example", "referral", "--minimal"]);
    assert_eq!(faults(&minimal), []);
    for pointer in super::pointers(&minimal, String::new()) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut less = minimal.clone();
        let Some(Value::Object(members)) = less.pointer_mut(parent) else { continue };
        members.shift_remove(name);
        assert_ne!(faults(&less), [], "{pointer}");
    }
}

/// A schema without references judges every sample as the one with references does.
#[test]
fn a_resolved_schema_stands_alone_and_means_the_same() {
    let schemas = Schemas::embedded().unwrap();
    let mut compared = 0;
    for entry in entries() {
        let resolved = printed(&["show", &named(&entry), "--resolved"]);
        assert!(!resolved.to_string().contains("\"$ref\""), "{}", entry.file);
        let alone = jsonschema::options()
            .should_validate_formats(true)
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .build(&resolved)
            .unwrap();
        for (folder, name, sample) in samples_of(entry.message_type) {
            let Some(faults) = schemas.faults(entry.message_type, &entry.version.to_string(), &sample) else {
                continue;
            };
            // Only the gateway knows the identifiers' formats, and a format's fault hides the pattern's.
            if faults.iter().any(|fault| fault.code == "format") {
                continue;
            }
            assert_eq!(alone.is_valid(&sample), faults.is_empty(), "{folder}/{name}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
}

fn samples_of(message_type: MessageType) -> Vec<(&'static str, String, Value)> {
    let folders = ["accepted", "refused", "made-by-gateway"];
    let all = folders.into_iter().flat_map(|folder| {
        super::samples(folder).into_iter().map(move |(name, bytes)| (folder, name, bytes))
    });
    let read = all.filter_map(|(folder, name, bytes)| Some((folder, name, strict::parse(&bytes, 64).ok()?)));
    read.filter(|(.., sample)| sample["type"] == message_type.as_str()).collect()
}

#[test]
fn a_schema_is_shown_as_the_file_stands() {
    let (exit, text) = schema(&["show", "referral/1.0"]);
    assert_eq!((exit, text.trim_end()), (Exit::Ok, catalog::file("referral/1.0.json").unwrap().trim_end()));
    assert_eq!(schema(&["show", "referral/9.9"]).0, Exit::Usage);
}

#[test]
fn the_list_names_every_type_with_its_versions() {
    let (exit, text) = schema(&["list"]);
    assert_eq!(exit, Exit::Ok);
    for message_type in MessageType::ALL {
        assert!(text.lines().any(|line| line.starts_with(message_type.as_str())), "{message_type}");
    }
    let listed = printed(&["list", "--json"]);
    let catalogue: Value = serde_json::from_str(catalog::file("catalog.json").unwrap()).unwrap();
    assert_eq!(listed, catalogue);
}

#[test]
fn the_dictionary_is_whole_and_the_same_each_time() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&first, &second] {
        assert_eq!(schema(&["docs", folder.path().to_str().unwrap()]).0, Exit::Ok);
    }
    let pages = pages(first.path());
    for (name, text) in &pages {
        assert_eq!(text, &fs::read_to_string(second.path().join(name)).unwrap(), "{name}");
        if name.ends_with(".html") {
            links_lead_somewhere(name, text, &pages);
            assert!(!text.contains("<script") && !text.contains("http://"), "{name}");
            assert!(text.contains("<html lang=\"en-GB\">") && text.matches("<h1>").count() == 1, "{name}");
        }
    }
    let referral = &pages.iter().find(|(name, _)| name == "referral-1.0.html").unwrap().1;
    for wanted in [
        "id=\"body.risk.tools.completed_on\"",
        "Victim data: identity.",
        "href=\"identifiers.html#agency_id\"",
        "At least one of these holds",
        "20000 characters",
    ] {
        assert!(referral.contains(wanted), "{wanted}");
    }
}

fn pages(folder: &Path) -> Vec<(String, String)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files
        .map(|file| (file.file_name().into_string().unwrap(), fs::read_to_string(file.path()).unwrap()))
        .collect()
}

/// Every link is to a page and a place that are there; no id stands twice.
fn links_lead_somewhere(name: &str, text: &str, pages: &[(String, String)]) {
    let attributes = |text: &str, attribute: &str| -> Vec<String> {
        let before = format!(" {attribute}=\"");
        let parts = text.split(&before).skip(1);
        parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    let mut ids = attributes(text, "id");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{name} has an id twice");
    for link in attributes(text, "href") {
        let (file, place) = link.split_once('#').unwrap_or((&link, ""));
        let file = if file.is_empty() { name } else { file };
        let (_, target) =
            pages.iter().find(|(known, _)| known == file).unwrap_or_else(|| panic!("{name}: {link}"));
        assert!(place.is_empty() || target.contains(&format!(" id=\"{place}\"")), "{name}: {link}");
    }
}
