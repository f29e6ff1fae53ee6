//! What the catalogue may promise about versions, and that it lists what is there.

use portcullis::{
    message::MessageType,
    schema::{
        Schemas,
        catalog::{self, Catalogue, MadeBy},
    },
};
use serde_json::{Value, json};

/// A catalogue of notifications in these versions, each with `deprecated` and `sunset`.
fn notifications(versions: &[(&str, Option<&str>, Option<&str>)]) -> Result<Catalogue, String> {
    let entry = |(version, deprecated, sunset): &(&str, Option<&str>, Option<&str>)| {
        json!({ "type": "notification", "document": "D1", "version": version,
                "file": format!("notification/{version}.json"), "title": "Notification",
                "description": "First notice.", "made_by": "agency",
                "deprecated": deprecated, "sunset": sunset })
    };
    Catalogue::read(&json!({ "schemas": versions.iter().map(entry).collect::<Vec<_>>() }).to_string())
}

#[test]
fn the_newest_version_stands_first_whatever_the_order_of_the_list() {
    let catalogue = notifications(&[("1.9", Some("2026-01-01"), None), ("1.10", None, None)]).unwrap();
    let versions: Vec<String> =
        catalogue.of(MessageType::Notification).map(|entry| entry.version.to_string()).collect();
    assert_eq!(versions, ["1.10", "1.9"]);
    let told = catalogue.deprecation(MessageType::Notification, "1.9").unwrap();
    assert_eq!((told.since.to_string().as_str(), told.ends), ("2026-01-01T00:00:00Z", None));
    assert_eq!(told.successor, "notification/1.10.json");
    assert_eq!(catalogue.deprecation(MessageType::Notification, "1.10"), None);
}

#[test]
fn at_most_two_versions_of_a_type_are_live() {
    let three = [("1.0", Some("2026-01-01"), Some("2026-06-01")), ("1.1", None, None), ("1.2", None, None)];
    assert!(notifications(&three).unwrap_err().contains("more than two versions"));
    assert!(notifications(&three[1..]).is_ok());
    let catalogue = Catalogue::read(catalog::file("catalog.json").unwrap()).unwrap();
    for message_type in MessageType::ALL {
        assert!((1..=2).contains(&catalogue.of(*message_type).count()), "{message_type}");
    }
}

#[test]
fn a_catalogue_that_would_leave_senders_without_a_version_is_refused() {
    let newest = [("1.0", Some("2026-01-01"), None)];
    assert!(notifications(&newest).unwrap_err().contains("newest version"));
    let undated = [("1.0", None, Some("2026-06-01")), ("1.1", None, None)];
    assert!(notifications(&undated).unwrap_err().contains("before its sunset"));
    let crossed = [("1.0", Some("2026-07-01"), Some("2026-06-01")), ("1.1", None, None)];
    assert!(notifications(&crossed).unwrap_err().contains("before its sunset"));
    assert!(notifications(&[("1.0", None, None), ("1.0", None, None)]).unwrap_err().contains("twice"));
    assert!(notifications(&[("1.00", None, None)]).is_err());
}

#[test]
fn the_catalogue_and_the_files_name_the_same_versions_and_titles() {
    let catalogue = Catalogue::read(catalog::file("catalog.json").unwrap()).unwrap();
    let mut wrong = Vec::new();
    for entry in catalogue.entries() {
        let Some(text) = catalog::file(&entry.file) else {
            wrong.push(format!("{} is listed and not there", entry.file));
            continue;
        };
        let schema: Value = serde_json::from_str(text).unwrap();
        if schema["title"] != entry.title {
            wrong.push(format!("{} has another title than the catalogue", entry.file));
        }
        if (entry.made_by == MadeBy::Agency) != entry.message_type.made_by_agencies() {
            wrong.push(format!("{} has another maker than the code", entry.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_schema_that_the_catalogue_does_not_list_is_no_schema_of_ours() {
    let mut files = catalog::FILES.to_vec();
    let (_, text) = *files.iter().find(|(path, _)| *path == "notification/1.0.json").unwrap();
    files.push(("notification/1.1.json", text.replace("1.0", "1.1").leak()));
    let refused = Schemas::of(&files).err().unwrap();
    assert!(refused.to_string().contains("notification/1.1.json is not listed"), "{refused}");
}
