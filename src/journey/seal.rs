//! Seal: one transfer statement and one ciphertext for each view, one key wrap or mail for each
//! recipient. [`Attached`] → [`Sealed`]. Plaintext ends here and is wiped.
//!
//! There is one view yet: the full text.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Fault, Gateway, Stop,
    attach::{Attached, Attachment},
    learn, mail,
    route::{Route, Way},
    statement::{
        self, StatedAttachment, StatedLedger, StatedRecipient, StatedSender, StatedWarning, Statement,
    },
};
use crate::{
    crypto::{
        hex,
        jwe::{self, Form, Wrap},
        jwk::RecipientKey,
        jws, sha256,
    },
    ledger::event::{Basis, DecidedOn, Entry, Event, SealedTo},
    message::{Area, DeliveryId, Envelope, Fact},
    policy::Obligation,
    schema,
    store::{NewCopy, NewDelivery, Sealed},
};

/// `typ` of a sealed copy's protected header.
const SEALED_TYP: &str = "portcullis-sealed+jwe";
/// `cty` of a sealed copy's protected header.
const SEALED_CTY: &str = "application/portcullis-sealed+json";

/// What is to be sealed, whoever made it: an agency's post or the gateway's own report.
pub(super) struct Sealing<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) sha256: [u8; 32],
    pub(super) json: &'a Value,
    pub(super) schema_version: &'a str,
    pub(super) routes: &'a [Route],
    pub(super) attachments: Vec<Attachment>,
    pub(super) warnings: &'a [schema::Fault],
    pub(super) obligations: &'a [Obligation],
    pub(super) facts: Vec<Fact>,
    pub(super) decided_on: DecidedOn,
    pub(super) policy_set: &'a str,
    pub(super) reports: Option<DeliveryId>,
}

pub(super) async fn seal(gateway: &Gateway, attached: Attached) -> Result<Sealed, Stop> {
    let Attached { routed, attachments } = attached;
    let (authorised, routes) = (routed.authorised, routed.routes);
    let accepted = authorised.validated.accepted;
    let sealing = Sealing {
        envelope: &authorised.validated.envelope,
        sha256: accepted.sha256,
        bytes: accepted.bytes,
        json: &accepted.json,
        schema_version: accepted.schema_version,
        routes: &routes,
        attachments,
        warnings: &authorised.validated.warnings,
        obligations: &authorised.obligations,
        facts: authorised.facts,
        decided_on: authorised.decided_on,
        policy_set: &authorised.policy_set,
        reports: None,
    };
    Ok(seal_view(gateway, sealing).await?)
}

/// Seals the full text for everyone.
pub(super) async fn seal_view(gateway: &Gateway, mut sealing: Sealing<'_>) -> Result<Sealed, Fault> {
    let at = gateway.clock.now();
    let envelope = sealing.envelope;
    let deliveries = sealing
        .routes
        .iter()
        .map(|_| Ok(DeliveryId::new(at, gateway.random.bytes()?)))
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut stated = state(gateway, &sealing, &deliveries, at);
    let entry = accepted_event(gateway, &sealing, &deliveries, &stated, at)?;
    stated.ledger = Some(StatedLedger { commitment: hex(&entry.commitment) });
    let key = &gateway.keys.statements;
    let statement = jws::sign(&to_json(&stated)?, statement::TYP, &key.kid, &key.key);
    let receipt = receipt(&stated, &statement, sealing.warnings)?;

    // Mail first: it needs the plaintext, which sealing for systems turns into ciphertext.
    let mut mails = mail::seal_all(gateway, &mut sealing, &deliveries, &statement, at).await?;
    let content = content(&statement, &sealing.bytes, &sealing.attachments)?;
    drop(std::mem::take(&mut sealing.bytes));
    let keys: Vec<&RecipientKey> = sealing.routes.iter().filter_map(|route| jwe_key(&route.way)).collect();
    let (views, mut wraps) = seal_for_systems(gateway, content, envelope, &keys)?;

    let copies = sealing.routes.iter().zip(&deliveries).map(|(route, delivery_id)| {
        let copy = match &route.way {
            Way::Jwe { .. } => wraps.next().map(|wrap| NewCopy::Jwe { view: 0, wrap }),
            Way::Mail { .. } => mails.next().map(NewCopy::Mail),
        };
        let copy = copy.ok_or(Fault::Impossible("each route has its copy"))?;
        let recipient = route.permit.agency.agency_id.clone();
        Ok(NewDelivery { delivery_id: *delivery_id, recipient, channel: route.way.channel(), copy })
    });
    let copies = copies.collect::<Result<Vec<_>, Fault>>()?;
    let mut entries = vec![entry];
    for fact in &sealing.facts {
        let case_ref = envelope.case_ref.as_ref().ok_or(Fault::Impossible("a fact is about a case"))?;
        entries.push(learn::changed(
            gateway,
            case_ref,
            &envelope.sender.agency_id,
            Some(envelope),
            fact,
            Basis::default(),
        )?);
    }
    Ok(Sealed {
        message_id: envelope.message_id,
        sender: envelope.sender.agency_id.clone(),
        message_type: envelope.message_type,
        schema_version: sealing.schema_version.to_owned(),
        area: envelope.area,
        case_ref: envelope.case_ref.clone(),
        accepted_at: at,
        submission_sha256: sealing.sha256,
        receipt,
        views,
        attachments: sealing.attachments.iter().map(Attachment::stored).collect(),
        deliveries: copies,
        facts: sealing.facts,
        decided_on: sealing.decided_on,
        reports: sealing.reports,
        entries,
    })
}

fn jwe_key(way: &Way) -> Option<&RecipientKey> {
    match way {
        Way::Jwe { key, .. } => Some(key),
        Way::Mail { .. } => None,
    }
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|_| Fault::Impossible("a statement is JSON"))
}

/// The statement of the full text, still without its place in the ledger.
fn state(gateway: &Gateway, sealing: &Sealing<'_>, deliveries: &[DeliveryId], at: Timestamp) -> Statement {
    let envelope = sealing.envelope;
    let recipients = sealing.routes.iter().zip(deliveries).map(|(route, delivery_id)| StatedRecipient {
        agency_id: route.permit.agency.agency_id.clone(),
        delivery_id: *delivery_id,
        channel: route.way.channel(),
        policies: route.permit.policies.clone(),
        legal_basis: route.permit.legal_basis.clone(),
    });
    let attachments = sealing.attachments.iter().map(|attachment| StatedAttachment {
        sha256: attachment.head.sha256.clone(),
        bytes: attachment.head.bytes,
    });
    Statement {
        gateway: gateway.name.clone(),
        message_id: envelope.message_id,
        sha256: hex(&sealing.sha256),
        bytes: sealing.bytes.len() as u64,
        message_type: envelope.message_type,
        schema_version: sealing.schema_version.to_owned(),
        area: envelope.area,
        sender: StatedSender { agency_id: envelope.sender.agency_id.clone() },
        accepted_at: at,
        policy_set: sealing.policy_set.to_owned(),
        recipients: recipients.collect(),
        obligations: sealing.obligations.to_vec(),
        view: None,
        attachments: attachments.collect(),
        warnings: sealing.warnings.iter().map(stated_warning).collect(),
        ledger: None,
    }
}

fn stated_warning(warning: &schema::Fault) -> StatedWarning {
    StatedWarning {
        rule: warning.rule.as_deref().unwrap_or_default().to_owned(),
        code: warning.code.clone(),
        pointer: warning.pointer.clone(),
    }
}

fn accepted_event(
    gateway: &Gateway,
    sealing: &Sealing<'_>,
    deliveries: &[DeliveryId],
    stated: &Statement,
    at: Timestamp,
) -> Result<Entry, Fault> {
    let envelope = sealing.envelope;
    let statement = serde_json::to_value(stated).map_err(|_| Fault::Impossible("a statement is JSON"))?;
    let event = Event::MessageAccepted {
        message_id: envelope.message_id,
        sender: envelope.sender.agency_id.clone(),
        case_ref: envelope.case_ref.clone(),
        message_type: envelope.message_type,
        statements: vec![statement],
        decided_on: sealing.decided_on,
        sealed_to: sealing
            .routes
            .iter()
            .zip(deliveries)
            .map(|(route, id)| sealed_to(&route.way, *id))
            .collect(),
        in_reply_to: envelope.in_reply_to,
        supersedes: envelope.supersedes,
        resends: envelope.resends,
        audit: audit(gateway, envelope)?,
    };
    Ok(Entry::new(&event, at, Some(envelope.area), &gateway.random)?)
}

fn sealed_to(way: &Way, delivery_id: DeliveryId) -> SealedTo {
    match way {
        Way::Jwe { key, .. } => {
            SealedTo { delivery_id, kid: key.kid().to_owned(), sha256: key.fingerprint() }
        }
        Way::Mail { certificate, .. } => {
            SealedTo { delivery_id, kid: "smime".into(), sha256: hex(&certificate.spki_sha256()) }
        }
    }
}

/// Persons and justifications, sealed to the area's audit key, whose private half is not here.
fn audit(gateway: &Gateway, envelope: &Envelope) -> Result<Option<Value>, Fault> {
    if envelope.sender.agency_id.is_reserved() {
        return Ok(None);
    }
    let recipients = envelope.recipients.iter().map(|to| {
        json!({ "agency_id": to.agency_id, "justification": to.justification,
                "strict_necessity": to.strict_necessity, "attention": to.attention })
    });
    let told = json!({ "person": envelope.sender.person, "justification": envelope.justification,
                       "strict_necessity": envelope.strict_necessity,
                       "recipients": recipients.collect::<Vec<_>>() });
    let aad = format!(r#"{{"message_id":"{}"}}"#, envelope.message_id);
    seal_for_audit(gateway, envelope.area, &aad, &told).map(Some)
}

/// Seals what only the auditors of an area may read: a JWE to its audit key.
pub(super) fn seal_for_audit(gateway: &Gateway, area: Area, aad: &str, told: &Value) -> Result<Value, Fault> {
    let key = gateway.areas.get(area).and_then(|area| area.audit_key.as_ref());
    let key = key.ok_or(Fault::Impossible("an area without audit key is not served"))?;
    let key = RecipientKey::new(key).map_err(|_| jwe::SealFault)?;
    let form = Form { typ: "portcullis-audit+jwe", cty: "application/json", aad, apu: &gateway.name };
    let (shared, wraps) = jwe::seal(Zeroizing::new(to_json(told)?), &form, &[&key], &gateway.random)?;
    let wrap = wraps.first().ok_or(Fault::Impossible("one key, one wrap"))?;
    serde_json::from_str(&shared.flattened(wrap)).map_err(|_| Fault::Impossible("a flattened JWE is JSON"))
}

/// The answer to the sender: the statement of the full text and, for each recipient, the hash of the
/// statement of its view.
fn receipt(stated: &Statement, statement: &str, warnings: &[schema::Fault]) -> Result<Vec<u8>, Fault> {
    let statement_sha256 = hex(&sha256(statement.as_bytes()));
    let recipients = stated.recipients.iter().map(|to| {
        json!({ "agency_id": to.agency_id, "delivery_id": to.delivery_id, "channel": to.channel,
                "policies": to.policies, "legal_basis": to.legal_basis, "statement_sha256": statement_sha256 })
    });
    to_json(&json!({
        "message_id": stated.message_id,
        "accepted_at": format!("{:.3}", stated.accepted_at),
        "recipients": recipients.collect::<Vec<_>>(),
        "warnings": warnings,
        "statement": statement,
    }))
}

/// The plaintext of a sealed copy: exactly the members of design §5. Written into memory that was
/// reserved whole, so that growing it leaves nothing behind.
fn content(statement: &str, message: &[u8], attachments: &[Attachment]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let text = std::str::from_utf8(message).map_err(|_| Fault::Impossible("an accepted message is UTF-8"))?;
    let reserve = statement.len() + message.len() * 6 / 5 + attachments.len() * 160 + 64;
    let mut out = Zeroizing::new(Vec::with_capacity(reserve));
    out.extend_from_slice(br#"{"statement":""#);
    out.extend_from_slice(statement.as_bytes());
    out.extend_from_slice(br#"","message":"#);
    serde_json::to_writer(&mut *out, text).map_err(|_| Fault::Impossible("a string is JSON"))?;
    out.extend_from_slice(br#","attachments":["#);
    for (index, attachment) in attachments.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let key = attachment.key.to_k();
        let start = format!(r#"{comma}{{"sha256":"{}","key":{{"kty":"oct","k":""#, attachment.head.sha256);
        out.extend_from_slice(start.as_bytes());
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(br#""}}"#);
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

type SealedViews = (Vec<jwe::Ciphertext>, std::vec::IntoIter<Wrap>);

fn seal_for_systems(
    gateway: &Gateway,
    content: Zeroizing<Vec<u8>>,
    envelope: &Envelope,
    keys: &[&RecipientKey],
) -> Result<SealedViews, Fault> {
    if keys.is_empty() {
        return Ok((Vec::new(), Vec::new().into_iter()));
    }
    let aad = format!(r#"{{"message_id":"{}"}}"#, envelope.message_id);
    let form = Form { typ: SEALED_TYP, cty: SEALED_CTY, aad: &aad, apu: &gateway.name };
    let (shared, wraps) = jwe::seal(content, &form, keys, &gateway.random)?;
    Ok((vec![shared], wraps.into_iter()))
}
