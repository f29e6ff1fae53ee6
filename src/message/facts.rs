//! What the gateway remembers about cases and meetings: ids, relations, dates and flags, never the
//! narrative (design §4). Facts are append-only; what holds now is their fold.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AgencyId, Approval, ApprovalKind, Area, CaseRef, Designation, MeetingId, Purpose, agency::text_enum,
};

/// One fact, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A case was opened: by a notification from its lead agency, or proposed by a referral.
    CaseOpened {
        /// Who opened it.
        by: AgencyId,
        /// A referral proposes; a notification states.
        proposed: bool,
        /// Where.
        area: Area,
        /// For which limb of s.325(2).
        purpose: Purpose,
        /// Category 1 to 4.
        category: Option<u8>,
        /// The agency with the main statutory responsibility.
        lead: Option<AgencyId>,
        /// Other responsible authority agencies that share supervision (P5).
        #[serde(default)]
        shared_supervision: Vec<AgencyId>,
        /// Whether there is a conviction, caution or finding under s.327(4) (P14).
        #[serde(default)]
        convicted: Option<bool>,
        /// Whether the person is a foreign national (P36).
        #[serde(default)]
        foreign_national: Option<bool>,
    },
    /// The co-ordination unit confirms or changes what holds about the case. What is absent stays.
    CaseStated {
        /// Which unit.
        by: AgencyId,
        /// For which limbs of s.325(2).
        #[serde(default)]
        purposes: Option<BTreeSet<Purpose>>,
        /// Category 1 to 4.
        #[serde(default)]
        category: Option<u8>,
        /// The lead agency.
        #[serde(default)]
        lead: Option<AgencyId>,
        /// As in `CaseOpened`.
        #[serde(default)]
        convicted: Option<bool>,
        /// As in `CaseOpened`.
        #[serde(default)]
        foreign_national: Option<bool>,
    },
    /// The co-ordination unit set the level: by a decision on a referral or a change of level.
    LevelSet {
        /// Which unit.
        by: AgencyId,
        /// 1 to 3.
        level: u8,
    },
    /// The co-ordination unit let the case leave.
    Left {
        /// Which unit.
        by: AgencyId,
        /// What it leaves.
        scope: ExitScope,
    },
    /// Who was at a meeting and who holds an action, by its attendance record or its final minutes. The
    /// record of final minutes stands over any attendance record, also a later one (design §4).
    Present {
        /// Which meeting.
        meeting_id: MeetingId,
        /// Whether final minutes say so.
        by_minutes: bool,
        /// Who is recorded as present (P15).
        attended: BTreeSet<AgencyId>,
        /// Who holds an action (P16).
        action_owners: BTreeSet<AgencyId>,
    },
    /// An associate was designated. The latest of one id replaces the one before.
    Designated(Designation),
    /// Something was approved. The latest of one id replaces the one before.
    Approved(Approval),
    /// A referral arrived about a case that was open already.
    Referred {
        /// Who referred.
        by: AgencyId,
    },
    /// An agency outside the circle notified or referred a case that is known. It changes nothing
    /// until the co-ordination unit draws the agency in.
    Claimed {
        /// Who.
        by: AgencyId,
        /// Whether it named itself the lead agency.
        as_lead: bool,
    },
    /// A meeting as the co-ordination unit records it. The latest replaces the one before.
    Meeting(MeetingFacts),
}

text_enum!(
    /// What a case leaves at its exit (D19).
    ExitScope {
        /// The arrangements altogether.
        Mappa = "mappa",
        /// Level 2 and 3; it is managed at level 1 from now on.
        MultiAgencyManagement = "multi_agency_management",
    }
);

/// A meeting of a case: who stands where towards it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingFacts {
    /// Which meeting.
    pub meeting_id: MeetingId,
    /// When it is or was, `2026-12-04`.
    #[serde(default)]
    pub date: Option<jiff::civil::Date>,
    /// Level 2 or 3.
    #[serde(default)]
    pub level: Option<u8>,
    /// Who is invited, and why (P8).
    #[serde(default)]
    pub invited: Vec<Invitee>,
    /// Who confirmed that they will attend (P9).
    #[serde(default)]
    pub confirmed: BTreeSet<AgencyId>,
    /// Who is recorded as present (P15).
    #[serde(default)]
    pub attended: BTreeSet<AgencyId>,
    /// Who holds an action (P16).
    #[serde(default)]
    pub action_owners: BTreeSet<AgencyId>,
}

/// An invited agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitee {
    /// Who.
    pub agency_id: AgencyId,
    /// Why it is needed; responsible authority agencies are permanent members and need none (P8).
    #[serde(default)]
    pub reason: Option<InviteReason>,
}

text_enum!(
    /// Why an agency is invited (P8). A code and no text: the gateway keeps no narrative.
    InviteReason {
        /// It holds information or has a part in the plan that matters to the meeting.
        SignificantContribution = "significant_contribution",
        /// It can commit resources that the plan needs.
        CommitResources = "commit_resources",
        /// It has a statutory responsibility for the offender or a victim.
        StatutoryInvolvement = "statutory_involvement",
    }
);

impl MeetingFacts {
    /// Whether the agency is invited, confirmed, attended or owns an action.
    pub fn concerns(&self, agency: &AgencyId) -> bool {
        self.invites(agency)
            || self.confirmed.contains(agency)
            || self.attended.contains(agency)
            || self.action_owners.contains(agency)
    }

    /// Whether the agency is invited.
    pub fn invites(&self, agency: &AgencyId) -> bool {
        self.invited.iter().any(|invitee| &invitee.agency_id == agency)
    }

    /// Every agency that the record names.
    pub fn agencies(&self) -> BTreeSet<&AgencyId> {
        let invited = self.invited.iter().map(|invitee| &invitee.agency_id);
        invited.chain(&self.confirmed).chain(&self.attended).chain(&self.action_owners).collect()
    }
}

/// What holds about a case now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFacts {
    /// Which case.
    pub case_ref: CaseRef,
    /// Where.
    pub area: Area,
    /// The number of its latest fact; a decision is good only while this stands.
    pub version: u64,
    /// Which limbs of s.325(2) it serves.
    pub purposes: BTreeSet<Purpose>,
    /// Category 1 to 4.
    pub category: Option<u8>,
    /// The lead agency, once a notification from it stated so.
    pub lead: Option<AgencyId>,
    /// Responsible authority agencies that share supervision.
    pub shared_supervision: BTreeSet<AgencyId>,
    /// Who notified or referred.
    pub openers: BTreeSet<AgencyId>,
    /// Who of them referred, and so is told what was decided about it (D4).
    pub referrers: BTreeSet<AgencyId>,
    /// Its meetings, each as last recorded.
    pub meetings: Vec<MeetingFacts>,
    /// The meetings whose attendance final minutes told.
    pub minuted: BTreeSet<MeetingId>,
    /// Whether there is a conviction, caution or finding (P14). `None` until somebody says so.
    pub convicted: Option<bool>,
    /// Whether the person is a foreign national (P36). `None` until somebody says so.
    pub foreign_national: Option<bool>,
    /// The level, once the co-ordination unit set it.
    pub level: Option<u8>,
    /// Whether it left MAPPA altogether.
    pub left: bool,
    /// Its associates, past ones too.
    pub designations: Vec<Designation>,
    /// Its approvals, past ones too.
    pub approvals: Vec<Approval>,
}

impl CaseFacts {
    /// What the facts of one case, oldest first and each with its number, come to. `None` where
    /// there are none.
    pub fn fold(case_ref: &CaseRef, facts: impl IntoIterator<Item = (u64, Fact)>) -> Option<Self> {
        let mut folded: Option<Self> = None;
        for (version, fact) in facts {
            let case = folded.get_or_insert_with(|| Self {
                case_ref: case_ref.clone(),
                area: case_ref.area(),
                version,
                purposes: BTreeSet::new(),
                category: None,
                lead: None,
                shared_supervision: BTreeSet::new(),
                openers: BTreeSet::new(),
                referrers: BTreeSet::new(),
                meetings: Vec::new(),
                minuted: BTreeSet::new(),
                convicted: None,
                foreign_national: None,
                level: None,
                left: false,
                designations: Vec::new(),
                approvals: Vec::new(),
            });
            case.version = version;
            case.learn(fact);
        }
        folded
    }

    /// The case as it would stand with these facts added, numbered as it stands.
    pub fn with(known: Option<&Self>, case_ref: &CaseRef, facts: &[Fact]) -> Option<Self> {
        match known {
            Some(known) => {
                let mut case = known.clone();
                facts.iter().cloned().for_each(|fact| case.learn(fact));
                Some(case)
            }
            None => Self::fold(case_ref, facts.iter().cloned().map(|fact| (0, fact))),
        }
    }

    fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::CaseOpened {
                by,
                proposed,
                area,
                purpose,
                category,
                lead,
                shared_supervision,
                convicted,
                foreign_national,
            } => {
                self.area = area;
                self.purposes.insert(purpose);
                self.category = category.or(self.category);
                self.convicted = convicted.or(self.convicted);
                self.foreign_national = foreign_national.or(self.foreign_national);
                if proposed {
                    self.referrers.insert(by.clone());
                }
                self.openers.insert(by);
                if !proposed {
                    self.lead = lead;
                    self.shared_supervision = shared_supervision.into_iter().collect();
                }
            }
            Fact::CaseStated { purposes, category, lead, convicted, foreign_national, .. } => {
                self.purposes = purposes.unwrap_or_else(|| std::mem::take(&mut self.purposes));
                self.category = category.or(self.category);
                self.lead = lead.or_else(|| self.lead.take());
                self.convicted = convicted.or(self.convicted);
                self.foreign_national = foreign_national.or(self.foreign_national);
            }
            Fact::Referred { by } => {
                self.referrers.insert(by.clone());
                self.openers.insert(by);
            }
            Fact::Claimed { .. } => {}
            Fact::LevelSet { level, .. } => {
                self.level = Some(level);
                self.left = false;
            }
            Fact::Left { scope: ExitScope::Mappa, .. } => self.left = true,
            Fact::Left { scope: ExitScope::MultiAgencyManagement, .. } => self.level = Some(1),
            Fact::Meeting(meeting) => self.learn_meeting(meeting),
            Fact::Present { meeting_id, by_minutes, attended, action_owners } => {
                self.learn_presence(meeting_id, by_minutes, attended, action_owners);
            }
            Fact::Designated(designation) => {
                self.designations.retain(|known| known.designation_id != designation.designation_id);
                self.designations.push(designation);
            }
            Fact::Approved(approval) => {
                self.approvals.retain(|known| known.approval_id != approval.approval_id);
                self.approvals.push(approval);
            }
        }
    }

    /// A record of a meeting replaces the one before, but for who was present once final minutes told it.
    fn learn_meeting(&mut self, mut meeting: MeetingFacts) {
        let place = self.meetings.iter().position(|known| known.meeting_id == meeting.meeting_id);
        if let Some(known) = place.map(|place| self.meetings.remove(place))
            && self.minuted.contains(&known.meeting_id)
        {
            (meeting.attended, meeting.action_owners) = (known.attended, known.action_owners);
        }
        self.meetings.push(meeting);
    }

    fn learn_presence(
        &mut self,
        meeting_id: MeetingId,
        by_minutes: bool,
        attended: BTreeSet<AgencyId>,
        action_owners: BTreeSet<AgencyId>,
    ) {
        if self.minuted.contains(&meeting_id) && !by_minutes {
            return;
        }
        let Some(meeting) = self.meetings.iter_mut().find(|known| known.meeting_id == meeting_id) else {
            return;
        };
        (meeting.attended, meeting.action_owners) = (attended, action_owners);
        if by_minutes {
            self.minuted.insert(meeting_id);
        }
    }

    /// The designation under which an agency is an associate of this case at a moment (P22).
    pub fn designation(&self, agency: &AgencyId, now: Timestamp) -> Option<&Designation> {
        self.designations.iter().find(|known| &known.agency_id == agency && known.stands(now))
    }

    /// The approvals of a kind that stand for an agency at a moment.
    pub fn approvals(
        &self,
        kind: ApprovalKind,
        to: &AgencyId,
        now: Timestamp,
    ) -> impl Iterator<Item = &Approval> {
        self.approvals.iter().filter(move |known| known.kind == kind && &known.to == to && known.stands(now))
    }

    /// One of its meetings.
    pub fn meeting(&self, id: MeetingId) -> Option<&MeetingFacts> {
        self.meetings.iter().find(|meeting| meeting.meeting_id == id)
    }

    /// Whether the agency has an open relation to the case: it belongs to the circle (design §2).
    /// The area's co-ordination unit does by its office; the caller adds that.
    pub fn in_circle(&self, agency: &AgencyId) -> bool {
        self.lead.as_ref() == Some(agency)
            || self.openers.contains(agency)
            || self.shared_supervision.contains(agency)
            || self.meetings.iter().any(|meeting| meeting.concerns(agency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(id: &str) -> AgencyId {
        id.parse().unwrap()
    }

    #[test]
    fn a_referral_proposes_and_the_lead_agencys_notification_states() {
        let case_ref: CaseRef = "46-2026-7K3M9Q2F".parse().unwrap();
        let opened = |by: &str, proposed, lead: Option<&str>| Fact::CaseOpened {
            by: agency(by),
            proposed,
            area: "46".parse().unwrap(),
            purpose: Purpose::A,
            category: Some(2),
            lead: lead.map(agency),
            shared_supervision: vec![],
            convicted: None,
            foreign_national: None,
        };
        let facts = [
            (3, opened("kent-police", true, Some("kent-police"))),
            (9, opened("kent-probation", false, Some("kent-probation"))),
        ];
        let case = CaseFacts::fold(&case_ref, facts).unwrap();
        assert_eq!(case.version, 9);
        assert_eq!(case.lead, Some(agency("kent-probation")));
        assert!(case.in_circle(&agency("kent-police")));
        assert!(!case.in_circle(&agency("kent-yot")));
        assert_eq!(CaseFacts::fold(&case_ref, []), None);
    }

    #[test]
    fn the_latest_record_of_a_meeting_replaces_the_one_before() {
        let case_ref: CaseRef = "46-2026-7K3M9Q2F".parse().unwrap();
        let id: MeetingId = "019ab000-0000-7000-8000-000000000042".parse().unwrap();
        let meeting = |confirmed: &[&str]| {
            Fact::Meeting(MeetingFacts {
                meeting_id: id,
                date: None,
                level: Some(2),
                invited: vec![],
                confirmed: confirmed.iter().map(|a| agency(a)).collect(),
                attended: BTreeSet::new(),
                action_owners: BTreeSet::new(),
            })
        };
        let case = CaseFacts::fold(
            &case_ref,
            [(1, meeting(&["kent-yot", "kent-police"])), (2, meeting(&["kent-police"]))],
        )
        .unwrap();
        assert_eq!(case.meetings.len(), 1);
        assert!(!case.in_circle(&agency("kent-yot")));
    }
}
