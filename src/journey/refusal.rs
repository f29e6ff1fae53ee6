//! When a message does not go on: a [`Refusal`] is the sender's doing and goes into the ledger; a
//! [`Fault`] is ours, is logged once and answered 503 or 500.

use std::sync::Arc;

use super::{Caller, Explanation, Gateway, view::Viewed};
use crate::{
    channel::scanner::ScanFault,
    crypto::{jwe::SealFault, random::NoRandom},
    ledger::{
        asked::Asked,
        event::{Entry, EntryFault, Event, FaultPlace, Judged},
    },
    message::{AgencyId, Area, EventId, MessageId, MessageType},
    schema,
    store::StoreFault,
    telemetry::Word,
};

macro_rules! codes {
    ($($variant:ident = $code:literal, $title:literal;)+) => {
        /// Why a request is refused: the closed list of problem types.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word, the last part of the problem's type URI.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What it says to people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    NotUtf8 = "not_utf8", "The message is not UTF-8";
    NotJson = "not_json", "The message is not JSON";
    DuplicateMember = "duplicate_member", "An object of the message has the same member twice";
    TooDeep = "too_deep", "The message is nested too deep";
    TooLarge = "too_large", "The message is too large";
    WrongMediaType = "wrong_media_type", "The request has another media type";
    BadRequest = "bad_request", "The request is not well formed";
    WrongMethod = "wrong_method", "The call takes another method";
    Envelope = "envelope", "The envelope of the message cannot be read";
    UnknownType = "unknown_type", "The message type is unknown, or made by the gateway alone";
    UnknownVersion = "unknown_version", "The schema version is unknown";
    TooManyValues = "too_many_values", "The message has too many values";
    Schema = "schema", "The message does not meet its schema";
    Rules = "rules", "The message does not meet the rules";
    UnknownAgency = "unknown_agency", "The certificate belongs to no agency of the directory";
    Suspended = "agency_suspended", "The agency is suspended";
    SenderMismatch = "sender_mismatch", "The certificate is another agency's than the sender";
    AreaNotServed = "area_not_served", "This gateway does not serve the area";
    CaseNotKnown = "case_not_known", "The case is not known";
    NotPermitted = "not_permitted", "The message may not be sent, or not to every recipient";
    UnknownRecipient = "unknown_recipient", "A recipient is not in the directory";
    NoChannelFits = "no_channel_fits", "A recipient cannot be reached by a channel that is secure enough";
    SenderWithoutKey = "sender_without_key", "The sender has no encryption key for reports";
    AttachmentCount = "attachment_count", "The attachments are not those that the message lists";
    AttachmentDigest = "attachment_digest", "An attachment is not the one that the message describes";
    AttachmentTooLarge = "attachment_too_large", "An attachment or all together are too large";
    AttachmentType = "attachment_type", "An attachment is of another type than the message says";
    AttachmentInfected = "attachment_infected", "The malware scanner objects to an attachment";
    IdConflict = "id_conflict", "Another message was accepted under this id";
    NotFound = "not_found", "There is nothing here that you may see";
    TooManyChecks = "too_many_checks", "Too many checks in a minute";
    Facts = "facts", "The facts do not meet the rules";
    KeyUnusable = "key_unusable", "The key cannot be registered";
    KeyConflict = "key_conflict", "The key or its name is taken";
    TooManyKeys = "too_many_keys", "Too many keys of the agency are open";
    ProofWrong = "proof_wrong", "The challenge was not opened";
}

/// The sender's doing.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// What to do, in one sentence.
    pub detail: String,
    /// Each fault with its place.
    pub faults: Vec<schema::Fault>,
    /// The event in the ledger, once it is there.
    pub reference: Option<EventId>,
    /// Why, party by party. Only of a check.
    pub explained: Option<Box<Explanation>>,
}

impl Refusal {
    /// A refusal with nothing more to say than its sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), reference: None, explained: None }
    }

    /// A refusal with every fault.
    pub fn with(code: Code, detail: impl Into<String>, faults: Vec<schema::Fault>) -> Self {
        Self { faults, ..Self::new(code, detail) }
    }
}

/// Our doing. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// An event could not be written down.
    #[error(transparent)]
    Entry(#[from] EntryFault),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// Mail could not be sealed.
    #[error(transparent)]
    Mail(#[from] crate::crypto::smime::SmimeFault),
    /// The facts or the rules moved on since the decision; the same request may well succeed now.
    #[error("the directory, the case's facts or the rules changed since the decision")]
    FactsChanged,
    /// The request's body ended early.
    #[error("the request's body broke off")]
    Broken,
    /// The malware scanner gave no verdict.
    #[error("an attachment could not be scanned")]
    Scan(#[from] ScanFault),
    /// A task died.
    #[error("a task of the gateway died")]
    Task(#[from] tokio::task::JoinError),
    /// What the code rules out happened.
    #[error("{0}")]
    Impossible(&'static str),
}

/// Why the journey stopped.
#[derive(Debug)]
pub enum Stop {
    /// The sender's doing.
    Refused(Refusal),
    /// Ours.
    Failed(Fault),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<F: Into<Fault>> From<F> for Stop {
    fn from(fault: F) -> Self {
        Self::Failed(fault.into())
    }
}

/// What is known of a message so far: what its refusal may tell the ledger.
pub(super) struct Known {
    sender: AgencyId,
    claimed: Option<AgencyId>,
    pub(super) area: Option<Area>,
    pub(super) message_id: Option<MessageId>,
    pub(super) message_type: Option<MessageType>,
    /// What the rules were asked, once they were.
    pub(super) asked: Option<Arc<Asked>>,
}

impl Known {
    pub(super) fn of(caller: &Caller) -> Self {
        Self { sender: caller.agency.agency_id.clone(), ..Self::stranger(None) }
    }

    /// A caller whose certificate is that of an agency which may not call now.
    pub(super) fn suspended(agency: &AgencyId) -> Self {
        Self { sender: agency.clone(), ..Self::stranger(None) }
    }

    /// Someone whose certificate names an agency that is not, or not so, in the directory.
    pub(super) fn stranger(claimed: Option<&AgencyId>) -> Self {
        Self {
            sender: AgencyId::unknown(),
            claimed: claimed.cloned(),
            area: None,
            message_id: None,
            message_type: None,
            asked: None,
        }
    }

    fn judged(&self, code: &'static str, faults: &[schema::Fault], uncounted: u64) -> Judged {
        let place = |fault: &schema::Fault| FaultPlace {
            pointer: fault.pointer.clone(),
            code: fault.code.clone(),
            rule: fault.rule.as_deref().map(str::to_owned),
            legal_basis: fault.legal_basis.as_deref().map(str::to_owned),
        };
        Judged {
            sender: self.sender.clone(),
            claimed: self.claimed.clone(),
            message_id: self.message_id,
            message_type: self.message_type,
            code,
            faults: faults.iter().map(place).collect(),
            asked: self.asked.clone(),
            uncounted,
        }
    }
}

/// Writes a refusal into the ledger, one by one up to a rate per agency.
pub(super) async fn refused(gateway: &Gateway, known: &Known, refusal: Refusal) -> Result<Refusal, Fault> {
    refused_as(gateway, known, refusal, Event::MessageRefused).await
}

/// The same for what is no message.
pub(super) async fn refused_as(
    gateway: &Gateway,
    known: &Known,
    mut refusal: Refusal,
    event: impl FnOnce(Judged) -> Event,
) -> Result<Refusal, Fault> {
    let now = gateway.clock.now();
    if let Some(uncounted) = gateway.refusals.admit(&known.sender, now) {
        let event = event(known.judged(refusal.code.as_str(), &refusal.faults, uncounted));
        let entry = Entry::new(&event, now, known.area, &gateway.random)?;
        refusal.reference = Some(entry.event_id);
        gateway.store.note(vec![entry]).await?;
        gateway.signals.unsequenced.notify_one();
    }
    gateway.metrics.refused.get_or_create(&Word { word: refusal.code.as_str() }).inc();
    tracing::info!(sender = %known.sender, code = refusal.code.as_str(), "message refused");
    Ok(refusal)
}

/// Writes the outcome of a check into the ledger.
pub(super) async fn checked(
    gateway: &Gateway,
    known: &Known,
    outcome: Result<Viewed, Stop>,
) -> Result<Viewed, Stop> {
    let (code, faults) = match &outcome {
        Ok(_) => ("accepted", &[][..]),
        // Beyond the limit a check costs nothing, not even an event.
        Err(Stop::Refused(refusal)) if refusal.code == Code::TooManyChecks => return outcome,
        Err(Stop::Refused(refusal)) => (refusal.code.as_str(), refusal.faults.as_slice()),
        Err(Stop::Failed(_)) => return outcome,
    };
    let event = Event::MessageChecked(known.judged(code, faults, 0));
    let entry = Entry::new(&event, gateway.clock.now(), known.area, &gateway.random)?;
    let reference = entry.event_id;
    gateway.store.note(vec![entry]).await?;
    gateway.signals.unsequenced.notify_one();
    outcome.map_err(|stop| match stop {
        Stop::Refused(refusal) => Stop::Refused(Refusal { reference: Some(reference), ..refusal }),
        failed => failed,
    })
}
