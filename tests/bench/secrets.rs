//! The installation that is asked: a case of others with many facts, what was sent about it, and what is not
//! there at all. Each question is one request about something hidden, and the same about nothing.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use portcullis::{
    cli::{
        client::{Client, Profile},
        init::{self, Addresses, Installation, Options},
        serve::{self, Listeners, Running},
    },
    clock::Clock,
    config::Config,
    crypto::{hex, random::Random},
    message::{CaseRef, DeliveryId, InviteReason, Invitee, MeetingFacts, MeetingId, MessageId},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::line::request;

const NOTIFICATION: &str = include_str!("../messages/accepted/notification-category2.json");
const REFERRAL: &str = include_str!("../messages/accepted/referral-minimal.json");
const REQUEST: &str = include_str!("../messages/accepted/info-request-housing.json");
const RESPONSE: &str = include_str!("../messages/accepted/info-response-housing.json");

/// Who asks: an agency of the area that has no relation to the case.
pub const STRANGER: &str = "hmp-thornfield";
const LEAD: &str = "kent-police";
const UNIT: &str = "kent-mappa";
const ASKED: &str = "kent-council-housing";
/// How many more cases of others there are: each is claimed once, as somebody would who tries them out.
const CLAIMED: usize = 2500;
/// How many meetings the case has, each with all of these invited: the more facts, the dearer to look at.
const MEETINGS: usize = 60;
const INVITED: [&str; 6] =
    ["kent-probation", ASKED, "kent-council-csc", "kent-council-education", "kent-yot", "kent-mh-trust"];

/// A request about what is hidden, and one about nothing; made anew each time, since what is accepted needs an
/// id of its own.
pub struct Question<'a> {
    /// What is asked.
    pub name: &'static str,
    /// The status of either answer.
    pub status: u16,
    /// Makes a request; `true`: about what is hidden.
    pub request: Make<'a, Vec<u8>>,
}

/// Makes something; `true`: of what is hidden.
type Make<'a, T> = Box<dyn Fn(bool) -> T + 'a>;

/// A gateway in this process, in a folder of its own.
pub struct Secrets {
    _folder: tempfile::TempDir,
    made: Installation,
    /// The gateway.
    pub running: Running,
    clock: Clock,
    random: Random,
    case_ref: CaseRef,
    claimed: Vec<CaseRef>,
    claims: AtomicUsize,
    /// Two that the stranger opened by the same message: one that others hold, and one that nobody knew.
    opened: [CaseRef; 2],
    message: MessageId,
    asked: MessageId,
    delivery: DeliveryId,
    commitment: String,
}

impl Secrets {
    /// Builds it under `target/`, since a temporary folder may be memory and not a disk.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir_in(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))).unwrap();
        let (clock, random) = (Clock::system(), Random::system());
        let free = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listeners = Listeners { agencies: free().await, admin: free().await };
        let addresses = Addresses {
            agencies: listeners.agencies.local_addr().unwrap(),
            admin: listeners.admin.local_addr().unwrap(),
            ..Addresses::default()
        };
        let options = Options { addresses, ..Options::default() };
        let made = init::install(&folder.path().join("area"), &clock, &random, options).unwrap();
        let mut config = Config::load(&made.settings()).unwrap();
        // The hardest case: beyond the rate a refusal waits for no disk, which would drown the difference.
        config.limits.refusal_events_per_minute = 1;
        config.limits.checks_per_minute = u32::MAX;
        let running = serve::start(config, listeners, clock.clone(), random.clone()).await.unwrap();
        let case_ref = CaseRef::new("46".parse().unwrap(), 2026, random.bytes().unwrap());
        let (message, asked) = (id(&clock, &random), id(&clock, &random));
        let delivery = DeliveryId::new(clock.now(), random.bytes().unwrap());
        let mut place = Self {
            _folder: folder,
            made,
            running,
            clock,
            random,
            case_ref: case_ref.clone(),
            claimed: Vec::new(),
            claims: AtomicUsize::new(0),
            opened: [case_ref.clone(), case_ref],
            message,
            asked,
            delivery,
            commitment: String::new(),
        };
        place.fill().await;
        place
    }

    /// The case with its meetings, and what is hidden about it.
    async fn fill(&mut self) {
        let lead = self.client(LEAD);
        let notification = self.draft(NOTIFICATION, LEAD, true).with("/message_id", json!(self.message));
        lead.submit(notification.bytes(), vec![]).await.unwrap();
        for _ in 0..CLAIMED {
            let case_ref = self.case(false);
            let referral = self.draft(REFERRAL, LEAD, false).with("/case_ref", json!(case_ref));
            lead.submit(referral.bytes(), vec![]).await.unwrap();
            self.claimed.push(case_ref);
        }
        self.opened = [self.claimed.pop().unwrap(), self.case(false)];
        for case_ref in &self.opened {
            let referral = self.draft(REFERRAL, STRANGER, false).with("/case_ref", json!(case_ref));
            self.client(STRANGER).submit(referral.bytes(), vec![]).await.unwrap();
        }
        let unit = self.client(UNIT);
        for _ in 0..MEETINGS {
            unit.put_meeting(&self.case_ref, &self.meeting()).await.unwrap();
        }
        let asked = self.draft(REQUEST, LEAD, true).with("/message_id", json!(self.asked));
        lead.submit(asked.to(ASKED).bytes(), vec![]).await.unwrap();
        let store = &self.running.gateway.store;
        let tracked = store.track(&LEAD.parse().unwrap(), self.message).await.unwrap().unwrap();
        self.delivery = tracked.deliveries[0].delivery_id;
        // The second event of all is no acceptance: nobody is told its commitment.
        while self.commitment.is_empty() {
            tokio::task::yield_now().await;
            let leaves = store.leaves(0, 2).await.unwrap();
            self.commitment = leaves.get(1).map(|leaf| hex(&leaf.commitment)).unwrap_or_default();
        }
    }

    /// What is asked.
    pub fn questions(&self) -> Vec<Question<'_>> {
        let question = |name, status, request| Question { name, status, request };
        let post = |path: &'static str, sample: &'static str| -> Make<'_, Vec<u8>> {
            Box::new(move |hidden| {
                request("POST", path, Some(&self.draft(sample, STRANGER, hidden).0.to_string()))
            })
        };
        let own = |hidden: bool, id: MessageId| if hidden { id } else { id_of(self) };
        vec![
            question("GET /v1/cases/{ref}", 404, get(|hidden| format!("/v1/cases/{}", self.case(hidden)))),
            question(
                "PUT /v1/cases/{ref}",
                404,
                Box::new(|hidden| {
                    request("PUT", &format!("/v1/cases/{}", self.case(hidden)), Some(r#"{"category":2}"#))
                }),
            ),
            question(
                "PUT /v1/meetings/{id}",
                404,
                Box::new(|hidden| {
                    let body = json!({ "case_ref": self.case(hidden) }).to_string();
                    request("PUT", &format!("/v1/meetings/{}", self.delivery), Some(&body))
                }),
            ),
            question("POST info_request", 404, post("/v1/messages", REQUEST)),
            question(
                "POST info_response to others' request",
                404,
                Box::new(move |hidden| {
                    let answer = self.draft(RESPONSE, STRANGER, hidden).to(LEAD);
                    let answer = answer.with("/in_reply_to", json!(own(hidden, self.asked)));
                    request("POST", "/v1/messages", Some(&answer.0.to_string()))
                }),
            ),
            question("POST check of a referral", 200, post("/v1/messages/check", REFERRAL)),
            question(
                "POST referral, which may open a case",
                202,
                Box::new(|hidden| {
                    let case_ref = if hidden { self.to_be_claimed() } else { self.case(false) };
                    let referral = self.draft(REFERRAL, STRANGER, false).with("/case_ref", json!(case_ref));
                    request("POST", "/v1/messages", Some(&referral.0.to_string()))
                }),
            ),
            question(
                "GET /v1/cases/{ref} after that referral",
                200,
                get(|hidden| format!("/v1/cases/{}", self.opened(hidden))),
            ),
            question(
                "POST check of another after it",
                200,
                Box::new(|hidden| {
                    let referral = self.draft(REFERRAL, STRANGER, false);
                    let referral = referral.with("/case_ref", json!(self.opened(hidden)));
                    request("POST", "/v1/messages/check", Some(&referral.0.to_string()))
                }),
            ),
            question(
                "GET /v1/messages/{id}",
                404,
                get(move |hidden| format!("/v1/messages/{}", own(hidden, self.message))),
            ),
            question(
                "GET /v1/inbox/{delivery}",
                404,
                get(|hidden| format!("/v1/inbox/{}", self.delivery(hidden))),
            ),
            question(
                "POST /v1/inbox/{delivery}/acknowledge",
                404,
                Box::new(|hidden| {
                    request("POST", &format!("/v1/inbox/{}/acknowledge", self.delivery(hidden)), None)
                }),
            ),
            question(
                "GET /v1/ledger/proofs/{commitment}",
                404,
                get(|hidden| {
                    let none: [u8; 32] = self.random.bytes().unwrap();
                    format!("/v1/ledger/proofs/{}", if hidden { self.commitment.clone() } else { hex(&none) })
                }),
            ),
        ]
    }

    /// Stops the gateway and removes the folder.
    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }

    /// An agency's keys and certificates.
    pub fn profile(&self, agency: &str) -> Profile {
        self.made.profile(&agency.parse().unwrap()).unwrap()
    }

    fn client(&self, agency: &str) -> Client {
        Client::new(&self.profile(agency)).unwrap()
    }

    fn case(&self, hidden: bool) -> CaseRef {
        if hidden {
            return self.case_ref.clone();
        }
        CaseRef::new("46".parse().unwrap(), 2026, self.random.bytes().unwrap())
    }

    fn to_be_claimed(&self) -> CaseRef {
        self.claimed[self.claims.fetch_add(1, Ordering::Relaxed) % self.claimed.len()].clone()
    }

    fn opened(&self, hidden: bool) -> &CaseRef {
        let [claimed, own] = &self.opened;
        if hidden { claimed } else { own }
    }

    fn delivery(&self, hidden: bool) -> DeliveryId {
        let none = DeliveryId::new(self.clock.now(), self.random.bytes().unwrap());
        if hidden { self.delivery } else { none }
    }

    /// A sample about the case or about none, with an id of its own.
    fn draft(&self, sample: &str, from: &str, hidden: bool) -> Draft {
        let draft = Draft(serde_json::from_str(sample).unwrap());
        let draft = draft.with("/message_id", json!(id_of(self))).with("/case_ref", json!(self.case(hidden)));
        draft.with("/created_at", json!(self.clock.now())).with("/sender/agency_id", json!(from))
    }

    fn meeting(&self) -> MeetingFacts {
        let invited = INVITED.map(|agency| Invitee {
            agency_id: agency.parse().unwrap(),
            reason: Some(InviteReason::SignificantContribution),
        });
        MeetingFacts {
            meeting_id: MeetingId::new(self.clock.now(), self.random.bytes().unwrap()),
            date: None,
            level: Some(2),
            confirmed: invited.iter().map(|invitee| invitee.agency_id.clone()).collect(),
            invited: invited.into(),
            attended: [].into(),
            action_owners: [].into(),
        }
    }
}

fn get<'a>(path: impl Fn(bool) -> String + 'a) -> Make<'a, Vec<u8>> {
    Box::new(move |hidden| request("GET", &path(hidden), None))
}

fn id_of(place: &Secrets) -> MessageId {
    id(&place.clock, &place.random)
}

fn id(clock: &Clock, random: &Random) -> MessageId {
    MessageId::new(clock.now(), random.bytes().unwrap())
}

/// A message that can still be changed.
struct Draft(Value);

impl Draft {
    fn with(mut self, pointer: &str, value: Value) -> Self {
        *self.0.pointer_mut(pointer).unwrap() = value;
        self
    }

    fn to(self, agency: &str) -> Self {
        let why = "Needed to prepare the part that this agency has in the plan.";
        self.with(
            "/recipients",
            json!([{ "agency_id": agency, "justification": why, "strict_necessity": why }]),
        )
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}
