//! The ledger: every event one place, in the order of the transactions, and never a fork.

use portcullis::{
    ledger::{TileId, event::Event},
    message::{Channel, EventId},
    store::{Sequenced, StoredCheckpoint},
};

use crate::support::{Bed, agency, at, contract};

contract!(
    events_stand_in_the_order_of_their_transactions,
    a_step_that_does_not_follow_the_last_is_refused,
    of_two_sequencers_one_wins,
    tiles_and_checkpoint_are_as_last_written,
    an_acceptance_is_found_by_commitment_and_by_message,
    leaves_are_read_in_order_and_only_once_sequenced,
    a_probe_writes,
);

fn step(after: u64, events: &[EventId]) -> Sequenced {
    let size = after + events.len() as u64;
    Sequenced {
        after,
        events: events.to_vec(),
        tiles: vec![(TileId { level: 0, index: 0 }, vec![size as u8; 32])],
        checkpoint: format!("gateway\n{size}\n"),
        at: at(after as i64),
    }
}

/// Notes `count` events, each in a transaction of its own, and gives their ids.
async fn noted(bed: &Bed, count: usize) -> Vec<EventId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let entry = bed.entry(&Event::GatewayStarted { policy_set: String::new() });
        ids.push(entry.event_id);
        bed.store.note(vec![entry]).await.unwrap();
    }
    ids
}

async fn events_stand_in_the_order_of_their_transactions(bed: Bed) {
    let expected = noted(&bed, 20).await;
    let bed = bed.reopen();
    let found = bed.store.unsequenced(100).await.unwrap();
    assert_eq!(found.iter().map(|event| event.event_id).collect::<Vec<_>>(), expected);
    assert_eq!(bed.store.unsequenced(3).await.unwrap(), found[..3]);
    assert!(bed.store.sequence(step(0, &expected[..5])).await.unwrap());
    assert_eq!(bed.store.unsequenced(100).await.unwrap(), found[5..]);
}

async fn a_step_that_does_not_follow_the_last_is_refused(bed: Bed) {
    let ids = noted(&bed, 6).await;
    assert!(bed.store.sequence(step(0, &ids[..2])).await.unwrap());
    let before = bed.store.checkpoint().await.unwrap();
    let swapped = [ids[3], ids[2]];
    for wrong in [
        step(0, &ids[..4]),
        step(1, &ids[1..4]),
        step(3, &ids[3..4]),
        // Left out, out of turn, twice, unknown.
        step(2, &ids[3..5]),
        step(2, &swapped),
        step(2, &[ids[2], ids[2]]),
        step(2, &[ids[2], ids[3], ids[4], ids[5], EventId::from_bytes([7; 16])]),
    ] {
        assert!(!bed.store.sequence(wrong).await.unwrap());
    }
    assert_eq!(bed.store.checkpoint().await.unwrap(), before);
    assert_eq!(bed.store.tile(TileId { level: 0, index: 0 }).await.unwrap(), Some(vec![2; 32]));
    assert!(bed.store.sequence(step(2, &ids[2..])).await.unwrap());
    assert!(bed.store.sequence(step(6, &[])).await.unwrap(), "a fresh checkpoint alone");
}

async fn of_two_sequencers_one_wins(bed: Bed) {
    let ids = noted(&bed, 4).await;
    let (one, other) =
        tokio::join!(bed.store.sequence(step(0, &ids[..3])), bed.store.sequence(step(0, &ids)));
    assert!(one.unwrap() ^ other.unwrap());
    let size = bed.store.checkpoint().await.unwrap().unwrap().size;
    assert_eq!(bed.store.unsequenced(9).await.unwrap().len() as u64, 4 - size);
}

async fn tiles_and_checkpoint_are_as_last_written(bed: Bed) {
    assert_eq!(bed.store.checkpoint().await.unwrap(), None);
    let ids = noted(&bed, 3).await;
    let mut first = step(0, &ids[..2]);
    first.tiles.push((TileId { level: 1, index: 0 }, vec![1; 32]));
    first.tiles.push((TileId { level: 0, index: 1 << 40 }, vec![3; 8192]));
    assert!(bed.store.sequence(first).await.unwrap());
    assert!(bed.store.sequence(step(2, &ids[2..])).await.unwrap());
    let bed = bed.reopen();
    let checkpoint = StoredCheckpoint { size: 3, note: "gateway\n3\n".into(), at: at(2) };
    assert_eq!(bed.store.checkpoint().await.unwrap(), Some(checkpoint));
    let tile = |level, index| bed.store.tile(TileId { level, index });
    assert_eq!(tile(0, 0).await.unwrap(), Some(vec![3; 32]));
    assert_eq!(tile(1, 0).await.unwrap(), Some(vec![1; 32]));
    assert_eq!(tile(0, 1 << 40).await.unwrap(), Some(vec![3; 8192]));
    assert_eq!(tile(0, 1).await.unwrap(), None);
}

async fn an_acceptance_is_found_by_commitment_and_by_message(bed: Bed) {
    noted(&bed, 1).await;
    let (draft, _) = bed.one(Channel::Mailbox).await;
    let leaf = bed.store.acceptance(&draft.sender, draft.message_id).await.unwrap().unwrap();
    assert_eq!(leaf.index, None);
    let (salt, event) = leaf.opened.clone().unwrap();
    assert_eq!(portcullis::ledger::commitment(&salt, &event), leaf.commitment);
    assert!(String::from_utf8(event).unwrap().contains(r#""type":"message.accepted""#));
    assert_eq!(bed.store.leaf(leaf.commitment).await.unwrap(), Some(leaf.clone()));
    assert_eq!(bed.store.leaf([0; 32]).await.unwrap(), None);
    assert_eq!(bed.store.acceptance(&agency("kent-mappa"), draft.message_id).await.unwrap(), None);
    let ids: Vec<EventId> = bed.store.unsequenced(9).await.unwrap().iter().map(|e| e.event_id).collect();
    assert!(bed.store.sequence(step(0, &ids)).await.unwrap());
    assert_eq!(bed.store.leaf(leaf.commitment).await.unwrap().unwrap().index, Some(1));
}

async fn leaves_are_read_in_order_and_only_once_sequenced(bed: Bed) {
    let ids = noted(&bed, 6).await;
    assert!(bed.store.leaves(0, 9).await.unwrap().is_empty());
    assert!(bed.store.sequence(step(0, &ids[..5])).await.unwrap());
    let leaves = bed.store.leaves(1, 3).await.unwrap();
    let found: Vec<_> = leaves.iter().map(|leaf| (leaf.index.unwrap(), leaf.event_id)).collect();
    assert_eq!(found, [(1, ids[1]), (2, ids[2]), (3, ids[3])]);
    assert_eq!(bed.store.leaves(4, 9).await.unwrap().len(), 1);
    assert!(bed.store.leaves(5, 9).await.unwrap().is_empty());
}

async fn a_probe_writes(bed: Bed) {
    bed.store.probe().await.unwrap();
    assert_eq!(bed.events().await, 0);
}
