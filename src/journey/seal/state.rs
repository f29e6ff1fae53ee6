//! What is stated about each view, and the receipt for the sender.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{
        Fault, Gateway,
        statement::{
            self, StatedAttachment, StatedGap, StatedLedger, StatedObligation, StatedRecipient, StatedSender,
            StatedView, StatedWarning, Statement,
        },
        view::{Gapped, View},
    },
    Sealing, jws, to_json,
};
use crate::{
    crypto::{hex, sha256},
    message::DeliveryId,
    schema,
};

/// The statement of one view, still without its place in the ledger. Nothing in it tells of the full
/// text more than where a gap is.
pub(super) fn state(
    gateway: &Gateway,
    sealing: &Sealing<'_>,
    view: &View,
    deliveries: &[DeliveryId],
    at: Timestamp,
) -> Statement {
    let envelope = sealing.envelope;
    let bytes = sealing.bytes_of(view);
    let digest = if view.gapped.is_some() { sha256(bytes) } else { sealing.sha256 };
    Statement {
        gateway: gateway.name.clone(),
        message_id: envelope.message_id,
        sha256: hex(&digest),
        bytes: bytes.len() as u64,
        message_type: envelope.message_type,
        schema_version: sealing.schema_version.to_owned(),
        area: envelope.area,
        sender: StatedSender { agency_id: envelope.sender.agency_id.clone() },
        accepted_at: at,
        policy_set: sealing.policy_set.to_owned(),
        recipients: recipients(sealing, view, deliveries),
        obligations: view.obligations.iter().map(stated_obligation).collect(),
        view: view.gapped.as_ref().map(stated_view),
        attachments: sealing.attachments_of(view).map(stated_attachment).collect(),
        warnings: sealing
            .warnings
            .iter()
            .filter(|warning| is_seen(warning, view))
            .map(stated_warning)
            .collect(),
        ledger: None,
    }
}

/// The statement with its place in the ledger, signed.
pub(super) fn signed(
    gateway: &Gateway,
    stated: &mut Statement,
    commitment: &[u8; 32],
) -> Result<String, Fault> {
    stated.ledger = Some(StatedLedger { commitment: hex(commitment) });
    let keys = gateway.keys();
    let key = &keys.statements;
    Ok(jws::sign(&to_json(stated)?, statement::TYP, &key.kid, &key.key))
}

/// The readers of the view, and no others.
fn recipients(sealing: &Sealing<'_>, view: &View, deliveries: &[DeliveryId]) -> Vec<StatedRecipient> {
    let routes = sealing.routes.iter().zip(deliveries).enumerate();
    let readers = routes.filter(|(number, _)| view.readers.contains(number));
    let recipient = |(_, (route, delivery_id)): (_, (&super::Route, &DeliveryId))| StatedRecipient {
        agency_id: route.permit.agency.agency_id.clone(),
        delivery_id: *delivery_id,
        channel: route.way.channel(),
        policies: route.permit.policies.clone(),
        legal_basis: route.permit.legal_basis.clone(),
    };
    readers.map(recipient).collect()
}

fn stated_obligation(obligation: &crate::policy::Obligation) -> StatedObligation {
    StatedObligation { rule: obligation.rule().into(), legal_basis: obligation.legal_basis().into() }
}

fn stated_view(gapped: &Gapped) -> StatedView {
    let gap = |removed: &super::super::view::Removed| StatedGap {
        pointer: removed.pointer.clone(),
        reason: removed.reason.as_str().into(),
        hash: hex(&removed.hash),
    };
    StatedView { removed: gapped.removed.iter().map(gap).collect() }
}

fn stated_attachment(attachment: &super::Attachment) -> StatedAttachment {
    StatedAttachment { sha256: attachment.head.sha256.clone(), bytes: attachment.head.bytes }
}

fn stated_warning(warning: &schema::Fault) -> StatedWarning {
    StatedWarning {
        rule: warning.rule.as_deref().unwrap_or_default().to_owned(),
        code: warning.code.clone(),
        pointer: warning.pointer.clone(),
    }
}

/// A warning tells something of the place that it points to, and of what is near: that of a block with
/// a gap is for the readers of the full text alone. And that a bar stopped another recipient (P30), and
/// which, is for the sender: its receipt has it.
fn is_seen(warning: &schema::Fault, view: &View) -> bool {
    if warning.legal_basis.is_some() {
        return false;
    }
    let gaps = view.gapped.iter().flat_map(|gapped| &gapped.removed);
    let near = |place: &str| {
        let block = place.rsplit_once('/').map_or("", |(block, _)| block);
        // `/recipients/3` and `/attachments/1` stand in the message's own lists.
        let block = if block.matches('/').count() > 1 { block } else { place };
        warning.pointer.strip_prefix(block).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || place.starts_with(&format!("{}/", warning.pointer)) && !warning.pointer.is_empty()
    };
    !gaps.map(|removed| removed.pointer.as_str()).any(near)
}

/// The answer to the sender: the statement of the full text and, for each recipient, the hash of the
/// statement of its view, and what was kept back from it.
pub(super) fn receipt(
    sealing: &Sealing<'_>,
    view_of: &[usize],
    deliveries: &[DeliveryId],
    at: Timestamp,
    statements: &[String],
) -> Result<Vec<u8>, Fault> {
    let hashes: Vec<String> = statements.iter().map(|statement| hex(&sha256(statement.as_bytes()))).collect();
    let routes = sealing.routes.iter().zip(deliveries).zip(view_of);
    let recipients = routes.map(|((route, delivery_id), view)| {
        let mut told = json!({ "agency_id": route.permit.agency.agency_id, "delivery_id": delivery_id,
                               "channel": route.way.channel(), "policies": route.permit.policies,
                               "legal_basis": route.permit.legal_basis, "statement_sha256": hashes.get(*view) });
        let withheld = sealing.views.get(*view).map(View::withheld).unwrap_or_default();
        if !withheld.is_empty() {
            told["withheld"] = json!(withheld);
        }
        told
    });
    let full = statements.first().ok_or(Fault::Impossible("the first view is that of the full text"))?;
    to_json(&json!({
        "message_id": sealing.envelope.message_id,
        "accepted_at": format!("{at:.3}"),
        "recipients": recipients.collect::<Vec<Value>>(),
        "warnings": sealing.warnings,
        "statement": full,
    }))
}
