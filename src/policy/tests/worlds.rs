//! Many small worlds: every type of message, from and to agencies of each kind, in plain circumstances
//! and in some where a bar falls.

use std::collections::BTreeSet;

use super::support::*;
use crate::{
    message::{ApprovalKind, MessageType, Purpose},
    policy::{Addressed, Decision, Policies, Prepared, Prior},
};

/// Who is asked about, as sender and as recipient.
const ASKED: [&str; 12] = [
    "kent-police",
    "kent-probation",
    "hmp-thornfield",
    "kent-csc",
    "kent-homes",
    "kent-jobcentre",
    "kent-immigration",
    "kent-mappa",
    "kent-refuge",
    "kent-smb",
    "maidstone-crown",
    "sussex-police",
];

/// What is changed in a world for whoever is asked about.
type Change = fn(&mut World, &str);

/// In the first nobody has any relation; in all others the agency attended, with an action and every
/// approval, and what a message needs is there.
const CHANGES: [Change; 16] = [
    |_, _| {},
    favour,
    |world, who| favoured(world, who).convicted_not(),
    |world, who| favoured(world, who).case_mut().left = true,
    |world, who| favoured(world, who).case_mut().foreign_national = None,
    |world, who| favoured(world, who).case_mut().purposes = BTreeSet::from([Purpose::Aa]),
    |world, who| favoured(world, who).case_mut().area = "47".parse().unwrap(),
    |world, who| favoured(world, who).case_mut().level = None,
    |world, who| favoured(world, who).agency_mut(who).suspended = true,
    |world, who| favoured(world, who).claims.purpose = None,
    |world, who| favoured(world, who).claims.health_data = true,
    |world, who| favoured(world, who).justified = false,
    |world, who| favoured(world, who).case = None,
    |world, who| {
        favour(world, who);
        world.case_mut().purposes = BTreeSet::from([Purpose::Aa]);
        world.claims.purpose = Some(Purpose::Aa);
    },
    |world, who| {
        favour(world, who);
        world.claims.category = Some(4);
        world.case_mut().approvals.clear();
    },
    |world, who| {
        favour(world, who);
        if let Some(prior) = &mut world.claims.prior {
            (prior.recipients, prior.left_out) = (vec![id("kent-probation")], 1);
        }
    },
];

impl World {
    fn convicted_not(&mut self) {
        self.case_mut().convicted = Some(false);
    }
}

fn favoured<'w>(world: &'w mut World, who: &str) -> &'w mut World {
    favour(world, who);
    world
}

fn favour(world: &mut World, who: &str) {
    let all =
        [ApprovalKind::MinutesRelease, ApprovalKind::ExecSummary, ApprovalKind::Category4, ApprovalKind::Smb];
    all.into_iter().for_each(|kind| world.approve(kind, who));
    world.designate(who, "2026-01-01", "2027-01-01");
    let meeting = world.meeting_mut();
    meeting.invited.push(invitee(who, Some("significant_contribution")));
    for list in [&mut meeting.confirmed, &mut meeting.attended, &mut meeting.action_owners] {
        list.insert(id(who));
    }
    world.case_mut().referrers.insert(id(who));
    world.claims.released = true;
    world.claims.victim_data = true;
    world.claims.receiving_area = Some("47".parse().unwrap());
    world.claims.jobcentre = Some(id(who));
    world.claims.prior = Some(Prior { recipients: vec![id(who)], left_out: 0 });
    world.attention = true;
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Send,
    Receive,
    SeeVictims,
}

/// One world and whom it is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub kind: MessageType,
    pub who: &'static str,
    change: usize,
}

impl Asked {
    /// Every one there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let changes = || (0..CHANGES.len()).flat_map(|change| ASKED.iter().map(move |who| (change, *who)));
        MessageType::ALL
            .iter()
            .flat_map(move |kind| changes().map(|(change, who)| Self { kind: *kind, who, change }))
    }

    pub fn world(self) -> World {
        let mut world = World::of(self.kind);
        CHANGES[self.change](&mut world, self.who);
        world
    }

    /// What can be asked about it.
    pub fn verbs(self) -> &'static [Verb] {
        if self.kind.made_by_agencies() {
            &[Verb::Send, Verb::Receive, Verb::SeeVictims]
        } else {
            &[Verb::Send, Verb::Receive]
        }
    }

    /// Prepares it: `who` sends, or the co-ordination unit sends to `who`.
    pub fn prepared<T>(
        self,
        policies: &Policies,
        verb: Verb,
        use_it: impl FnOnce(&Prepared, &Addressed) -> T,
    ) -> T {
        let mut world = self.world();
        if verb == Verb::Send {
            world.sender = id(self.who);
        }
        world.with(|ask| {
            let to = world.addressed(ask.directory.agency(&id(self.who)).unwrap());
            use_it(&policies.prepare(ask).announce([&to.agency.agency_id]), &to)
        })
    }

    pub fn decide(self, policies: &Policies, verb: Verb) -> Decision {
        self.prepared(policies, verb, |prepared, to| verb.ask(prepared, to))
    }
}

impl Verb {
    pub fn ask(self, prepared: &Prepared, to: &Addressed) -> Decision {
        match self {
            Self::Send => prepared.may_send(),
            Self::Receive => prepared.may_receive(to),
            Self::SeeVictims => prepared.may_see_victims(to),
        }
    }

    pub fn action(self, policies: &Policies, kind: MessageType) -> cedar_policy::EntityUid {
        match self {
            Self::Send => policies.words.send(kind),
            Self::Receive => policies.words.receive(kind),
            Self::SeeVictims => policies.words.see_victims(kind),
        }
    }
}
