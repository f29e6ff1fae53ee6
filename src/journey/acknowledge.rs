//! Acknowledge: the recipient looks into its inbox, collects, and confirms that it has the message.
//! Every look and every collection leaves its event before the bytes go out.

use std::io::SeekFrom;

use jiff::Timestamp;
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _, Take},
};

use super::{Code, Fault, Gateway, Refusal, Stop, accept::Caller};
use crate::{
    ledger::event::{Entry, Event, Step},
    message::DeliveryId,
    store::{Acknowledged, Copy, InboxItem, Mark, StoreFault},
};

/// What waits for the caller, oldest first, from after the cursor `after`.
pub async fn inbox(
    gateway: &Gateway,
    caller: &Caller,
    after: u64,
    limit: usize,
) -> Result<Vec<InboxItem>, Stop> {
    let limit = limit.clamp(1, gateway.limits.page);
    let items = gateway.store.inbox(&caller.agency.agency_id, after, limit).await?;
    if !items.is_empty() {
        viewed(gateway, caller, "inbox", items.iter().map(|item| item.delivery_id.to_string()).collect())
            .await?;
    }
    Ok(items)
}

/// One sealed copy of the caller's.
pub async fn collect(gateway: &Gateway, caller: &Caller, delivery: DeliveryId) -> Result<Copy, Stop> {
    let copy = own_copy(gateway, caller, delivery).await?;
    mark_collected(gateway, caller, &copy).await?;
    Ok(copy)
}

/// An attachment of the caller's, found and not handed out yet.
pub struct Found {
    copy: Copy,
    number: usize,
    file: File,
    bytes: u64,
}

/// The `number`th attachment of a copy of the caller's, counted from 0.
pub async fn find_attachment(
    gateway: &Gateway,
    caller: &Caller,
    delivery: DeliveryId,
    number: usize,
) -> Result<Found, Stop> {
    let copy = own_copy(gateway, caller, delivery).await?;
    let name = copy.attachments.get(number).ok_or_else(nothing_here)?;
    let file = gateway.files.read(name).await?;
    let bytes = file.metadata().await.map_err(StoreFault::from)?.len();
    Ok(Found { copy, number, file, bytes })
}

impl Found {
    /// Its length, sealed as it is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives `length` bytes from the one at `first`, once it is written down that they go out. Nothing of it is
    /// held in memory.
    pub async fn hand_out(
        self,
        gateway: &Gateway,
        caller: &Caller,
        first: u64,
        length: u64,
    ) -> Result<Take<File>, Stop> {
        let Self { copy, number, mut file, bytes } = self;
        file.seek(SeekFrom::Start(first)).await.map_err(StoreFault::from)?;
        let end = first.saturating_add(length);
        let part = match (first, end) {
            (0, end) if end == bytes => format!("attachment {number}"),
            (first, end) => {
                format!("attachment {number}, bytes {first} to {} of {bytes}", end.saturating_sub(1))
            }
        };
        // An attachment without the copy that holds its key is not the message: only the event is due.
        let event = Event::DeliveryCollected { step: step(&copy, caller), part };
        gateway.store.note(vec![entry(gateway, &copy, event, gateway.clock.now())?]).await?;
        gateway.signals.unsequenced.notify_one();
        Ok(file.take(length))
    }
}

/// The caller confirms that it has the message. Its copy is destroyed. Repeatable.
pub async fn acknowledge(
    gateway: &Gateway,
    caller: &Caller,
    delivery: DeliveryId,
) -> Result<Timestamp, Stop> {
    let now = gateway.clock.now();
    let entries = match gateway.store.copy(&caller.agency.agency_id, delivery).await? {
        Some(copy) => {
            let step = || step(&copy, caller);
            vec![
                entry(gateway, &copy, Event::DeliveryAcknowledged(step()), now)?,
                entry(gateway, &copy, Event::PayloadErased(step()), now)?,
            ]
        }
        // Perhaps it was acknowledged before; then no event is due.
        None => Vec::new(),
    };
    let mark = Mark { agency: caller.agency.agency_id.clone(), delivery_id: delivery, at: now, entries };
    match gateway.store.acknowledge(mark).await? {
        Acknowledged::Now => {
            gateway.signals.unsequenced.notify_one();
            Ok(now)
        }
        Acknowledged::Before(at) => Ok(at),
        Acknowledged::Unknown => Err(nothing_here().into()),
    }
}

async fn own_copy(gateway: &Gateway, caller: &Caller, delivery: DeliveryId) -> Result<Copy, Stop> {
    let copy = gateway.store.copy(&caller.agency.agency_id, delivery).await?;
    copy.ok_or_else(|| nothing_here().into())
}

async fn mark_collected(gateway: &Gateway, caller: &Caller, copy: &Copy) -> Result<(), Stop> {
    let now = gateway.clock.now();
    let event = Event::DeliveryCollected { step: step(copy, caller), part: "copy".into() };
    let mark = Mark {
        agency: caller.agency.agency_id.clone(),
        delivery_id: copy.item.delivery_id,
        at: now,
        entries: vec![entry(gateway, copy, event, now)?],
    };
    if !gateway.store.collected(mark).await? {
        return Err(nothing_here().into());
    }
    gateway.signals.unsequenced.notify_one();
    Ok(())
}

/// The same for what is not there, was erased, or is another agency's.
pub fn nothing_here() -> Refusal {
    Refusal::new(Code::NotFound, "look into your inbox or outbox for what is yours")
}

fn step(copy: &Copy, caller: &Caller) -> Step {
    Step {
        delivery_id: copy.item.delivery_id,
        message_id: copy.item.message_id,
        sender: copy.item.sender.clone(),
        recipient: caller.agency.agency_id.clone(),
        channel: copy.channel,
        attempt: None,
        code: None,
    }
}

fn entry(gateway: &Gateway, copy: &Copy, event: Event, at: Timestamp) -> Result<Entry, Fault> {
    Ok(Entry::new(&event, at, Some(copy.area), &gateway.random)?)
}

/// Writes down that the caller looked.
pub async fn viewed(
    gateway: &Gateway,
    caller: &Caller,
    view: &'static str,
    shown: Vec<String>,
) -> Result<(), Fault> {
    let event = Event::RecordViewed { viewer: caller.agency.agency_id.clone(), view, shown };
    gateway.store.note(vec![Entry::new(&event, gateway.clock.now(), None, &gateway.random)?]).await?;
    gateway.signals.unsequenced.notify_one();
    Ok(())
}
