//! Who may see and set facts by a call of the API: about a case, its associates and its approvals. The
//! rules stand in `facts.cedar`; the record of a meeting has its own question
//! ([`Policies::may_record_meeting`]).

use std::collections::BTreeSet;

use cedar_policy::{Entities, Entity, RestrictedExpression as Value};
use jiff::Timestamp;

use super::{Decision, Doubt, Policies, evaluate::now_ms};
use crate::{
    directory::Directory,
    message::{Agency, AgencyId, Approval, ApprovalKind, CaseFacts, Designation},
};

/// What an agency would do with the facts of a case.
#[derive(Clone, Copy)]
pub enum FactAct<'a> {
    /// See what holds (P35, P37).
    Read,
    /// Confirm or change what holds about the case.
    State {
        /// The lead agency that is stated, if one is.
        lead: Option<&'a AgencyId>,
    },
    /// Designate an associate (P22).
    Designate(&'a Designation),
    /// Give a written authority (P17, P18, P27, P32).
    Approve(&'a Approval),
}

impl<'a> FactAct<'a> {
    /// Every action that is asked about here.
    pub(super) const NAMES: &'static [&'static str] = &[
        "read_case",
        "state_case",
        "designate",
        "approve_minutes_release",
        "approve_exec_summary",
        "approve_cat4",
        "approve_smb",
    ];

    fn action(self) -> &'static str {
        match self {
            Self::Read => "read_case",
            Self::State { .. } => "state_case",
            Self::Designate(_) => "designate",
            Self::Approve(approval) => match approval.kind {
                ApprovalKind::MinutesRelease => "approve_minutes_release",
                ApprovalKind::ExecSummary => "approve_exec_summary",
                ApprovalKind::Category4 => "approve_cat4",
                ApprovalKind::Smb => "approve_smb",
            },
        }
    }

    /// The agencies that it names, each with the member that names it.
    pub fn names(self) -> Vec<(&'static str, &'a AgencyId)> {
        match self {
            Self::Read => Vec::new(),
            Self::State { lead } => lead.map(|lead| ("lead", lead)).into_iter().collect(),
            Self::Designate(made) => {
                vec![("agency_id", &made.agency_id), ("ra_agency", &made.ra_agency)]
            }
            Self::Approve(approval) => vec![("to", &approval.to)],
        }
    }
}

impl Policies {
    /// May the caller do this with the facts of the case? An agency that is named and that the directory
    /// does not know is a refusal.
    pub fn may_act(
        &self,
        directory: &Directory,
        caller: &Agency,
        case: &CaseFacts,
        act: FactAct<'_>,
        now: Timestamp,
    ) -> Decision {
        self.decide_act(directory, caller, case, act, now).unwrap_or_else(Decision::in_doubt)
    }

    fn decide_act(
        &self,
        directory: &Directory,
        caller: &Agency,
        case: &CaseFacts,
        act: FactAct<'_>,
        now: Timestamp,
    ) -> Result<Decision, Doubt> {
        let action = self.words.action(act.action());
        let mut entities = self.actions(&action)?;
        entities.push(self.words.case(case, now, None)?);
        // One entity for each: the caller may name itself, and a designation one agency twice.
        let names = act.names();
        let ids: BTreeSet<&AgencyId> = names.iter().map(|(_, id)| *id).chain([&caller.agency_id]).collect();
        for id in ids {
            entities.push(self.known(directory, id, case)?);
        }
        let entities = Entities::from_entities(entities, None).map_err(|_| Doubt::BadEntity)?;
        let named = names.iter().map(|(name, id)| (*name, Value::new_entity_uid(self.words.agency_uid(id))));
        let context = named.chain(rest(act, case)).chain([now_ms(now)]);
        let principal = self.words.agency_uid(&caller.agency_id);
        self.evaluate_fact(principal, action, self.words.case_uid(case), context, &entities)
    }

    fn known(&self, directory: &Directory, id: &AgencyId, case: &CaseFacts) -> Result<Entity, Doubt> {
        let agency = directory.agency(id).ok_or(Doubt::UnknownAgency)?;
        self.words.agency(agency, Some(case))
    }
}

/// What the context has besides the agencies.
fn rest(act: FactAct<'_>, case: &CaseFacts) -> Option<(&'static str, Value)> {
    match act {
        FactAct::Read | FactAct::State { .. } => None,
        FactAct::Designate(made) => Some(("term_days", Value::new_long(days(made)))),
        FactAct::Approve(approval) => {
            let known = approval.meeting_id.is_some_and(|id| case.meeting(id).is_some());
            Some(("meeting_known", Value::new_bool(known)))
        }
    }
}

/// How many days a designation stands, begun ones counted; none where it ends before it starts. Worked
/// out here, because arithmetic in a policy can overflow and a policy must not err.
fn days(made: &Designation) -> i64 {
    if made.expiry <= made.start {
        return 0;
    }
    let seconds = made.expiry.as_second().saturating_sub(made.start.as_second());
    seconds.max(1).saturating_add(DAY_S - 1) / DAY_S
}

const DAY_S: i64 = 24 * 60 * 60;
