//! What was published keeps its meaning: `schemas/published.json` holds, for each schema file, the
//! SHA-256 of its normative part, the canonical JSON (RFC 8785) without titles, descriptions, examples
//! and comments.

use std::{collections::BTreeMap, env, fs, path::Path};

use portcullis::{
    crypto::{hex, sha256},
    schema::catalog,
};
use serde_json::{Map, Value};

/// Set to add the files that have no hash yet. A hash that is there is never replaced.
const ADD: &str = "PORTCULLIS_PUBLISH_SCHEMAS";

/// What a schema says to people.
const FOR_PEOPLE: [&str; 4] = ["title", "description", "examples", "$comment"];

/// Keywords whose members are named by us: a property may well be called `title`.
const NAMED: [&str; 4] = ["properties", "$defs", "patternProperties", "dependentSchemas"];

/// Keywords whose values are data.
const DATA: [&str; 3] = ["const", "enum", "default"];

fn normative(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !FOR_PEOPLE.contains(&name.as_str()));
            let part = |(name, value): (&String, &Value)| {
                let value = match (name.as_str(), value) {
                    (name, Value::Object(schemas)) if NAMED.contains(&name) => Value::Object(each(schemas)),
                    (name, data) if DATA.contains(&name) => data.clone(),
                    (_, schema) => normative(schema),
                };
                (name.clone(), value)
            };
            Value::Object(kept.map(part).collect())
        }
        Value::Array(schemas) => Value::Array(schemas.iter().map(normative).collect()),
        scalar => scalar.clone(),
    }
}

fn each(schemas: &Map<String, Value>) -> Map<String, Value> {
    schemas.iter().map(|(name, schema)| (name.clone(), normative(schema))).collect()
}

fn hash(text: &str) -> String {
    let schema: Value = serde_json::from_str(text).unwrap();
    hex(&sha256(&serde_json_canonicalizer::to_vec(&normative(&schema)).unwrap()))
}

#[test]
fn a_published_schema_keeps_its_meaning() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/published.json");
    let mut published: BTreeMap<String, String> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let (mut changed, mut missing) = (Vec::new(), Vec::new());
    for (file, text) in catalog::schemas(catalog::FILES) {
        let hash = hash(text);
        match published.get(file) {
            Some(known) if *known == hash => {}
            Some(_) => changed.push(file),
            None => {
                missing.push(file);
                published.insert(file.to_owned(), hash);
            }
        }
    }
    assert!(
        changed.is_empty(),
        "published, and now of another meaning: {}. Leave the file as it was and make a new version \
         beside it, `<type>/<next version>.json`; of a block in common/ a new one, `common/<name>-2.json`, \
         that the new versions refer to.",
        changed.join(", ")
    );
    if env::var_os(ADD).is_some() {
        fs::write(&path, serde_json::to_string_pretty(&published).unwrap() + "\n").unwrap();
    } else {
        assert!(missing.is_empty(), "not yet published: {}. Run this test with {ADD}=1.", missing.join(", "));
    }
}

#[test]
fn words_for_people_are_no_part_of_the_meaning_and_all_else_is() {
    let schema = r#"{ "title": "A", "properties": { "title": { "type": "string", "examples": ["x"] } },
                      "required": ["title"], "enum": [{ "title": "kept" }] }"#;
    let same = r#"{ "required": ["title"], "enum": [{ "title": "kept" }], "description": "new",
                    "properties": { "title": { "$comment": "c", "type": "string" } } }"#;
    assert_eq!(hash(schema), hash(same));
    for (from, to) in [
        ("string", "integer"),
        ("\"required\": [\"title\"]", "\"required\": []"),
        ("kept", "other"),
        ("\"title\": { \"type\"", "\"name\": { \"type\""),
    ] {
        assert_ne!(hash(schema), hash(&schema.replace(from, to)), "{from}");
    }
}
