//! What the facts of one case come to: their fold.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{ExitScope, Fact, MeetingFacts};
use crate::message::{AgencyId, Approval, ApprovalKind, Area, CaseRef, Designation, MeetingId, Purpose};

/// What holds about a case now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFacts {
    /// Which case.
    pub case_ref: CaseRef,
    /// Who claimed it: then this is not the case that bears the reference, but what that agency, which may not
    /// know it, said under it, and what came of that. `None` for the case itself.
    pub claimant: Option<AgencyId>,
    /// Where.
    pub area: Area,
    /// The number of its latest fact; a decision is good only while this stands.
    pub version: u64,
    /// Which limbs of s.325(2) it serves.
    pub purposes: BTreeSet<Purpose>,
    /// Category 1 to 4.
    pub category: Option<u8>,
    /// The lead agency, once a notification from it or the co-ordination unit stated so.
    pub lead: Option<AgencyId>,
    /// The agency that the referral which opened the case named as its lead: the only one whose own
    /// notification settles that. It has no other meaning, and is no relation to the case.
    pub proposed_lead: Option<AgencyId>,
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
                claimant: None,
                area: case_ref.area(),
                version,
                purposes: BTreeSet::new(),
                category: None,
                lead: None,
                proposed_lead: None,
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
                self.openers.insert(by.clone());
                if proposed {
                    self.referrers.insert(by);
                    self.proposed_lead = lead;
                } else {
                    // Whoever is notified anew after an exit is managed under MAPPA again (P14); a referral
                    // only proposes that.
                    self.left = false;
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
            // The level ends with the management; who comes back is given one anew.
            Fact::Left { scope: ExitScope::Mappa, .. } => (self.left, self.level) = (true, None),
            Fact::Left { scope: ExitScope::MultiAgencyManagement, .. } => self.level = Some(1),
            Fact::Meeting(meeting) => self.learn_meeting(meeting),
            Fact::Present { meeting_id, by_minutes, attended, action_owners } => {
                self.learn_presence(meeting_id, by_minutes, attended, action_owners);
            }
            Fact::Designated(new) => {
                put(&mut self.designations, new, |a, b| a.designation_id == b.designation_id);
            }
            Fact::Approved { approval: new } => {
                put(&mut self.approvals, new, |a, b| a.approval_id == b.approval_id);
            }
        }
    }

    /// A record of a meeting replaces the one before, but for who was present once final minutes told it.
    fn learn_meeting(&mut self, mut meeting: MeetingFacts) {
        if let Some(known) =
            self.meeting(meeting.meeting_id).filter(|_| self.minuted.contains(&meeting.meeting_id))
        {
            (meeting.attended, meeting.action_owners) = (known.attended.clone(), known.action_owners.clone());
        }
        put(&mut self.meetings, meeting, |a, b| a.meeting_id == b.meeting_id);
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

/// Puts an entry in the place of the one that it is the same as, or at the end. The place stays, so that
/// telling the same again leaves what holds as it was.
fn put<T>(list: &mut Vec<T>, new: T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|known| same(known, &new)) {
        Some(known) => *known = new,
        None => list.push(new),
    }
}
