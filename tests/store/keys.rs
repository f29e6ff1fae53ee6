//! The gateway's published keys, and what is known about the ends of certificates.

use portcullis::{
    crypto::keyring::{KeyPurpose, PublishedKey},
    ledger::event::Event,
    store::SeenCertificate,
};

use crate::support::{Bed, agency, at, contract};

contract!(
    a_key_that_does_not_sign_any_more_stays_with_its_end,
    a_key_that_comes_back_is_in_force_again,
    a_key_that_hands_over_is_kept_with_its_last_checkpoint,
    the_end_of_a_certificate_is_told_once_for_each_step_and_renewal,
    of_two_certificates_with_one_key_the_later_end_counts,
);

fn key(name: &str) -> PublishedKey {
    let public = [u8::try_from(name.len()).unwrap(); 32];
    PublishedKey::new(name.to_owned(), KeyPurpose::Statements, &public, None)
}

async fn ends(bed: &Bed) -> Vec<(String, Option<jiff::Timestamp>)> {
    let keys = bed.store.published_keys().await.unwrap();
    keys.into_iter().map(|key| (key.kid, key.retired_at)).collect()
}

fn rotated(kid: &str) -> Event {
    let (kid, key) = (kid.to_owned(), "x".to_owned());
    Event::KeyRotated { purpose: "statements", kid, key, beside: vec![], ended: vec![] }
}

async fn a_key_that_does_not_sign_any_more_stays_with_its_end(bed: Bed) {
    assert!(ends(&bed).await.is_empty());
    bed.store.keys_in_force(vec![key("a")], at(1), vec![]).await.unwrap();
    bed.store.keys_in_force(vec![key("bb")], at(2), vec![bed.entry(&rotated("bb"))]).await.unwrap();
    bed.store.keys_in_force(vec![key("ccc")], at(3), vec![bed.entry(&rotated("ccc"))]).await.unwrap();
    let expected = [("a".to_owned(), Some(at(2))), ("bb".to_owned(), Some(at(3))), ("ccc".to_owned(), None)];
    assert_eq!(ends(&bed).await, expected, "a later change does not move an earlier end");
    assert_eq!(bed.events().await, 2);
    let bed = bed.reopen();
    assert_eq!(ends(&bed).await, expected);
}

async fn a_key_that_comes_back_is_in_force_again(bed: Bed) {
    for (now, name) in [(1, "a"), (2, "bb"), (3, "a")] {
        bed.store.keys_in_force(vec![key(name)], at(now), vec![]).await.unwrap();
    }
    assert_eq!(ends(&bed).await, [("a".to_owned(), None), ("bb".to_owned(), Some(at(3)))]);
}

async fn a_key_that_hands_over_is_kept_with_its_last_checkpoint(bed: Bed) {
    bed.store.keys_in_force(vec![key("a"), key("bb")], at(1), vec![]).await.unwrap();
    let handover = Some("both signed this".to_owned());
    let ended = PublishedKey { retired_at: Some(at(2)), handover, ..key("a") };
    bed.store.keys_in_force(vec![key("bb"), ended.clone()], at(2), vec![]).await.unwrap();
    bed.store.keys_in_force(vec![key("ccc")], at(3), vec![]).await.unwrap();
    let bed = bed.reopen();
    let known = bed.store.published_keys().await.unwrap();
    assert_eq!(known, [ended, PublishedKey { retired_at: Some(at(3)), ..key("bb") }, key("ccc")]);
}

fn certificate(end: i64) -> SeenCertificate {
    SeenCertificate {
        holder: agency("kent-police"),
        purpose: "tls",
        spki_sha256: "ab".repeat(32),
        not_after: at(end),
    }
}

async fn told(bed: &Bed, end: i64, days: u16) -> bool {
    let seen = certificate(end);
    let event = Event::CertificateExpiring {
        holder: seen.holder.clone(),
        purpose: seen.purpose,
        spki_sha256: seen.spki_sha256.clone(),
        not_after: seen.not_after,
        days,
    };
    bed.store.certificate_told(seen, days, bed.entry(&event)).await.unwrap()
}

async fn the_end_of_a_certificate_is_told_once_for_each_step_and_renewal(bed: Bed) {
    assert!(!told(&bed, 100, 30).await, "nobody has seen it");
    bed.store.certificates_seen(vec![certificate(100)]).await.unwrap();
    assert!(told(&bed, 100, 30).await);
    assert!(!told(&bed, 100, 30).await);
    assert!(!told(&bed, 100, 90).await, "an earlier step");
    assert!(told(&bed, 100, 7).await);
    bed.store.certificates_seen(vec![certificate(100)]).await.unwrap();
    assert!(!told(&bed, 100, 7).await, "seen again");
    bed.store.certificates_seen(vec![certificate(200)]).await.unwrap();
    assert!(told(&bed, 200, 90).await, "renewed");
    assert_eq!(bed.events().await, 3);
}

async fn of_two_certificates_with_one_key_the_later_end_counts(bed: Bed) {
    for end in [200, 100] {
        bed.store.certificates_seen(vec![certificate(end)]).await.unwrap();
    }
    let known = bed.store.certificates().await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].not_after, known[0].told_days), (at(200), None));
}
