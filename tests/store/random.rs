//! Random histories against a model that is small enough to be read.
//!
//! After each history, and after a restart, the store must agree with the model about: what every
//! operation answered; the state, attempts and times of each delivery; every inbox; what is due,
//! overdue and perishable; which files are there; how many events were written.
//! Not looked at here: which of several concurrent callers wins (see `accept` and `deliver`).

mod check;

use portcullis::{
    message::{Channel, DeliveryId},
    store::{Acknowledged, AttemptEnd, DeliveryState, Recorded},
};
use proptest::prelude::*;

use crate::support::{Bed, Draft, LEASE, at};

const NAMES: [&str; 3] = ["kent-mappa", "kent-yot", "kent-nhs"];
const CHANNELS: [Channel; 3] = [Channel::Mailbox, Channel::Webhook, Channel::Email];

#[derive(Debug, Clone)]
enum Op {
    Accept { channels: Vec<usize>, attachment: bool },
    Repeat { delivery: usize, changed: bool },
    Claim { delivery: usize, behind: u32 },
    Settle { delivery: usize, behind: u32, end: u8 },
    Collect { delivery: usize, by: usize },
    Acknowledge { delivery: usize, by: usize },
    Erase { delivery: usize, expired: bool },
    Wait { seconds: i64 },
}

fn op() -> impl Strategy<Value = Op> {
    let delivery = 0..32usize;
    // Mostly the right recipient, sometimes a stranger: 0 stands for the right one.
    let by = prop_oneof![4 => Just(0usize), 1 => 1..3usize];
    let behind = prop_oneof![4 => Just(0u32), 1 => 1..3u32];
    prop_oneof![
        3 => (prop::collection::vec(0..3usize, 1..=3), any::<bool>())
            .prop_map(|(channels, attachment)| Op::Accept { channels, attachment }),
        1 => (delivery.clone(), any::<bool>()).prop_map(|(delivery, changed)| Op::Repeat { delivery, changed }),
        5 => (delivery.clone(), behind.clone()).prop_map(|(delivery, behind)| Op::Claim { delivery, behind }),
        5 => (delivery.clone(), behind, 0..4u8)
            .prop_map(|(delivery, behind, end)| Op::Settle { delivery, behind, end }),
        3 => (delivery.clone(), by.clone()).prop_map(|(delivery, by)| Op::Collect { delivery, by }),
        3 => (delivery.clone(), by).prop_map(|(delivery, by)| Op::Acknowledge { delivery, by }),
        1 => (delivery, any::<bool>()).prop_map(|(delivery, expired)| Op::Erase { delivery, expired }),
        3 => (1..200i64).prop_map(|seconds| Op::Wait { seconds }),
    ]
}

/// What the store should know of one delivery.
struct Model {
    draft: usize,
    place: usize,
    state: DeliveryState,
    attempts: u32,
    /// Whether the last attempt has not ended.
    runs: bool,
    due: Option<i64>,
    kept: bool,
    /// Since when the sender might have to be told; `i64::MIN`: at once.
    untold: Option<i64>,
    delivered: Option<i64>,
    collected: Option<i64>,
    acknowledged: Option<i64>,
}

struct World {
    bed: Bed,
    now: i64,
    events: usize,
    drafts: Vec<Draft>,
    deliveries: Vec<Model>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn every_history_leaves_what_the_model_says(ops in prop::collection::vec(op(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world =
                World { bed: Bed::sqlite(), now: 0, events: 0, drafts: vec![], deliveries: vec![] };
            for op in ops {
                world.apply(op).await;
            }
            world.check().await;
            world.bed = world.bed.reopen();
            world.check().await;
        });
    }
}

impl World {
    async fn apply(&mut self, op: Op) {
        match op {
            Op::Accept { channels, attachment } => return self.accept(&channels, attachment).await,
            Op::Wait { seconds } => return self.now += seconds,
            _ if self.deliveries.is_empty() => return,
            _ => {}
        }
        let pick = |delivery: usize| delivery % self.deliveries.len();
        match op {
            Op::Repeat { delivery, changed } => self.repeat(pick(delivery), changed).await,
            Op::Claim { delivery, behind } => self.claim(pick(delivery), behind).await,
            Op::Settle { delivery, behind, end } => self.settle(pick(delivery), behind, end).await,
            Op::Collect { delivery, by } => self.collect(pick(delivery), by).await,
            Op::Acknowledge { delivery, by } => self.acknowledge(pick(delivery), by).await,
            Op::Erase { delivery, expired } => self.erase(pick(delivery), expired).await,
            Op::Accept { .. } | Op::Wait { .. } => unreachable!("handled above"),
        }
    }

    async fn accept(&mut self, channels: &[usize], attachment: bool) {
        let to: Vec<_> =
            channels.iter().zip(NAMES).map(|(channel, name)| (name, CHANNELS[*channel])).collect();
        let mut draft = self.bed.draft("kent-police", &to);
        draft.accepted_at = at(self.now);
        // Attachments are made for those who collect; a mail carries its own.
        let collects = to.iter().any(|(_, channel)| *channel != Channel::Email);
        draft.attachments = usize::from(attachment && collects);
        self.bed.accepted(&draft).await;
        self.events += 1;
        for (place, (_, channel)) in to.iter().enumerate() {
            self.deliveries.push(Model {
                draft: self.drafts.len(),
                place,
                state: DeliveryState::Waiting,
                attempts: 0,
                runs: false,
                due: (*channel != Channel::Mailbox).then_some(self.now),
                kept: true,
                untold: Some(self.now),
                delivered: None,
                collected: None,
                acknowledged: None,
            });
        }
        self.drafts.push(draft);
    }

    async fn repeat(&mut self, n: usize, changed: bool) {
        let mut draft = self.drafts[self.deliveries[n].draft].clone();
        let expected = if changed { Recorded::Conflict } else { Recorded::Repeat(draft.receipt()) };
        draft.bytes.resize(draft.bytes.len() + usize::from(changed), 0);
        assert_eq!(self.bed.store.record(draft.sealed(&self.bed).await).await.unwrap(), expected);
    }

    async fn claim(&mut self, n: usize, behind: u32) {
        let (model, draft, id, _, _) = self.delivery(n);
        let expected = model.due.is_some_and(|due| due <= self.now) && behind == 0;
        let seen = model.attempts.wrapping_sub(behind);
        assert_eq!(self.bed.claimed(draft, id, seen, self.now).await, expected);
        if expected {
            let model = &mut self.deliveries[n];
            (model.attempts, model.runs, model.due) = (model.attempts + 1, true, Some(self.now + LEASE));
            self.events += 1;
        }
    }

    async fn settle(&mut self, n: usize, behind: u32, end: u8) {
        let (model, draft, id, _, channel) = self.delivery(n);
        let later = self.now + 100;
        let end = match end {
            0 => AttemptEnd::Delivered,
            1 => AttemptEnd::Later { not_before: at(later) },
            other => AttemptEnd::Failed { permanent: other == 2 },
        };
        let expected = model.runs && behind == 0;
        let attempt = model.attempts.wrapping_sub(behind);
        assert_eq!(self.bed.settled(draft, id, attempt, self.now, end).await, expected);
        if !expected {
            return;
        }
        self.events += 1;
        let (now, model) = (self.now, &mut self.deliveries[n]);
        model.runs = false;
        if model.state != DeliveryState::Waiting {
            return;
        }
        match end {
            AttemptEnd::Delivered => {
                model.state = DeliveryState::Delivered;
                (model.delivered, model.due, model.untold) = (Some(now), None, None);
            }
            // A payload that was erased in the meantime is not due again.
            AttemptEnd::Later { .. } => model.due = model.kept.then_some(later),
            AttemptEnd::Failed { permanent } => {
                (model.state, model.due) = (DeliveryState::Failed, None);
                if permanent || channel == Channel::Email {
                    model.untold = model.untold.map(|_| i64::MIN);
                }
            }
        }
    }

    async fn collect(&mut self, n: usize, by: usize) {
        let (model, draft, id, place, channel) = self.delivery(n);
        let expected = by == 0 && model.kept && channel != Channel::Email;
        let mark = self.bed.mark(draft, id, NAMES[(place + by) % 3], self.now);
        assert_eq!(self.bed.store.collected(mark).await.unwrap(), expected);
        if expected {
            let (now, model) = (self.now, &mut self.deliveries[n]);
            model.collected.get_or_insert(now);
            (model.state, model.due, model.untold) = (DeliveryState::Collected, None, None);
            self.events += 1;
        }
    }

    async fn acknowledge(&mut self, n: usize, by: usize) {
        let (model, draft, id, place, _) = self.delivery(n);
        let expected = match (model.state, model.acknowledged) {
            _ if by != 0 => Acknowledged::Unknown,
            (DeliveryState::Expired, _) => Acknowledged::Unknown,
            (_, Some(before)) => Acknowledged::Before(at(before)),
            _ => Acknowledged::Now,
        };
        let answer = self.bed.acknowledged(draft, id, NAMES[(place + by) % 3], self.now).await;
        assert_eq!(answer, expected);
        if expected == Acknowledged::Now {
            let (now, model) = (self.now, &mut self.deliveries[n]);
            (model.state, model.acknowledged) = (DeliveryState::Acknowledged, Some(now));
            (model.due, model.untold, model.kept) = (None, None, false);
            self.events += 1;
        }
    }

    async fn erase(&mut self, n: usize, expired: bool) {
        let (model, draft, id, place, _) = self.delivery(n);
        let expected = model.kept;
        let mark = self.bed.mark(draft, id, NAMES[place], self.now);
        assert_eq!(self.bed.store.erase(mark, expired).await.unwrap(), expected);
        if expected {
            let model = &mut self.deliveries[n];
            (model.due, model.kept) = (None, false);
            if expired {
                model.state = DeliveryState::Expired;
            }
            self.events += 1;
        }
    }

    fn delivery(&self, n: usize) -> (&Model, &Draft, DeliveryId, usize, Channel) {
        let model = &self.deliveries[n];
        let draft = &self.drafts[model.draft];
        let (id, _, channel) = draft.to[model.place];
        (model, draft, id, model.place, channel)
    }
}
