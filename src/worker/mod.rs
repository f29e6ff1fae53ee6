//! The loops behind the front door. Each takes no more than it has hands for, wakes on a signal *and*
//! polls, and stops when told to. A loop that dies stops the whole process with a failing exit code.

pub mod sequencer;

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    channel::Channels,
    config,
    journey::{self, Fault, Gateway},
    message::DeliveryId,
};

/// How often the janitor looks.
const ROUND: Duration = Duration::from_secs(60);

/// How often the directory is read again, for changes that another process made. A certificate that it
/// withdraws is to be good for nothing within five seconds, connections that are open included.
const DIRECTORY_ROUND: Duration = Duration::from_secs(2);

/// Claims what is due and makes the attempts, until `stop`; attempts under way end first.
pub async fn deliveries(
    gateway: Arc<Gateway>,
    channels: Arc<Channels>,
    plan: Arc<config::Delivery>,
    stop: CancellationToken,
) {
    let mut hands = Hands { gateway, channels, plan, under_way: JoinSet::new(), held: HashSet::new() };
    while !stop.is_cancelled() {
        let taken = hands.take().await.unwrap_or_else(|fault| {
            tracing::error!(%fault, "what is due could not be read");
            0
        });
        if taken == 0 {
            tokio::select! {
                Some(ended) = hands.under_way.join_next() => hands.free(ended),
                // With all hands full only a free one helps.
                () = wait(&hands.gateway, &hands.plan), if hands.under_way.len() < hands.plan.workers => {}
                () = stop.cancelled() => {}
            }
        }
    }
    while hands.under_way.join_next().await.is_some() {}
}

/// The attempts under way: at most as many as there are workers.
struct Hands {
    gateway: Arc<Gateway>,
    channels: Arc<Channels>,
    plan: Arc<config::Delivery>,
    under_way: JoinSet<DeliveryId>,
    /// What they hold: it may be due still until they have claimed it.
    held: HashSet<DeliveryId>,
}

impl Hands {
    /// Starts an attempt for each due delivery that there is a hand for. Gives how many.
    async fn take(&mut self) -> Result<usize, Fault> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.free(ended);
        }
        let free = self.plan.workers.saturating_sub(self.under_way.len());
        if free == 0 {
            return Ok(0);
        }
        let due = self.gateway.store.due(self.gateway.clock.now(), free + self.held.len()).await?;
        let fresh: Vec<_> =
            due.into_iter().filter(|due| !self.held.contains(&due.delivery_id)).take(free).collect();
        let taken = fresh.len();
        for delivery in fresh {
            let id = delivery.delivery_id;
            self.held.insert(id);
            let (gateway, channels, plan) = (self.gateway.clone(), self.channels.clone(), self.plan.clone());
            self.under_way.spawn(async move {
                if let Err(fault) = journey::deliver::deliver(&gateway, &channels, &plan, delivery).await {
                    tracing::error!(%fault, "an attempt broke off; it is made again");
                    // It may be due still: hold it back, or a full disk would make this a hot loop.
                    let again = gateway.clock.now().saturating_add(plan.poll).unwrap_or(Timestamp::MAX);
                    gateway.clock.sleep_until(again).await;
                }
                id
            });
        }
        Ok(taken)
    }

    fn free(&mut self, ended: Result<DeliveryId, JoinError>) {
        match ended {
            Ok(id) => drop(self.held.remove(&id)),
            Err(error) => {
                // Which one it was is not told. The others claim their own long before the lease of
                // the one that died runs out.
                tracing::error!(%error, "an attempt died; it is made again when its lease runs out");
                self.held.clear();
            }
        }
    }
}

async fn wait(gateway: &Gateway, plan: &config::Delivery) {
    let poll = gateway.clock.now().saturating_add(plan.poll).unwrap_or(Timestamp::MAX);
    let next = gateway.store.next_due().await.ok().flatten().map_or(poll, |due| due.min(poll));
    tokio::select! {
        () = gateway.signals.due.notified() => {}
        () = gateway.clock.sleep_until(next) => {}
    }
}

/// Withdraws what was sealed to revoked keys, tells senders what was not delivered, destroys what is at the end of its life, counts what was
/// refused beyond the rate, and removes files that nothing refers to.
pub async fn janitor(gateway: Arc<Gateway>, plan: Arc<config::Delivery>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tidy(&gateway, &plan).await;
        let next = gateway.clock.now().saturating_add(ROUND).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = gateway.signals.withdrawable.notified() => {}
            () = gateway.clock.sleep_until(next) => {}
            () = stop.cancelled() => {}
        }
    }
    if let Err(fault) = journey::tell_uncounted(&gateway, true).await {
        tracing::error!(%fault, "refusals beyond the rate could not be told");
    }
}

/// One round of the janitor. One part that fails does not keep the others from their work.
pub async fn tidy(gateway: &Gateway, plan: &config::Delivery) {
    let withdrawn = journey::agency_keys::withdraw(gateway).await.map(drop);
    let told = journey::report::tell_senders(gateway, plan).await.map(drop);
    let expired = journey::expire::expire(gateway, plan).await.map(drop);
    let counted = journey::tell_uncounted(gateway, false).await;
    let swept = journey::expire::sweep(gateway).await.map(drop);
    for fault in [withdrawn, told, expired, counted, swept].into_iter().filter_map(Result::err) {
        tracing::error!(%fault, "a part of the janitor's round broke off; the next round goes on");
    }
}

/// Reads the directory again and again, for changes that another process made.
pub async fn directory(gateway: Arc<Gateway>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let next = gateway.clock.now().saturating_add(DIRECTORY_ROUND).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = gateway.clock.sleep_until(next) => {}
            () = stop.cancelled() => {}
        }
        if let Err(fault) = gateway.refresh_directory().await {
            tracing::error!(%fault, "the directory could not be read again");
        }
    }
}

/// How often the ends of certificates are looked at; the first time after [`ROUND`], when those who were
/// connected before the start are back.
const FORECAST_ROUND: Duration = Duration::from_hours(1);

/// Forecasts the ends of certificates. `own` reads the gateway's own.
pub async fn certificates(
    gateway: Arc<Gateway>,
    own: impl Fn() -> Vec<journey::certificates::Own> + Send + Sync,
    stop: CancellationToken,
) {
    let mut wait = ROUND;
    loop {
        let next = gateway.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = gateway.clock.sleep_until(next) => {}
            () = stop.cancelled() => return,
        }
        if let Err(fault) = journey::certificates::forecast(&gateway, own()).await {
            tracing::error!(%fault, "the forecast of certificates broke off; the next round goes on");
        }
        wait = FORECAST_ROUND;
    }
}
