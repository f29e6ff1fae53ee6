//! The one who kills.

use std::{collections::BTreeSet, time::Duration};

use portcullis::cli::client::ClientFault;
use tokio::sync::watch::Receiver;

use crate::{agencies::Traffic, chance::Chance, place::Place};

/// Starts and kills the gateway `kills` times and leaves it running. Gives every checkpoint that was
/// seen on the way.
pub async fn kill_again_and_again(
    place: &mut Place,
    traffic: &Traffic,
    chance: &Chance,
    kills: usize,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut accepted = traffic.accepted.subscribe();
    for kill in 0..kills {
        if kill > 0 && chance.below(6) == 0 {
            // Recovery has to survive this too.
            place.start();
            wait(chance.below(400)).await;
        } else {
            place.start_and_listen().await;
            let so_far = *accepted.borrow_and_update();
            let more = 1 + chance.below(12);
            until(&mut accepted, so_far + more).await;
            seen.extend(checkpoint(place).await);
            if chance.below(2) == 0 {
                wait(chance.below(40)).await;
            }
        }
        place.kill().await;
    }
    place.start_and_listen().await;
    let so_far = *accepted.borrow_and_update();
    until(&mut accepted, so_far + 1).await;
    seen
}

/// Waits until so many were accepted. Nobody posts any more once a poster met what it did not expect;
/// its own words say what, and this ends the wait.
async fn until(accepted: &mut Receiver<u64>, wanted: u64) {
    let come = accepted.wait_for(|count| *count >= wanted);
    tokio::time::timeout(PATIENCE, come).await.expect("somebody goes on posting").unwrap();
}

/// Far longer than any message takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A moment in the middle of whatever goes on: the one thing here that no event tells.
async fn wait(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// The checkpoint that is served now, if there is one yet.
pub async fn checkpoint(place: &Place) -> Option<String> {
    match place.agency("kent-probation").0.document("ledger/checkpoint").await {
        Ok(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
        Err(ClientFault::Refused(_)) => None,
        Err(fault) => panic!("{fault}: {}", place.said()),
    }
}
