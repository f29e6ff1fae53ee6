//! One gateway and one recipient, what passes between them, and the recipient's side by `openssl cms`.

use std::{path::PathBuf, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use portcullis::{
    crypto::{
        random::Random,
        smime::{Boundary, Content as _, Entity, OuterHeaders, SmimeFault, seal_mail},
    },
    message::SmimeProfile,
};
use tempfile::TempDir;

use crate::pki::{Authority, Identity, Kind};

pub const PROFILES: [SmimeProfile; 3] = [SmimeProfile::Compat, SmimeProfile::OaepGcm, SmimeProfile::EcdhGcm];
pub const GATEWAY: &str = "gateway@mappa.example";
pub const HOUSING: &str = "housing@kent.example";

/// One gateway, one recipient and a folder for openssl's files.
pub struct Post {
    folder: TempDir,
    pub profile: SmimeProfile,
    pub authority: Authority,
    pub gateway: Identity,
    pub housing: Identity,
}

impl Post {
    /// The gateway signs with this kind of key; the recipient has the kind that its profile needs.
    pub fn new(signer: Kind, profile: SmimeProfile) -> Self {
        let authority = Authority::new();
        let gateway = authority.mail_identity(&signer, GATEWAY);
        let housing = authority.mail_identity(&Kind::of(profile), HOUSING);
        Self { folder: TempDir::new().unwrap(), profile, authority, gateway, housing }
    }

    pub fn seal_as(&self, entity: &[u8], from: &str, to: &str, at: &str) -> Result<Vec<u8>, SmimeFault> {
        let at = at.parse().unwrap();
        let subject = "OFFICIAL-SENSITIVE: MAPPA minutes 7F3K-9Q2M";
        let headers = OuterHeaders { from, to, subject, date: at, message_id: "0190a1b2@mappa.example" };
        let (signer, recipient) = (self.gateway.signer(), self.housing.recipient_by(self.profile));
        seal_mail(&entity, &signer, &recipient, &headers, at, &Random::system())
    }

    pub fn seal(&self, entity: &[u8]) -> Vec<u8> {
        self.seal_as(entity, GATEWAY, HOUSING, "2026-11-20T09:30:00Z").unwrap()
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A new folder, in place of one that may be there.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        path
    }

    /// What [`Self::pkcs12`] is encrypted under.
    pub const PASSPHRASE: &str = "passphrase";

    /// The recipient's certificate and key in one file, as mail programs import them.
    pub fn pkcs12(&self, options: &[&str]) -> PathBuf {
        let (certificate, key) =
            (self.file("own.crt", &self.housing.certificate), self.file("own.key", &self.housing.key));
        let mut command = Command::new("openssl");
        command.args(["pkcs12", "-export", "-name", "own", "-passout", "pass:passphrase"]).args(options);
        command.arg("-in").arg(certificate).arg("-inkey").arg(key);
        let exported = output(command).expect("openssl exports the key");
        self.file("own.p12", exported)
    }

    /// The decrypted entity with the signature, if this identity can decrypt it.
    pub fn decrypt(&self, mail: &[u8], reader: &Identity) -> Option<Vec<u8>> {
        let mut command = cms("-decrypt");
        command.arg("-in").arg(self.file("mail.eml", mail));
        command.arg("-recip").arg(self.file("reader.crt", &reader.certificate));
        command.arg("-inkey").arg(self.file("reader.key", &reader.key));
        output(command)
    }

    /// The signed entity, if the signature is the gateway's at the time of sealing.
    pub fn verify(&self, signed: &[u8]) -> Option<Vec<u8>> {
        let mut command = cms("-verify");
        // 1795167000 is 2026-11-20T09:30:00Z.
        command.args(["-binary", "-purpose", "smimesign", "-attime", "1795167000"]);
        command.arg("-in").arg(self.file("signed.eml", signed));
        command.arg("-CAfile").arg(self.file("ca.crt", &self.authority.certificate));
        output(command)
    }

    pub fn open(&self, mail: &[u8]) -> Option<Vec<u8>> {
        self.verify(&self.decrypt(mail, &self.housing)?)
    }
}

fn cms(action: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(["cms", action]);
    command
}

/// What a program prints, if it succeeds.
pub fn output(mut command: Command) -> Option<Vec<u8>> {
    let output = command.output().expect("a program is missing: `tests/run --tools` installs it");
    output.status.success().then_some(output.stdout)
}

/// What a recipient is to see, with an attachment of this many bytes.
pub fn pack(bytes: usize) -> Vec<u8> {
    let random = Random::system();
    let file: Vec<u8> = (0..bytes).map(|n| (n * n % 251) as u8).collect();
    let parts = vec![
        Entity::text("Meeting pack for your agency\n"),
        Entity::json("message.json", br#"{"type":"meeting_pack"}"#),
        Entity::attachment("Cofnodion tŷ.pdf", "application/pdf", &file),
    ];
    Entity::multipart_mixed(parts, Boundary::new(&random).unwrap()).to_bytes().to_vec()
}

/// The CMS object that a mail or an entity carries, in DER.
pub fn object(mail: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(mail).unwrap();
    let (_headers, body) = text.split_once("\r\n\r\n").unwrap();
    BASE64_STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap()
}
