//! Accept: is this JSON, whose is it, was it here before? Bytes → [`Accepted`].

use std::sync::Arc;

use serde_json::Value;
use zeroize::Zeroizing;

use super::{Answer, Code, Gateway, Refusal, Stop, refusal::Known};
use crate::{
    crypto::sha256,
    message::{Agency, AgencyId, MessageId, MessageType},
    schema::{
        self,
        strict::{self, JsonFault},
    },
};

/// Who is calling: a TLS identity that the directory lists.
#[derive(Clone)]
pub struct Caller {
    /// The agency.
    pub agency: Arc<Agency>,
    /// The directory's version that identified it. A decision stands only while this does: a
    /// certificate that was withdrawn during an upload sends nothing.
    pub directory_version: u64,
}

/// The message part as it came, in memory that is wiped.
pub struct Posted(Zeroizing<Vec<u8>>);

impl Posted {
    /// Takes the bytes.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

/// A message that is JSON, from the agency whose certificate it came with, of a known type.
pub struct Accepted {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) sha256: [u8; 32],
    pub(super) json: Value,
    pub(super) message_type: MessageType,
    pub(super) schema_version: &'static str,
}

/// New, or a repeat of an earlier id.
pub enum Arrival {
    /// To be taken further.
    New(Box<Accepted>),
    /// The earlier answer.
    Repeat(Answer),
}

pub(super) async fn accept(
    gateway: &Gateway,
    caller: &Caller,
    posted: Posted,
    known: &mut Known,
) -> Result<Arrival, Stop> {
    let accepted = read(gateway, caller, posted, known)?;
    let message_id = known.message_id.ok_or(super::Fault::Impossible("an accepted message has an id"))?;
    match gateway.store.submission(&caller.agency.agency_id, message_id).await? {
        None => Ok(Arrival::New(Box::new(accepted))),
        Some(earlier) if earlier.sha256 == accepted.sha256 => {
            Ok(Arrival::Repeat(Answer::repeat(message_id, earlier.receipt)))
        }
        Some(_) => Err(conflict().into()),
    }
}

/// The same without looking for an earlier post: a check tells nothing about what was accepted.
pub(super) fn accept_for_check(
    gateway: &Gateway,
    caller: &Caller,
    posted: Posted,
    known: &mut Known,
) -> Result<Accepted, Refusal> {
    if !gateway.refusals.may_check(&caller.agency.agency_id, gateway.clock.now()) {
        return Err(Refusal::new(Code::TooManyChecks, "wait a minute and check again"));
    }
    read(gateway, caller, posted, known)
}

pub(super) fn conflict() -> Refusal {
    Refusal::new(
        Code::IdConflict,
        "give a new message a message_id of its own; to repeat a post, send the same bytes",
    )
}

fn read(gateway: &Gateway, caller: &Caller, posted: Posted, known: &mut Known) -> Result<Accepted, Refusal> {
    let bytes = posted.0;
    if bytes.len() > gateway.limits.message_bytes {
        return Err(too_large(gateway));
    }
    let json = strict::parse(&bytes, gateway.limits.message_depth).map_err(unreadable)?;
    let head = Head::read(&json, known)?;
    if head.sender != caller.agency.agency_id {
        let fix = "send with the certificate of the agency that `sender` names";
        let fault = schema::Fault::new(
            "/sender/agency_id",
            "sender_mismatch",
            "not the agency of the certificate",
            fix,
        );
        return Err(Refusal::with(Code::SenderMismatch, fix, vec![fault]));
    }
    let schema_version = known_version(gateway, head.message_type, head.version)?;
    Ok(Accepted { sha256: sha256(&bytes), bytes, message_type: head.message_type, schema_version, json })
}

/// The answer to a message part beyond the limit.
pub fn too_large(gateway: &Gateway) -> Refusal {
    let limit = gateway.limits.message_bytes;
    Refusal::new(
        Code::TooLarge,
        format!("the message part may have {limit} bytes; send long papers as attachments"),
    )
}

fn unreadable(fault: JsonFault) -> Refusal {
    let code = match fault {
        JsonFault::NotUtf8(_) => Code::NotUtf8,
        JsonFault::Syntax { .. } => Code::NotJson,
        JsonFault::DuplicateMember { .. } => Code::DuplicateMember,
        JsonFault::TooDeep(_) => Code::TooDeep,
    };
    Refusal::new(code, fault.to_string())
}

/// The five members that decide what to do with the rest.
struct Head<'a> {
    sender: AgencyId,
    message_type: MessageType,
    version: &'a str,
}

impl<'a> Head<'a> {
    /// Reads what can be read, so that a refusal names all faults at once and the ledger the rest.
    fn read(json: &'a Value, known: &mut Known) -> Result<Self, Refusal> {
        let mut faults = Vec::new();
        let mut text = |pointer: &'static str, wanted: &str| {
            let found = json.pointer(pointer).and_then(Value::as_str);
            if found.is_none() {
                faults.push(schema::Fault::new(
                    pointer,
                    "required",
                    "missing, or no text",
                    format!("give {wanted}"),
                ));
            }
            found
        };
        let id = text("/message_id", "a lower-case UUID of version 7");
        let sender = text("/sender/agency_id", "your agency_id");
        let kind = text("/type", "the message type");
        let version = text("/schema_version", "the version of its schema, `1.0`");
        let id = parsed::<MessageId>(id, "/message_id", &mut faults);
        let sender = parsed::<AgencyId>(sender, "/sender/agency_id", &mut faults);
        known.area = json.get("area").and_then(Value::as_str).and_then(|area| area.parse().ok());
        known.message_id = id;
        known.message_type = kind.and_then(|kind| kind.parse().ok());
        let (Some(_), Some(sender), Some(_), Some(version)) = (id, sender, kind, version) else {
            return Err(Refusal::with(
                Code::Envelope,
                "mend the members of the envelope that are named",
                faults,
            ));
        };
        match known.message_type {
            Some(message_type) if message_type.made_by_agencies() => {
                Ok(Self { sender, message_type, version })
            }
            _ => {
                let fix = "use a type that GET /v1/schemas lists for agencies";
                let fault =
                    schema::Fault::new("/type", "unknown_type", "not a type that an agency may post", fix);
                Err(Refusal::with(Code::UnknownType, fix, vec![fault]))
            }
        }
    }
}

fn parsed<T: std::str::FromStr<Err = crate::message::Malformed>>(
    text: Option<&str>,
    pointer: &str,
    faults: &mut Vec<schema::Fault>,
) -> Option<T> {
    match text?.parse() {
        Ok(value) => Some(value),
        Err(malformed) => {
            faults.push(schema::Fault::new(
                pointer,
                "format",
                malformed.to_string(),
                format!("give {}", malformed.0),
            ));
            None
        }
    }
}

fn known_version(
    gateway: &Gateway,
    message_type: MessageType,
    version: &str,
) -> Result<&'static str, Refusal> {
    let mut versions: Vec<&'static str> = gateway.schemas.versions(message_type).collect();
    if let Some(known) = versions.iter().find(|known| **known == version) {
        return Ok(known);
    }
    versions.sort_unstable();
    let fix = format!("use one of: {}", versions.join(", "));
    let fault =
        schema::Fault::new("/schema_version", "unknown_version", "not a version of this type", fix.clone());
    Err(Refusal::with(Code::UnknownVersion, fix, vec![fault]))
}
