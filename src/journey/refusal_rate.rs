//! How many refusals of an agency get an event of their own in a minute, and how many checks it has.
//! Beyond that they are counted, and told in one event.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{Fault, Gateway};
use crate::{
    ledger::event::{Entry, Event, Judged},
    message::AgencyId,
};

/// Counts refusals and checks of each agency in the running minute.
pub(super) struct RefusalRate {
    refusals_max: u32,
    checks_max: u32,
    minutes: Mutex<HashMap<AgencyId, Minute>>,
}

#[derive(Default)]
struct Minute {
    number: i64,
    refusals: u32,
    checks: u32,
    uncounted: u64,
}

impl RefusalRate {
    pub(super) fn new(refusals_max: u32, checks_max: u32) -> Self {
        Self { refusals_max, checks_max, minutes: Mutex::default() }
    }

    /// Whether this refusal gets an event of its own; if so, how many before it got none.
    pub(super) fn admit(&self, agency: &AgencyId, now: Timestamp) -> Option<u64> {
        self.within(agency, now, |minute| {
            minute.refusals += 1;
            if minute.refusals > self.refusals_max {
                minute.uncounted += 1;
                return None;
            }
            Some(std::mem::take(&mut minute.uncounted))
        })
    }

    /// Whether this agency may check one more message now.
    pub(super) fn may_check(&self, agency: &AgencyId, now: Timestamp) -> bool {
        self.within(agency, now, |minute| {
            minute.checks += 1;
            minute.checks <= self.checks_max
        })
    }

    /// What was refused and not yet told, of agencies whose minute is over; at the end, of all.
    fn untold(&self, now: Timestamp, at_the_end: bool) -> Vec<(AgencyId, u64)> {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |minute: &Minute| (at_the_end || minute.number < minute_of(now)) && minute.uncounted > 0;
        let told = minutes.iter_mut().filter(|(_, minute)| over(minute));
        told.map(|(agency, minute)| (agency.clone(), std::mem::take(&mut minute.uncounted))).collect()
    }

    fn within<T>(&self, agency: &AgencyId, now: Timestamp, count: impl FnOnce(&mut Minute) -> T) -> T {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(agency.clone()).or_default();
        let number = minute_of(now);
        if minute.number != number {
            *minute = Minute { number, uncounted: minute.uncounted, ..Minute::default() };
        }
        count(minute)
    }
}

fn minute_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60)
}

/// Writes one event for each agency whose refusals went beyond the rate in a minute that is over.
pub async fn tell_uncounted(gateway: &Gateway, at_the_end: bool) -> Result<(), Fault> {
    let now = gateway.clock.now();
    let mut entries = Vec::new();
    for (sender, uncounted) in gateway.refusals.untold(now, at_the_end) {
        let judged = Judged {
            sender,
            claimed: None,
            message_id: None,
            message_type: None,
            code: "beyond_rate",
            faults: Vec::new(),
            asked: None,
            uncounted,
        };
        entries.push(Entry::new(&Event::MessageRefused(judged), now, None, &gateway.random)?);
    }
    if !entries.is_empty() {
        gateway.store.note(entries).await?;
        gateway.signals.unsequenced.notify_one();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_beyond_the_rate_are_counted_and_told_once() {
        let rate = RefusalRate::new(2, 1);
        let agency: AgencyId = "kent-police".parse().unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(rate.admit(&agency, at(0)), Some(0));
        assert_eq!(rate.admit(&agency, at(1)), Some(0));
        assert_eq!(rate.admit(&agency, at(2)), None);
        assert_eq!(rate.admit(&agency, at(3)), None);
        assert_eq!(rate.untold(at(59), false), []);
        assert_eq!(rate.admit(&agency, at(61)), Some(2));
        assert_eq!(rate.untold(at(130), false), []);
        assert!(rate.may_check(&agency, at(130)) && !rate.may_check(&agency, at(131)));
    }
}
