//! Made-up entities in plain circumstances: an agency in good standing, a case with one meeting that
//! concerns nobody yet, and a message about them. Whoever asks the rules about something that has not
//! happened (the probe at load, the matrix, tests) begins with these and says only what is different.

use std::collections::BTreeSet;

use super::Claims;
use crate::message::{
    Agency, AgencyId, AgencyType, Area, CaseFacts, CaseRef, MeetingFacts, MeetingId, MessageId, MessageType,
    Purpose, Status,
};

/// An agency that serves one area and can be reached in no way.
pub(super) fn agency(id: &AgencyId, area: Area, agency_type: AgencyType, status: Status) -> Agency {
    Agency {
        agency_id: id.clone(),
        name: id.to_string(),
        organisation: id.to_string(),
        agency_type,
        status,
        suspended: false,
        areas: vec![area],
        channels: vec![],
        encryption_keys: vec![],
        require_pq: false,
        mail: None,
        webhook: None,
        tls_spki_sha256: vec![],
        contacts: vec![],
    }
}

/// A meeting at level 2 to which nobody is invited.
pub(super) fn meeting(meeting_id: MeetingId) -> MeetingFacts {
    MeetingFacts {
        meeting_id,
        date: None,
        level: Some(2),
        invited: vec![],
        confirmed: BTreeSet::new(),
        attended: BTreeSet::new(),
        action_owners: BTreeSet::new(),
    }
}

/// A convicted foreign national of category 2 at level 2, whom nobody leads, with one meeting.
pub(super) fn case(case_ref: CaseRef, area: Area, meeting: MeetingFacts) -> CaseFacts {
    CaseFacts {
        case_ref,
        claimant: None,
        area,
        version: 7,
        purposes: BTreeSet::from([Purpose::A]),
        category: Some(2),
        lead: None,
        proposed_lead: None,
        shared_supervision: BTreeSet::new(),
        openers: BTreeSet::new(),
        referrers: BTreeSet::new(),
        meetings: vec![meeting],
        minuted: BTreeSet::new(),
        convicted: Some(true),
        foreign_national: Some(true),
        level: Some(2),
        left: false,
        designations: Vec::new(),
        approvals: Vec::new(),
    }
}

/// A justified message of a type about that case and its meeting, with nothing sensitive in it.
pub(super) fn claims(message_type: MessageType, message_id: MessageId, case: &CaseFacts) -> Claims {
    Claims {
        message_type,
        message_ids: vec![message_id],
        area: case.area,
        case_ref: Some(case.case_ref.clone()),
        purpose: Some(Purpose::A),
        category: None,
        lead_agency: None,
        shared_supervision: vec![],
        meeting_id: case.meetings.first().map(|meeting| meeting.meeting_id),
        justified: true,
        non_mappa: false,
        released: false,
        tells_level: false,
        victim_data: false,
        health_data: false,
        receiving_area: None,
        receiving_lead: None,
        jobcentre: None,
        prior: None,
    }
}
