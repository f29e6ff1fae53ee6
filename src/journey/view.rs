//! View: what each recipient gets to read (design §5). [`Routed`] → [`Viewed`].
//!
//! A view is the sender's own text with gaps. Without victims (P29): what the schema marks as telling of
//! them, and each attachment that may, is cut out for a recipient that may not have it. Apart: nobody
//! learns from a copy who else got one. Everything that a reader gets is made from its view alone:
//! statement, ciphertext, mail.

mod places;

use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Code, Fault, Gateway, Refusal, Stop, addressed, route::Routed, validate::Validated};
use crate::{
    crypto::{random::Random, sha256},
    message::MessageType,
    policy::Obligation,
    schema::{self, cut::cut, victims::Told},
};

/// A message with what each of its recipients gets to read.
pub struct Viewed {
    pub(super) routed: Routed,
    /// The first is that of the full text, also where nobody gets it: the sender's receipt states it.
    pub(super) views: Vec<View>,
}

/// What some of the recipients get to read.
pub(super) struct View {
    /// Their places among the routes.
    pub(super) readers: Vec<usize>,
    /// The text with gaps; `None` is the full text.
    pub(super) gapped: Option<Gapped>,
    /// What its readers have to do, or the gateway did for them.
    pub(super) obligations: Vec<Obligation>,
}

/// A text with gaps.
pub(super) struct Gapped {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// What is not there. The pointers are those of the full text.
    pub(super) removed: Vec<Removed>,
    /// The attachments that are kept back, by their numbers in the full text.
    pub(super) withheld: Vec<usize>,
}

/// One gap.
#[derive(Debug, Clone)]
pub(super) struct Removed {
    pub(super) pointer: String,
    pub(super) reason: Reason,
    /// Thirty-two random bytes, so that nobody finds out what stood there by trying.
    pub(super) salt: [u8; 32],
    /// SHA-256 of the salt and the bytes that stood there.
    pub(super) hash: [u8; 32],
}

/// A gap, for the sender.
#[derive(Debug, Clone, Serialize)]
pub struct Withheld {
    /// Where in the full text: JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Why.
    pub reason: Reason,
}

/// Why something is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Reason {
    VictimIdentity,
    VictimAddress,
    VictimContact,
    VictimText,
    VictimAttachment,
    OtherRecipient,
}

impl Reason {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::VictimIdentity => "victim_identity",
            Self::VictimAddress => "victim_address",
            Self::VictimContact => "victim_contact",
            Self::VictimText => "victim_text",
            Self::VictimAttachment => "victim_attachment",
            Self::OtherRecipient => "other_recipient",
        }
    }
}

impl From<Told> for Reason {
    fn from(told: Told) -> Self {
        match told {
            Told::Identity => Self::VictimIdentity,
            Told::Address => Self::VictimAddress,
            Told::Contact => Self::VictimContact,
            Told::Text => Self::VictimText,
        }
    }
}

impl Viewed {
    /// What is kept back from the recipient of a route.
    pub fn withheld(&self, route: usize) -> Vec<Withheld> {
        let view = self.views.iter().find(|view| view.readers.contains(&route));
        view.map(View::withheld).unwrap_or_default()
    }

    /// The message with its ways.
    pub fn routed(&self) -> &Routed {
        &self.routed
    }
}

impl View {
    /// The full text, for these.
    pub(super) fn full(readers: Vec<usize>, obligations: Vec<Obligation>) -> Self {
        Self { readers, gapped: None, obligations }
    }

    /// What is kept back from its readers.
    pub(super) fn withheld(&self) -> Vec<Withheld> {
        let removed = self.gapped.iter().flat_map(|gapped| &gapped.removed);
        let told = |removed: &Removed| Withheld { pointer: removed.pointer.clone(), reason: removed.reason };
        removed.map(told).collect()
    }

    /// Whether an attachment, by its number in the full text, is part of it.
    pub(super) fn has_attachment(&self, number: usize) -> bool {
        self.gapped.as_ref().is_none_or(|gapped| !gapped.withheld.contains(&number))
    }
}

impl Gapped {
    /// The text as JSON. Read anew each time: there may be a view for each of many recipients, and as JSON a
    /// text takes several times its length.
    pub(super) fn json(&self) -> Result<Value, Fault> {
        serde_json::from_slice(&self.bytes)
            .map_err(|_| Fault::Impossible("a text with gaps is JSON like the full one"))
    }
}

pub(super) fn view(gateway: &Gateway, routed: Routed) -> Result<Viewed, Stop> {
    let mut views = grouped(&routed);
    let mut faults = Vec::new();
    for view in &mut views {
        let places = places::of(&routed, view);
        if places.is_empty() {
            continue;
        }
        let gapped = gapped(&routed.authorised.validated, places, &gateway.random)?;
        if is_broken(gateway, &routed.authorised.validated, &gapped.json()?) {
            faults.extend(view.readers.iter().map(|reader| breaks(&routed, *reader)));
        }
        view.gapped = Some(gapped);
    }
    if faults.is_empty() {
        return Ok(Viewed { routed, views });
    }
    let detail = "what a recipient may not have cannot be left out of its copy; nothing was sent to anyone";
    Err(Refusal::with(Code::NotPermitted, detail, faults).into())
}

/// The readers of each view, still without gaps.
fn grouped(routed: &Routed) -> Vec<View> {
    let obligations = |route: usize| routed.routes.get(route).map(|r| r.permit.obligations.clone());
    let of = |readers: Vec<usize>| {
        let own = readers.first().and_then(|first| obligations(*first)).unwrap_or_default();
        View::full(readers, own)
    };
    let all = 0..routed.routes.len();
    // By those whom the text names: who was passed over (P30) still stands in it, and is not for the others.
    if routed.authorised.apart && routed.envelope().recipients.len() > 1 {
        return [View::full(Vec::new(), Vec::new())]
            .into_iter()
            .chain(all.map(|one| of(vec![one])))
            .collect();
    }
    let (without, full) = all.partition(|route| is_without_victims(routed, *route));
    let without = Some(without).filter(|readers: &Vec<usize>| !readers.is_empty()).map(of);
    [of(full)].into_iter().chain(without).collect()
}

fn is_without_victims(routed: &Routed, route: usize) -> bool {
    let permit = routed.routes.get(route).map(|route| &route.permit);
    permit.is_none_or(|permit| permit.obligations.contains(&Obligation::WithoutVictims))
}

fn gapped(validated: &Validated, places: Vec<(String, Reason)>, random: &Random) -> Result<Gapped, Fault> {
    let impossible = Fault::Impossible("what the schema found in a text can be cut out of it");
    let text = std::str::from_utf8(&validated.accepted.bytes).map_err(|_| impossible)?;
    let (pointers, reasons): (Vec<String>, Vec<Reason>) = places.into_iter().unzip();
    let cut = cut(text, &pointers).ok_or(Fault::Impossible("what is cut out of a text stood there"))?;
    let withheld = pointers.iter().filter_map(|at| at.strip_prefix("/attachments/")?.parse().ok()).collect();
    let mut removed = Vec::with_capacity(pointers.len());
    for ((pointer, reason), stood) in pointers.into_iter().zip(reasons).zip(&cut.removed) {
        let salt: [u8; 32] = random.bytes()?;
        let salted = Zeroizing::new([&salt, stood.as_bytes()].concat());
        removed.push(Removed { pointer, reason, salt, hash: sha256(&salted) });
    }
    Ok(Gapped { bytes: cut.text, removed, withheld })
}

/// Whether the text with gaps no longer meets its schema: it would not be the message that it says.
fn is_broken(gateway: &Gateway, validated: &Validated, json: &Value) -> bool {
    let (kind, version): (MessageType, _) =
        (validated.accepted.message_type, validated.accepted.schema_version);
    gateway.schemas.faults(kind, version, json).is_none_or(|faults| !faults.is_empty())
}

fn breaks(routed: &Routed, reader: usize) -> schema::Fault {
    let validated = &routed.authorised.validated;
    let Some(agency) = routed.routes.get(reader).map(|route| &route.permit.agency.agency_id) else {
        return schema::Fault::new("/recipients", "P29", "a view is not sound", "leave the recipient out");
    };
    let index = validated.envelope.recipients.iter().position(|to| &to.agency_id == agency).unwrap_or(0);
    let text = "without what this recipient may not have about victims, the message does not meet its schema";
    let fix = "send this recipient a message of its own that says less, or leave it out";
    let fault = schema::Fault::new(addressed::place(validated, index), "P29", text, fix);
    addressed::naming(validated, agency, fault)
}
