//! The names that the schemas know.
//!
//! A pointer in an answer goes only through these: the name of an unknown member is as much the
//! sender's text as its value.

use std::{collections::HashSet, sync::LazyLock};

use serde_json::Value;

use super::catalog;

/// Whether some schema has a member of this name.
pub(super) fn is_known(name: &str) -> bool {
    NAMES.contains(name)
}

static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut names = HashSet::new();
    for schema in catalog::FILES.iter().filter_map(|(_, text)| serde_json::from_str(text).ok()) {
        collect(&schema, &mut names);
    }
    names
});

fn collect(schema: &Value, names: &mut HashSet<String>) {
    match schema {
        Value::Object(members) => {
            for (name, inner) in members {
                match inner {
                    Value::Object(properties) if name == "properties" => {
                        names.extend(properties.keys().cloned());
                    }
                    // An example is no schema.
                    _ if name == "examples" => continue,
                    _ => {}
                }
                collect(inner, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_members_are_known_and_those_of_examples_are_not() {
        assert!(super::is_known("risk") && super::is_known("owner_agency"));
        assert!(!super::is_known("examples") && !super::is_known("Daniel Peter"));
    }
}
