//! Accept: is this JSON, whose is it, was it here before? Bytes → [`Accepted`].

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Answer, Code, Gateway, Refusal, Stop, refusal::Known};
use crate::{
    crypto::sha256,
    message::{Agency, MessageType},
    schema::{
        self, Deprecation, Head,
        rules::Severity,
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
    /// Whether that version is on its way out.
    pub(super) deprecation: Option<Deprecation>,
}

/// The same before its version is looked up: a message that was accepted once is answered once more
/// also after its version has ended.
struct Read {
    bytes: Zeroizing<Vec<u8>>,
    sha256: [u8; 32],
    json: Value,
    message_type: MessageType,
    version: String,
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
    let read = read(gateway, caller, posted, known)?;
    let message_id = known.message_id.ok_or(super::Fault::Impossible("an accepted message has an id"))?;
    match gateway.store.submission(&caller.agency.agency_id, message_id).await? {
        None => Ok(Arrival::New(Box::new(of_known_version(gateway, read)?))),
        Some(earlier) if earlier.sha256 == read.sha256 => {
            let deprecation = gateway.schemas.catalogue().deprecation(read.message_type, &read.version);
            let answer = Answer::repeat(message_id, earlier.receipt);
            Ok(Arrival::Repeat(Answer { deprecation, ..answer }))
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
    of_known_version(gateway, read(gateway, caller, posted, known)?)
}

pub(super) fn conflict() -> Refusal {
    Refusal::new(
        Code::IdConflict,
        "give a new message a message_id of its own; to repeat a post, send the same bytes",
    )
}

fn read(gateway: &Gateway, caller: &Caller, posted: Posted, known: &mut Known) -> Result<Read, Refusal> {
    let bytes = posted.0;
    if bytes.len() > gateway.limits.message_bytes {
        return Err(too_large(gateway));
    }
    let json = strict::parse(&bytes, gateway.limits.message_depth).map_err(unreadable)?;
    let head = Head::read(&json);
    (known.area, known.message_id, known.message_type) = (head.area, head.message_id, head.message_type);
    let (Some(sender), Some(message_type), Some(version), []) =
        (head.sender, head.message_type, head.version, head.faults.as_slice())
    else {
        return Err(headless(head.faults));
    };
    if sender != caller.agency.agency_id {
        let fix = "send with the certificate of the agency that `sender` names";
        let fault = schema::Fault::new(
            "/sender/agency_id",
            "sender_mismatch",
            "not the agency of the certificate",
            fix,
        );
        return Err(Refusal::with(Code::SenderMismatch, fix, vec![fault]));
    }
    let version = version.to_owned();
    Ok(Read { sha256: sha256(&bytes), bytes, message_type, version, json })
}

fn of_known_version(gateway: &Gateway, read: Read) -> Result<Accepted, Refusal> {
    let Read { bytes, sha256, json, message_type, version } = read;
    let schema_version = known_version(gateway, message_type, &version)?;
    let deprecation = gateway.schemas.catalogue().deprecation(message_type, schema_version);
    Ok(Accepted { bytes, sha256, json, message_type, schema_version, deprecation })
}

/// The envelope does not even say what the message is.
fn headless(faults: Vec<schema::Fault>) -> Refusal {
    match faults.as_slice() {
        [only] if only.code == "unknown_type" => Refusal::with(Code::UnknownType, only.fix.clone(), faults),
        _ => Refusal::with(Code::Envelope, "mend the members of the envelope that are named", faults),
    }
}

/// The answer to a message part beyond the limit.
pub fn too_large(gateway: &Gateway) -> Refusal {
    let fault = too_long(gateway.limits.message_bytes);
    Refusal::with(Code::TooLarge, fault.fix.clone(), vec![fault])
}

/// A message part of more than so many bytes.
pub fn too_long(limit: usize) -> schema::Fault {
    let fix = format!("the message part may have {limit} bytes; send long papers as attachments");
    let fault = schema::Fault::new("", "too_large", "the message is too large", fix);
    fault.by_rule("limit", "Portcullis: `limits.message_bytes` of the gateway", Severity::Reject)
}

fn unreadable(fault: JsonFault) -> Refusal {
    let code = match fault {
        JsonFault::NotUtf8(_) => Code::NotUtf8,
        JsonFault::Syntax { .. } => Code::NotJson,
        JsonFault::DuplicateMember { .. } => Code::DuplicateMember,
        JsonFault::TooDeep(_) => Code::TooDeep,
        JsonFault::TooMany(_) => Code::TooManyValues,
    };
    Refusal::with(code, fault.fix(), vec![fault.into()])
}

fn known_version(
    gateway: &Gateway,
    message_type: MessageType,
    version: &str,
) -> Result<&'static str, Refusal> {
    let live = gateway.schemas.live(message_type, gateway.clock.now().to_zoned(TimeZone::UTC).date());
    if let Some(known) = live.iter().find(|known| **known == version) {
        return Ok(known);
    }
    let fault = schema::Fault::unknown_version(&live);
    Err(Refusal::with(Code::UnknownVersion, fault.fix.clone(), vec![fault]))
}
