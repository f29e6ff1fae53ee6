//! Deliver: one attempt at one delivery: claim it, send it, settle it.
//!
//! The attempt is written before anything is dialled, so a crash in the middle leaves an attempt
//! without an end; when its lease runs out the next one follows. The recipient may then get the
//! message twice under one id, never not at all.

use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;

use super::{Fault, Gateway, report};
use crate::{
    channel::{Channels, Outcome},
    config,
    crypto::random::Random,
    ledger::event::{Entry, Event, Step},
    message::{Agency, Channel},
    store::{AttemptEnd, Claim, Due, Settlement, StoreFault},
    telemetry,
};

/// Makes one attempt at a delivery that is due. Nothing happens if another worker was faster.
pub async fn deliver(
    gateway: &Gateway,
    channels: &Channels,
    plan: &config::Delivery,
    due: Due,
) -> Result<(), Fault> {
    let attempt = due.attempts + 1;
    let now = gateway.clock.now();
    let entry = entry(gateway, &due, Event::DeliveryAttempted(step(&due, attempt, None)))?;
    let lease_until = later(now, plan.lease);
    let claim = Claim { delivery_id: due.delivery_id, attempts: due.attempts, now, lease_until, entry };
    if gateway.store.claim(vec![claim]).await? != [true] {
        return Ok(());
    }
    let outcome = send(gateway, channels, &due).await?;
    settle(gateway, plan, &due, attempt, outcome).await
}

/// Sends by the delivery's channel to where the agency is reached now.
async fn send(gateway: &Gateway, channels: &Channels, due: &Due) -> Result<Outcome, Fault> {
    let directory = gateway.directory();
    let Some(agency) = directory.agency(&due.recipient).filter(|agency| !agency.suspended) else {
        return Ok(not_now("agency_suspended"));
    };
    match due.channel {
        Channel::Webhook => push(gateway, channels, due, agency).await,
        Channel::Email => mail(gateway, channels, due, agency).await,
        // The mailbox's deliveries are collected and never fall due.
        Channel::Mailbox => Err(Fault::Impossible("a mailbox delivery fell due")),
    }
}

async fn push(gateway: &Gateway, channels: &Channels, due: &Due, agency: &Agency) -> Result<Outcome, Fault> {
    let Some(webhook) = &agency.webhook else { return Ok(not_now("no_address")) };
    // It was acknowledged or erased since: nothing is left to send.
    let Some(copy) = gateway.store.copy(&due.recipient, due.delivery_id).await? else {
        return Ok(Outcome::Never { code: "withdrawn".into() });
    };
    let body = copy.ciphertext.flattened(&copy.wrap);
    Ok(channels.webhook.push(&due.recipient, &webhook.url, due.delivery_id, body).await)
}

async fn mail(gateway: &Gateway, channels: &Channels, due: &Due, agency: &Agency) -> Result<Outcome, Fault> {
    let (Some(mailbox), Some(file)) = (&agency.mail, &due.mail) else { return Ok(not_now("no_address")) };
    let Some(email) = &channels.email else { return Ok(not_now("no_relay")) };
    let mut mail = Vec::new();
    gateway.files.read(file).await?.read_to_end(&mut mail).await.map_err(StoreFault::from)?;
    Ok(email.send(&mailbox.address, due.delivery_id, mail).await)
}

fn not_now(code: &str) -> Outcome {
    Outcome::Later { code: code.into(), retry_after: None }
}

async fn settle(
    gateway: &Gateway,
    plan: &config::Delivery,
    due: &Due,
    attempt: u32,
    outcome: Outcome,
) -> Result<(), Fault> {
    let at = gateway.clock.now();
    let (end, code) = match outcome {
        Outcome::Delivered { code } => (AttemptEnd::Delivered, code),
        Outcome::Never { code } => (AttemptEnd::Failed { permanent: true }, code),
        Outcome::Later { code, retry_after } => {
            (next(plan, attempt, at, retry_after, &gateway.random)?, code)
        }
    };
    let step = step(due, attempt, Some(code.clone()));
    let (event, outcome) = match end {
        AttemptEnd::Delivered => (Event::DeliveryDelivered(step), "delivered"),
        AttemptEnd::Later { .. } => (Event::DeliveryFailed { step, last: false }, "later"),
        AttemptEnd::Failed { .. } => (Event::DeliveryFailed { step, last: true }, "failed"),
    };
    let counted = telemetry::Attempt { channel: due.channel.as_str(), outcome };
    gateway.metrics.attempts.get_or_create(&counted).inc();
    let entries = vec![entry(gateway, due, event)?];
    tracing::info!(delivery_id = %due.delivery_id, recipient = %due.recipient, channel = %due.channel, attempt, code, "attempt ended");
    let settlement = Settlement { delivery_id: due.delivery_id, attempt, at, end, code, entries };
    gateway.store.settle(settlement).await?;
    gateway.signals.unsequenced.notify_one();
    if matches!(end, AttemptEnd::Failed { .. }) {
        report::tell_senders(gateway, plan).await?;
    }
    Ok(())
}

/// When the next attempt follows: the schedule's wait, moved by the jitter, or longer if the
/// recipient asked for longer; after the last one, none.
fn next(
    plan: &config::Delivery,
    attempt: u32,
    at: Timestamp,
    retry_after: Option<Duration>,
    random: &Random,
) -> Result<AttemptEnd, Fault> {
    // The first wait of the schedule stands before the first attempt.
    let waits = usize::try_from(attempt).ok().and_then(|made| plan.schedule.get(made));
    let Some(wait) = waits else { return Ok(AttemptEnd::Failed { permanent: false }) };
    let spread = f64::from(u16::from_be_bytes(random.bytes()?)) / f64::from(u16::MAX) * 2.0 - 1.0;
    let moved = wait.mul_f64(1.0 + spread * f64::from(plan.jitter_percent) / 100.0);
    Ok(AttemptEnd::Later { not_before: later(at, moved.max(retry_after.unwrap_or_default())) })
}

fn later(at: Timestamp, wait: Duration) -> Timestamp {
    at.saturating_add(wait).unwrap_or(at)
}

fn step(due: &Due, attempt: u32, code: Option<String>) -> Step {
    Step {
        delivery_id: due.delivery_id,
        message_id: due.message_id,
        sender: due.sender.clone(),
        recipient: due.recipient.clone(),
        channel: due.channel,
        attempt: Some(attempt),
        code,
    }
}

fn entry(gateway: &Gateway, due: &Due, event: Event) -> Result<Entry, Fault> {
    Ok(Entry::new(&event, gateway.clock.now(), Some(due.area), &gateway.random)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> config::Delivery {
        config::Delivery {
            schedule: [0, 5, 300].map(Duration::from_secs).into(),
            jitter_percent: 20,
            ..config::Delivery::default()
        }
    }

    #[test]
    fn the_schedule_is_kept_within_its_jitter_and_ends() {
        let random = Random::system();
        for _ in 0..100 {
            let AttemptEnd::Later { not_before } =
                next(&plan(), 1, Timestamp::UNIX_EPOCH, None, &random).unwrap()
            else {
                panic!("an attempt follows the first")
            };
            assert!((4000..=6000).contains(&not_before.as_millisecond()), "{not_before}");
        }
        let end = next(&plan(), 3, Timestamp::UNIX_EPOCH, None, &random).unwrap();
        assert_eq!(end, AttemptEnd::Failed { permanent: false });
    }

    #[test]
    fn a_recipient_may_ask_for_more_time_but_not_for_less() {
        let at = |asked: u64| match next(
            &plan(),
            1,
            Timestamp::UNIX_EPOCH,
            Some(Duration::from_secs(asked)),
            &Random::system(),
        )
        .unwrap()
        {
            AttemptEnd::Later { not_before } => not_before.as_second(),
            end => panic!("{end:?}"),
        };
        assert_eq!(at(3600), 3600);
        assert!(at(1) >= 4);
    }
}
