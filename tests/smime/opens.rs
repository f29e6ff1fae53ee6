//! The recipient's side, by `openssl cms`.

use std::{path::PathBuf, process::Command};

use portcullis::crypto::{
    random::Random,
    smime::{Boundary, CertificateFault, Entity, OuterHeaders, SmimeFault, seal_mail},
};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::pki::{Authority, Identity, Kind};

const GATEWAY: &str = "gateway@mappa.example";
const HOUSING: &str = "housing@kent.example";

/// One gateway, one recipient and a folder for openssl's files.
struct Post {
    folder: TempDir,
    authority: Authority,
    gateway: Identity,
    housing: Identity,
}

impl Post {
    fn signed_by(kind: &Kind) -> Self {
        let authority = Authority::new();
        let gateway = authority.mail_identity(kind, GATEWAY);
        let housing = authority.mail_identity(&Kind::Rsa, HOUSING);
        Self { folder: TempDir::new().unwrap(), authority, gateway, housing }
    }

    fn seal_as(&self, entity: &[u8], from: &str, to: &str, at: &str) -> Result<Vec<u8>, SmimeFault> {
        let at = at.parse().unwrap();
        let subject = "OFFICIAL-SENSITIVE: MAPPA minutes 7F3K-9Q2M";
        let headers = OuterHeaders { from, to, subject, date: at, message_id: "0190a1b2@mappa.example" };
        let (signer, recipient) = (self.gateway.signer(), self.housing.recipient());
        seal_mail(Zeroizing::new(entity.to_vec()), &signer, &recipient, &headers, at, &Random::system())
    }

    fn seal(&self, entity: &[u8]) -> Vec<u8> {
        self.seal_as(entity, GATEWAY, HOUSING, "2026-11-20T09:30:00Z").unwrap()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The decrypted entity with the signature, if this identity can decrypt it.
    fn decrypt(&self, mail: &[u8], reader: &Identity) -> Option<Vec<u8>> {
        let mut command = cms("-decrypt");
        command.arg("-in").arg(self.file("mail.eml", mail));
        command.arg("-recip").arg(self.file("reader.crt", &reader.certificate));
        command.arg("-inkey").arg(self.file("reader.key", &reader.key));
        output(command)
    }

    /// The signed entity, if the signature is the gateway's at the time of sealing.
    fn verify(&self, signed: &[u8]) -> Option<Vec<u8>> {
        let mut command = cms("-verify");
        // 1795167000 is 2026-11-20T09:30:00Z.
        command.args(["-binary", "-purpose", "smimesign", "-attime", "1795167000"]);
        command.arg("-in").arg(self.file("signed.eml", signed));
        command.arg("-CAfile").arg(self.file("ca.crt", &self.authority.certificate));
        output(command)
    }

    fn open(&self, mail: &[u8]) -> Option<Vec<u8>> {
        self.verify(&self.decrypt(mail, &self.housing)?)
    }
}

fn cms(action: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(["cms", action]);
    command
}

fn output(mut command: Command) -> Option<Vec<u8>> {
    let output = command.output().expect("openssl is needed for this test");
    output.status.success().then_some(output.stdout)
}

/// What a recipient is to see, with an attachment of this many bytes.
fn pack(bytes: usize) -> Vec<u8> {
    let random = Random::system();
    let file: Vec<u8> = (0..bytes).map(|n| (n * n % 251) as u8).collect();
    let parts = vec![
        Entity::text("Meeting pack for your agency\n"),
        Entity::json("message.json", br#"{"type":"meeting_pack"}"#),
        Entity::attachment("Cofnodion tŷ.pdf", "application/pdf", &file),
    ];
    Entity::multipart_mixed(parts, Boundary::new(&random).unwrap()).to_bytes().to_vec()
}

#[test]
fn mail_of_either_kind_of_signer_opens_and_verifies() {
    for kind in [Kind::EcdsaP256, Kind::Rsa] {
        let post = Post::signed_by(&kind);
        let entity = pack(4096);
        assert_eq!(post.open(&post.seal(&entity)), Some(entity));
    }
}

#[test]
fn every_length_of_the_last_block_opens() {
    let post = Post::signed_by(&Kind::EcdsaP256);
    for bytes in 0..20 {
        let entity = Entity::text(&"x".repeat(bytes)).to_bytes().to_vec();
        assert_eq!(post.open(&post.seal(&entity)), Some(entity));
    }
}

#[test]
fn a_pack_of_five_megabytes_opens_and_verifies() {
    let post = Post::signed_by(&Kind::Rsa);
    let entity = pack(5 << 20);
    let mail = post.seal(&entity);
    assert!(mail.len() < entity.len() * 19 / 10);
    assert!(post.open(&mail) == Some(entity));
}

#[test]
fn nobody_else_can_open_it() {
    let post = Post::signed_by(&Kind::EcdsaP256);
    let mail = post.seal(&pack(10));
    let other = post.authority.mail_identity(&Kind::Rsa, HOUSING);
    assert_eq!(post.decrypt(&mail, &other), None);
    let disguised = Identity { certificate: post.housing.certificate.clone(), key: other.key };
    assert_eq!(post.decrypt(&mail, &disguised), None);
}

#[test]
fn a_changed_ciphertext_never_verifies() {
    let post = Post::signed_by(&Kind::EcdsaP256);
    let mail = post.seal(&pack(4096));
    let middle = mail.len() / 2;
    for at in (middle..).step_by(701).take(8) {
        let mut changed = mail.clone();
        changed[at] = match changed[at] {
            b'A' => b'B',
            b'\r' | b'\n' => continue,
            _ => b'A',
        };
        if changed != mail {
            assert_eq!(post.open(&changed), None);
        }
    }
}

#[test]
fn a_signature_by_a_stranger_does_not_verify() {
    let post = Post::signed_by(&Kind::Rsa);
    let stranger = Post::signed_by(&Kind::Rsa);
    let mail = stranger.seal(&pack(10));
    let signed = stranger.decrypt(&mail, &stranger.housing).unwrap();
    assert!(stranger.verify(&signed).is_some());
    assert_eq!(post.verify(&signed), None);
}

#[test]
fn nothing_is_sealed_with_a_certificate_for_another_time_or_address() {
    let post = Post::signed_by(&Kind::EcdsaP256);
    let fault = |from, to, at| post.seal_as(b"", from, to, at).unwrap_err();
    let now = "2026-11-20T09:30:00Z";
    let late = fault(GATEWAY, HOUSING, "2027-01-01T00:00:00Z");
    assert!(matches!(late, SmimeFault::Signer(CertificateFault::OutsideValidity)));
    let foreign = fault(HOUSING, HOUSING, now);
    assert!(matches!(foreign, SmimeFault::Signer(CertificateFault::OtherAddress)));
    let misdirected = fault(GATEWAY, "police@kent.example", now);
    assert!(matches!(misdirected, SmimeFault::Recipient(CertificateFault::OtherAddress)));
}

/// Run by hand: `cargo test --release --test smime speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn speed_of_sealing_four_kilobytes() {
    for (kind, name) in [(Kind::EcdsaP256, "ECDSA P-256"), (Kind::Rsa, "RSA 2048")] {
        let post = Post::signed_by(&kind);
        let (signer, recipient, random) = (post.gateway.signer(), post.housing.recipient(), Random::system());
        let at = "2026-11-20T09:30:00Z".parse().unwrap();
        let headers = OuterHeaders {
            from: GATEWAY,
            to: HOUSING,
            subject: "OFFICIAL: MAPPA",
            date: at,
            message_id: "a@b",
        };
        let (start, rounds) = (std::time::Instant::now(), 10_000);
        for _ in 0..rounds {
            let entity = Zeroizing::new(vec![b'x'; 4096]);
            seal_mail(entity, &signer, &recipient, &headers, at, &random).unwrap();
        }
        println!("{name}: {:.0} mails/s", f64::from(rounds) / start.elapsed().as_secs_f64());
    }
}
