//! A message as readable text, for people who receive it by e-mail: the schema's titles as labels,
//! the values as they stand. An identifier is shown in its canonical form, with the sender's own
//! writing beside it where that differs.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use serde_json::{Map, Value};

use super::{
    catalog,
    identifiers::{self, Scheme},
};

/// Renders `message` as indented lines of at most some 72 columns.
pub fn text(message: &Value, schema_path: &str) -> String {
    let mut out = String::new();
    let schema = Titles { year: year(message), ..Titles::of(schema_path) };
    members(message, schema, 0, &mut out);
    out
}

/// Every schema file, parsed once.
static FILES: LazyLock<HashMap<&'static str, Value>> = LazyLock::new(|| {
    let parsed =
        catalog::FILES.iter().filter_map(|(path, text)| Some((*path, serde_json::from_str(text).ok()?)));
    parsed.collect()
});

/// The year of the message: what its short PNC identifiers are read by, whenever it is shown.
fn year(message: &Value) -> i16 {
    let written = message.get("created_at").and_then(Value::as_str).and_then(|moment| moment.get(..4));
    written.and_then(|year| year.parse().ok()).unwrap_or_default()
}

/// A schema with the file that its relative references start from.
#[derive(Clone, Copy)]
struct Titles {
    path: &'static str,
    schema: &'static Value,
    year: i16,
}

impl Titles {
    const NONE: Self = Self { path: "", schema: &Value::Null, year: 0 };

    fn of(path: &str) -> Self {
        FILES.get_key_value(path).map_or(Self::NONE, |(path, schema)| Self { path, schema, year: 0 })
    }

    fn at(self, schema: &'static Value) -> Self {
        Self { schema, ..self }
    }

    /// Follows `$ref` to the schema that it names.
    fn resolved(self) -> Self {
        let Some(reference) = self.schema.get("$ref").and_then(Value::as_str) else { return self };
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let target = if file.is_empty() { Self::of(self.path) } else { Self::of(&join(self.path, file)) };
        let found = target.schema.pointer(fragment);
        found.map_or(self, |schema| Self { path: target.path, schema, year: self.year })
    }

    fn member(self, name: &str) -> Option<Self> {
        if let Some(found) = self.schema.get("properties").and_then(|properties| properties.get(name)) {
            return Some(self.at(found));
        }
        let parts = self.schema.get("allOf").and_then(Value::as_array);
        let within = parts.into_iter().flatten().find_map(|part| self.at(part).member(name));
        within.or_else(|| self.schema.get("$ref").and_then(|_| self.resolved().member(name)))
    }

    fn item(self) -> Self {
        self.schema.get("items").map_or(Self::NONE, |items| self.at(items).resolved())
    }

    fn title(self) -> Option<&'static str> {
        self.schema.get("title").and_then(Value::as_str)
    }
}

fn join(base: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn members(value: &Value, schema: Titles, depth: usize, out: &mut String) {
    let Some(object) = value.as_object() else { return };
    let mut after_block = false;
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let block = is_block(value);
        if after_block && !block {
            out.push_str("\r\n");
        }
        after_block = block;
        let own = schema.member(name);
        let label = own.and_then(Titles::title).map_or_else(|| plain(name), str::to_owned);
        let inner = own.map_or(Titles::NONE, Titles::resolved);
        match identifier(name, value, inner, object) {
            Some(shown) => paragraph(&format!("{label}: {shown}"), depth, out),
            None => entry(&label, value, inner, depth, out),
        }
    }
}

/// A sound identifier that is not in its canonical form: both forms. The format of the schema tells
/// whose numbering it is, or, in a list of identifiers, the `scheme` beside the `value`.
fn identifier(name: &str, value: &Value, schema: Titles, object: &Map<String, Value>) -> Option<String> {
    let received = value.as_str().filter(|_| schema.schema.is_object())?;
    let of_format = schema.schema.get("format").and_then(Value::as_str).and_then(Scheme::of_format);
    let beside = || object.get("scheme").filter(|_| name == "value")?.as_str().and_then(Scheme::of_person);
    let canonical = identifiers::canonical(of_format.or_else(beside)?, received, schema.year).ok()?;
    (canonical.as_str() != received).then(|| format!("{} (received as {received})", canonical.as_str()))
}

/// Whether a value is shown as a heading with lines under it.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    }
}

fn entry(label: &str, value: &Value, schema: Titles, depth: usize, out: &mut String) {
    let margin = "  ".repeat(depth);
    match value {
        Value::Null => {}
        Value::Object(_) => {
            let _ = writeln!(out, "\r\n{margin}{label}\r");
            members(value, schema, depth + 1, out);
        }
        Value::Array(items) if !is_block(value) => {
            let texts: Vec<String> = items.iter().map(scalar).collect();
            paragraph(&format!("{label}: {}", texts.join("; ")), depth, out);
        }
        Value::Array(items) => {
            let of = schema.item();
            for (number, item) in items.iter().enumerate() {
                entry(&format!("{label} {}", number + 1), item, of, depth, out);
            }
        }
        other => paragraph(&format!("{label}: {}", scalar(other)), depth, out),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        other => other.to_string(),
    }
}

/// A text as lines of at most 72 columns.
pub fn wrapped(text: &str) -> Vec<String> {
    let mut out = String::new();
    paragraph(text, 0, &mut out);
    out.lines().map(str::to_owned).collect()
}

/// Wraps at 72 columns; a control character of the message never reaches the reader's terminal.
fn paragraph(text: &str, depth: usize, out: &mut String) {
    let margin = "  ".repeat(depth);
    let mut column = 0;
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        let length = word.chars().count();
        if column > 0 && margin.len() + column + 1 + length > 72 {
            out.push_str("\r\n");
            column = 0;
        }
        if column == 0 {
            out.push_str(&margin);
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(&word);
        column += length;
    }
    out.push_str("\r\n");
}

/// `current_address` reads as "Current address".
fn plain(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(body: Value) -> String {
        let message = json!({ "type": "referral", "created_at": "2026-11-20T09:30:00Z", "body": body });
        text(&message, "referral/1.0.json")
    }

    #[test]
    fn an_identifier_is_shown_in_its_canonical_form_with_what_was_received() {
        let identifiers = json!([
            { "scheme": "PNC", "value": "30/1234567b" },
            { "scheme": "PNC", "value": "12/42C" },
            { "scheme": "NHS", "value": "999 000 0018" },
        ]);
        let text = shown(json!({ "offender": { "identifiers": identifiers } }));
        assert!(text.contains(": 1930/1234567B (received as 30/1234567b)\r\n"), "{text}");
        assert!(text.contains(": 2012/0000042C (received as 12/42C)\r\n"), "{text}");
        assert!(text.contains(": 9990000018 (received as 999 000 0018)\r\n"), "{text}");
    }

    #[test]
    fn an_identifier_in_its_canonical_form_and_a_wrong_one_stand_as_received() {
        let identifiers =
            json!([{ "scheme": "PNC", "value": "1930/1234567B" }, { "scheme": "CRO", "value": "42/07R" }]);
        let text = shown(json!({ "offender": { "identifiers": identifiers } }));
        assert!(text.contains(": 1930/1234567B\r\n") && text.contains(": 42/07R\r\n"), "{text}");
        assert!(!text.contains("received as"), "{text}");
    }

    #[test]
    fn a_member_that_holds_one_identifier_is_shown_in_its_canonical_form_too() {
        let address = json!({ "lines": ["1 Larkspur Rise"], "uprn": "000000012345" });
        let text = shown(json!({ "offender": { "current_address": address } }));
        assert!(text.contains(": 12345 (received as 000000012345)\r\n"), "{text}");
    }
}
