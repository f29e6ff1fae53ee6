//! The installation that is measured: a case, a meeting with six invitees, and the message.

use std::{collections::BTreeSet, path::PathBuf};

use portcullis::{
    cli::{
        client::{Client, Profile},
        demo::drafts::{Draft, Sample},
        init::{self, Addresses, Options},
        serve::{self, Listeners, Running},
    },
    clock::Clock,
    config::Config,
    crypto::random::Random,
    message::{CaseRef, InviteReason, Invitee, MeetingFacts, MeetingId, MessageId},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Six agencies that collect from their mailboxes.
pub const INVITED: [&str; 6] = [
    "kent-police",
    "kent-probation",
    "hmp-thornfield",
    "kent-council-csc",
    "kent-council-education",
    "kent-yot",
];
/// Who sends.
pub const SENDER: &str = "kent-mappa";

/// A gateway in this process, in a folder of its own.
pub struct Place {
    folder: tempfile::TempDir,
    /// The gateway.
    pub running: Running,
    /// The sender.
    pub profile: Profile,
    /// The case.
    pub case_ref: CaseRef,
    /// The message to post, with some id.
    pub message: Vec<u8>,
    /// Where that id stands in it.
    pub id_at: usize,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl Place {
    /// Builds it under `target/`, since a temporary folder may be memory and not a disk.
    pub async fn new() -> Self {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = tempfile::tempdir_in(target).unwrap();
        let (clock, random) = (Clock::system(), Random::system());
        let free = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listeners = Listeners { agencies: free().await, admin: free().await };
        let addresses = Addresses {
            agencies: listeners.agencies.local_addr().unwrap(),
            admin: listeners.admin.local_addr().unwrap(),
            ..Addresses::default()
        };
        let dir = folder.path().join("area");
        let options = Options { addresses, ..Options::default() };
        let made = init::install(&dir, &clock, &random, options).unwrap();
        let config = Config::load(&made.settings()).unwrap();
        let running = serve::start(config, listeners, clock.clone(), random.clone()).await.unwrap();

        let case_ref = CaseRef::new("46".parse().unwrap(), 2026, random.bytes().unwrap());
        let draft = |sample| {
            let id = MessageId::new(clock.now(), random.bytes().unwrap());
            (id, Draft::new(sample, id, &case_ref, clock.now()).unwrap())
        };
        let client = |agency: &str| {
            let profile = made.profile(&agency.parse().unwrap()).unwrap();
            (Client::new(&profile).unwrap(), profile)
        };
        let (police, _) = client("kent-police");
        police.submit(draft(Sample::Notification).1.bytes(), vec![]).await.unwrap();
        police.submit(draft(Sample::Referral).1.bytes(), vec![]).await.unwrap();
        let (co_ordinator, profile) = client(SENDER);
        co_ordinator.put_meeting(&case_ref, &meeting(&clock, &random)).await.unwrap();

        let (id, draft) = draft(Sample::Referral);
        let person = json!({ "name": "Sam Wetherden", "role": "co-ordinator", "grade": "MAPPA co-ordinator",
                             "email": "coordinator@mappa.kent.example" });
        let why = "Invited to the level 2 meeting on this case; needs the referral to prepare its part of the plan.";
        let mut message = draft.from(SENDER, person).to(&INVITED, Some(why)).with_necessity();
        without_victim_data(&mut message);
        let message = message.bytes();
        let id = id.to_string();
        let id_at = message.windows(id.len()).position(|window| window == id.as_bytes()).unwrap();
        Self { folder, running, profile, case_ref, message, id_at, clock, random }
    }

    /// The folder of the store.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("area/data")
    }

    /// An id that was not used.
    pub fn fresh_id(&self) -> MessageId {
        MessageId::new(self.clock.now(), self.random.bytes().unwrap())
    }

    /// Mean sizes of what a message leaves in the store.
    pub fn rows(&self) -> String {
        let path = self.data().join("portcullis.db");
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let store = rusqlite::Connection::open_with_flags(path, flags).unwrap();
        let mean = |select: &str| -> f64 { store.query_row(select, [], |row| row.get(0)).unwrap() };
        format!(
            "ciphertext {:.0}, wrap {:.0} for each recipient, receipt {:.0}, event {:.0}",
            mean("SELECT avg(length(ciphertext)) FROM view"),
            mean("SELECT avg(length(encrypted_key) + length(header)) FROM delivery WHERE view IS NOT NULL"),
            mean("SELECT avg(length(receipt)) FROM message"),
            mean("SELECT avg(length(e.event)) FROM message m JOIN event e ON e.id = m.event"),
        )
    }

    /// Stops the gateway and removes the folder.
    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

fn meeting(clock: &Clock, random: &Random) -> MeetingFacts {
    let invited = INVITED.map(|agency| Invitee {
        agency_id: agency.parse().unwrap(),
        reason: Some(InviteReason::SignificantContribution),
    });
    MeetingFacts {
        meeting_id: MeetingId::new(clock.now(), random.bytes().unwrap()),
        date: Some(clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()),
        level: Some(2),
        invited: invited.to_vec(),
        confirmed: BTreeSet::new(),
        attended: BTreeSet::new(),
        action_owners: BTreeSet::new(),
    }
}

/// One view for all six: what is measured is the road of a message that everybody gets whole.
fn without_victim_data(draft: &mut Draft) {
    let Some(Value::Object(block)) = draft.body_mut().and_then(|body| body.get_mut("victims")) else {
        return;
    };
    block.retain(|name, _| matches!(name.as_str(), "victims" | "potential_victims" | "owner_agency"));
    for person in block.values_mut().filter_map(Value::as_array_mut).flatten() {
        person.as_object_mut().unwrap().retain(|name, _| name == "ref");
    }
}
