//! The demonstration's messages: the sample messages of `tests/messages/`, about invented people, with
//! fresh ids. The rest of each stays as its author wrote it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::message::{CaseRef, MeetingId, MessageId};

const NOTIFICATION: &str = include_str!("../../../tests/messages/accepted/notification-category2.json");
const REFERRAL: &str = include_str!("../../../tests/messages/accepted/referral-level2.json");
const MEETING_PACK: &str = include_str!("../../../tests/messages/accepted/meeting-pack-level2.json");
const MINUTES: &str = include_str!("../../../tests/messages/accepted/minutes-level2-review.json");
const NOBODY_FOUND_GUILTY: &str =
    include_str!("../../../tests/messages/refused/V3.marac_or_professionals_meeting.json");
const SEVEN_FAULTS: &str = include_str!("../../../tests/messages/refused/referral-seven-faults.json");

/// The papers of the meeting pack, in its order.
pub const PAPERS: [(&str, &[u8]); 2] = [
    ("agency-report.pdf", include_bytes!("../../../tests/messages/attachments/agency-report.pdf")),
    (
        "previous-minutes-scan.pdf",
        include_bytes!("../../../tests/messages/attachments/previous-minutes-scan.pdf"),
    ),
];

/// A message that can still be changed before it is posted.
#[derive(Clone)]
pub struct Draft(Value);

/// Which sample to start from.
#[derive(Debug, Clone, Copy)]
pub enum Sample {
    /// Police notify the co-ordination unit.
    Notification,
    /// Police refer the case.
    Referral,
    /// The papers of the meeting, two PDFs.
    MeetingPack,
    /// What the meeting decided.
    Minutes,
    /// A notification of somebody whom no court or police found guilty of anything.
    NobodyFoundGuilty,
    /// A referral with seven faults.
    SevenFaults,
}

impl Draft {
    /// The sample with a fresh id, about this case.
    pub fn new(
        sample: Sample,
        message_id: MessageId,
        case_ref: &CaseRef,
        at: Timestamp,
    ) -> anyhow::Result<Self> {
        let text = match sample {
            Sample::Notification => NOTIFICATION,
            Sample::Referral => REFERRAL,
            Sample::MeetingPack => MEETING_PACK,
            Sample::Minutes => MINUTES,
            Sample::NobodyFoundGuilty => NOBODY_FOUND_GUILTY,
            Sample::SevenFaults => SEVEN_FAULTS,
        };
        let mut draft = Self(serde_json::from_str(text)?);
        draft.set("message_id", json!(message_id));
        if !matches!(sample, Sample::SevenFaults) {
            draft.set("case_ref", json!(case_ref));
        }
        draft.set("created_at", json!(at));
        Ok(draft)
    }

    /// Sets a member of the envelope.
    pub fn set(&mut self, member: &str, value: Value) {
        if let Some(members) = self.0.as_object_mut() {
            members.insert(member.to_owned(), value);
        }
    }

    /// Its body, to be changed.
    pub fn body_mut(&mut self) -> Option<&mut Value> {
        self.0.get_mut("body")
    }

    /// Puts the message into this meeting.
    pub fn of_meeting(mut self, meeting: MeetingId) -> Self {
        if let Some(id) = self.0.pointer_mut("/body/meeting/meeting_id") {
            *id = json!(meeting);
        }
        self
    }

    /// Says for every recipient why health data is strictly necessary (P31).
    pub fn with_necessity(mut self) -> Self {
        for recipient in self.0["recipients"].as_array_mut().into_iter().flatten() {
            recipient["strict_necessity"] =
                json!("The plan turns on the treatment that the trust describes.");
        }
        self
    }

    /// Addresses it: agency and, where each recipient needs its own, the justification.
    pub fn to(mut self, addressed: &[&str], justification: Option<&str>) -> Self {
        let recipients = addressed.iter().map(|agency_id| match justification {
            Some(justification) => json!({ "agency_id": agency_id, "justification": justification }),
            None => json!({ "agency_id": agency_id }),
        });
        self.set("recipients", recipients.collect());
        // Minutes name in their own text whom they are distributed to.
        if let Some(Value::Array(distribution)) = self.0.pointer_mut("/body/distribution_list") {
            distribution
                .retain(|entry| entry["agency_id"].as_str().is_some_and(|id| addressed.contains(&id)));
        }
        self
    }

    /// Sends it from another agency.
    pub fn from(mut self, agency: &str, person: Value) -> Self {
        self.set("sender", json!({ "agency_id": agency, "person": person }));
        self
    }

    /// The bytes to post.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&self.0).unwrap_or_default()
    }

    /// Its type, as it stands in the draft.
    pub fn message_type(&self) -> &str {
        self.0["type"].as_str().unwrap_or_default()
    }
}
