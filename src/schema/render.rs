//! A message as readable text, for people who receive it by e-mail: the schema's titles as labels,
//! the values as they stand. An identifier is shown in its canonical form, with the sender's own
//! writing beside it where that differs.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{
    identifiers::{self, Scheme},
    tree::Node,
};

/// Renders `message` as indented lines of at most some 72 columns.
pub fn text(message: &Value, schema_path: &str) -> String {
    let mut out = String::new();
    let node = Node::file(schema_path).unwrap_or(Node::NONE);
    members(message, Place { node, year: year(message) }, 0, &mut out);
    out
}

/// The year of the message: what its short PNC identifiers are read by, whenever it is shown.
fn year(message: &Value) -> i16 {
    let written = message.get("created_at").and_then(Value::as_str).and_then(|moment| moment.get(..4));
    written.and_then(|year| year.parse().ok()).unwrap_or_default()
}

/// What the schema says of a place, in a message of this year.
#[derive(Clone, Copy)]
struct Place {
    node: Node,
    year: i16,
}

impl Place {
    /// Where the schema says nothing.
    fn or_none(self, node: Option<Node>) -> Self {
        Self { node: node.unwrap_or(Node::NONE), ..self }
    }
}

fn members(value: &Value, place: Place, depth: usize, out: &mut String) {
    let Some(object) = value.as_object() else { return };
    let mut after_block = false;
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let block = is_block(value);
        if after_block && !block {
            out.push_str("\r\n");
        }
        after_block = block;
        let own = place.node.member(name);
        let label = own.and_then(Node::title).map_or_else(|| plain(name), str::to_owned);
        let inner = place.or_none(own);
        match identifier(name, value, inner, object) {
            Some(shown) => paragraph(&format!("{label}: {shown}"), depth, out),
            None => entry(&label, value, inner, depth, out),
        }
    }
}

/// A sound identifier that is not in its canonical form: both forms. The format of the schema tells
/// whose numbering it is, or, in a list of identifiers, the `scheme` beside the `value`.
fn identifier(name: &str, value: &Value, place: Place, object: &Map<String, Value>) -> Option<String> {
    let received = value.as_str().filter(|_| place.node.schema().is_object())?;
    let of_format = place.node.text("format").and_then(Scheme::of_format);
    let beside = || object.get("scheme").filter(|_| name == "value")?.as_str().and_then(Scheme::of_person);
    let canonical = identifiers::canonical(of_format.or_else(beside)?, received, place.year).ok()?;
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

fn entry(label: &str, value: &Value, place: Place, depth: usize, out: &mut String) {
    let margin = "  ".repeat(depth);
    match value {
        Value::Null => {}
        Value::Object(_) => {
            let _ = writeln!(out, "\r\n{margin}{label}\r");
            members(value, place, depth + 1, out);
        }
        Value::Array(items) if items.is_empty() => paragraph(&format!("{label}: none"), depth, out),
        Value::Array(items) if !is_block(value) => {
            let texts: Vec<String> = items.iter().map(scalar).collect();
            paragraph(&format!("{label}: {}", texts.join("; ")), depth, out);
        }
        Value::Array(items) => {
            let of = place.or_none(place.node.item());
            let one = of.node.title().unwrap_or(label);
            for (number, item) in items.iter().enumerate() {
                entry(&format!("{one} {}", number + 1), item, of, depth, out);
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
    fn each_entry_bears_the_name_of_one_and_an_empty_list_says_so() {
        let message = json!({ "body": { "meeting": { "attendees": [{ "name": "A" }], "apologies": [] } } });
        let text = text(&message, "minutes/1.0.json");
        assert!(text.contains("Attendee 1\r\n") && text.contains(": none\r\n"), "{text}");
    }

    #[test]
    fn a_member_that_holds_one_identifier_is_shown_in_its_canonical_form_too() {
        let address = json!({ "lines": ["1 Larkspur Rise"], "uprn": "000000012345" });
        let text = shown(json!({ "offender": { "current_address": address } }));
        assert!(text.contains(": 12345 (received as 000000012345)\r\n"), "{text}");
    }
}
