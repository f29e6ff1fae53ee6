use super::*;
use crate::{
    crypto::{
        ed25519::{self, SigningKey},
        jws,
        keyring::{KeyPurpose, NamedKey},
    },
    journey::statement::{StatedSender, TYP},
};

const MESSAGE: &[u8] = br#"{"message_id":"019ab000-0000-7000-8000-000000000104"}"#;

fn key(purpose: KeyPurpose) -> NamedKey {
    NamedKey {
        kid: "k-1".into(),
        purpose,
        key: SigningKey::from_pkcs8(&ed25519::generate().unwrap()).unwrap(),
    }
}

fn police() -> AgencyId {
    "kent-police".parse().unwrap()
}

fn receipt(key: &NamedKey) -> Receipt {
    let stated = Statement {
        gateway: "kent.portcullis.example".into(),
        message_id: "019ab000-0000-7000-8000-000000000104".parse().unwrap(),
        sha256: hex(&sha256(MESSAGE)),
        bytes: MESSAGE.len() as u64,
        message_type: "referral".parse().unwrap(),
        schema_version: "1.0".into(),
        area: "46".parse().unwrap(),
        sender: StatedSender { agency_id: police() },
        accepted_at: "2026-11-20T09:30:00Z".parse().unwrap(),
        policy_set: String::new(),
        recipients: vec![],
        obligations: vec![],
        view: None,
        warnings: vec![],
        attachments: vec![],
        ledger: None,
    };
    let payload = serde_json::to_vec(&stated).unwrap();
    Receipt {
        message_id: stated.message_id,
        accepted_at: stated.accepted_at,
        recipients: vec![],
        warnings: vec![],
        statement: jws::sign(&payload, TYP, &key.kid, &key.key),
    }
}

#[test]
fn a_receipt_holds_for_the_bytes_that_were_sent_and_no_others() {
    let key = key(KeyPurpose::Statements);
    let keys = PublishedKeys { keys: vec![key.published()] };
    let receipt = receipt(&key);
    assert!(check_receipt(&receipt, MESSAGE, &police(), &keys).is_ok());
    let other = check_receipt(&receipt, b"{}", &police(), &keys);
    assert_eq!(other, Err(ReceiptFault::OtherMessage));
    let foreign = check_receipt(&receipt, MESSAGE, &"kent-yot".parse().unwrap(), &keys);
    assert_eq!(foreign, Err(ReceiptFault::OtherMessage));
}

#[test]
fn a_receipt_signed_by_another_or_for_another_purpose_does_not_hold() {
    let signer = key(KeyPurpose::Statements);
    let receipt = receipt(&signer);
    for published in [key(KeyPurpose::Statements).published(), {
        let mut webhooks = signer.published();
        webhooks.purpose = KeyPurpose::Webhooks;
        webhooks
    }] {
        let keys = PublishedKeys { keys: vec![published] };
        let held = check_receipt(&receipt, MESSAGE, &police(), &keys);
        assert!(matches!(held, Err(ReceiptFault::Statement(_))), "{held:?}");
    }
}
