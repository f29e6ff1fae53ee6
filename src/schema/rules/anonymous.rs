//! What the papers about practice have in common, the statistics return and the audit form: nothing
//! in them by which a person can be found.

use serde_json::Value;

use super::{
    Findings, Say, Subject, signs,
    sweep::{At, Step, down},
};

/// What follows from each sign of a person.
pub(super) struct Outcomes {
    pub identifier: &'static Say,
    pub postcode: &'static Say,
    pub birth_date: &'static Say,
}

/// Where people write: the body, and the words of the envelope. The sender's own name may stand in it,
/// and the case by its pseudonym.
const WRITTEN: [&str; 5] = ["body", "recipients", "marking", "legal_basis_text", "form"];

/// Members that hold words. Agencies and days of the work itself have members of their own.
const WORDED: [&str; 13] = [
    "month",
    "returned_by",
    "note",
    "role",
    "good_practice",
    "to_improve",
    "comments",
    "justification",
    "strict_necessity",
    "attention",
    "handling",
    "legal_basis_text",
    "smb_approval_ref",
];

/// Looks for signs of a person in everything that was written.
pub(super) fn nobody_is_identified(message: &Subject<'_>, found: &mut Findings<'_>, outcomes: &Outcomes) {
    let mut look = |at: &At<'_>, value: &Value| {
        let Value::String(text) = value else { return };
        if !at.member().is_some_and(|member| WORDED.contains(&member)) {
            return;
        }
        let signs = signs::signs(text, message.today);
        for (seen, say) in [
            (signs.identifier, outcomes.identifier),
            (signs.postcode, outcomes.postcode),
            (signs.birth_date, outcomes.birth_date),
        ] {
            if seen {
                found.add(say, at.pointer());
            }
        }
    };
    for name in WRITTEN {
        if let Some(value) = message.message.get(name) {
            down(&At { up: None, step: Step::Name(name) }, value, &mut look);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::catalog;

    /// The names of all members whose value may be a text of the sender's own words.
    fn worded(schema: &Value, names: &mut BTreeSet<String>) {
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let free = |s: &Value| s.get("type").is_some_and(|t| t == "string") && s.get("enum").is_none();
            if free(property) || property.get("items").is_some_and(free) {
                names.insert(name.clone());
            }
        }
        match schema {
            Value::Object(members) => {
                members.iter().filter(|(name, _)| *name != "examples").for_each(|(_, v)| worded(v, names));
            }
            Value::Array(entries) => entries.iter().for_each(|v| worded(v, names)),
            _ => {}
        }
    }

    #[test]
    fn every_text_that_the_schemas_name_is_looked_at() {
        for path in ["stats_return/1.0.json", "audit_form/1.0.json"] {
            let schema: Value = serde_json::from_str(catalog::file(path).unwrap()).unwrap();
            let mut names = BTreeSet::new();
            worded(&schema["properties"]["body"], &mut names);
            worded(&schema["$defs"], &mut names);
            assert!(names.contains("note") || names.contains("comments"), "{path}: {names:?}");
            assert!(names.iter().all(|name| WORDED.contains(&name.as_str())), "{path}: {names:?}");
        }
    }
}
