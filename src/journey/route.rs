//! Route: by which channel does each recipient get it? [`Authorised`] → [`Routed`]. It stands before
//! sealing because the channel decides the sealed form, and nothing is ever sealed twice.

use super::{Code, Explanation, Gateway, Refusal, Stop, addressed, authorise::Authorised, authorise::Permit};
use crate::{
    crypto::{
        jwk::RecipientKey,
        smime::{CertificateFault, RecipientCertificate},
    },
    message::{Agency, Channel, Envelope},
    schema,
};

/// A message with a way to every recipient.
pub struct Routed {
    pub(super) authorised: Authorised,
    /// One for each recipient, in their order.
    pub(super) routes: Vec<Route>,
}

/// One recipient's way.
pub struct Route {
    /// Who, and why it may.
    pub permit: Permit,
    /// How.
    pub way: Way,
}

/// The sealed form that a channel takes.
pub enum Way {
    /// A JWE, collected from the mailbox or pushed to the webhook.
    Jwe {
        /// `mailbox` or `webhook`.
        channel: Channel,
        /// What it is sealed to.
        key: RecipientKey,
    },
    /// An S/MIME mail.
    Mail {
        /// What it is sealed to.
        certificate: Box<RecipientCertificate>,
        /// Where it goes.
        address: String,
    },
}

impl Way {
    /// The channel's name.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Jwe { channel, .. } => *channel,
            Self::Mail { .. } => Channel::Email,
        }
    }
}

impl Routed {
    /// What the rules only warn about.
    pub fn warnings(&self) -> &[schema::Fault] {
        &self.authorised.validated.warnings
    }

    /// Who would get it, how, and by which law.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Why each may have it; of a check.
    pub fn explained(&self) -> Option<&Explanation> {
        self.authorised.explained.as_deref()
    }

    /// The message.
    pub fn message_id(&self) -> crate::message::MessageId {
        self.envelope().message_id
    }

    /// Whether the version of its schema is on its way out.
    pub fn deprecation(&self) -> Option<&schema::Deprecation> {
        self.authorised.validated.accepted.deprecation.as_ref()
    }

    /// Whether a copy goes by mail, so that the attachments are needed in memory.
    pub(super) fn mails(&self) -> bool {
        self.routes.iter().any(|route| matches!(route.way, Way::Mail { .. }))
    }

    pub(super) fn envelope(&self) -> &Envelope {
        &self.authorised.validated.envelope
    }
}

pub(super) fn route(gateway: &Gateway, mut authorised: Authorised) -> Result<Routed, Stop> {
    let envelope = &authorised.validated.envelope;
    reports_can_be_sealed(gateway, &authorised, envelope)?;
    let declared: u64 =
        envelope.attachments.iter().map(|attachment| attachment.bytes).fold(0, u64::saturating_add);
    let bytes = declared.saturating_add(authorised.validated.accepted.bytes.len() as u64);
    let (mut routes, mut faults) = (Vec::new(), Vec::new());
    let permits = std::mem::take(&mut authorised.permits);
    for permit in permits {
        match choose(gateway, envelope, &permit.agency, bytes) {
            Ok(way) => routes.push(Route { permit, way }),
            Err(Unreachable(rule, law, reason)) => {
                let index = envelope
                    .recipients
                    .iter()
                    .position(|r| r.agency_id == permit.agency.agency_id)
                    .unwrap_or(0);
                let place = addressed::place(&authorised.validated, index);
                let fix = "ask the operator, or leave it out";
                let fault = schema::Fault::new(place, "no_channel_fits", reason, fix);
                let fault = fault.by_permission(rule, law, "domain P12, P13");
                faults.push(addressed::naming(&authorised.validated, &permit.agency.agency_id, fault));
            }
        }
    }
    if faults.is_empty() {
        return Ok(Routed { authorised, routes });
    }
    let detail = "a recipient cannot be reached securely; nothing was sent to anyone";
    Err(Refusal::with(Code::NoChannelFits, detail, faults).into())
}

/// A sender that could not be told of a failure would meet silence.
fn reports_can_be_sealed(
    gateway: &Gateway,
    authorised: &Authorised,
    envelope: &Envelope,
) -> Result<(), Refusal> {
    let sender = authorised.directory.agency(&envelope.sender.agency_id);
    if sender.is_some_and(|sender| sealing_key(gateway, sender, false).is_ok()) {
        return Ok(());
    }
    let detail = "register an encryption key for your agency, so that a non-delivery report can reach it";
    Err(Refusal::new(Code::SenderWithoutKey, detail))
}

/// Why an agency cannot be reached: the rule, its law, and a fixed sentence.
struct Unreachable(&'static str, &'static str, &'static str);

/// P13: below the security floor there is no channel at all, and no fall-back to a weaker one.
impl From<&'static str> for Unreachable {
    fn from(reason: &'static str) -> Self {
        Self("P13", "DPA 2018 ss.40, 66", reason)
    }
}

/// P12: nothing leaves the United Kingdom. What can be known of that is the name of the server; from where
/// an agency fetches its mailbox is for the operator to settle when the agency is registered.
const ABROAD: Unreachable = Unreachable(
    "P12",
    "DPA 2018 Part 3 Chapter 5",
    "the agency's server has a name outside the United Kingdom",
);

/// The one key that a copy for this agency is sealed to. The post-quantum profile is a draft: a key for
/// another number of its suite than the configured one would make copies that the agency cannot open.
pub(super) fn sealing_key(
    gateway: &Gateway,
    agency: &Agency,
    require_pq: bool,
) -> Result<RecipientKey, &'static str> {
    let missing = match require_pq || agency.require_pq {
        true => "post-quantum copies are required, and the agency has no such key in force",
        false => "the agency has no encryption key in force",
    };
    let key = agency.sealing_key_for(require_pq, gateway.clock.now()).ok_or(missing)?;
    let key = RecipientKey::new(key).map_err(|_| "the agency's encryption key is unusable")?;
    match key.post_quantum_alg() {
        Some(alg) if alg != gateway.post_quantum_alg => {
            Err("the agency's post-quantum key is for another version of the profile")
        }
        _ => Ok(key),
    }
}

/// The most secure means that the recipient has: sealed to its own key and fetched or pushed over
/// mutual TLS, else S/MIME mail. Never less than that, whatever the reason.
fn choose(gateway: &Gateway, envelope: &Envelope, agency: &Agency, bytes: u64) -> Result<Way, Unreachable> {
    if agency.is_abroad() {
        return Err(ABROAD);
    }
    let require_pq = envelope.marking.require_pq;
    let pull_or_push =
        agency.channels.iter().find(|channel| matches!(channel, Channel::Mailbox | Channel::Webhook));
    if let Some(channel) = pull_or_push {
        let key = sealing_key(gateway, agency, require_pq)?;
        return Ok(Way::Jwe { channel: *channel, key });
    }
    if !agency.channels.contains(&Channel::Email) {
        return Err("the agency has no channel".into());
    }
    if require_pq || agency.require_pq {
        return Err("post-quantum copies are required, and mail cannot be sealed so".into());
    }
    let mail = agency.mail.as_ref().ok_or("the agency has no mail address")?;
    let certificate =
        RecipientCertificate::from_pem(&mail.certificate, mail.profile).map_err(unfit_for_mail)?;
    certificate.fits(&mail.address, gateway.clock.now()).map_err(unfit_for_mail)?;
    if bytes > gateway.limits.mail_bytes {
        return Err("the message with its attachments is too large for the agency's mail".into());
    }
    Ok(Way::Mail { certificate: Box::new(certificate), address: mail.address.clone() })
}

/// What a sender is told of a recipient's certificate that mail cannot be sealed to.
fn unfit_for_mail(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::Unreadable | CertificateFault::UnreadableKey | CertificateFault::ForeignKey => {
            "the agency has no usable S/MIME certificate"
        }
        CertificateFault::KeyKind | CertificateFault::Curve => {
            "the key of the agency's S/MIME certificate is neither RSA nor on the curve P-256"
        }
        CertificateFault::RsaSize => {
            "the RSA key of the agency's S/MIME certificate does not have 2048 to 8192 bits"
        }
        CertificateFault::Profile => {
            "the key of the agency's S/MIME certificate does not fit its mail profile"
        }
        CertificateFault::Usage => "the agency's S/MIME certificate is not for receiving encrypted mail",
        CertificateFault::OutsideValidity => {
            "the agency's S/MIME certificate has expired or is not valid yet"
        }
        CertificateFault::OtherAddress => "the agency's S/MIME certificate names another mail address",
    }
}
