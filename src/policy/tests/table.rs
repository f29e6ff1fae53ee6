//! Every kind of agency × type of message × level × relation × circumstance, as sender and as recipient,
//! against the matrix as `expected` writes it down, plainly and without looking at the policies.

mod expected;
mod world;

use self::world::{SUBJECT, alter, relate};
use super::support::*;

use crate::{
    config::usual_status,
    message::{
        Agency,
        AgencyType::{self, Coord, EmProvider, HealthAuth, Icb, LaEdu, LaPh, Lhb, Probation},
        MessageType::{self, DwpNotice, Transfer},
        Status,
    },
    policy::{Addressed, Decision},
};

/// How the agency stands towards the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    None,
    NamedAsSharingSupervision,
    Notifier,
    Referrer,
    Invited,
    Confirmed,
    Attended,
    ActionOwner,
    Lead,
}

const RELATIONS: [Relation; 9] = [
    Relation::None,
    Relation::NamedAsSharingSupervision,
    Relation::Notifier,
    Relation::Referrer,
    Relation::Invited,
    Relation::Confirmed,
    Relation::Attended,
    Relation::ActionOwner,
    Relation::Lead,
];

/// What is out of the ordinary. `Plain`: a convicted foreign national of category 2 in Kent, nothing
/// approved, nobody designated, nothing sensitive in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Circumstance {
    Plain,
    Designated,
    OtherArea,
    Suspended,
    CaseUnknown,
    OutsideMappa,
    Unjustified,
    NotConvicted,
    Left,
    NoForeignNational,
    VictimData,
    HealthData,
    HealthDataWithNote,
    /// Purpose (aa) alone, for a named person and with the approval of the police.
    Terrorism,
    TerrorismDesignated,
    TerrorismUnapproved,
    TerrorismUnnamed,
    /// Purpose (c) among others, and the message serves another; nothing is approved.
    TerrorismBeside,
    MinutesReleased,
    BoardApproved,
    SummaryReleased,
    GotTheOriginal,
}

use Circumstance::*;

const CIRCUMSTANCES: [Circumstance; 22] = [
    Plain,
    Designated,
    OtherArea,
    Suspended,
    CaseUnknown,
    OutsideMappa,
    Unjustified,
    NotConvicted,
    Left,
    NoForeignNational,
    VictimData,
    HealthData,
    HealthDataWithNote,
    Terrorism,
    TerrorismDesignated,
    TerrorismUnapproved,
    TerrorismUnnamed,
    TerrorismBeside,
    MinutesReleased,
    BoardApproved,
    SummaryReleased,
    GotTheOriginal,
];

#[derive(Debug, Clone, Copy)]
struct Row {
    agency_type: AgencyType,
    status: Status,
    relation: Relation,
    message_type: MessageType,
    /// The level of the case, where one was set.
    level: Option<u8>,
    circumstance: Circumstance,
    /// What kind of agency sends what this one is to receive.
    sender: AgencyType,
}

impl Row {
    fn by_coordinator(self) -> bool {
        self.sender == Coord
    }
}

#[test]
fn the_policies_say_what_the_table_says() {
    let rows = rows();
    let hands = std::thread::available_parallelism().map_or(1, usize::from);
    let answers: Vec<Answers> = std::thread::scope(|scope| {
        let parts = rows.chunks(rows.len().div_ceil(hands));
        let parts: Vec<_> = parts.map(|part| scope.spawn(|| walk(part))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    });
    let asked: u32 = answers.iter().map(|part| part.asked).sum();
    let allowed: u32 = answers.iter().map(|part| part.allowed).sum();
    let mut differ: Vec<_> = answers.into_iter().flat_map(|part| part.differ).collect();
    println!("{asked} decisions, {allowed} of them allowed, {} differ", differ.len());
    differ.truncate(20);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(asked > 100_000, "{asked}");
    assert!(allowed > 10_000, "{allowed}");
}

#[derive(Default)]
struct Answers {
    asked: u32,
    allowed: u32,
    differ: Vec<String>,
}

fn walk(rows: &[Row]) -> Answers {
    let mut answers = Answers::default();
    for &row in rows {
        let Answered { may_send, may_receive, may_see_victims } = decide(row);
        let sent = may_send.map(|may_send| ("send", may_send, expected::send(row)));
        let received = ("receive", may_receive, expected::receive(row));
        let seen = may_see_victims.map(|sees| ("see victims", sees, expected::sees_victims(row)));
        for (verb, decision, expected) in sent.into_iter().chain([received]).chain(seen) {
            assert!(decision.doubt.is_none(), "{verb} {row:?} {decision:?}");
            if decision.is_allowed() != expected {
                answers.differ.push(format!("{verb} {row:?} expected {expected}: {:?}", decision.grounds));
            }
            answers.asked += 1;
            answers.allowed += u32::from(expected);
        }
    }
    answers
}

/// Every level and relation in plain circumstances; every kind of sender, with the relations by turns; every
/// circumstance at level 2 for the relations that matter most; and every record of an agency that contradicts
/// itself once.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (&agency_type, &status, &message_type) in products() {
        let row = |relation, level, circumstance, sender| Row {
            agency_type,
            status,
            relation,
            message_type,
            level,
            circumstance,
            sender,
        };
        if !expected::fits(agency_type, status) {
            rows.push(row(Relation::Attended, Some(2), Plain, Coord));
            continue;
        }
        for relation in RELATIONS {
            let levels = [None, Some(1), Some(2), Some(3)];
            rows.extend(levels.map(|level| row(relation, level, Plain, Coord)));
            rows.push(row(relation, Some(2), Plain, Probation));
        }
        let others = AgencyType::ALL.iter().filter(|kind| !matches!(kind, Coord | Probation));
        let turns = RELATIONS.iter().cycle().skip(rows.len() % RELATIONS.len());
        rows.extend(others.zip(turns).map(|(sender, relation)| row(*relation, Some(2), Plain, *sender)));
        // The rules know these and their like as duty to co-operate bodies only: two of them are enough.
        let alike = [LaEdu, LaPh, HealthAuth, Icb, Lhb, EmProvider];
        if !alike.contains(&agency_type) {
            for circumstance in CIRCUMSTANCES {
                let relations = [Relation::None, Relation::Attended, Relation::Lead];
                rows.extend(relations.map(|relation| row(relation, Some(2), circumstance, Coord)));
                rows.push(row(Relation::Attended, Some(2), circumstance, Probation));
            }
        }
    }
    rows.retain(|row| row.circumstance != OutsideMappa || row.message_type == DwpNotice);
    rows
}

fn products() -> impl Iterator<Item = (&'static AgencyType, &'static Status, &'static MessageType)> {
    let kinds = AgencyType::ALL.iter().flat_map(|kind| Status::ALL.iter().map(move |status| (kind, status)));
    kinds.flat_map(|(kind, status)| MessageType::ALL.iter().map(move |message| (kind, status, message)))
}

struct Answered {
    /// Asked once of the rows that differ by who sends it something.
    may_send: Option<Decision>,
    may_receive: Decision,
    /// Asked of what agencies send.
    may_see_victims: Option<Decision>,
}

fn decide(row: Row) -> Answered {
    let mut world = World::of(row.message_type);
    let keep = ["kent-mappa", "kent-probation"].map(id);
    world.agencies.retain(|agency| keep.contains(&agency.agency_id));
    let mut subject: Agency = agency(SUBJECT, row.agency_type, row.status);
    let unnamed = row.circumstance == TerrorismUnnamed;
    subject.suspended = row.circumstance == Suspended;
    if row.circumstance == OtherArea {
        subject.areas = vec!["47".parse().unwrap()];
    }
    world.agencies.push(subject);
    relate(&mut world, row.relation);
    world.case_mut().level = row.level;
    if row.message_type == Transfer {
        world.claims.receiving_area = Some("47".parse().unwrap());
    }
    alter(&mut world, row.circumstance);
    world.sender = match row.sender {
        Coord => id("kent-mappa"),
        Probation => id("kent-probation"),
        other => {
            world.agencies.push(agency("kent-sender", other, usual_status(other)));
            id("kent-sender")
        }
    };
    let (may_receive, may_see_victims) = world.with(|ask| {
        let agency = ask.directory.agency(&id(SUBJECT)).unwrap();
        let addressed = Addressed {
            agency,
            justified: row.circumstance != Unjustified,
            strict_necessity: row.circumstance == HealthDataWithNote,
            attention: !unnamed,
        };
        let prepared = shipped().prepare(ask);
        let sees = row.message_type.made_by_agencies().then(|| prepared.may_see_victims(&addressed));
        (prepared.may_receive(&addressed), sees)
    });
    let may_send = row.by_coordinator().then(|| world.send_as(SUBJECT));
    Answered { may_send, may_receive, may_see_victims }
}
