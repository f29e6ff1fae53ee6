//! A case with a meeting of twelve, and the referral that the co-ordination unit sends on to them.

use std::collections::BTreeSet;

use portcullis::{
    cli::{
        client::Upload,
        demo::drafts::{Draft, Sample},
    },
    clock::Clock,
    crypto::{hex, random::Random, sha256},
    message::{CaseRef, InviteReason, Invitee, MeetingFacts, MeetingId, MessageId},
};
use serde_json::{Value, json};

use crate::gateway::Gateway;

/// Who sends.
pub const UNIT: &str = "kent-mappa";
/// Who is invited.
pub const INVITED: [&str; 12] = [
    "kent-police",
    "kent-probation",
    "hmp-thornfield",
    "kent-council-csc",
    "kent-council-education",
    "kent-yot",
    "kent-council-asc",
    "kent-council-housing",
    "kent-mh-trust",
    "kent-jobcentre",
    "kent-homes",
    "kent-tagging",
];

/// A case that is referred, with a meeting.
pub struct Meeting {
    case_ref: CaseRef,
}

impl Meeting {
    /// Refers a new case and calls the meeting.
    pub async fn call(gateway: &Gateway) -> Self {
        let random = Random::system();
        let case_ref = CaseRef::new("46".parse().unwrap(), 2026, random.bytes().unwrap());
        let police = gateway.client("kent-police");
        for sample in [Sample::Notification, Sample::Referral] {
            police.submit(draft(sample, &case_ref).bytes(), vec![]).await.unwrap();
        }
        gateway.client(UNIT).put_meeting(&case_ref, &facts(&random)).await.unwrap();
        Self { case_ref }
    }

    /// A referral to the first of the invited, so many, with these files. One view for all.
    pub fn referral(&self, recipients: usize, attachments: &[&Paper]) -> Vec<u8> {
        let person = json!({ "name": "Sam Wetherden", "role": "co-ordinator", "grade": "MAPPA co-ordinator",
                             "email": "coordinator@mappa.kent.example" });
        let why = "Invited to the level 2 meeting on this case; needs the referral to prepare its part of the plan.";
        let to = &INVITED[..recipients];
        let draft = draft(Sample::Referral, &self.case_ref).from(UNIT, person).to(to, Some(why));
        let mut draft = draft.with_necessity();
        without_victim_data(&mut draft);
        draft.set("attachments", attachments.iter().map(|paper| paper.head.clone()).collect());
        // Without the spaces between the members: 20 KB, as most referrals in the field have.
        serde_json::to_vec(&serde_json::from_slice::<Value>(&draft.bytes()).unwrap()).unwrap()
    }
}

/// A file to attach.
pub struct Paper {
    head: Value,
    bytes: bytes::Bytes,
}

impl Paper {
    /// A PDF of so many bytes, of which only the beginning is one.
    pub fn of(length: usize) -> Self {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        // Not all the same, as nothing that is attached is.
        bytes.extend((bytes.len()..length).map(|at| (at * 31 % 251) as u8));
        let head = json!({ "name": "papers.pdf", "media_type": "application/pdf", "bytes": bytes.len(),
                           "sha256": hex(&sha256(&bytes)), "owner_agency": UNIT, "contains_victim_data": false });
        Self { head, bytes: bytes.into() }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// It once more, without a copy.
    pub fn upload(&self) -> Upload {
        Upload::Bytes(self.bytes.clone())
    }
}

fn draft(sample: Sample, case_ref: &CaseRef) -> Draft {
    let now = Clock::system().now();
    let id = MessageId::new(now, Random::system().bytes().unwrap());
    Draft::new(sample, id, case_ref, now).unwrap()
}

fn facts(random: &Random) -> MeetingFacts {
    let now = Clock::system().now();
    let invited = INVITED.map(|agency| Invitee {
        agency_id: agency.parse().unwrap(),
        reason: Some(InviteReason::SignificantContribution),
    });
    MeetingFacts {
        meeting_id: MeetingId::new(now, random.bytes().unwrap()),
        date: Some(now.to_zoned(jiff::tz::TimeZone::UTC).date()),
        level: Some(2),
        invited: invited.to_vec(),
        confirmed: BTreeSet::new(),
        attended: BTreeSet::new(),
        action_owners: BTreeSet::new(),
    }
}

fn without_victim_data(draft: &mut Draft) {
    let Some(Value::Object(block)) = draft.body_mut().and_then(|body| body.get_mut("victims")) else {
        return;
    };
    block.retain(|name, _| matches!(name.as_str(), "victims" | "potential_victims" | "owner_agency"));
    for person in block.values_mut().filter_map(Value::as_array_mut).flatten() {
        person.as_object_mut().unwrap().retain(|name, _| name == "ref");
    }
}
