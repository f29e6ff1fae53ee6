//! What the gateway knows in this bench: 2,600 agencies, 100,000 cases with a meeting of twelve agencies
//! each, 8,000 designations. Every part follows from its number, so that nothing has to be kept to ask
//! about it later.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use portcullis::{
    crypto::random::Random,
    ledger::event::{Basis, Entry, Event},
    message::{
        Agency, AgencyId, AgencyType, Area, CaseRef, Channel, Contact, Designation, DesignationId,
        EncryptionKey, Fact, InviteReason, Invitee, MeetingFacts, MeetingId, Purpose, Status,
    },
    store::{
        FactChange, Files, Learned, Store,
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use tokio::task::JoinSet;

/// How much is known.
pub const AGENCIES: usize = 2_600;
/// See [`AGENCIES`].
pub const CASES: u64 = 100_000;
/// See [`AGENCIES`].
pub const DESIGNATIONS: u64 = 8_000;
/// How many agencies each meeting has.
pub const PRESENT: usize = 12;

/// Writers that wait at once: more than a batch of the store, so that its transactions are full.
const AT_ONCE: u64 = 512;

/// The agencies of one area: kind, status, how many. 62 of them.
const OF_AN_AREA: [(&str, AgencyType, Status, usize); 14] = [
    ("police", AgencyType::Police, Status::Ra, 1),
    ("probation", AgencyType::Probation, Status::Ra, 1),
    ("mappa", AgencyType::Coord, Status::Coord, 1),
    ("board", AgencyType::Smb, Status::Board, 1),
    ("yot", AgencyType::Yot, Status::Dtc, 1),
    ("jobcentre", AgencyType::Dwp, Status::Dtc, 1),
    ("prison", AgencyType::Prison, Status::Ra, 3),
    ("csc", AgencyType::LaCsc, Status::Dtc, 5),
    ("asc", AgencyType::LaAsc, Status::Dtc, 5),
    ("education", AgencyType::LaEdu, Status::Dtc, 5),
    ("housing", AgencyType::LaHousing, Status::Dtc, 9),
    ("homes", AgencyType::Rsl, Status::Dtc, 9),
    ("trust", AgencyType::NhsTrust, Status::Dtc, 10),
    ("refuge", AgencyType::Other, Status::Associate, 10),
];

/// Those present at the meeting of a case; two of a kind that has more than one.
const AT_A_MEETING: [&str; PRESENT] = [
    "police",
    "probation",
    "yot",
    "jobcentre",
    "prison",
    "csc",
    "asc",
    "education",
    "housing",
    "homes",
    "trust",
    "trust",
];

/// The store in this folder.
pub fn open(dir: &Path) -> Arc<SqliteStore> {
    let files = Files::open(dir.join("files"), Random::system()).unwrap();
    Arc::new(SqliteStore::open(dir, files, &SqliteOptions::default()).unwrap())
}

/// Writes all of it.
pub async fn load(dir: &Path, now: Timestamp) {
    let store = open(dir);
    let random = Random::system();
    store.put_agencies(agencies(), vec![entry(0, now, &random)]).await.unwrap();
    let mut tasks = JoinSet::new();
    for lot in 0..AT_ONCE {
        let (store, random) = (Arc::clone(&store), random.clone());
        tasks.spawn(async move {
            for number in (lot..CASES).step_by(AT_ONCE as usize) {
                let change = FactChange {
                    case_ref: case_ref(number),
                    claimant: None,
                    expected: 0,
                    facts: facts(number, now),
                    entries: vec![entry(number, now, &random)],
                };
                assert_eq!(store.learn(change).await.unwrap(), Learned::Learned);
            }
        });
    }
    tasks.join_all().await;
}

/// The directory.
fn agencies() -> Vec<Agency> {
    let areas = (0..Area::CODES.len()).map(|place| area(place as u64));
    let all = areas.flat_map(|area| {
        let kinds = OF_AN_AREA.iter().flat_map(|kind| (0..kind.3).map(move |place| (kind, place)));
        kinds.map(move |((word, agency_type, status, _), place)| {
            agency(agency_id(area, word, place), area, *agency_type, *status)
        })
    });
    all.take(AGENCIES).collect()
}

fn agency(agency_id: AgencyId, area: Area, agency_type: AgencyType, status: Status) -> Agency {
    let text = agency_id.to_string();
    let key = EncryptionKey {
        kid: format!("{text}-2026"),
        kty: "EC".into(),
        crv: "P-256".into(),
        x: "x".repeat(43),
        y: "y".repeat(43),
        alg: String::new(),
        public: String::new(),
        valid_from: None,
        valid_until: None,
    };
    let contact = |role: &str| Contact {
        name: "Jules Hartnell".into(),
        role: role.into(),
        email: format!("{role}@{text}.example"),
    };
    Agency {
        agency_id,
        name: format!("Agency {text}"),
        organisation: format!("Body of {text}"),
        agency_type,
        status,
        suspended: false,
        require_pq: false,
        areas: vec![area],
        channels: vec![Channel::Mailbox],
        encryption_keys: vec![key],
        mail: None,
        webhook: None,
        tls_spki_sha256: vec!["0".repeat(64)],
        contacts: vec![contact("spoc"), contact("deputy")],
    }
}

/// The area of a case or of a place in the list.
pub fn area(number: u64) -> Area {
    let code = Area::CODES[(number % Area::CODES.len() as u64) as usize];
    format!("{code:02}").parse().unwrap()
}

/// One agency of an area.
pub fn agency_id(area: Area, word: &str, place: usize) -> AgencyId {
    format!("area-{area}-{word}-{place}").parse().unwrap()
}

/// A case by its number.
pub fn case_ref(number: u64) -> CaseRef {
    let [.., a, b, c, d, e] = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
    CaseRef::new(area(number), 2026, [a, b, c, d, e])
}

/// The meeting of a case.
pub fn meeting_id(number: u64) -> MeetingId {
    MeetingId::new(Timestamp::UNIX_EPOCH, id(number))
}

/// Who was at the meeting of a case.
pub fn present(number: u64) -> Vec<AgencyId> {
    let member = |place: usize| {
        let word = AT_A_MEETING[place];
        let many = OF_AN_AREA.iter().find(|kind| kind.0 == word).unwrap().3;
        agency_id(area(number), word, (number as usize + place) % many)
    };
    (0..PRESENT).map(member).collect()
}

fn facts(number: u64, now: Timestamp) -> Vec<Fact> {
    let here = area(number);
    let present: BTreeSet<AgencyId> = present(number).into_iter().collect();
    let invitee = |agency_id: &AgencyId| Invitee {
        agency_id: agency_id.clone(),
        reason: Some(InviteReason::SignificantContribution),
    };
    let meeting = MeetingFacts {
        meeting_id: meeting_id(number),
        date: None,
        level: Some(2),
        invited: present.iter().map(invitee).collect(),
        confirmed: present.clone(),
        attended: BTreeSet::new(),
        action_owners: BTreeSet::new(),
    };
    let mut facts = vec![
        Fact::CaseOpened {
            by: agency_id(here, "probation", 0),
            proposed: false,
            area: here,
            purpose: Purpose::A,
            category: Some(2),
            lead: Some(agency_id(here, "probation", 0)),
            shared_supervision: vec![agency_id(here, "police", 0)],
            convicted: Some(true),
            foreign_national: Some(false),
        },
        Fact::LevelSet { by: agency_id(here, "mappa", 0), level: 2 },
        Fact::Meeting(meeting),
        Fact::Present {
            meeting_id: meeting_id(number),
            by_minutes: true,
            action_owners: present.iter().take(4).cloned().collect(),
            attended: present,
        },
    ];
    if number < DESIGNATIONS {
        facts.push(Fact::Designated(Designation {
            designation_id: DesignationId::new(now, id(number)),
            agency_id: agency_id(here, "refuge", 0),
            ra_agency: agency_id(here, "police", 0),
            reason: InviteReason::SignificantContribution,
            start: now,
            expiry: now + SignedDuration::from_hours(24 * 90),
        }));
    }
    facts
}

/// An event to go with a change; what it tells does not matter here.
pub fn entry(number: u64, now: Timestamp, random: &Random) -> Entry {
    let by = agency_id(area(number), "mappa", 0);
    let fact = Fact::LevelSet { by: by.clone(), level: 2 };
    let event = Event::FactChanged {
        case_ref: case_ref(number),
        claimant: None,
        by,
        message_id: None,
        fact,
        basis: Basis::default(),
    };
    Entry::new(&event, now, Some(area(number)), random).unwrap()
}

fn id(number: u64) -> [u8; 10] {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [a, b, c, d, e, f, g, h, 0, 1]
}
