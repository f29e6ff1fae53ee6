use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::*;
use crate::{
    cli::{Exit, client::Client, pki::write_private, serve::keys_are_usable, tests::portcullis},
    config::{Areas, Config, Environment, load_agencies},
    crypto::{
        certificate,
        jwe::{self, Form},
        jwk::{PrivateJwk, RecipientKey},
        keyring::{KeyPurpose, NamedKey, PublishedKeys},
        smime::{RecipientCertificate, SigningIdentity},
    },
    message::{Agency, Channel},
    policy::Policies,
};

fn sample() -> Vec<Agency> {
    crate::config::read_agencies(embedded::AGENCIES, Path::new("agencies.toml")).unwrap()
}

/// A small installation: RSA keys take their time.
fn small(dir: &Path) -> Installation {
    let wanted = ["kent-police", "kent-mappa", "kent-mh-trust", "kent-council-housing"];
    let agencies =
        sample().into_iter().filter(|agency| wanted.contains(&agency.agency_id.as_str())).collect();
    let options = Options { agencies: Some(agencies), ..Options::default() };
    install(dir, &Clock::system(), &Random::system(), options).unwrap()
}

fn files(dir: &Path, from: &Path, found: &mut BTreeSet<(String, u32)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, from, found);
        } else {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            found.insert((path.strip_prefix(from).unwrap().to_str().unwrap().to_owned(), mode));
        }
    }
}

fn verifies(dir: &Path, purpose: &str, certificate: &str) {
    let output = Command::new("openssl")
        .args(["verify", "-x509_strict", "-purpose", purpose, "-CAfile"])
        .args([dir.join("ca.crt"), dir.join(certificate)])
        .output()
        .unwrap();
    assert!(output.status.success(), "{certificate}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_installation_is_complete_and_only_its_owner_reads_what_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let made = small(dir.path());
    let mut found = BTreeSet::new();
    files(dir.path(), dir.path(), &mut found);
    for name in [
        "portcullis.toml",
        "areas.toml",
        "agencies.toml",
        "gateway.jwks",
        "gateway.url",
        "ca.crt",
        "policies/schema.cedarschema",
        "policies/sending.cedar",
        "tls/gateway.crt",
        "tls/gateway-client.crt",
        "keys/smime.crt",
        "agencies/kent-police/tls.crt",
        "agencies/kent-council-housing/smime.crt",
    ] {
        assert!(found.iter().any(|(file, _)| file == name), "{name}");
    }
    for name in [
        "ca/ca.key",
        "tls/gateway.key",
        "tls/gateway-client.key",
        "keys/statements.pem",
        "keys/webhooks.pem",
        "keys/checkpoints.pem",
        "keys/smime.key",
        "audit/46.jwk",
        "agencies/kent-police/tls.key",
        "agencies/kent-police/enc.jwk",
        "agencies/kent-council-housing/smime.key",
    ] {
        assert!(found.contains(&(name.to_owned(), 0o600)), "{name}");
    }
    let is_private = |file: &str| [".key", ".pem", ".jwk"].iter().any(|end| file.ends_with(end));
    assert!(found.iter().all(|(file, mode)| is_private(file) == (*mode == 0o600)), "{found:?}");
    assert!(!found.iter().any(|(file, _)| file.ends_with("police/smime.key") || file.ends_with(".partial")));
    assert_eq!(fs::metadata(dir.path().join("keys")).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(made.agencies.len(), 4);
}

#[test]
fn openssl_verifies_every_certificate_for_its_purpose() {
    let dir = tempfile::tempdir().unwrap();
    small(dir.path());
    verifies(dir.path(), "sslserver", "tls/gateway.crt");
    verifies(dir.path(), "sslclient", "tls/gateway-client.crt");
    verifies(dir.path(), "smimesign", "keys/smime.crt");
    verifies(dir.path(), "sslclient", "agencies/kent-police/tls.crt");
    verifies(dir.path(), "smimeencrypt", "agencies/kent-council-housing/smime.crt");
}

#[test]
fn serve_can_read_everything_and_the_keys_fit_together() {
    let dir = tempfile::tempdir().unwrap();
    let made = small(dir.path());
    let config =
        Config::read(&fs::read_to_string(made.settings()).unwrap(), &made.settings(), &Environment::empty())
            .unwrap();
    for path in [
        &config.tls.certificate,
        &config.tls.key,
        &config.tls.client_ca,
        &config.keys.statements,
        &config.keys.smime_certificate,
        &config.keys.smime_key,
        &config.webhook.ca,
        &config.webhook.client_certificate,
        &config.webhook.client_key,
        config.mail.ca.as_ref().unwrap(),
    ] {
        assert!(path.is_file(), "{}", path.display());
    }
    assert!(Policies::load(&config.directory.policies).is_ok());
    let published: PublishedKeys =
        serde_json::from_slice(&fs::read(dir.path().join("gateway.jwks")).unwrap()).unwrap();
    assert_eq!(published, made.keys);
    let statements =
        NamedKey::from_pem(&fs::read(&config.keys.statements).unwrap(), KeyPurpose::Statements).unwrap();
    assert_eq!(published.find(&statements.kid, KeyPurpose::Statements), Some(statements.key.public()));
    assert_eq!(published.find(&statements.kid, KeyPurpose::Checkpoints), None);
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let smime =
        SigningIdentity::from_pem(&read(&config.keys.smime_certificate), &read(&config.keys.smime_key));
    assert!(smime.unwrap().fits(&config.mail.from, Clock::system().now()).is_ok());
    assert_eq!(load_agencies(&config.directory.agencies).unwrap(), made.agencies);
    let areas = Areas::load(&config.directory.areas).unwrap();
    assert!(areas.get("46".parse().unwrap()).unwrap().audit_key.is_some());
    assert_eq!(areas.without_audit_key().count(), 41);
}

#[test]
fn each_agency_holds_the_private_halves_of_what_the_directory_shows() {
    let dir = tempfile::tempdir().unwrap();
    let made = small(dir.path());
    for agency in &made.agencies {
        let own = dir.path().join("agencies").join(agency.agency_id.as_str());
        let profile = made.profile(&agency.agency_id).unwrap();
        let public = agency.sealing_key(Clock::system().now()).unwrap();
        let to = RecipientKey::new(public).unwrap();
        let form = Form { typ: "t", cty: "c", aad: "{}", apu: "g" };
        let (shared, wraps) =
            jwe::seal(zeroize::Zeroizing::new(b"text".to_vec()), &form, &[&to], &Random::system()).unwrap();
        let key: PrivateJwk = serde_json::from_slice(&fs::read(own.join("enc.jwk")).unwrap()).unwrap();
        assert_eq!(*jwe::open(shared.flattened(&wraps[0]).as_bytes(), &key).unwrap(), b"text");
        let pem = pem_rfc7468(&profile.certificate);
        assert_eq!(agency.tls_spki_sha256, [crate::crypto::hex(&certificate::spki_sha256(&pem).unwrap())]);
        assert_eq!(certificate::uri_names(&pem), [format!("urn:portcullis:agency:{}", agency.agency_id)]);
        assert!(Client::new(&profile).is_ok());
        if agency.channels.contains(&Channel::Email) {
            let mail = agency.mail.as_ref().unwrap();
            let smime = RecipientCertificate::from_pem(&mail.certificate, mail.profile).unwrap();
            assert!(smime.fits(&mail.address, Clock::system().now()).is_ok());
        }
    }
}

fn pem_rfc7468(pem: &[u8]) -> Vec<u8> {
    x509_cert::der::pem::decode_vec(pem).unwrap().1
}

#[test]
fn other_addresses_can_be_written_once_the_servers_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut made = small(dir.path());
    let trust: AgencyId = "kent-mh-trust".parse().unwrap();
    let webhook = WebhookAddress {
        url: "https://localhost:4000/in".into(),
        allow: vec!["127.0.0.1/32".parse().unwrap()],
    };
    let mut addresses = Addresses {
        agencies: "127.0.0.1:4001".parse().unwrap(),
        mail: Some(Relay { host: "localhost".into(), port: 4002 }),
        webhooks: [(trust.clone(), webhook.clone())].into(),
        ..Addresses::default()
    };
    made.readdress(&addresses).unwrap();
    let config = Config::load(&made.settings()).unwrap();
    assert_eq!((config.listen.agencies.port(), config.mail.port), (4001, 4002));
    assert_eq!(config.webhook.allow[&trust], webhook.allow);
    let agencies = load_agencies(&config.directory.agencies).unwrap();
    let listed = agencies.iter().find(|agency| agency.agency_id == trust).unwrap();
    assert_eq!(listed.webhook.as_ref().unwrap().url, webhook.url);
    assert_eq!(made.profile(&trust).unwrap().url.port(), Some(4001));
    addresses.webhooks.insert("kent-nobody".parse().unwrap(), webhook);
    assert!(matches!(made.readdress(&addresses), Err(InstallFault::NoSuchAgency(_))));
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ca.crt"), "precious").unwrap();
    let (exit, data, talk) = portcullis(&["init", dir.path().to_str().unwrap()]);
    assert_eq!((exit, data.as_str()), (Exit::Failed, ""));
    assert!(talk.contains("is not empty"), "{talk}");
    assert_eq!(fs::read(dir.path().join("ca.crt")).unwrap(), b"precious");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn the_command_installs_the_whole_sample_directory() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("gateway");
    let (exit, data, _) =
        portcullis(&["init", target.to_str().unwrap(), "--json", "--listen", "127.0.0.1:9999"]);
    assert_eq!(exit, Exit::Ok);
    let told: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(told["agencies"].as_array().unwrap().len(), sample().len());
    assert_eq!(told["url"], "https://localhost:9999");
    assert!(crate::cli::check::installation(&target.join("portcullis.toml"), &Clock::system()).is_ok());
}

#[test]
fn a_name_that_is_no_dns_name_makes_no_installation() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { gateway_name: "Not A Name".into(), agencies: Some(vec![]), ..Options::default() };
    let made = install(dir.path(), &Clock::system(), &Random::system(), options);
    assert!(made.is_err());
    assert!(!dir.path().join("portcullis.toml").exists());
}

#[test]
fn with_a_passphrase_every_private_key_of_the_gateway_lies_encrypted_and_none_of_the_others() {
    let place = tempfile::tempdir().unwrap();
    let passphrase = place.path().join("passphrase");
    write_private(&passphrase, b"correct horse\n").unwrap();
    let dir = place.path().join("area");
    let options =
        Options { agencies: Some(vec![]), passphrase: Some(passphrase.clone()), ..Options::default() };
    let made = install(&dir, &Clock::system(), &Random::system(), options).unwrap();
    let config = Config::load(&made.settings()).unwrap();
    let (keys, webhook) = (&config.keys, &config.webhook);
    for path in [
        &keys.statements,
        &keys.webhooks,
        &keys.checkpoints,
        &keys.smime_key,
        &config.tls.key,
        &webhook.client_key,
    ] {
        assert!(fs::read_to_string(path).unwrap().starts_with("-----BEGIN ENCRYPTED"), "{}", path.display());
    }
    assert!(fs::read_to_string(dir.join("ca/ca.key")).unwrap().starts_with("-----BEGIN PRIVATE"));
    keys_are_usable(&config).unwrap();
    write_private(&passphrase, b"battery staple").unwrap();
    let fault = keys_are_usable(&config).unwrap_err();
    assert_eq!(Exit::of(&fault), Exit::Config);
    let told = format!("{fault:#}");
    assert!(told.contains("does not open with the passphrase in"), "{told}");
}

#[test]
fn a_certificate_for_mail_with_the_key_of_tls_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::load(&small(dir.path()).settings()).unwrap();
    fs::copy(&config.keys.smime_certificate, &config.tls.certificate).unwrap();
    fs::copy(&config.keys.smime_key, &config.tls.key).unwrap();
    let told = keys_are_usable(&config).unwrap_err().to_string();
    assert!(told.starts_with("one key for both mail and tls"), "{told}");
}
