//! The key for checkpoints is replaced while the gateway runs, and those who know the log by the old one follow:
//! both sign for a time, and the last checkpoint that both signed stays published.

use std::path::PathBuf;

use portcullis::{
    cli::{Exit, ledger},
    crypto::keyring::{KeyPurpose, NamedKey, PublishedKeys},
    ledger::{Checkpoint, NoteFault, Report, VerifierKey},
};

use crate::{
    rotated::{in_force, key, published},
    support::{TestGateway, until},
};

impl TestGateway {
    /// The newest checkpoint, once everything has its place.
    async fn checkpoint(&self) -> String {
        self.events().await;
        let note = self.client("kent-police").document("ledger/checkpoint").await.unwrap();
        String::from_utf8(note.to_vec()).unwrap()
    }

    /// The newest checkpoint in a file, as an auditor keeps it.
    async fn kept_checkpoint(&self, name: &str) -> PathBuf {
        let file = self.dir.join(name);
        std::fs::write(&file, self.checkpoint().await).unwrap();
        file
    }

    async fn verified(&self, vkey: Option<&VerifierKey>, since: &[PathBuf]) -> Report {
        let vkey = vkey.map(ToString::to_string);
        ledger::verify(&self.installation.settings(), vkey.as_deref(), since).await.unwrap()
    }

    fn vkey(&self, keys: &PublishedKeys, kid: &str) -> VerifierKey {
        let public = keys.find(kid, KeyPurpose::Checkpoints).unwrap();
        VerifierKey::new(self.config.gateway.name.parse().unwrap(), public)
    }
}

async fn checkpoint_kids(gateway: &TestGateway) -> Vec<String> {
    in_force(&published(gateway).await, KeyPurpose::Checkpoints)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_log_by_the_old_key_follows_to_the_new_one() {
    let mut gateway = TestGateway::start().await;
    gateway.post("kent-police", &gateway.referral()).await;
    let old_kid = checkpoint_kids(&gateway).await.remove(0);
    let old = gateway.vkey(&published(&gateway).await, &old_kid);
    let first = gateway.kept_checkpoint("first").await;

    assert_eq!(key(&gateway, &["rotate", "checkpoints"]).await, Exit::Ok);
    assert_eq!(key(&gateway, &["rotate", "checkpoints"]).await, Exit::Failed, "the last one has not ended");
    assert_eq!(gateway.running().reloader.keys().await.unwrap(), [KeyPurpose::Checkpoints]);
    let signing = checkpoint_kids(&gateway).await;
    assert_eq!((signing.len(), &signing[1]), (2, &old_kid));
    let new = gateway.vkey(&published(&gateway).await, &signing[0]);
    let both = until("both have signed", async || {
        Some(gateway.checkpoint().await).filter(|note| Checkpoint::open(note, &new).is_ok())
    })
    .await;
    assert_eq!(Checkpoint::open(&both, &old).unwrap(), Checkpoint::open(&both, &new).unwrap());
    let told = gateway.events_of("key.rotated").await;
    assert_eq!(
        (told.len(), &told[0]["kid"], &told[0]["beside"][0]),
        (1, &signing[0].clone().into(), &old_kid.clone().into())
    );
    for vkey in [None, Some(&old), Some(&new)] {
        assert!(gateway.verified(vkey, std::slice::from_ref(&first)).await.is_sound());
    }

    assert_eq!(key(&gateway, &["retire", "checkpoints"]).await, Exit::Ok);
    assert_eq!(gateway.running().reloader.keys().await.unwrap(), [KeyPurpose::Checkpoints]);
    gateway.post("kent-police", &gateway.referral()).await;
    let alone = until("the new one signs alone", async || {
        Some(gateway.checkpoint().await).filter(|note| Checkpoint::open(note, &old).is_err())
    })
    .await;
    assert_eq!(Checkpoint::open(&alone, &old), Err(NoteFault::NotThisKey));
    assert!(Checkpoint::open(&alone, &new).is_ok());
    let keys = published(&gateway).await;
    let ended = keys.keys.iter().find(|key| key.kid == old_kid).unwrap();
    let handover = ended.handover.as_deref().unwrap();
    assert!(ended.retired_at.is_some());
    assert!([&old, &new].into_iter().all(|key| Checkpoint::open(handover, key).is_ok()));
    gateway.restart().await;
    gateway.halt().await;
    for vkey in [None, Some(&old), Some(&new)] {
        let report = gateway.verified(vkey, std::slice::from_ref(&first)).await;
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.earlier, 2, "the auditor's own, and the one of the handover");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_alone_is_not_taken_up_and_the_log_goes_on_under_the_old_one() {
    let mut gateway = TestGateway::start().await;
    gateway.checkpoint().await;
    let before = checkpoint_kids(&gateway).await;
    assert_eq!(key(&gateway, &["rotate", "checkpoints"]).await, Exit::Ok);
    let kept = gateway.config.keys.checkpoints.with_file_name("checkpoints.pem.before");
    let old = std::fs::read(&kept).unwrap();
    // The old one cannot be thrown away before the new one has taken over, so it is as if it had been lost.
    assert_eq!(key(&gateway, &["retire", "checkpoints"]).await, Exit::Failed);
    std::fs::remove_file(&kept).unwrap();
    let refused = format!("{:#}", gateway.running().reloader.keys().await.unwrap_err());
    assert!(refused.contains(&before[0]) && refused.contains("until both have signed"), "{refused}");
    assert_eq!(checkpoint_kids(&gateway).await, before);
    // Nor does it start so.
    gateway.halt().await;
    let listeners = portcullis::cli::serve::Listeners::bind(&gateway.config).await.unwrap();
    let (config, clock) = (gateway.config.clone(), gateway.clock.clock());
    let started = portcullis::cli::serve::start(config, listeners, clock, gateway.random.clone()).await;
    assert!(format!("{:#}", started.err().unwrap()).contains("outsiders know the log by it"));
    // With the old one beside it, it does.
    portcullis::cli::pki::write_private(&kept, &old).unwrap();
    gateway.begin().await;
    assert_eq!(checkpoint_kids(&gateway).await.len(), 2);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_by_a_key_for_another_purpose_is_refused() {
    let gateway = TestGateway::start().await;
    let genuine = gateway.checkpoint().await;
    let own = gateway.verifier_key("kent-police").await;
    let tree = Checkpoint::open(&genuine, &own).unwrap();
    let files = &gateway.config.keys;
    for (path, purpose) in
        [(&files.statements, KeyPurpose::Statements), (&files.webhooks, KeyPurpose::Webhooks)]
    {
        let other = NamedKey::from_pem(&std::fs::read(path).unwrap(), purpose).unwrap();
        let file = gateway.dir.join(purpose.as_str());
        std::fs::write(&file, tree.sign(&other.key)).unwrap();
        let report = gateway.verified(None, &[file]).await;
        let reason = NoteFault::NotThisKey;
        assert_eq!(report.faults, [portcullis::ledger::Fault::Earlier { position: 0, reason }]);
    }
    gateway.stop().await;
}
