//! What sealing leaves in the ledger: `message.accepted`, and `view.made` for each view with gaps.

use jiff::Timestamp;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    super::{
        Fault, Gateway,
        route::Way,
        statement::Statement,
        view::{Gapped, Removed},
    },
    Sealing, to_json,
};
use crate::{
    crypto::{
        hex,
        jwe::{self, Form},
        jwk::RecipientKey,
        random::Random,
        sha256,
    },
    ledger::event::{Entry, Event, Gap, SealedTo},
    message::{Area, DeliveryId, EncryptionKey, Envelope},
};

pub(super) fn accepted(
    gateway: &Gateway,
    sealing: &Sealing<'_>,
    deliveries: &[DeliveryId],
    stated: &[Statement],
    at: Timestamp,
) -> Result<Entry, Fault> {
    let envelope = sealing.envelope;
    let statements = stated.iter().map(serde_json::to_value).collect::<Result<_, _>>();
    let event = Event::MessageAccepted {
        message_id: envelope.message_id,
        sender: envelope.sender.agency_id.clone(),
        case_ref: envelope.case_ref.clone(),
        message_type: envelope.message_type,
        statements: statements.map_err(|_| Fault::Impossible("a statement is JSON"))?,
        asked: sealing.asked.clone(),
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

/// One event for each view with gaps. Its salts are for the auditors of the area alone: with them
/// somebody who guesses what stood there could see that the guess is right.
pub(super) fn views_made(
    gateway: &Gateway,
    sealing: &Sealing<'_>,
    statements: &[String],
    at: Timestamp,
) -> Result<Vec<Entry>, Fault> {
    let gapped = sealing.views.iter().zip(statements);
    let gapped = gapped.filter_map(|(view, statement)| Some((view.gapped.as_ref()?, statement)));
    gapped.map(|(gapped, statement)| view_made(gateway, sealing.envelope, gapped, statement, at)).collect()
}

fn view_made(
    gateway: &Gateway,
    envelope: &Envelope,
    gapped: &Gapped,
    statement: &str,
    at: Timestamp,
) -> Result<Entry, Fault> {
    let gap = |removed: &Removed| Gap {
        pointer: removed.pointer.clone(),
        reason: removed.reason.as_str(),
        hash: hex(&removed.hash),
    };
    let salts = gapped.removed.iter().map(|gap| json!({ "pointer": gap.pointer, "salt": hex(&gap.salt) }));
    let told = json!({ "salts": salts.collect::<Vec<_>>() });
    let event = Event::ViewMade {
        message_id: envelope.message_id,
        sender: envelope.sender.agency_id.clone(),
        statement_sha256: hex(&sha256(statement.as_bytes())),
        removed: gapped.removed.iter().map(gap).collect(),
        audit: seal_for_audit(gateway, envelope.area, &aad(envelope), &told)?,
    };
    Ok(Entry::new(&event, at, Some(envelope.area), &gateway.random)?)
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
    seal_for_audit(gateway, envelope.area, &aad(envelope), &told).map(Some)
}

fn aad(envelope: &Envelope) -> String {
    format!(r#"{{"message_id":"{}"}}"#, envelope.message_id)
}

/// Seals what only the auditors of an area may read: a JWE to its audit key.
pub(in super::super) fn seal_for_audit(
    gateway: &Gateway,
    area: Area,
    aad: &str,
    told: &Value,
) -> Result<Value, Fault> {
    let key = gateway.areas.get(area).and_then(|area| area.audit_key.as_ref());
    let key = key.ok_or(Fault::Impossible("an area without audit key is not served"))?;
    seal_for_auditors(key, &gateway.name, aad, told, &gateway.random)
}

/// The same for whoever has the audit key at hand. `name` is the gateway's.
pub(in super::super) fn seal_for_auditors(
    key: &EncryptionKey,
    name: &str,
    aad: &str,
    told: &Value,
    random: &Random,
) -> Result<Value, Fault> {
    let key = RecipientKey::new(key).map_err(|_| jwe::SealFault)?;
    let form = Form { typ: "portcullis-audit+jwe", cty: "application/json", aad, apu: name };
    let (shared, wraps) = jwe::seal(Zeroizing::new(to_json(told)?), &form, &[&key], random)?;
    let wrap = wraps.first().ok_or(Fault::Impossible("one key, one wrap"))?;
    serde_json::from_str(&shared.flattened(wrap)).map_err(|_| Fault::Impossible("a flattened JWE is JSON"))
}
