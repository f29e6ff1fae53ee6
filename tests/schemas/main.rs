//! The shipped samples against the shipped schemas: accepted ones have no fault, refused ones have,
//! and no answer repeats what was submitted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../attachments/archive.rs"]
mod archive;
mod attachments;
mod dictionary;
mod evolution;
mod examples;
mod formats;
mod hostile;
mod published;
mod rules;
mod shown;
mod victims;
mod walk;

use std::{fs, path::Path};

use portcullis::{
    message::MessageType,
    schema::{Fault, Schemas, strict},
};
use serde_json::Value;

fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages").join(folder);
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    found.sort();
    found
}

fn faults(schemas: &Schemas, name: &str, json: &Value) -> Vec<Fault> {
    // A receipt is an answer and has no envelope to tell its type: the name of its sample does.
    if name.starts_with("receipt") {
        return schemas.faults(MessageType::Receipt, "1.0", json).unwrap();
    }
    let message_type: MessageType = json["type"].as_str().unwrap().parse().unwrap();
    schemas.faults(message_type, json["schema_version"].as_str().unwrap(), json).unwrap()
}

#[test]
fn every_accepted_sample_is_without_fault() {
    let schemas = Schemas::embedded().unwrap();
    let accepted = [samples("accepted"), samples("made-by-gateway")].concat();
    assert!(accepted.len() >= 8);
    for (name, bytes) in accepted {
        let json = strict::parse(&bytes, 64).unwrap();
        assert_eq!(faults(&schemas, &name, &json), [], "{name}");
    }
}

#[test]
fn every_type_has_samples() {
    let accepted = samples("accepted");
    let by_gateway = samples("made-by-gateway");
    for message_type in MessageType::ALL {
        let is_of = |(name, bytes): &&(String, Vec<u8>)| {
            let json: Value = serde_json::from_slice(bytes).unwrap();
            json["type"] == message_type.as_str()
                || name.starts_with("receipt") && *message_type == MessageType::Receipt
        };
        let (found, wanted) = match message_type.made_by_agencies() {
            true => (accepted.iter().filter(is_of).count(), 2),
            false => (by_gateway.iter().filter(is_of).count(), 1),
        };
        assert!(found >= wanted, "{message_type} has {found} samples");
    }
}

#[test]
fn every_refused_sample_has_its_faults_all_at_once() {
    let schemas = Schemas::embedded().unwrap();
    for (name, bytes) in samples("refused").into_iter().filter(|(name, _)| rules::told(name).is_none()) {
        let Ok(json) = strict::parse(&bytes, 64) else { continue };
        let found = faults(&schemas, &name, &json);
        let wanted = if name.contains("seven-faults") { 7 } else { 1 };
        assert_eq!(found.len(), wanted, "{name}: {found:#?}");
        for fault in &found {
            assert!(!fault.message.is_empty() && !fault.fix.is_empty(), "{name}: {fault:?}");
        }
    }
}

#[test]
fn texts_that_are_not_strict_json_are_refused_before_any_schema() {
    let raw =
        ["duplicate-key.json", "not-json.json", "too-deep.json", "trailing-garbage.json", "not-utf8.json"];
    let refused = samples("refused");
    for wanted in raw {
        let (_, bytes) =
            refused.iter().find(|(name, _)| name == wanted).unwrap_or_else(|| panic!("{wanted} is missing"));
        assert!(strict::parse(bytes, 64).is_err(), "{wanted}");
    }
}

/// Every place of a message, as a pointer.
fn pointers(value: &Value, at: String) -> Vec<String> {
    let mut found = vec![at.clone()];
    match value {
        Value::Object(members) => {
            found.extend(members.iter().flat_map(|(name, v)| pointers(v, format!("{at}/{name}"))))
        }
        Value::Array(items) => {
            found.extend(items.iter().enumerate().flat_map(|(i, v)| pointers(v, format!("{at}/{i}"))))
        }
        _ => {}
    }
    found.retain(|pointer| !pointer.is_empty());
    found
}
