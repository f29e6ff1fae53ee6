//! The keys and certificates of each party: the gateway, the agencies, the areas' auditors.

use jiff::tz::TimeZone;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use x509_cert::der::pem::{LineEnding, encode_string};
use zeroize::Zeroizing;

use super::{InstallFault, folder::Folder};
use crate::{
    cli::pki::{DevelopmentCa, Issued, PkiError, SmimeKey},
    clock::Clock,
    crypto::{
        certificate, ed25519, hex,
        jwk::{KeyKind, PrivateJwk},
        key_file::KeyFiles,
        keyring::{KeyPurpose, NamedKey, PublishedKeys},
        random::Random,
        smime::SigningIdentity,
    },
    message::{Agency, AgencyId, AgencyType, Area, Channel, EncryptionKey, SmimeProfile},
};

/// Makes keys and writes them down.
pub(super) struct Maker<'a> {
    pub folder: &'a Folder,
    pub ca: &'a DevelopmentCa,
    pub clock: &'a Clock,
    pub random: &'a Random,
    /// Writes the gateway's own private keys.
    pub files: &'a KeyFiles,
    /// The JOSE name of the post-quantum profile, where agencies are to have keys of all kinds.
    pub post_quantum_alg: Option<&'a str>,
}

impl Maker<'_> {
    /// The gateway's own; gives the public set.
    pub fn gateway(&self, name: &str) -> Result<PublishedKeys, InstallFault> {
        let names = ["localhost", "127.0.0.1", "::1", name];
        self.own("tls/gateway", &self.ca.issue_server(&names)?)?;
        // A certificate for servers is none for clients: agencies' servers see this one.
        self.own("tls/gateway-client", &self.ca.issue_client(&AgencyId::gateway())?)?;
        let address = format!("portcullis@{name}");
        let mail = self.ca.issue_smime(&address, SmimeKey::Rsa2048)?;
        self.own("keys/smime", &mail)?;
        let mut keys = Vec::new();
        for (file, purpose) in [
            ("keys/statements.pem", KeyPurpose::Statements),
            ("keys/webhooks.pem", KeyPurpose::Webhooks),
            ("keys/checkpoints.pem", KeyPurpose::Checkpoints),
        ] {
            let pem = encode_string("PRIVATE KEY", LineEnding::LF, &ed25519::generate()?);
            let pem = Zeroizing::new(pem.map_err(|_| InstallFault::Form("a private key"))?.into_bytes());
            keys.push(NamedKey::from_pem(&pem, purpose)?.published());
            self.folder.private(file, &*self.files.sealed(pem, self.random)?)?;
        }
        let signer = SigningIdentity::from_pem(&mail.certificate_pem, &mail.key_pem);
        keys.push(signer.map_err(|_| InstallFault::Form("the certificate for mail"))?.published());
        let keys = PublishedKeys { keys };
        self.folder.public("gateway.jwks", json(&keys, "the gateway's public keys")?)?;
        Ok(keys)
    }

    /// A certificate of the gateway with its key.
    fn own(&self, name: &str, issued: &Issued) -> Result<(), InstallFault> {
        let pem = Zeroizing::new(issued.key_pem.as_bytes().to_vec());
        self.folder.public(&format!("{name}.crt"), &issued.certificate_pem)?;
        self.folder.private(&format!("{name}.key"), &*self.files.sealed(pem, self.random)?)
    }

    /// One agency's own; fills in what the directory shows of it.
    pub fn agency(&self, agency: &mut Agency) -> Result<(), InstallFault> {
        let own = format!("agencies/{}", agency.agency_id);
        let tls = self.ca.issue_client(&agency.agency_id)?;
        agency.tls_spki_sha256.push(spki_sha256(&tls)?);
        self.folder.issued(&format!("{own}/tls"), &tls)?;
        let kid = format!("{}-{}", agency.agency_id, self.year());
        let kind = self.kind(agency.agency_type);
        agency.encryption_keys.push(self.key_pair(kind, &format!("{own}/enc.jwk"), &kid)?);
        if let Some(mail) = agency.mail.as_mut().filter(|_| agency.channels.contains(&Channel::Email)) {
            let kind = match mail.profile {
                Some(SmimeProfile::EcdhGcm) => SmimeKey::EcP256,
                Some(SmimeProfile::Compat | SmimeProfile::OaepGcm) | None => SmimeKey::Rsa2048,
            };
            let smime = self.ca.issue_smime(&mail.address, kind)?;
            self.folder.issued(&format!("{own}/smime"), &smime)?;
            mail.certificate = smime.certificate_pem;
        }
        Ok(())
    }

    /// An area's audit key.
    pub fn auditors(&self, area: Area) -> Result<EncryptionKey, InstallFault> {
        self.key_pair(KeyKind::P256, &format!("audit/{area}.jwk"), &format!("audit-{area}-{}", self.year()))
    }

    /// The baseline; or, of agencies that are to have keys of all kinds, one kind of agency has each of the
    /// others.
    fn kind(&self, agency_type: AgencyType) -> KeyKind<'_> {
        match (self.post_quantum_alg, agency_type) {
            (Some(_), AgencyType::Coord) => KeyKind::X25519,
            (Some(alg), AgencyType::NhsTrust) => KeyKind::XWing(alg),
            _ => KeyKind::P256,
        }
    }

    fn key_pair(&self, kind: KeyKind<'_>, file: &str, kid: &str) -> Result<EncryptionKey, InstallFault> {
        let key = PrivateJwk::generate_as(kind, kid, &Random::system())?;
        self.folder.private(file, json(&key, "a private key")?)?;
        Ok(key.public())
    }

    fn year(&self) -> i16 {
        self.clock.now().to_zoned(TimeZone::UTC).year()
    }
}

fn json(value: &impl serde::Serialize, what: &'static str) -> Result<Zeroizing<Vec<u8>>, InstallFault> {
    serde_json::to_vec(value).map(Zeroizing::new).map_err(|_| InstallFault::Form(what))
}

/// How the directory names a client certificate.
fn spki_sha256(issued: &Issued) -> Result<String, InstallFault> {
    let der = CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).map_err(|_| PkiError::Pem)?;
    Ok(hex(&certificate::spki_sha256(&der).map_err(|_| PkiError::Pem)?))
}
