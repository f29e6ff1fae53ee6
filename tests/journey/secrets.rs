//! Keys under a passphrase, and the certificate for mail: replaced while the gateway runs, and a gateway that
//! cannot use a key says so before it opens its door.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use portcullis::{
    cli::{
        Exit,
        pki::{SmimeKey, write_private},
        serve::{self, files},
    },
    config::Passphrase,
    crypto::{jws, keyring::KeyPurpose},
    journey::statement,
};

use crate::{
    rotated::{in_force, key, published},
    support::{Builder, CO_ORDINATOR, PATIENCE, SIGNER, TestGateway, message_json},
};

const HOUSING: &str = "kent-council-housing";

/// Switches the installation to a passphrase; the gateway reads its settings at the next start.
fn with_passphrase(gateway: &mut TestGateway, text: &str) {
    let path = gateway.dir.join("passphrase");
    write_private(&path, text.as_bytes()).unwrap();
    let settings = gateway.installation.settings();
    let written = fs::read_to_string(&settings).unwrap();
    let line = format!("passphrase = {:?}", path.to_str().unwrap());
    fs::write(&settings, written.replace("# passphrase = \"keys/passphrase\"", &line)).unwrap();
    gateway.config.keys.passphrase = Some(Passphrase::File(path));
}

async fn refusal(gateway: &TestGateway) -> String {
    let listeners = serve::Listeners::bind(&gateway.config).await.unwrap();
    let (config, clock) = (gateway.config.clone(), gateway.clock.clock());
    let started = serve::start(config, listeners, clock, gateway.random.clone()).await;
    format!("{:#}", started.err().unwrap())
}

fn is_encrypted(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----")
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_are_written_under_the_passphrase_and_sign_after_the_next_start() {
    let mut gateway = TestGateway::start().await;
    let before = gateway.post("kent-police", &gateway.referral()).await.statement;
    gateway.halt().await;
    with_passphrase(&mut gateway, "correct horse\n");
    for purpose in ["statements", "webhooks", "checkpoints"] {
        assert_eq!(key(&gateway, &["rotate", purpose]).await, Exit::Ok);
    }
    let keys = gateway.config.keys.clone();
    assert!([&keys.statements, &keys.webhooks, &keys.checkpoints].into_iter().all(|path| is_encrypted(path)));
    gateway.begin().await;
    let after = gateway.post("kent-police", &gateway.referral()).await.statement;
    let set = published(&gateway).await;
    assert_eq!(vec![jws::kid(&after).unwrap()], in_force(&set, KeyPurpose::Statements));
    assert!([&before, &after].into_iter().all(|signed| statement::verify(signed, &set).is_ok()));

    // A passphrase that was changed leaves those in force while it runs, and says so at a start.
    fs::write(gateway.dir.join("passphrase"), "battery staple").unwrap();
    assert!(gateway.running().reloader.keys().await.is_err());
    assert_eq!(published(&gateway).await, set);
    gateway.halt().await;
    let told = refusal(&gateway).await;
    assert!(told.contains("statements.pem does not open with the passphrase in"), "{told}");
    assert!(!told.contains("staple") && !told.contains("horse"), "{told}");
    gateway.config.keys.passphrase = None;
    let told = refusal(&gateway).await;
    assert!(told.contains("statements.pem is encrypted: say in `keys.passphrase`"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_that_others_can_read_stops_the_start_whichever_it_is() {
    let mut gateway = TestGateway::start().await;
    gateway.halt().await;
    let config = gateway.config.clone();
    let (keys, tls, webhook) = (&config.keys, &config.tls, &config.webhook);
    let before = keys.webhooks.with_file_name("webhooks.pem.before");
    for path in
        [&keys.statements, &keys.webhooks, &keys.checkpoints, &keys.smime_key, &tls.key, &webhook.client_key]
    {
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
        let told = refusal(&gateway).await;
        assert!(told.contains(&format!("chmod 600 {}", path.display())), "{told}");
        assert!(files::keys_are_usable(&config).is_err(), "`portcullis check` says so as well");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(key(&gateway, &["rotate", "webhooks"]).await, Exit::Ok);
    fs::set_permissions(&before, fs::Permissions::from_mode(0o604)).unwrap();
    assert!(refusal(&gateway).await.contains("webhooks.pem.before"));
    fs::set_permissions(&before, fs::Permissions::from_mode(0o600)).unwrap();
    gateway.begin().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_signs_the_next_mail_and_the_one_before_stays_published() {
    let gateway = Builder::default().mail().start().await;
    let case = gateway.case(&[HOUSING]).await;
    let keys = gateway.config.keys.clone();
    let mut signers = Vec::new();
    for sent in 1..=2 {
        let referral = case.passed_on(&gateway, &[HOUSING]);
        gateway.post(CO_ORDINATOR, &referral).await;
        let mails = gateway.mail().wait_for(sent, PATIENCE).await.unwrap();
        assert_eq!(message_json(&gateway, HOUSING, &mails[sent - 1].bytes).await, referral.bytes());
        signers.push(gateway.read(SIGNER));
        if sent == 1 {
            let renewed =
                gateway.installation.ca.issue_smime(&gateway.config.mail.from, SmimeKey::EcP256).unwrap();
            fs::write(&keys.smime_certificate, &renewed.certificate_pem).unwrap();
            assert!(
                gateway.running().reloader.keys().await.is_err(),
                "without its key, as a renewal halfway"
            );
            write_private(&keys.smime_key, renewed.key_pem.as_bytes()).unwrap();
            assert_eq!(gateway.running().reloader.keys().await.unwrap(), [KeyPurpose::Smime]);
        }
    }
    assert_ne!(signers[0], signers[1]);
    let set = published(&gateway).await;
    let (mut ended, mut signing): (Vec<_>, Vec<_>) = set
        .keys
        .into_iter()
        .filter(|key| key.purpose == KeyPurpose::Smime)
        .partition(|key| key.retired_at.is_some());
    let (ended, signing) = (ended.pop().unwrap(), signing.pop().unwrap());
    assert_eq!((ended.kty.as_str(), signing.kty.as_str(), signing.crv.as_str()), ("RSA", "EC", "P-256"));
    for (entry, signer) in [(&ended, &signers[0]), (&signing, &signers[1])] {
        let pem: String =
            String::from_utf8_lossy(signer).lines().filter(|line| !line.starts_with('-')).collect();
        assert!(pem.ends_with(&entry.x5c[0]), "the certificate in the mail is the one of the set");
    }
    let told = gateway.events_of("key.rotated").await;
    assert_eq!((&told[0]["purpose"], &told[0]["ended"][0]), (&"smime".into(), &ended.kid.into()));
    gateway.stop().await;
}
