//! Whether the store agrees with the model.

use portcullis::message::Channel;

use super::{Model, NAMES, World};
use crate::support::{agency, at};

impl World {
    pub(super) async fn check(&self) {
        let (store, now) = (&self.bed.store, self.now);
        assert_eq!(self.bed.events().await, self.events);
        for n in 0..self.deliveries.len() {
            let (model, draft, id, place, _) = self.delivery(n);
            let tracked = &self.bed.tracked(draft).await.deliveries[place];
            assert_eq!((tracked.delivery_id, tracked.state), (id, model.state));
            let times = [tracked.delivered_at, tracked.collected_at, tracked.acknowledged_at];
            assert_eq!(times, [model.delivered, model.collected, model.acknowledged].map(|t| t.map(at)));
            assert_eq!(tracked.attempts.len(), model.attempts as usize);
            assert_eq!(tracked.next_attempt_at, model.due.filter(|_| !model.runs).map(at));
        }
        let ids = |wanted: &dyn Fn(&Model, Channel) -> bool| {
            let all = (0..self.deliveries.len()).map(|n| self.delivery(n));
            let mut ids: Vec<_> =
                all.filter(|(model, .., channel)| wanted(model, *channel)).map(|(_, _, id, ..)| id).collect();
            ids.sort();
            ids
        };
        let sorted = |mut found: Vec<_>| {
            found.sort();
            found
        };
        let due = store.due(at(now), 1_000).await.unwrap().iter().map(|d| d.delivery_id).collect();
        assert_eq!(sorted(due), ids(&|model, _| model.due.is_some_and(|due| due <= now)));
        let overdue =
            store.overdue(at(now - 60), 1_000).await.unwrap().iter().map(|d| d.delivery_id).collect();
        assert_eq!(sorted(overdue), ids(&|model, _| model.untold.is_some_and(|since| since < now - 60)));
        let perishable = store.perishable(at(now - 90), at(now - 30), 1_000).await.unwrap();
        let accepted = |model: &Model| self.drafts[model.draft].accepted_at < at(now - 90);
        let mailed = |model: &Model, channel| {
            channel == Channel::Email && model.delivered.is_some_and(|delivered| delivered < now - 30)
        };
        assert_eq!(
            sorted(perishable.iter().map(|d| d.delivery_id).collect()),
            ids(&|model, channel| model.kept && (accepted(model) || mailed(model, channel)))
        );
        self.check_copies().await;
    }

    async fn check_copies(&self) {
        let mut inboxes: Vec<Vec<_>> = vec![vec![]; NAMES.len()];
        let mut files = 0;
        for (number, draft) in self.drafts.iter().enumerate() {
            let kept = |model: &&Model| model.draft == number && model.kept;
            let (mut collectable, mut mails) = (0, 0);
            for model in self.deliveries.iter().filter(kept) {
                let (id, _, channel) = draft.to[model.place];
                if channel == Channel::Email {
                    mails += 1;
                    continue;
                }
                collectable += 1;
                inboxes[model.place].push(id);
                let copy = self.bed.store.copy(&agency(NAMES[model.place]), id).await.unwrap().unwrap();
                assert_eq!(copy.ciphertext.ciphertext(), draft.bytes);
                assert_eq!(copy.attachments.len(), draft.attachments);
            }
            files += mails + if collectable > 0 { draft.attachments } else { 0 };
        }
        for (name, expected) in NAMES.iter().zip(inboxes) {
            assert_eq!(self.bed.inbox(name).await, expected);
        }
        assert_eq!(self.bed.file_count(), files);
    }
}
