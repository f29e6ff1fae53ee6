//! The schemas as a data dictionary: sound by the meta-schema, complete without the network, closed,
//! bounded, and told in words and examples that hold.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Registry;
use portcullis::schema::{
    catalog,
    identifiers::{self, Scheme},
};
use serde_json::{Value, json};

use crate::walk::{FILES, Place, places, root};

/// The keywords in use. A new one must first be known to the walk over the schemas, or what stands
/// in it would not be looked at.
const KEYWORDS: [&str; 33] = [
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "description",
    "else",
    "enum",
    "examples",
    "format",
    "if",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "not",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "then",
    "title",
    "type",
    "unevaluatedProperties",
    "uniqueItems",
    "x-victim",
];

#[test]
fn every_schema_is_one_by_the_meta_schema_and_uses_known_keywords_only() {
    for (path, schema) in FILES.iter() {
        assert!(jsonschema::meta::is_valid(schema), "{path}");
        assert_eq!(schema["$id"], format!("https://schemas.portcullis.example/{path}"), "{path}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{path}");
    }
    let unknown = wrong(|place| {
        let keywords = place.schema.as_object().into_iter().flat_map(|members| members.keys());
        keywords.filter(|keyword| !KEYWORDS.contains(&&***keyword)).map(|k| format!("uses {k}")).collect()
    });
    assert_eq!(unknown, "");
    // What an answer says of `not` is true of no other use.
    assert_eq!(
        wrong(|place| said(place.schema.get("not").is_some_and(|it| it != &json!({})), "uses not")),
        ""
    );
}

#[test]
fn every_reference_leads_to_a_schema_of_the_files() {
    assert_eq!(wrong(|place| said(matches!(place.target(), Some(None)), "leads nowhere")), "");
}

#[test]
fn every_block_and_definition_is_used() {
    let used: BTreeSet<String> =
        places().iter().filter_map(Place::target).flatten().map(|place| place.name()).collect();
    let unused = wrong(|place| {
        let parts: Vec<&str> = place.pointer.split('/').collect();
        let block = place.path.starts_with("common/") && place.pointer.is_empty();
        let definition = parts.len() == 3 && parts[1] == "$defs";
        said((block || definition) && !used.contains(&place.name()), "is not used")
    });
    assert_eq!(unused, "");
}

#[test]
fn every_example_is_valid_by_its_own_schema() {
    let mut registry = Registry::new();
    for (_, schema) in FILES.iter() {
        registry = registry.add(schema["$id"].as_str().unwrap(), schema).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let mut held = 0;
    let invalid = wrong(|place| {
        let Some(examples) = place.schema.get("examples").and_then(Value::as_array) else { return vec![] };
        let there = format!("https://schemas.portcullis.example/{}#{}", place.path, place.pointer);
        let plain = jsonschema::options().offline().with_registry(&registry).should_validate_formats(true);
        let validator = Scheme::ALL
            .into_iter()
            .fold(plain, |options, scheme| {
                let sound = move |text: &str| identifiers::is_sound(scheme, text);
                options.with_format(scheme.about().format, sound)
            })
            .build(&json!({ "$ref": there }))
            .unwrap();
        held += examples.len();
        let faults = examples.iter().flat_map(|example| validator.iter_errors(example));
        faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
    });
    assert_eq!(invalid, "");
    assert!(held > 1000, "{held}");
}

/// A text, list or number without a bound is room that a sender chooses.
#[test]
fn everything_has_a_type_and_a_bound() {
    let unbounded = wrong(|place| {
        if place.condition {
            return vec![];
        }
        let listed = place.has("enum") || place.has("const");
        let number = place.may_be("integer") || place.may_be("number");
        [
            said(!["type", "enum", "const", "$ref", "not"].iter().any(|k| place.has(k)), "has no type"),
            said(place.may_be("string") && !listed && !place.has("maxLength"), "has no maxLength"),
            said(place.may_be("array") && !place.has("maxItems"), "has no maxItems"),
            said(place.may_be("array") && !place.has("items"), "has no items"),
            said(
                number && !listed && !(place.has("minimum") && place.has("maximum")),
                "has no minimum or maximum",
            ),
        ]
        .concat()
    });
    assert_eq!(unbounded, "");
}

/// An unknown member is a misspelt one, or something that no rule has looked at.
#[test]
fn every_object_is_closed() {
    let open = wrong(|place| {
        // The envelope is closed by each type, together with the type's own members.
        if place.condition || place.path == "common/envelope.json" && place.pointer.is_empty() {
            return vec![];
        }
        let object = place.may_be("object") || place.has("properties");
        let closed = ["additionalProperties", "unevaluatedProperties"]
            .iter()
            .any(|keyword| place.schema.get(keyword) == Some(&Value::Bool(false)));
        // What adds to a block is closed with it.
        said(object && !closed && !place.has("$ref"), "is open")
    });
    assert_eq!(open, "");
}

#[test]
fn every_member_is_told_in_words_with_an_example() {
    let mut told = 0;
    let untold = wrong(|place| {
        let mut said = Vec::new();
        for (name, member) in place.members() {
            told += 1;
            said.extend(words_wrong(&member).into_iter().map(|what| format!("`{name}` {what}")));
            let examples = member.schema.get("examples").and_then(Value::as_array);
            let never = member.schema.get("not") == Some(&json!({}));
            if examples.is_none_or(|examples| examples.is_empty() != never) {
                said.push(format!("`{name}` has no example"));
            }
        }
        let parts: Vec<&str> = place.pointer.split('/').collect();
        if place.pointer.is_empty() || parts.len() == 3 && parts[1] == "$defs" {
            said.extend(words_wrong(place));
        }
        said
    });
    assert_eq!(untold, "");
    assert!(told > 900, "{told}");
}

/// A title is the label of the readable text; a description is a sentence, or several.
fn words_wrong(place: &Place) -> Vec<String> {
    let text = |keyword| place.schema.get(keyword).and_then(Value::as_str).unwrap_or_default();
    let (title, description) = (text("title"), text("description"));
    let begins = |text: &str| text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    [
        said(!begins(title) || title.ends_with(['.', ':']) || title.len() > 48, "has no fit title"),
        said(!begins(description) || !description.ends_with('.'), "has no fit description"),
    ]
    .concat()
}

/// In the readable text members are told apart by their labels alone.
#[test]
fn members_that_stand_together_have_different_titles() {
    let alike = wrong(|place| {
        let mut titles: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        if place.condition {
            return vec![];
        }
        for (name, member) in place.members() {
            titles.entry(member.schema["title"].as_str().unwrap_or_default()).or_default().push(name);
        }
        let twice = titles.into_iter().filter(|(_, names)| names.len() > 1);
        twice.map(|(title, names)| format!("{} are all \u{201c}{title}\u{201d}", names.join(", "))).collect()
    });
    assert_eq!(alike, "");
}

#[test]
fn the_catalogue_tells_of_each_type_what_its_schema_tells() {
    let catalogue: Value = serde_json::from_str(catalog::file("catalog.json").unwrap()).unwrap();
    for entry in catalogue["schemas"].as_array().unwrap() {
        let path = entry["file"].as_str().unwrap();
        let schema = root(path).schema;
        assert_eq!(entry["title"], schema["title"], "{path}");
        assert_eq!(entry["description"], schema["description"], "{path}");
    }
}

#[test]
fn whatever_an_agency_sends_can_be_corrected_and_recalled() {
    let catalogue: Value = serde_json::from_str(catalog::file("catalog.json").unwrap()).unwrap();
    let entries = catalogue["schemas"].as_array().unwrap().iter();
    let sent: Vec<&Value> = entries.filter(|e| e["made_by"] == "agency").map(|e| &e["type"]).collect();
    for path in ["correction/1.0.json", "recall/1.0.json"] {
        let body = &root(path).schema["properties"]["body"]["properties"];
        let known: Vec<&Value> = body["type"]["enum"].as_array().unwrap().iter().collect();
        assert_eq!(known, sent, "{path}");
    }
}

/// What `look` says of any schema, one line each.
fn wrong(mut look: impl FnMut(&Place) -> Vec<String>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for place in places() {
        lines.extend(look(&place).into_iter().map(|what| format!("\n{} {what}", place.name())));
    }
    lines.sort();
    lines.concat()
}

fn said(is: bool, what: &str) -> Vec<String> {
    if is { vec![what.to_owned()] } else { vec![] }
}
