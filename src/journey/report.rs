//! Report: the sender is told of what was not delivered (D25). Never silence, and no report about a
//! report.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Fault, Gateway,
    authorise::Permit,
    record, relation,
    route::{self, Route, Way},
    seal::{self, Sealing},
    view::View,
};
use crate::{
    config,
    crypto::sha256,
    ledger::event::DecidedOn,
    message::{Agency, Channel, Envelope, MessageId},
    store::{DeliveryState, Overdue},
};

/// How many reports one round makes. Those that cannot be made stay first in the next one, so there is
/// room for many of them.
const ROUND: usize = 1000;

/// The version of the report's schema.
const VERSION: &str = "1.0";

/// Reports every delivery that failed for good, and every one that waited too long uncollected.
/// Gives how many were told.
pub async fn tell_senders(gateway: &Gateway, plan: &config::Delivery) -> Result<usize, Fault> {
    let now = gateway.clock.now();
    let accepted_before = now.saturating_sub(plan.uncollected_after).unwrap_or(Timestamp::MIN);
    let mut told = 0;
    for overdue in gateway.store.overdue(accepted_before, ROUND).await? {
        match tell(gateway, plan, &overdue, now).await {
            Ok(()) => told += 1,
            // Someone else told, or the facts moved: the next round sees.
            Err(Fault::FactsChanged) => {}
            Err(fault) => {
                tracing::error!(delivery_id = %overdue.delivery_id, %fault, "a sender could not be told")
            }
        }
    }
    Ok(told)
}

async fn tell(
    gateway: &Gateway,
    plan: &config::Delivery,
    overdue: &Overdue,
    now: Timestamp,
) -> Result<(), Fault> {
    let directory = gateway.directory();
    let sender = directory.agency(&overdue.sender).ok_or(Fault::Impossible("a sender left the directory"))?;
    let route = inbox_of(gateway, sender)?;
    let message_id = MessageId::new(now, gateway.random.bytes()?);
    let json = report(message_id, overdue, now, plan.lifetime);
    let bytes = serde_json::to_vec(&json).map_err(|_| Fault::Impossible("a report is JSON"))?;
    let envelope = Envelope::deserialize(&json).map_err(|_| Fault::Impossible("a report has an envelope"))?;
    let case = match &overdue.case_ref {
        Some(case_ref) => relation::kept_for(gateway, case_ref, overdue.claimant.as_ref()).await?,
        None => None,
    };
    let case_facts = case.map_or(0, |case| case.version);
    let decided_on = DecidedOn { directory: directory.version(), case_facts };
    let policies = gateway.policies();
    let sealing = Sealing {
        envelope: &envelope,
        sha256: sha256(&bytes),
        bytes: Zeroizing::new(bytes),
        json: &json,
        schema_version: VERSION,
        routes: &[route],
        views: &[View::full(vec![0], Vec::new())],
        attachments: Vec::new(),
        warnings: &[],
        facts: Vec::new(),
        claimant: overdue.claimant.clone(),
        decided_on,
        asked: None,
        policy_set: policies.sha256_hex(),
        reports: Some(overdue.delivery_id),
    };
    let sealed = seal::seal_views(gateway, sealing).await?;
    record::record(gateway, sealed, policies.sha256_hex()).await.map(drop).map_err(|stop| match stop {
        super::Stop::Failed(fault) => fault,
        super::Stop::Refused(_) => Fault::Impossible("a report was refused"),
    })
}

/// Reports go to the inbox: whoever can post can collect.
fn inbox_of(gateway: &Gateway, sender: &Agency) -> Result<Route, Fault> {
    let key = route::sealing_key(gateway, sender, false)
        .map_err(|_| Fault::Impossible("a sender without a good key was accepted"))?;
    let permit = Permit {
        agency: sender.clone(),
        policies: vec!["D25".into()],
        legal_basis: vec![LAW.into()],
        obligations: Vec::new(),
    };
    Ok(Route { permit, way: Way::Jwe { channel: Channel::Mailbox, key } })
}

fn report(message_id: MessageId, overdue: &Overdue, now: Timestamp, lifetime: Duration) -> Value {
    let collectable = overdue.channel != Channel::Email && overdue.state != DeliveryState::Expired;
    let (code, reason) = reason(overdue);
    let until = overdue.accepted_at.saturating_add(lifetime).unwrap_or(overdue.accepted_at);
    let advice = if collectable {
        format!(
            "Telephone the agency's single point of contact. The copy can be collected until {}.",
            until.strftime("%-d %B %Y")
        )
    } else {
        "Telephone the agency's single point of contact, mend what the reason names, and post a new message."
            .into()
    };
    let mut report = json!({
        "message_id": message_id,
        "type": "non_delivery",
        "schema_version": VERSION,
        "area": overdue.area,
        "case_ref": overdue.case_ref,
        "sender": { "agency_id": "gateway" },
        "recipients": [{ "agency_id": overdue.sender }],
        "purpose": "a",
        "legal_basis": "OTHER",
        "legal_basis_text": LAW,
        "marking": { "tier": "OFFICIAL", "sensitive": true, "handling": HANDLING },
        "created_at": now,
        "in_reply_to": overdue.message_id,
        "body": {
            "message_id": overdue.message_id,
            "delivery_id": overdue.delivery_id,
            "recipient": overdue.recipient,
            "type": overdue.message_type,
            "case_ref": overdue.case_ref,
            "reason_code": code,
            "reason": reason,
            "accepted_at": overdue.accepted_at,
            "still_collectable": collectable,
            "advice": advice,
        },
        "attachments": [],
    });
    if overdue.case_ref.is_none() {
        leave_out(&mut report, &["case_ref", "purpose"]);
        leave_out(&mut report["body"], &["case_ref"]);
    }
    report
}

/// What is about no case says nothing of one, rather than that it is none.
fn leave_out(object: &mut Value, members: &[&str]) {
    if let Some(object) = object.as_object_mut() {
        members.iter().for_each(|member| drop(object.shift_remove(*member)));
    }
}

/// To tell that something was not delivered belongs to keeping it safe: the law that the policy
/// `D25-gateway-only` names.
const LAW: &str = "DPA 2018 s.40";

/// A report says who did not get what: it is handled like the message that it is about.
const HANDLING: &str = "OFFICIAL-SENSITIVE. Share only within your own agency with those who need it.";

fn reason(overdue: &Overdue) -> (&str, &'static str) {
    let code = overdue.last_code.as_deref();
    match (overdue.state, overdue.channel) {
        (DeliveryState::Failed, Channel::Email) => {
            (code.unwrap_or("failed"), "The agency's mail server did not take the message over.")
        }
        (DeliveryState::Failed, _) => (
            code.unwrap_or("failed"),
            "The agency's server did not take the message over, and nobody has collected it.",
        ),
        (_, Channel::Email) => {
            (code.unwrap_or("waiting"), "The mail could not be handed over yet; it is still being tried.")
        }
        _ => ("uncollected", "The copy has waited in the agency's inbox and was not collected."),
    }
}
