//! The parts of accepting one message, each callable by itself: what the stages of the journey call,
//! without the journey.

use std::sync::Arc;

use portcullis::{
    crypto::{
        hex,
        jwe::{self, Ciphertext, Form, Wrap},
        jwk::RecipientKey,
        jws, sha256,
    },
    directory::Directory,
    journey::{
        Gateway,
        statement::{StatedLedger, StatedRecipient, StatedSender, Statement, TYP},
    },
    ledger::event::{DecidedOn, Entry, Event},
    message::{Agency, AgencyId, CaseFacts, Channel, DeliveryId, Envelope, MessageId, MessageType},
    policy::{Addressed, Ask, Claims, Decision},
    schema::strict,
    store::{NewCopy, NewDelivery, NewView, Sealed},
};
use serde::Deserialize as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::place::{INVITED, Place, SENDER};

const FORM: &str = "portcullis-sealed+jwe";
const CONTENT: &str = "application/portcullis-sealed+json";

/// Everything that is the same for each message.
pub struct Work {
    gateway: Arc<Gateway>,
    directory: Arc<Directory>,
    message: Vec<u8>,
    json: Value,
    envelope: Envelope,
    case: CaseFacts,
    claims: Claims,
    keys: Vec<RecipientKey>,
    audit_key: RecipientKey,
}

impl Work {
    /// Reads what is needed.
    pub async fn new(place: &Place) -> Self {
        let gateway = place.running.gateway.clone();
        let directory = gateway.directory();
        let case = gateway.store.case(&place.case_ref).await.unwrap().unwrap();
        let json = strict::parse(&place.message, 64).unwrap();
        let envelope = Envelope::deserialize(&json).unwrap();
        let key = |id: &&str| {
            let agency = directory.agency(&id.parse().unwrap()).unwrap();
            RecipientKey::new(agency.sealing_key(gateway.clock.now()).unwrap())
        };
        let keys = INVITED.iter().map(|id| key(id).unwrap()).collect();
        let audit_key = gateway.areas.get(envelope.area).and_then(|area| area.audit_key.as_ref()).unwrap();
        let audit_key = RecipientKey::new(audit_key).unwrap();
        let claims = Claims {
            message_type: MessageType::Referral,
            area: envelope.area,
            message_ids: vec![envelope.message_id],
            case_ref: Some(place.case_ref.clone()),
            purpose: envelope.purpose,
            category: Some(2),
            lead_agency: Some("kent-police".parse().unwrap()),
            shared_supervision: Vec::new(),
            meeting_id: None,
            justified: false,
            non_mappa: false,
            released: false,
            tells_level: true,
            victim_data: false,
            health_data: false,
            receiving_area: None,
            receiving_lead: None,
            jobcentre: None,
            prior: None,
        };
        Self {
            message: place.message.clone(),
            gateway,
            directory,
            json,
            envelope,
            case,
            claims,
            keys,
            audit_key,
        }
    }

    /// Strict JSON and the envelope.
    pub fn parse(&self) {
        let json = strict::parse(&self.message, 64).unwrap();
        Envelope::deserialize(&json).unwrap();
    }

    /// JSON Schema.
    pub fn schema(&self) {
        let faults = self.gateway.schemas.faults(MessageType::Referral, "1.0", &self.json).unwrap();
        assert!(faults.is_empty());
    }

    fn agency(&self, id: &str) -> &Agency {
        self.directory.agency(&id.parse().unwrap()).unwrap()
    }

    /// May it be sent, and may each of the six receive it?
    pub fn policy(&self) -> Vec<Decision> {
        let ask = Ask {
            now: self.gateway.clock.now(),
            directory: &self.directory,
            sender: self.agency(SENDER),
            message: &self.claims,
            case: Some(&self.case),
        };
        let policies = self.gateway.policies();
        let prepared = policies.prepare(&ask);
        let mut decisions = vec![prepared.may_send()];
        for id in INVITED {
            decisions.push(prepared.may_receive(&Addressed {
                agency: self.agency(id),
                justified: true,
                strict_necessity: false,
                attention: false,
            }));
        }
        assert!(decisions.iter().all(Decision::is_allowed));
        decisions
    }

    /// The statement, not yet signed.
    pub fn state(&self, decisions: &[Decision], id: MessageId) -> Statement {
        let at = self.gateway.clock.now();
        let recipients = INVITED.iter().zip(&decisions[1..]).map(|(id, decision)| StatedRecipient {
            agency_id: id.parse().unwrap(),
            delivery_id: DeliveryId::new(at, self.gateway.random.bytes().unwrap()),
            channel: Channel::Mailbox,
            policies: decision.grounds.iter().map(|ground| ground.rule.clone()).collect(),
            legal_basis: decision.grounds.iter().map(|ground| ground.legal_basis.clone()).collect(),
        });
        Statement {
            gateway: self.gateway.name.clone(),
            message_id: id,
            sha256: hex(&sha256(&self.message)),
            bytes: self.message.len() as u64,
            message_type: MessageType::Referral,
            schema_version: "1.0".into(),
            area: self.envelope.area,
            sender: StatedSender { agency_id: sender() },
            accepted_at: at,
            policy_set: self.gateway.policies().sha256_hex().into(),
            recipients: recipients.collect(),
            obligations: Vec::new(),
            view: None,
            warnings: vec![],
            attachments: Vec::new(),
            ledger: None,
        }
    }

    /// Signs a statement.
    pub fn sign(&self, statement: &Statement) -> String {
        let keys = self.gateway.keys();
        let key = &keys.statements;
        jws::sign(&serde_json::to_vec(statement).unwrap(), TYP, &key.kid, &key.key)
    }

    /// The content once and a wrap for each of the six.
    pub fn seal(&self, statement: &str, id: MessageId) -> (Ciphertext, Vec<Wrap>) {
        let text = std::str::from_utf8(&self.message).unwrap();
        let content = json!({ "statement": statement, "message": text, "attachments": [] });
        let content = Zeroizing::new(serde_json::to_vec(&content).unwrap());
        self.seal_to(content, id, &self.keys.iter().collect::<Vec<_>>())
    }

    /// Persons and justifications to the area's auditors.
    pub fn audit(&self, id: MessageId) -> String {
        let told = json!({ "person": self.envelope.sender.person, "recipients": &self.json["recipients"] });
        let told = Zeroizing::new(serde_json::to_vec(&told).unwrap());
        let (shared, wraps) = self.seal_to(told, id, &[&self.audit_key]);
        shared.flattened(&wraps[0])
    }

    fn seal_to(
        &self,
        content: Zeroizing<Vec<u8>>,
        id: MessageId,
        keys: &[&RecipientKey],
    ) -> (Ciphertext, Vec<Wrap>) {
        let aad = format!(r#"{{"message_id":"{id}"}}"#);
        let form = Form { typ: FORM, cty: CONTENT, aad: &aad, apu: &self.gateway.name };
        jwe::seal(content, &form, keys, &self.gateway.random).unwrap()
    }

    /// The event in its canonical form, and its commitment.
    pub fn event(&self, statement: &Statement, audit: String) -> Entry {
        let event = Event::MessageAccepted {
            message_id: statement.message_id,
            sender: sender(),
            case_ref: Some(self.case.case_ref.clone()),
            message_type: MessageType::Referral,
            statements: vec![serde_json::to_value(statement).unwrap()],
            asked: None,
            sealed_to: Vec::new(),
            in_reply_to: None,
            supersedes: None,
            resends: None,
            audit: serde_json::from_str(&audit).ok(),
        };
        Entry::new(&event, statement.accepted_at, Some(self.envelope.area), &self.gateway.random).unwrap()
    }

    fn decided_on(&self) -> DecidedOn {
        DecidedOn { directory: self.directory.version(), case_facts: self.case.version }
    }

    /// Everything up to the commit.
    pub fn sealed(&self, id: MessageId) -> Sealed {
        self.schema();
        let decisions = self.policy();
        let mut statement = self.state(&decisions, id);
        let entry = self.event(&statement, self.audit(id));
        statement.ledger = Some(StatedLedger { commitment: hex(&entry.commitment) });
        let signed = self.sign(&statement);
        let (shared, wraps) = self.seal(&signed, id);
        let deliveries = statement.recipients.into_iter().zip(wraps).map(|(to, wrap)| NewDelivery {
            delivery_id: to.delivery_id,
            recipient: to.agency_id,
            channel: Channel::Mailbox,
            copy: NewCopy::Jwe { view: 0, wrap },
        });
        Sealed {
            message_id: id,
            sender: sender(),
            message_type: MessageType::Referral,
            schema_version: "1.0".into(),
            area: self.envelope.area,
            case_ref: Some(self.case.case_ref.clone()),
            claimant: None,
            accepted_at: statement.accepted_at,
            submission_sha256: sha256(&self.message),
            receipt: signed.into_bytes(),
            views: vec![NewView { ciphertext: shared, withheld: Vec::new() }],
            attachments: Vec::new(),
            deliveries: deliveries.collect(),
            facts: Vec::new(),
            decided_on: self.decided_on(),
            reports: None,
            entries: vec![entry],
        }
    }
}

fn sender() -> AgencyId {
    SENDER.parse().unwrap()
}
