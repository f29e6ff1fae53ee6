//! The formats of identifiers in the schemas: each is known to the validator, and a wrong text is
//! told in the words of the field.

use portcullis::schema::{Schemas, catalog, identifiers::Scheme, strict};
use serde_json::Value;

/// Formats of JSON Schema itself.
const COMMON: [&str; 2] = ["date", "date-time"];

/// A validator passes over a format that it does not know, so a misspelt one would test nothing.
#[test]
fn every_format_of_the_schemas_is_known() {
    let mut used = 0;
    for (path, text) in catalog::FILES {
        let mut left = vec![serde_json::from_str::<Value>(text).unwrap()];
        while let Some(value) = left.pop() {
            if let Some(format) = value.get("format").and_then(Value::as_str) {
                assert!(COMMON.contains(&format) || Scheme::of_format(format).is_some(), "{path}: {format}");
                used += usize::from(!COMMON.contains(&format));
            }
            match value {
                Value::Object(members) => left.extend(members.into_iter().map(|(_, inner)| inner)),
                Value::Array(items) => left.extend(items),
                _ => {}
            }
        }
    }
    assert!(used >= 3, "{used}");
}

#[test]
fn a_wrong_text_is_told_once_and_in_the_words_of_the_field() {
    let schemas = Schemas::embedded().unwrap();
    for (name, pointer, message, fix) in [
        (
            "referral-uprn-zero.json",
            "/body/offender/current_address/uprn",
            "the text is no valid UPRN",
            "give up to twelve digits, as the local address gazetteer has them",
        ),
        (
            "referral-establishment-code-lower-case.json",
            "/body/offender/establishment_code",
            "the text is no valid establishment code",
            "give the three capital letters by which the prison service knows the establishment",
        ),
    ] {
        let (_, bytes) = super::samples("refused").into_iter().find(|(known, _)| known == name).unwrap();
        let found = super::faults(&schemas, name, &strict::parse(&bytes, 64).unwrap());
        let [fault] = &*found else { panic!("{name}: {found:#?}") };
        assert_eq!((&*fault.pointer, &*fault.message, &*fault.fix), (pointer, message, fix), "{name}");
    }
}
