//! Expire: copies are destroyed at the end of their life; the ledger stays. Files that nothing refers
//! to, left by a crash between their writing and their transaction, are swept.

use std::time::Duration;

use jiff::Timestamp;

use super::{Fault, Gateway};
use crate::{
    config,
    ledger::event::{Entry, Event, Step},
    message::Channel,
    store::{DeliveryState, Mark, Overdue},
};

/// How many copies one round destroys.
const ROUND: usize = 200;

/// How old a file must be to count as left behind: longer than any upload may take.
const ORPHAN_AGE: Duration = Duration::from_secs(24 * 3600);

/// Destroys all that is at its end, round by round. Gives how many copies.
pub async fn expire(gateway: &Gateway, plan: &config::Delivery) -> Result<usize, Fault> {
    let mut erased = 0;
    loop {
        let round = one_round(gateway, plan).await?;
        erased += round;
        if round < ROUND {
            return Ok(erased);
        }
    }
}

async fn one_round(gateway: &Gateway, plan: &config::Delivery) -> Result<usize, Fault> {
    let now = gateway.clock.now();
    let before = |age: Duration| now.saturating_sub(age).unwrap_or(Timestamp::MIN);
    let perishable =
        gateway.store.perishable(before(plan.lifetime), before(plan.mail_confirmed_after), ROUND).await?;
    let mut erased = 0;
    for copy in perishable {
        erased += usize::from(erase(gateway, copy, now).await?);
    }
    Ok(erased)
}

async fn erase(gateway: &Gateway, copy: Overdue, now: Timestamp) -> Result<bool, Fault> {
    // Mail that the recipient's server took over is delivered; its copy here has served.
    let expired = !(copy.channel == Channel::Email && copy.state == DeliveryState::Delivered);
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
    let mut entries = Vec::new();
    if expired {
        entries.push(written(Event::DeliveryExpired(step()))?);
    }
    entries.push(written(Event::PayloadErased(step()))?);
    let mark = Mark { agency: copy.recipient.clone(), delivery_id: copy.delivery_id, at: now, entries };
    let erased = gateway.store.erase(mark, expired).await?;
    if erased {
        gateway.signals.unsequenced.notify_one();
    }
    Ok(erased)
}

/// Removes files that no row refers to and gives freed space back. Gives how many files.
pub async fn sweep(gateway: &Gateway) -> Result<usize, Fault> {
    let before = gateway.clock.now().saturating_sub(ORPHAN_AGE).unwrap_or(Timestamp::MIN);
    Ok(gateway.store.tidy(before, ROUND).await?)
}
