//! One method for each call of the API (design §9).

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{Method, Url, header};
use serde_json::{Value, json};

use super::{
    Acknowledgement, Answer, Approved, CaseStated, Client, ClientFault, Designated, Inbox, MeetingRecorded,
    Outbox, Receipt, Tracking, Upload, Verdict, WhoAmI, answer, bytes, upload,
};
use crate::{
    crypto::keyring::PublishedKeys,
    message::{
        Approval, CaseRef, CaseStatement, DeliveryId, Designation, EncryptionKey, MeetingFacts, MessageId,
    },
};

const OWN_KEYS: [&str; 4] = ["v1", "agencies", "me", "keys"];

/// The query of `GET /v1/inbox`.
#[derive(Debug, Clone, Copy, Default)]
pub struct InboxPage {
    /// Seconds to wait for something to come.
    pub wait_s: u64,
    /// The cursor of an earlier answer.
    pub after: u64,
    /// Entries at most; the gateway's own limit stands above it.
    pub limit: Option<usize>,
}

impl Client {
    /// `POST /v1/messages`: JSON, or multipart where there are attachments. With the answer the message
    /// is on the gateway's disk. After a fault the very same call may be made again: the id decides.
    pub async fn submit(
        &self,
        message: impl Into<Bytes>,
        attachments: Vec<Upload>,
    ) -> Result<Answer<Receipt>, ClientFault> {
        let request = self.request(Method::POST, &["v1", "messages"]).timeout(UPLOAD_TIMEOUT);
        let request = if attachments.is_empty() {
            request.header(header::CONTENT_TYPE, "application/json").body(message.into())
        } else {
            request.multipart(upload::form(message.into(), attachments).await?)
        };
        answer(request).await
    }

    /// `POST /v1/messages/check`: what would become of a message.
    pub async fn check(&self, message: impl Into<Bytes>) -> Result<Answer<Verdict>, ClientFault> {
        let request = self.request(Method::POST, &["v1", "messages", "check"]);
        answer(request.header(header::CONTENT_TYPE, "application/json").body(message.into())).await
    }

    /// `GET /v1/messages/{id}`: where each delivery of a message stands.
    pub async fn track(&self, message: MessageId) -> Result<Answer<Tracking>, ClientFault> {
        answer(self.get(&["v1", "messages", &message.to_string()])).await
    }

    /// `GET /v1/messages`: what was sent, newest first, from before the cursor `before`.
    pub async fn outbox(
        &self,
        before: Option<u64>,
        limit: Option<usize>,
    ) -> Result<Answer<Outbox>, ClientFault> {
        let limit = limit.map(|limit| limit as u64);
        let url = queried(self.url(&["v1", "messages"]), &[("before", before), ("limit", limit)]);
        answer(self.http.get(url)).await
    }

    /// `GET /v1/inbox`: what waits, oldest first.
    pub async fn inbox(&self, page: InboxPage) -> Result<Answer<Inbox>, ClientFault> {
        let given = |number: u64| (number > 0).then_some(number);
        let limit = page.limit.map(|limit| limit as u64);
        let query = [("wait", given(page.wait_s)), ("after", given(page.after)), ("limit", limit)];
        let timeout = super::TIMEOUT + Duration::from_secs(page.wait_s);
        answer(self.http.get(queried(self.url(&["v1", "inbox"]), &query)).timeout(timeout)).await
    }

    /// `GET /v1/inbox/{delivery}`: the sealed copy.
    pub async fn collect(&self, delivery: DeliveryId) -> Result<Bytes, ClientFault> {
        bytes(self.get(&["v1", "inbox", &delivery.to_string()])).await
    }

    /// `GET /v1/inbox/{delivery}/attachments/{number}`, counted from 0: a sealed attachment in memory.
    pub async fn collect_attachment(
        &self,
        delivery: DeliveryId,
        number: usize,
    ) -> Result<Bytes, ClientFault> {
        bytes(self.attachment(delivery, number)).await
    }

    pub(super) fn attachment(&self, delivery: DeliveryId, number: usize) -> reqwest::RequestBuilder {
        let segments = ["v1", "inbox", &delivery.to_string(), "attachments", &number.to_string()];
        self.get(&segments).timeout(UPLOAD_TIMEOUT)
    }

    /// `POST /v1/inbox/{delivery}/acknowledge`: the caller has it; the gateway's copy is destroyed.
    pub async fn acknowledge(&self, delivery: DeliveryId) -> Result<Answer<Acknowledgement>, ClientFault> {
        answer(self.request(Method::POST, &["v1", "inbox", &delivery.to_string(), "acknowledge"])).await
    }

    /// `PUT /v1/meetings/{id}`: the whole record of a meeting, in place of the one before.
    pub async fn put_meeting(
        &self,
        case_ref: &CaseRef,
        meeting: &MeetingFacts,
    ) -> Result<Answer<MeetingRecorded>, ClientFault> {
        let body = json!({
            "case_ref": case_ref, "date": meeting.date, "level": meeting.level, "invited": meeting.invited,
            "confirmed": meeting.confirmed, "attended": meeting.attended, "action_owners": meeting.action_owners,
        });
        let request = self.request(Method::PUT, &["v1", "meetings", &meeting.meeting_id.to_string()]);
        answer(request.json(&body)).await
    }

    /// `GET /v1/cases/{ref}`: what holds about a case.
    pub async fn case(&self, case_ref: &CaseRef) -> Result<Answer<Value>, ClientFault> {
        answer(self.get(&["v1", "cases", case_ref.as_str()])).await
    }

    /// `PUT /v1/cases/{ref}`: what the co-ordination unit states about a case.
    pub async fn put_case(
        &self,
        case_ref: &CaseRef,
        stated: &CaseStatement,
    ) -> Result<Answer<CaseStated>, ClientFault> {
        answer(self.request(Method::PUT, &["v1", "cases", case_ref.as_str()]).json(stated)).await
    }

    /// `PUT /v1/designations/{id}`: an associate for one case, with the officer who considered it.
    pub async fn put_designation(
        &self,
        case_ref: &CaseRef,
        made: &Designation,
        officer: &str,
    ) -> Result<Answer<Designated>, ClientFault> {
        let body = json!({
            "case_ref": case_ref, "agency_id": made.agency_id, "ra_agency": made.ra_agency,
            "officer": officer, "reason": made.reason, "start": made.start, "expiry": made.expiry,
        });
        let path = ["v1", "designations", &made.designation_id.to_string()];
        answer(self.request(Method::PUT, &path).json(&body)).await
    }

    /// `PUT /v1/approvals/{id}`: a written authority and its reason. The caller gives it.
    pub async fn put_approval(
        &self,
        case_ref: &CaseRef,
        approval: &Approval,
        reason: &str,
    ) -> Result<Answer<Approved>, ClientFault> {
        let body = json!({
            "case_ref": case_ref, "kind": approval.kind, "to": approval.to, "meeting_id": approval.meeting_id,
            "message_id": approval.message_id, "reason": reason, "until": approval.until,
        });
        let path = ["v1", "approvals", &approval.approval_id.to_string()];
        answer(self.request(Method::PUT, &path).json(&body)).await
    }

    /// `GET /v1/whoami`: the caller as the gateway knows it.
    pub async fn whoami(&self) -> Result<Answer<WhoAmI>, ClientFault> {
        answer(self.get(&["v1", "whoami"])).await
    }

    /// `GET /v1/agencies`: every agency that messages can be addressed to.
    pub async fn agencies(&self) -> Result<Answer<Value>, ClientFault> {
        answer(self.get(&["v1", "agencies"])).await
    }

    /// `GET /v1/keys`: the gateway's public keys.
    pub async fn keys(&self) -> Result<Answer<PublishedKeys>, ClientFault> {
        answer(self.get(&["v1", "keys"])).await
    }

    /// `GET /v1/agencies/me/keys`: the caller's own encryption keys.
    pub async fn own_keys(&self) -> Result<Answer<Value>, ClientFault> {
        answer(self.get(&OWN_KEYS)).await
    }

    /// `GET /v1/agencies/me/keys/{kid}`: one of them.
    pub async fn own_key(&self, kid: &str) -> Result<Answer<Value>, ClientFault> {
        answer(self.get(&[&OWN_KEYS[..], &[kid]].concat())).await
    }

    /// `PUT /v1/agencies/me/keys/{kid}`: publishes a key. The answer asks for a proof.
    pub async fn publish_key(
        &self,
        key: &EncryptionKey,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Answer<Value>, ClientFault> {
        let body = json!({ "key": key, "valid_from": from, "valid_until": until });
        answer(self.request(Method::PUT, &[&OWN_KEYS[..], &[&key.kid]].concat()).json(&body)).await
    }

    /// `POST /v1/agencies/me/keys/{kid}/proof`: the challenge, opened.
    pub async fn prove_key(&self, kid: &str, proof: &Value) -> Result<Answer<Value>, ClientFault> {
        answer(self.request(Method::POST, &[&OWN_KEYS[..], &[kid, "proof"]].concat()).json(proof)).await
    }

    /// `POST /v1/agencies/me/keys/{kid}/revoke`: nothing is sealed to it any more.
    pub async fn revoke_key(&self, kid: &str) -> Result<Answer<Value>, ClientFault> {
        answer(self.request(Method::POST, &[&OWN_KEYS[..], &[kid, "revoke"]].concat())).await
    }

    /// `GET /v1/ledger/proofs/{commitment}`: the proof for a commitment in lower-case hex.
    pub async fn proof(&self, commitment: &str) -> Result<Answer<Value>, ClientFault> {
        answer(self.get(&["v1", "ledger", "proofs", commitment])).await
    }

    /// Any other document that the gateway serves, such as `ledger/checkpoint` or a tile: the path
    /// without its first slash.
    pub async fn document(&self, path: &str) -> Result<Bytes, ClientFault> {
        bytes(self.get(&path.split('/').collect::<Vec<_>>())).await
    }
}

fn queried(mut url: Url, query: &[(&str, Option<u64>)]) -> Url {
    for (name, number) in query.iter().filter_map(|&(name, number)| Some((name, number?))) {
        url.query_pairs_mut().append_pair(name, &number.to_string());
    }
    url
}

/// The gateway's own limit for uploads and a little more, so that its answer arrives.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(11 * 60);
