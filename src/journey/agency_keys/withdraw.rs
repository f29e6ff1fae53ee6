//! Withdrawing what was sealed to a revoked key and nobody has taken. What the agency has collected, or its
//! server has taken over, it has: that stays as it is, to be acknowledged or collected once more.
//!
//! The revocation itself is durable before this begins, and nothing is sealed to the key after it; whatever a
//! crash leaves undone here the next round finds. The senders are told by `report.rs`.

use super::super::{Fault, Gateway};
use crate::{
    ledger::event::{Entry, Event, Step},
    store::{Mark, Overdue},
};

/// How many copies one look finds.
const ROUND: usize = 200;

/// Withdraws all there is. Gives how many copies.
///
/// # Errors
/// The store; what is left is withdrawn in the next round.
pub async fn withdraw(gateway: &Gateway) -> Result<usize, Fault> {
    let mut withdrawn = 0;
    loop {
        let found = gateway.store.withdrawable(ROUND).await?;
        let (count, before) = (found.len(), withdrawn);
        for copy in found {
            withdrawn += usize::from(one(gateway, &copy).await?);
        }
        // What another round withdrew meanwhile is not found again.
        if count < ROUND || withdrawn == before {
            break;
        }
    }
    gateway.store.settle_revoked_keys().await?;
    if withdrawn > 0 {
        gateway.signals.unsequenced.notify_one();
        tracing::info!(withdrawn, "copies sealed to revoked keys were withdrawn");
    }
    Ok(withdrawn)
}

async fn one(gateway: &Gateway, copy: &Overdue) -> Result<bool, Fault> {
    let now = gateway.clock.now();
    let step = || Step {
        delivery_id: copy.delivery_id,
        message_id: copy.message_id,
        sender: copy.sender.clone(),
        recipient: copy.recipient.clone(),
        channel: copy.channel,
        attempt: None,
        code: None,
    };
    let written = |event| Entry::new(&event, now, Some(copy.area), &gateway.random);
    let entries = vec![written(Event::DeliveryWithdrawn(step()))?, written(Event::PayloadErased(step()))?];
    let mark = Mark { agency: copy.recipient.clone(), delivery_id: copy.delivery_id, at: now, entries };
    Ok(gateway.store.withdraw(mark).await?)
}
