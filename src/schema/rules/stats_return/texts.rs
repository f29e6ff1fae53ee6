//! Every text of a part of a message, with its place.

use std::fmt;

use serde_json::Value;

/// Where a text stands. It is written out only if something is found there.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    within: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Entry(usize),
}

/// A JSON Pointer (RFC 6901).
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within {
            within.fmt(f)?;
        }
        match self.step {
            Step::Member(name) => write!(f, "/{name}"),
            Step::Entry(index) => write!(f, "/{index}"),
        }
    }
}

/// Shows `look` each text in the members `roots` of a message. Only members in `named` are entered: a
/// member that the schema does not name is refused by it, and its name stands in no pointer.
pub fn each(
    message: &Value,
    roots: &[&'static str],
    named: &[&'static str],
    look: &mut dyn FnMut(&str, Place<'_>),
) {
    for name in roots {
        if let Some(value) = message.get(name) {
            walk(value, Place { within: None, step: Step::Member(name) }, named, look);
        }
    }
}

// A message is at most 64 deep (`strict::parse`), and so is this.
fn walk(value: &Value, place: Place<'_>, named: &[&'static str], look: &mut dyn FnMut(&str, Place<'_>)) {
    let within = Some(&place);
    match value {
        Value::String(text) => look(text, place),
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                walk(entry, Place { within, step: Step::Entry(index) }, named, look);
            }
        }
        Value::Object(members) => {
            for name in named {
                if let Some(member) = members.get(*name) {
                    walk(member, Place { within, step: Step::Member(name) }, named, look);
                }
            }
        }
        _ => {}
    }
}
