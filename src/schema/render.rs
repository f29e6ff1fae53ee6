//! A message as readable text, for people who receive it by e-mail: the schema's titles as labels,
//! the values as they stand.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use serde_json::Value;

use super::catalog;

/// Renders `message` as indented lines of at most some 72 columns.
pub fn text(message: &Value, schema_path: &str) -> String {
    let mut out = String::new();
    let schema = Titles::of(schema_path);
    members(message, schema, 0, &mut out);
    out
}

/// Every schema file, parsed once.
static FILES: LazyLock<HashMap<&'static str, Value>> = LazyLock::new(|| {
    let parsed =
        catalog::FILES.iter().filter_map(|(path, text)| Some((*path, serde_json::from_str(text).ok()?)));
    parsed.collect()
});

/// A schema with the file that its relative references start from.
#[derive(Clone, Copy)]
struct Titles {
    path: &'static str,
    schema: &'static Value,
}

impl Titles {
    const NONE: Self = Self { path: "", schema: &Value::Null };

    fn of(path: &str) -> Self {
        FILES.get_key_value(path).map_or(Self::NONE, |(path, schema)| Self { path, schema })
    }

    fn at(self, schema: &'static Value) -> Self {
        Self { schema, ..self }
    }

    /// Follows `$ref` to the schema that it names.
    fn resolved(self) -> Self {
        let Some(reference) = self.schema.get("$ref").and_then(Value::as_str) else { return self };
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let target = if file.is_empty() { Self::of(self.path) } else { Self::of(&join(self.path, file)) };
        target.schema.pointer(fragment).map_or(self, |inner| target.at(inner))
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
        entry(&label, value, inner, depth, out);
    }
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
