//! Those who post: each message again and again, the very same bytes, until it is answered.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use portcullis::{
    cli::{
        client::{Client, ClientFault, Profile, Receipt, Upload},
        demo::drafts::{Draft, Sample},
    },
    clock::Clock,
    crypto::{hex, random::Random, sha256},
    message::{CaseRef, InviteReason, Invitee, MeetingFacts, MeetingId, MessageId},
};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    chance::Chance,
    place::{INVITED, Place},
};

/// A message that was answered 202.
pub struct Posted {
    /// Who sent it.
    pub sender: &'static str,
    /// Which.
    pub message_id: MessageId,
    /// The bytes that were posted.
    pub message: Vec<u8>,
    /// Its attachment, if it has one.
    pub attachment: Option<Vec<u8>>,
    /// The first receipt, byte for byte.
    pub receipt: Bytes,
    /// What the receipt says.
    pub told: Receipt,
}

/// What goes on while the gateway is killed.
pub struct Traffic {
    /// How many messages were accepted so far.
    pub accepted: watch::Sender<u64>,
    shared: Arc<Shared>,
    posters: tokio::sync::Mutex<JoinSet<Vec<Posted>>>,
}

struct Shared {
    police: Profile,
    co_ordinator: Profile,
    case_ref: CaseRef,
    meeting: MeetingFacts,
    listening: watch::Sender<u64>,
    accepted: watch::Sender<u64>,
    chance: Chance,
    clock: Clock,
    random: Random,
    stop: AtomicBool,
    repeated: AtomicU64,
}

/// How many agencies' systems post at once.
const POSTERS: usize = 8;

impl Traffic {
    /// Begins to post. Nobody listens yet.
    pub async fn start(place: &Place, chance: &Chance) -> Self {
        let (clock, random) = (Clock::system(), Random::system());
        let accepted = watch::Sender::new(0);
        let shared = Arc::new(Shared {
            police: place.agency("kent-police").1,
            co_ordinator: place.agency("kent-mappa").1,
            case_ref: case_ref(&random),
            meeting: meeting(&clock, &random),
            listening: place.listening.clone(),
            accepted: accepted.clone(),
            chance: chance.clone(),
            clock,
            random,
            stop: AtomicBool::new(false),
            repeated: AtomicU64::new(0),
        });
        let mut posters = JoinSet::new();
        posters.spawn(shared.clone().begin_and_post());
        Self { accepted, shared, posters: tokio::sync::Mutex::new(posters) }
    }

    /// Lets each agency end the message that it is about, and gives all that were accepted.
    pub async fn finish(&self) -> Vec<Posted> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(posted) = self.posters.lock().await.join_next().await {
            all.extend(posted.unwrap());
        }
        all
    }

    /// How many messages had to be sent again.
    pub fn repeated(&self) -> u64 {
        self.shared.repeated.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// The case and its meeting, then everybody at once.
    async fn begin_and_post(self: Arc<Self>) -> Vec<Posted> {
        let mut all = Vec::new();
        for sample in [Sample::Notification, Sample::Referral] {
            all.push(self.post("kent-police", self.draft(sample, &self.case_ref), None).await);
        }
        let (case_ref, meeting) = (&self.case_ref, &self.meeting);
        let call = |client: Client| async move { client.put_meeting(case_ref, meeting).await.map(drop) };
        self.insist(&self.co_ordinator, call).await;
        let mut posters = JoinSet::new();
        for _ in 0..POSTERS {
            let shared = self.clone();
            posters.spawn(async move {
                let mut posted = Vec::new();
                while !shared.stop.load(Ordering::Relaxed) {
                    posted.extend(shared.post_one().await);
                }
                posted
            });
        }
        all.extend(posters.join_all().await.into_iter().flatten());
        all
    }

    async fn post_one(&self) -> Option<Posted> {
        let attachment = (self.chance.below(3) == 0).then(|| self.attachment());
        Some(match self.chance.below(8) {
            0 => {
                self.be_refused().await;
                return None;
            }
            1..=4 => {
                let six = INVITED.to_vec();
                let draft = self.draft(Sample::Referral, &self.case_ref);
                let draft =
                    draft.from("kent-mappa", co_ordinator()).to(&six, Some("Invited to the meeting."));
                let draft = draft.with_necessity();
                self.post("kent-mappa", draft, attachment).await
            }
            _ => {
                let draft = self.draft(Sample::Referral, &case_ref(&self.random));
                self.post("kent-police", draft, attachment).await
            }
        })
    }

    /// A referral past the co-ordination unit: it must never arrive.
    async fn be_refused(&self) {
        let draft = self.draft(Sample::Referral, &case_ref(&self.random));
        let message = draft.to(&["hmp-thornfield"], Some("Supervises the same person.")).bytes();
        let message = Bytes::from(message);
        self.insist(&self.police, |client| {
            let message = message.clone();
            async move {
                match client.submit(message, vec![]).await {
                    Err(ClientFault::Refused(problem)) if problem.document.code() == "not_permitted" => {
                        Ok(())
                    }
                    Err(fault) => Err(fault),
                    Ok(_) => panic!("a referral past the co-ordination unit was accepted"),
                }
            }
        })
        .await;
    }

    /// Posts the same bytes until they are answered.
    async fn post(&self, sender: &'static str, mut draft: Draft, attachment: Option<Vec<u8>>) -> Posted {
        if let Some(bytes) = &attachment {
            draft.set(
                "attachments",
                json!([{ "name": "report.pdf", "media_type": "application/pdf", "bytes": bytes.len(),
                         "sha256": hex(&sha256(bytes)), "owner_agency": sender, "contains_victim_data": false }]),
            );
        }
        let message = draft.bytes();
        let profile = if sender == "kent-police" { &self.police } else { &self.co_ordinator };
        let uploads =
            || attachment.iter().map(|bytes| Upload::Bytes(bytes.clone().into())).collect::<Vec<_>>();
        let submit = |client: Client| {
            let (message, uploads) = (message.clone(), uploads());
            async move { client.submit(message, uploads).await }
        };
        let first = self.insist(profile, submit).await;
        self.accepted.send_modify(|count| *count += 1);
        if self.chance.below(8) == 0 {
            let again = self.insist(profile, submit).await;
            assert!(again.replayed() && again.bytes == first.bytes, "a repeat got another receipt");
        }
        Posted {
            sender,
            message_id: first.value.message_id,
            message,
            attachment,
            receipt: first.bytes,
            told: first.value,
        }
    }

    /// Calls until there is an answer that is no failure of the gateway. A call that a kill cut off is
    /// made again once the next process listens. Each goes over a connection of its own: one that
    /// belonged to a killed process would fail once more, and nothing would tell when to go on.
    async fn insist<T, F>(&self, profile: &Profile, call: impl Fn(Client) -> F) -> T
    where
        F: Future<Output = Result<T, ClientFault>>,
    {
        let mut listening = self.listening.subscribe();
        for attempt in 0.. {
            listening.mark_unchanged();
            match call(Client::new(profile).unwrap()).await {
                Ok(answer) => {
                    self.repeated.fetch_add(u64::from(attempt > 0), Ordering::Relaxed);
                    return answer;
                }
                Err(ClientFault::Unavailable(_)) => {}
                Err(ClientFault::Unreachable(_)) => listening.changed().await.unwrap(),
                Err(fault) => panic!("{fault}: {:?}", fault.problem().map(|problem| &problem.document)),
            }
        }
        unreachable!("the attempts do not end")
    }

    fn draft(&self, sample: Sample, case_ref: &CaseRef) -> Draft {
        let now = self.clock.now();
        Draft::new(sample, MessageId::new(now, self.random.bytes().unwrap()), case_ref, now).unwrap()
    }

    /// A file of its own, of up to 3 MB: more than one segment now and then.
    fn attachment(&self) -> Vec<u8> {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let length = if self.chance.below(8) == 0 { 3_000_000 } else { 20_000 };
        let filler = self.random.bytes::<64>().unwrap();
        bytes.extend(filler.iter().cycle().take(usize::try_from(self.chance.below(length)).unwrap()));
        bytes
    }
}

fn case_ref(random: &Random) -> CaseRef {
    CaseRef::new("46".parse().unwrap(), 2026, random.bytes().unwrap())
}

fn co_ordinator() -> serde_json::Value {
    json!({ "name": "Priya Norcott", "role": "MAPPA co-ordinator", "email": "p.norcott@kent-mappa.example" })
}

fn meeting(clock: &Clock, random: &Random) -> MeetingFacts {
    let invited = INVITED.map(|id| Invitee {
        agency_id: id.parse().unwrap(),
        reason: Some(InviteReason::SignificantContribution),
    });
    MeetingFacts {
        meeting_id: MeetingId::new(clock.now(), random.bytes().unwrap()),
        date: None,
        level: Some(2),
        invited: invited.to_vec(),
        confirmed: BTreeSet::new(),
        attended: BTreeSet::new(),
        action_owners: BTreeSet::new(),
    }
}
