//! Keys that agencies look after by themselves, and the copies that were sealed to those revoked.

use portcullis::{
    ledger::event::Event,
    message::{Agency, AgencyKey, Channel, DeliveryId, EncryptionKey},
    store::{Acknowledged, DeliveryState, KeyChange, Recorded},
};

use crate::support::{Bed, DAY, Draft, agency, at, contract};

contract!(
    a_step_is_taken_only_from_where_the_key_stands_and_moves_the_directory_only_if_that_changes,
    what_was_sealed_before_a_revocation_is_stale_after_it,
    copies_under_a_revoked_key_can_be_withdrawn_until_they_are_taken,
    a_sender_that_was_told_of_a_copy_is_told_again_of_its_withdrawal,
    what_was_said_of_a_copy_before_its_withdrawal_does_not_stand_for_the_request,
    a_withdrawn_report_is_due_again_unless_its_copy_was_taken,
);

/// The wraps of the test bed name the recipient as their key.
fn key(kid: &str) -> AgencyKey {
    let key = serde_json::json!({ "kid": kid, "kty": "OKP", "crv": "X25519", "x": kid });
    AgencyKey::registered(serde_json::from_value::<EncryptionKey>(key).unwrap(), kid.to_owned())
}

async fn listed(bed: &Bed, name: &str) -> u64 {
    let entry: Agency = serde_json::from_value(serde_json::json!({
        "agency_id": name, "name": name, "organisation": name, "type": "COORD", "status": "coord",
        "areas": ["46"], "channels": ["mailbox"], "encryption_keys": [key(name).key],
    }))
    .unwrap();
    bed.store.put_agencies(vec![entry], vec![]).await.unwrap()
}

async fn step(bed: &Bed, name: &str, before: Option<&AgencyKey>, after: &AgencyKey) -> bool {
    let entries = vec![bed.entry(&Event::GatewayStarted { policy_set: String::new() })];
    let change = KeyChange { agency: agency(name), before: before.cloned(), after: after.clone(), entries };
    bed.store.change_key(change).await.unwrap()
}

async fn revoke(bed: &Bed, name: &str) {
    let revoked = AgencyKey { revoked_at: Some(at(5)), ..key(name) };
    assert!(step(bed, name, None, &revoked).await);
}

async fn kids(bed: &Bed, name: &str) -> Vec<String> {
    let directory = bed.store.directory().await.unwrap();
    let keys = &directory.agency(&agency(name)).unwrap().encryption_keys;
    keys.iter().map(|key| key.kid.clone()).collect()
}

async fn a_step_is_taken_only_from_where_the_key_stands_and_moves_the_directory_only_if_that_changes(
    bed: Bed,
) {
    let published = AgencyKey { published_at: Some(at(1)), ..key("next") };
    assert!(!step(&bed, "kent-mappa", None, &published).await, "not in the directory");
    let version = listed(&bed, "kent-mappa").await;
    assert!(step(&bed, "kent-mappa", None, &published).await);
    assert!(!step(&bed, "kent-mappa", None, &published).await, "it stands elsewhere");
    assert_eq!(bed.store.directory().await.unwrap().version(), version, "nothing can be sealed to it yet");
    let announced = AgencyKey { announced_at: Some(at(2)), ..published.clone() };
    assert!(step(&bed, "kent-mappa", Some(&published), &announced).await);
    assert!(!step(&bed, "kent-mappa", Some(&published), &announced).await);
    assert_eq!(kids(&bed, "kent-mappa").await, ["kent-mappa", "next"]);
    revoke(&bed, "kent-mappa").await;
    assert_eq!(bed.events().await, 3, "one for each step that was taken");

    let bed = bed.reopen();
    assert_eq!(kids(&bed, "kent-mappa").await, ["next"]);
    assert_eq!(bed.store.directory().await.unwrap().version(), version + 2);
    let own = bed.store.agency_keys(&agency("kent-mappa")).await.unwrap();
    assert_eq!(own, [announced, AgencyKey { revoked_at: Some(at(5)), ..key("kent-mappa") }]);
    assert!(bed.store.agency_keys(&agency("kent-yot")).await.unwrap().is_empty());
    listed(&bed, "kent-mappa").await;
    assert_eq!(kids(&bed, "kent-mappa").await, ["next"], "an older file changes nothing");
}

async fn what_was_sealed_before_a_revocation_is_stale_after_it(bed: Bed) {
    let mut draft = bed.draft("kent-police", &[("kent-mappa", Channel::Mailbox)]);
    draft.decided_on.directory = listed(&bed, "kent-mappa").await;
    let sealed = draft.sealed(&bed).await;
    revoke(&bed, "kent-mappa").await;
    assert_eq!(bed.store.record(sealed).await.unwrap(), Recorded::Stale);
}

/// A message to both, recorded now.
async fn posted(bed: &Bed, to: &[(&str, Channel)]) -> (Draft, Vec<DeliveryId>) {
    let mut draft = bed.draft("kent-police", to);
    draft.decided_on.directory = bed.store.directory().await.unwrap().version();
    let ids = bed.accepted(&draft).await;
    (draft, ids)
}

async fn withdrawable(bed: &Bed) -> Vec<DeliveryId> {
    bed.store.withdrawable(100).await.unwrap().into_iter().map(|copy| copy.delivery_id).collect()
}

async fn withdraw(bed: &Bed, draft: &Draft, id: DeliveryId) -> bool {
    bed.store.withdraw(bed.mark(draft, id, "kent-mappa", 6)).await.unwrap()
}

async fn overdue(bed: &Bed) -> Vec<(DeliveryId, DeliveryState)> {
    let overdue = bed.store.overdue(at(-DAY), 100).await.unwrap();
    overdue.into_iter().map(|copy| (copy.delivery_id, copy.state)).collect()
}

async fn copies_under_a_revoked_key_can_be_withdrawn_until_they_are_taken(bed: Bed) {
    listed(&bed, "kent-mappa").await;
    let to = [("kent-mappa", Channel::Mailbox), ("kent-yot", Channel::Mailbox)];
    let (draft, ids) = posted(&bed, &to).await;
    let (taken, taken_ids) = posted(&bed, &to[..1]).await;
    assert!(bed.store.collected(bed.mark(&taken, taken_ids[0], "kent-mappa", 3)).await.unwrap());
    assert!(withdrawable(&bed).await.is_empty(), "nothing is revoked");
    revoke(&bed, "kent-mappa").await;
    bed.store.settle_revoked_keys().await.unwrap();
    assert_eq!(withdrawable(&bed).await, [ids[0]], "not that of another, not the one that was taken");

    assert!(!withdraw(&bed, &taken, taken_ids[0]).await);
    assert!(withdraw(&bed, &draft, ids[0]).await);
    assert!(!withdraw(&bed, &draft, ids[0]).await);
    assert!(withdrawable(&bed).await.is_empty());
    assert_eq!(overdue(&bed).await, [(ids[0], DeliveryState::Withdrawn)], "its sender is to be told at once");
    assert_eq!(bed.tracked(&draft).await.deliveries[0].state, DeliveryState::Withdrawn);
    assert_eq!(bed.acknowledged(&draft, ids[0], "kent-mappa", 7).await, Acknowledged::Unknown);
    assert_eq!(bed.inbox("kent-mappa").await, taken_ids);
    assert_eq!(bed.inbox("kent-yot").await, [ids[1]], "the other reads on");
    bed.store.settle_revoked_keys().await.unwrap();
    let bed = bed.reopen();
    assert!(withdrawable(&bed).await.is_empty());
    assert_eq!(overdue(&bed).await.len(), 1);
}

async fn a_sender_that_was_told_of_a_copy_is_told_again_of_its_withdrawal(bed: Bed) {
    listed(&bed, "kent-mappa").await;
    let (draft, ids) = posted(&bed, &[("kent-mappa", Channel::Mailbox)]).await;
    report(&bed, ids[0], "kent-police").await;
    revoke(&bed, "kent-mappa").await;
    assert!(withdraw(&bed, &draft, ids[0]).await);
    assert_eq!(overdue(&bed).await, [(ids[0], DeliveryState::Withdrawn)]);
}

/// The gateway's report about a delivery.
async fn report(bed: &Bed, about: DeliveryId, to: &str) -> (Draft, DeliveryId) {
    let mut report = bed.draft("gateway", &[(to, Channel::Mailbox)]);
    report.message_type = portcullis::message::MessageType::NonDelivery;
    report.decided_on.directory = bed.store.directory().await.unwrap().version();
    report.reports = Some(about);
    let ids = bed.accepted(&report).await;
    (report, ids[0])
}

async fn a_withdrawn_report_is_due_again_unless_its_copy_was_taken(bed: Bed) {
    listed(&bed, "kent-mappa").await;
    let (_, waits) = posted(&bed, &[("kent-yot", Channel::Mailbox)]).await;
    let (taken, taken_ids) = posted(&bed, &[("kent-yot", Channel::Mailbox)]).await;
    let (one, one_id) = report(&bed, waits[0], "kent-mappa").await;
    let (two, two_id) = report(&bed, taken_ids[0], "kent-mappa").await;
    assert!(bed.store.collected(bed.mark(&taken, taken_ids[0], "kent-yot", 3)).await.unwrap());
    revoke(&bed, "kent-mappa").await;
    assert!(withdraw(&bed, &one, one_id).await && withdraw(&bed, &two, two_id).await);
    assert_eq!(overdue(&bed).await, [(waits[0], DeliveryState::Waiting)], "and no report about a report");
}

/// A report is sealed before it is recorded; the copy may be withdrawn in between.
async fn what_was_said_of_a_copy_before_its_withdrawal_does_not_stand_for_the_request(bed: Bed) {
    use portcullis::message::MessageType;
    listed(&bed, "kent-mappa").await;
    let (draft, ids) = posted(&bed, &[("kent-mappa", Channel::Mailbox)]).await;
    revoke(&bed, "kent-mappa").await;
    let about_it = async |message_type| {
        let mut report = bed.draft("gateway", &[("kent-police", Channel::Mailbox)]);
        report.message_type = message_type;
        report.decided_on.directory = bed.store.directory().await.unwrap().version();
        report.reports = Some(ids[0]);
        bed.store.record(report.sealed(&bed).await).await.unwrap()
    };
    assert_eq!(about_it(MessageType::ResendRequest).await, Recorded::Stale, "it is not withdrawn yet");
    assert!(withdraw(&bed, &draft, ids[0]).await);
    assert_eq!(about_it(MessageType::NonDelivery).await, Recorded::Stale);
    assert_eq!(overdue(&bed).await, [(ids[0], DeliveryState::Withdrawn)], "its sender still has to be asked");
    assert_eq!(about_it(MessageType::ResendRequest).await, Recorded::Recorded);
    assert!(overdue(&bed).await.is_empty());
}
