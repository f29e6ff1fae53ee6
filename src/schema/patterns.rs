//! An example for each pattern of the schemas: whoever is told that a text is not of the wanted form
//! sees one that is, and need not read a regular expression.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::Value;

use super::catalog;

/// A text of this form, as a schema gives it. `None` if no schema has the pattern with an example.
pub(super) fn example(pattern: &str) -> Option<&'static str> {
    EXAMPLES.get(pattern).map(String::as_str)
}

static EXAMPLES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut examples = HashMap::new();
    for schema in catalog::schemas(catalog::FILES).filter_map(|(_, text)| serde_json::from_str(text).ok()) {
        collect(&schema, &mut examples);
    }
    examples
});

fn collect(schema: &Value, examples: &mut HashMap<String, String>) {
    let pattern = schema.get("pattern").and_then(Value::as_str);
    let example = schema.get("examples").and_then(|examples| examples.get(0)?.as_str());
    if let (Some(pattern), Some(example)) = (pattern, example) {
        examples.entry(pattern.to_owned()).or_insert_with(|| example.to_owned());
    }
    match schema {
        Value::Object(members) => members.values().for_each(|inner| collect(inner, examples)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, examples)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(schema: &Value, found: &mut Vec<String>) {
        found.extend(schema.get("pattern").and_then(Value::as_str).map(str::to_owned));
        match schema {
            Value::Object(members) => members.values().for_each(|inner| patterns(inner, found)),
            Value::Array(items) => items.iter().for_each(|item| patterns(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_pattern_has_an_example() {
        let mut found = Vec::new();
        for (_, text) in catalog::schemas(catalog::FILES) {
            patterns(&serde_json::from_str(text).unwrap(), &mut found);
        }
        assert!(found.len() > 20, "{}", found.len());
        for pattern in found {
            assert!(example(&pattern).is_some(), "{pattern}");
        }
        assert_eq!(example("^[a-z0-9]([a-z0-9-]{1,46}[a-z0-9])$"), Some("kent-police"));
    }
}
