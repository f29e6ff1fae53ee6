//! A small world: a few agencies of Kent, one case, one meeting.

use std::{collections::BTreeSet, path::PathBuf, sync::OnceLock};

use crate::{
    directory::Directory,
    message::{
        Agency, AgencyId, AgencyType, Approval, ApprovalId, ApprovalKind, Area, CaseFacts, Designation,
        DesignationId, InviteReason, Invitee, MeetingFacts, MessageType, Status,
    },
    policy::{Addressed, Ask, Claims, Decision, Policies, model},
};

pub const CASE: &str = "46-2026-7K3M9Q2F";
pub const MESSAGE: &str = "019ab000-0000-7000-8000-000000000001";
pub const MEETING: &str = "019ab000-0000-7000-8000-000000000042";

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/policies")
}

/// The policies as shipped.
pub fn shipped() -> &'static Policies {
    static SHIPPED: OnceLock<Policies> = OnceLock::new();
    SHIPPED.get_or_init(|| Policies::load(&folder()).unwrap())
}

pub fn id(text: &str) -> AgencyId {
    text.parse().unwrap()
}

pub fn kent() -> Area {
    "46".parse().unwrap()
}

pub fn now() -> jiff::Timestamp {
    "2026-11-20T09:30:00Z".parse().unwrap()
}

pub fn agency(name: &str, agency_type: AgencyType, status: Status) -> Agency {
    model::agency(&id(name), kent(), agency_type, status)
}

fn of_sussex(agency: Agency) -> Agency {
    Agency { areas: vec!["47".parse().unwrap()], ..agency }
}

/// What is asked, with everything in order; a test changes what it is about.
#[derive(Clone)]
pub struct World {
    pub agencies: Vec<Agency>,
    pub sender: AgencyId,
    pub claims: Claims,
    pub case: Option<CaseFacts>,
    /// Whether the recipient has a justification of its own.
    pub justified: bool,
    /// Whether it has a note on why health data is strictly necessary.
    pub strict_necessity: bool,
    /// Whether a person there is named.
    pub attention: bool,
}

impl World {
    /// A message of this type by the sender that it usually has.
    pub fn of(message_type: MessageType) -> Self {
        let by_coordinator = message_type.belongs_to_meeting();
        let sender = if by_coordinator { "kent-mappa" } else { "kent-probation" };
        Self {
            agencies: vec![
                agency("kent-police", AgencyType::Police, Status::Ra),
                agency("kent-probation", AgencyType::Probation, Status::Ra),
                agency("hmp-thornfield", AgencyType::Prison, Status::Ra),
                agency("kent-yot", AgencyType::Yot, Status::Dtc),
                agency("kent-housing", AgencyType::LaHousing, Status::Dtc),
                agency("kent-csc", AgencyType::LaCsc, Status::Dtc),
                agency("kent-trust", AgencyType::NhsTrust, Status::Dtc),
                agency("kent-jobcentre", AgencyType::Dwp, Status::Dtc),
                agency("kent-homes", AgencyType::Rsl, Status::Dtc),
                agency("kent-immigration", AgencyType::Immigration, Status::Dtc),
                agency("kent-mappa", AgencyType::Coord, Status::Coord),
                agency("kent-refuge", AgencyType::Other, Status::Associate),
                agency("kent-smb", AgencyType::Smb, Status::Board),
                agency("kent-lay", AgencyType::Lay, Status::Board),
                agency("maidstone-crown", AgencyType::Court, Status::Court),
                of_sussex(agency("sussex-police", AgencyType::Police, Status::Ra)),
                of_sussex(agency("sussex-mappa", AgencyType::Coord, Status::Coord)),
            ],
            sender: id(sender),
            claims: Claims {
                lead_agency: Some(id("kent-probation")),
                ..model::claims(message_type, MESSAGE.parse().unwrap(), &case())
            },
            case: Some(case()),
            justified: true,
            strict_necessity: false,
            attention: false,
        }
    }

    pub fn case_mut(&mut self) -> &mut CaseFacts {
        self.case.as_mut().unwrap()
    }

    /// Designates an agency from a day to another.
    pub fn designate(&mut self, who: &str, start: &str, expiry: &str) {
        let at = |day: &str| format!("{day}T00:00:00Z").parse().unwrap();
        self.case_mut().designations.push(Designation {
            designation_id: DesignationId::from_bytes([1; 16]),
            agency_id: id(who),
            ra_agency: id("kent-police"),
            reason: InviteReason::SignificantContribution,
            start: at(start),
            expiry: at(expiry),
        });
    }

    /// Approves something for an agency, for the meeting of the case, for ever.
    pub fn approve(&mut self, kind: ApprovalKind, to: &str) {
        self.case_mut().approvals.push(Approval {
            approval_id: ApprovalId::from_bytes([1; 16]),
            kind,
            by: id("kent-mappa"),
            to: id(to),
            meeting_id: Some(MEETING.parse().unwrap()),
            message_id: None,
            until: jiff::Timestamp::MAX,
        });
    }

    pub fn agency_mut(&mut self, name: &str) -> &mut Agency {
        self.agencies.iter_mut().find(|a| a.agency_id == id(name)).unwrap()
    }

    pub fn meeting_mut(&mut self) -> &mut MeetingFacts {
        self.case.as_mut().unwrap().meetings.first_mut().unwrap()
    }

    pub fn send(&self) -> Decision {
        self.with(|ask| shipped().may_send(ask))
    }

    pub fn send_as(&mut self, sender: &str) -> Decision {
        self.sender = id(sender);
        self.send()
    }

    pub fn receive(&self, recipient: &str) -> Decision {
        self.with(|ask| {
            let agency = ask.directory.agency(&id(recipient)).unwrap();
            shipped().may_receive(ask, &self.addressed(agency))
        })
    }

    pub fn see_victims(&self, recipient: &str) -> Decision {
        self.with(|ask| {
            let agency = ask.directory.agency(&id(recipient)).unwrap();
            shipped().may_see_victims(ask, &self.addressed(agency))
        })
    }

    pub fn addressed<'a>(&self, agency: &'a Agency) -> Addressed<'a> {
        let Self { justified, strict_necessity, attention, .. } = *self;
        Addressed { agency, justified, strict_necessity, attention }
    }

    pub fn with<T>(&self, question: impl FnOnce(&Ask) -> T) -> T {
        let directory = Directory::new(1, self.agencies.clone());
        let sender = directory.agency(&self.sender).unwrap();
        question(&Ask {
            now: now(),
            directory: &directory,
            sender,
            message: &self.claims,
            case: self.case.as_ref(),
        })
    }
}

pub fn meeting() -> MeetingFacts {
    model::meeting(MEETING.parse().unwrap())
}

pub fn invitee(name: &str, reason: Option<&str>) -> Invitee {
    Invitee { agency_id: id(name), reason: reason.map(|code| code.parse().unwrap()) }
}

/// A case that probation leads, with one meeting that concerns nobody yet.
pub fn case() -> CaseFacts {
    CaseFacts {
        lead: Some(id("kent-probation")),
        openers: BTreeSet::from([id("kent-probation")]),
        ..model::case(CASE.parse().unwrap(), kent(), meeting())
    }
}

#[track_caller]
pub fn allowed(decision: &Decision, ground: &str) {
    assert!(decision.is_allowed(), "{decision:?}");
    assert_eq!(ids(decision), [ground]);
    assert!(decision.missing.is_empty() && decision.doubt.is_none());
}

#[track_caller]
pub fn barred(decision: &Decision, ground: &str) {
    assert!(!decision.is_allowed(), "{decision:?}");
    assert_eq!(ids(decision), [ground]);
    assert!(decision.grounds.iter().all(|ground| ground.text.is_some()));
    assert!(decision.missing.is_empty() && decision.doubt.is_none());
}

/// Refused because none of these permits applied.
#[track_caller]
pub fn unmet(decision: &Decision, permits: &[(&str, &str)]) {
    assert!(!decision.is_allowed(), "{decision:?}");
    assert!(decision.grounds.is_empty() && decision.doubt.is_none(), "{decision:?}");
    let missing: Vec<_> = decision.missing.iter().map(|m| (m.ground.id.as_str(), &*m.lacks)).collect();
    assert_eq!(missing, permits);
}

fn ids(decision: &Decision) -> Vec<&str> {
    decision.grounds.iter().map(|ground| ground.id.as_str()).collect()
}
