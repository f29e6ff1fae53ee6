//! The five members of a message that decide what to do with the rest: its id, sender, type and
//! version, and its area.

use serde_json::Value;

use super::Fault;
use crate::message::{AgencyId, Area, Malformed, MessageId, MessageType};

/// What could be read of them, and what could not.
pub struct Head<'a> {
    /// The message's id.
    pub message_id: Option<MessageId>,
    /// Who says to send it.
    pub sender: Option<AgencyId>,
    /// Its type. One that only the gateway makes counts as unknown.
    pub message_type: Option<MessageType>,
    /// Its version, as written.
    pub version: Option<&'a str>,
    /// Its area, where it can be read.
    pub area: Option<Area>,
    /// What is wrong with id, sender, type or version, all at once.
    pub faults: Vec<Fault>,
}

impl<'a> Head<'a> {
    /// Reads what can be read.
    pub fn read(json: &'a Value) -> Self {
        let mut faults = Vec::new();
        let mut text = |pointer: &'static str, wanted: &str| {
            let found = json.pointer(pointer).and_then(Value::as_str);
            if found.is_none() {
                let fix = format!("give {wanted}");
                faults.push(Fault::new(pointer, "required", "missing, or no text", fix));
            }
            found
        };
        let id = text("/message_id", "a lower-case UUID of version 7");
        let sender = text("/sender/agency_id", "your agency_id");
        let kind = text("/type", "the message type");
        let version = text("/schema_version", "the version of its schema, `1.0`");
        let message_type =
            kind.and_then(|kind| kind.parse().ok()).filter(|t: &MessageType| t.made_by_agencies());
        let head = Self {
            message_id: parsed(id, "/message_id", &mut faults),
            sender: parsed(sender, "/sender/agency_id", &mut faults),
            message_type,
            version,
            area: json.get("area").and_then(Value::as_str).and_then(|area| area.parse().ok()),
            faults: Vec::new(),
        };
        if kind.is_some() && message_type.is_none() {
            faults.push(unknown_type());
        }
        Self { faults: faults.into_iter().map(Fault::of_envelope).collect(), ..head }
    }
}

/// The type is none that an agency may post.
fn unknown_type() -> Fault {
    let fix = "use a type that GET /v1/schemas or `portcullis schema list` names as made by agencies";
    Fault::new("/type", "unknown_type", "not a type that an agency may post", fix)
}

fn parsed<T: std::str::FromStr<Err = Malformed>>(
    text: Option<&str>,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    match text?.parse() {
        Ok(value) => Some(value),
        Err(malformed) => {
            let fix = format!("give {}", malformed.0);
            faults.push(Fault::new(pointer, "format", malformed.to_string(), fix));
            None
        }
    }
}
