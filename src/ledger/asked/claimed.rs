//! A message's claims and facts as an event keeps them, and back. What the policies come to look at later
//! has to be added here: the compiler says so.

use serde::{Deserialize, Serialize};

use super::is_false;
use crate::{
    message::{AgencyId, Area, CaseRef, Fact, MeetingId, MessageId, MessageType, Purpose},
    policy::{Claims, Prior},
};

/// [`Claims`], with [`AgencyId::unknown`] for each agency that the directory does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    message_type: MessageType,
    area: Area,
    message_ids: Vec<MessageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case_ref: Option<CaseRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<Purpose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lead_agency: Option<AgencyId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shared_supervision: Vec<AgencyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meeting_id: Option<MeetingId>,
    #[serde(default, skip_serializing_if = "is_false")]
    justified: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    non_mappa: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    released: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    tells_level: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    victim_data: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    health_data: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receiving_area: Option<Area>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receiving_lead: Option<AgencyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jobcentre: Option<AgencyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prior: Option<PriorClaimed>,
}

/// [`Prior`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PriorClaimed {
    recipients: Vec<AgencyId>,
    left_out: usize,
}

impl Claimed {
    /// What may be kept of these claims. `known`: whether the directory has the agency.
    pub fn of(claims: &Claims, known: &dyn Fn(&AgencyId) -> bool) -> Self {
        let one = |id: &AgencyId| kept_id(id, known);
        let perhaps = |id: &Option<AgencyId>| id.as_ref().map(one);
        let all = |ids: &[AgencyId]| ids.iter().map(one).collect();
        // No `..`: a new claim is one that a replay needs.
        let Claims {
            message_type,
            area,
            message_ids,
            case_ref,
            purpose,
            category,
            lead_agency,
            shared_supervision,
            meeting_id,
            justified,
            non_mappa,
            released,
            tells_level,
            victim_data,
            health_data,
            receiving_area,
            receiving_lead,
            jobcentre,
            prior,
        } = claims;
        let prior = prior.as_ref();
        Self {
            message_type: *message_type,
            area: *area,
            message_ids: message_ids.clone(),
            case_ref: case_ref.clone(),
            purpose: *purpose,
            category: *category,
            lead_agency: perhaps(lead_agency),
            shared_supervision: all(shared_supervision),
            meeting_id: *meeting_id,
            justified: *justified,
            non_mappa: *non_mappa,
            released: *released,
            tells_level: *tells_level,
            victim_data: *victim_data,
            health_data: *health_data,
            receiving_area: *receiving_area,
            receiving_lead: perhaps(receiving_lead),
            jobcentre: perhaps(jobcentre),
            prior: prior.map(|p| PriorClaimed { recipients: all(&p.recipients), left_out: p.left_out }),
        }
    }

    /// The claims to ask with again.
    pub fn claims(&self) -> Claims {
        let Self { message_type, area, purpose, category, meeting_id, receiving_area, .. } = *self;
        let prior = self.prior.as_ref();
        Claims {
            message_type,
            area,
            purpose,
            category,
            meeting_id,
            receiving_area,
            message_ids: self.message_ids.clone(),
            case_ref: self.case_ref.clone(),
            lead_agency: self.lead_agency.clone(),
            shared_supervision: self.shared_supervision.clone(),
            justified: self.justified,
            non_mappa: self.non_mappa,
            released: self.released,
            tells_level: self.tells_level,
            victim_data: self.victim_data,
            health_data: self.health_data,
            receiving_lead: self.receiving_lead.clone(),
            jobcentre: self.jobcentre.clone(),
            prior: prior.map(|p| Prior { recipients: p.recipients.clone(), left_out: p.left_out }),
        }
    }

    /// What it is.
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Its case, if it is about one.
    pub fn case_ref(&self) -> Option<&CaseRef> {
        self.case_ref.as_ref()
    }
}

/// What may be kept of a fact that a message carries. `known`: whether the directory has the agency.
pub fn kept(fact: &Fact, known: &dyn Fn(&AgencyId) -> bool) -> Fact {
    let mut fact = fact.clone();
    match &mut fact {
        Fact::CaseOpened { lead, shared_supervision, .. } => {
            for id in lead.iter_mut().chain(shared_supervision) {
                *id = kept_id(id, known);
            }
        }
        Fact::Present { attended, action_owners, .. } => {
            for ids in [attended, action_owners] {
                *ids = ids.iter().map(|id| kept_id(id, known)).collect();
            }
        }
        // A meeting that names a stranger is refused before anything else is asked; the others name their
        // sender alone, or are carried by no message.
        Fact::Meeting(_)
        | Fact::CaseStated { .. }
        | Fact::LevelSet { .. }
        | Fact::Left { .. }
        | Fact::Designated(_)
        | Fact::Approved { .. }
        | Fact::Referred { .. }
        | Fact::Claimed { .. } => {}
    }
    fact
}

fn kept_id(id: &AgencyId, known: &dyn Fn(&AgencyId) -> bool) -> AgencyId {
    if known(id) { id.clone() } else { AgencyId::unknown() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let id = |text: &str| -> AgencyId { text.parse().unwrap() };
        Claims {
            message_type: MessageType::Transfer,
            area: "46".parse().unwrap(),
            message_ids: vec!["019ab000-0000-7000-8000-000000000001".parse().unwrap()],
            case_ref: Some("46-2026-7K3M9Q2F".parse().unwrap()),
            purpose: Some(Purpose::Aa),
            category: Some(4),
            lead_agency: Some(id("kent-police")),
            shared_supervision: vec![id("kent-probation"), id("somebody-else")],
            meeting_id: Some("019ab000-0000-7000-8000-0000000000e1".parse().unwrap()),
            justified: true,
            non_mappa: true,
            released: true,
            tells_level: true,
            victim_data: true,
            health_data: true,
            receiving_area: Some("47".parse().unwrap()),
            receiving_lead: Some(id("words-of-a-sender")),
            jobcentre: Some(id("kent-jobcentre")),
            prior: Some(Prior { recipients: vec![id("kent-yot")], left_out: 1 }),
        }
    }

    #[test]
    fn what_an_event_keeps_reads_back_into_the_same_claims() {
        let kept = Claimed::of(&claims(), &|_| true);
        let read: Claimed = serde_json::from_slice(&serde_json::to_vec(&kept).unwrap()).unwrap();
        assert_eq!(read, kept);
        assert_eq!(Claimed::of(&read.claims(), &|_| true), kept);
        let bare = Claims { lead_agency: None, prior: None, justified: false, ..claims() };
        let bare = Claimed::of(&bare, &|_| true);
        let read: Claimed = serde_json::from_slice(&serde_json::to_vec(&bare).unwrap()).unwrap();
        assert_eq!(read, bare);
    }

    #[test]
    fn an_agency_that_nobody_knows_is_not_kept() {
        let kent = |id: &AgencyId| id.as_str().starts_with("kent-");
        let text = serde_json::to_string(&Claimed::of(&claims(), &kent)).unwrap();
        assert!(!text.contains("somebody") && !text.contains("words"), "{text}");
        assert!(text.contains(r#""receiving_lead":"unknown""#), "that there is one counts: {text}");
        let fact = Fact::Present {
            meeting_id: "019ab000-0000-7000-8000-0000000000e1".parse().unwrap(),
            by_minutes: true,
            attended: ["kent-yot", "words-of-a-sender"].map(|id| id.parse().unwrap()).into(),
            action_owners: ["more-words".parse().unwrap()].into(),
        };
        let text = serde_json::to_string(&kept(&fact, &kent)).unwrap();
        assert!(text.contains("kent-yot") && !text.contains("words"), "{text}");
    }
}
