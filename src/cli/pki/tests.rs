use std::{os::unix::fs::PermissionsExt, process::Command};

use super::*;
use crate::clock::ManualClock;

fn authority() -> DevelopmentCa {
    DevelopmentCa::new(Clock::system(), Random::system()).unwrap()
}

fn openssl(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

/// What OpenSSL says about a certificate for a purpose, and how it prints it.
fn judged(ca: &DevelopmentCa, issued: &Issued, purpose: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let [root, leaf, key] = ["ca.crt", "leaf.crt", "leaf.key"].map(|name| folder.path().join(name));
    std::fs::write(&root, ca.certificate_pem()).unwrap();
    std::fs::write(&leaf, &issued.certificate_pem).unwrap();
    write_private(&key, issued.key_pem.as_bytes()).unwrap();
    let [root, leaf, key] = [root, leaf, key].map(|path| path.to_str().unwrap().to_owned());
    let (sound, told) = openssl(&["pkey", "-in", &key, "-check", "-noout"]);
    assert!(sound, "{told}");
    assert_eq!(
        openssl(&["pkey", "-in", &key, "-pubout"]).1,
        openssl(&["x509", "-in", &leaf, "-pubkey", "-noout"]).1
    );
    let (good, _) = openssl(&["verify", "-x509_strict", "-CAfile", &root, "-purpose", purpose, &leaf]);
    (good, openssl(&["x509", "-in", &leaf, "-noout", "-text"]).1)
}

#[test]
fn openssl_accepts_a_server_certificate_for_servers_only() {
    let ca = authority();
    let issued = ca.issue_server(&["localhost", "127.0.0.1"]).unwrap();
    let (good, text) = judged(&ca, &issued, "sslserver");
    assert!(good, "{text}");
    assert!(text.contains("DNS:localhost, IP Address:127.0.0.1"), "{text}");
    assert!(!judged(&ca, &issued, "sslclient").0);
}

#[test]
fn openssl_accepts_a_client_certificate_that_names_its_agency() {
    let ca = authority();
    let issued = ca.issue_client(&"kent-police".parse().unwrap()).unwrap();
    let (good, text) = judged(&ca, &issued, "sslclient");
    assert!(good, "{text}");
    assert!(text.contains("URI:urn:portcullis:agency:kent-police"), "{text}");
    assert!(!judged(&ca, &issued, "sslserver").0);
}

#[test]
fn openssl_accepts_both_kinds_of_smime_certificate_for_signing_and_for_receiving() {
    let ca = authority();
    for (kind, usage) in [
        (SmimeKey::EcP256, "Digital Signature, Key Agreement"),
        (SmimeKey::Rsa2048, "Digital Signature, Key Encipherment"),
    ] {
        let issued = ca.issue_smime("mappa@housing.example", kind).unwrap();
        let (good, text) = judged(&ca, &issued, "smimesign");
        assert!(good, "{text}");
        assert!(text.contains("email:mappa@housing.example"), "{text}");
        assert!(text.contains(usage), "{text}");
        if kind == SmimeKey::Rsa2048 {
            // OpenSSL's purpose `smimeencrypt` asks for key encipherment, which only RSA does.
            assert!(judged(&ca, &issued, "smimeencrypt").0);
        }
    }
}

#[test]
fn openssl_accepts_what_a_loaded_authority_issues_under_the_same_root() {
    let made = authority();
    let loaded = DevelopmentCa::load(
        made.certificate_pem(),
        &made.key_pem().unwrap(),
        Clock::system(),
        Random::system(),
    )
    .unwrap();
    let issued = loaded.issue_client(&"kent-police".parse().unwrap()).unwrap();
    assert!(judged(&made, &issued, "sslclient").0);
}

#[test]
fn a_key_of_another_authority_is_refused() {
    let (one, other) = (authority(), authority());
    let mixed = DevelopmentCa::load(
        one.certificate_pem(),
        &other.key_pem().unwrap(),
        Clock::system(),
        Random::system(),
    );
    assert!(matches!(mixed, Err(PkiError::NotOurs)));
    let nonsense = DevelopmentCa::load("nonsense", "nonsense", Clock::system(), Random::system());
    assert!(matches!(nonsense, Err(PkiError::NotOurs)));
}

#[test]
fn certificates_last_thirty_days_and_never_longer_than_their_authority() {
    let clock = ManualClock::new("2026-11-20T09:30:00Z".parse().unwrap());
    let ca = DevelopmentCa::new(clock.clock(), Random::system()).unwrap();
    let validity = || {
        let issued = ca.issue_server(&["localhost"]).unwrap();
        let body = x509_cert::Certificate::from_pem(issued.certificate_pem).unwrap().tbs_certificate;
        (body.validity.not_before.to_string(), body.validity.not_after.to_string())
    };
    assert_eq!(validity(), ("2026-11-20T08:30:00Z".into(), "2026-12-20T09:30:00Z".into()));
    clock.advance(Duration::from_hours(89 * 24));
    assert_eq!(validity().1, "2027-02-18T09:30:00Z");
    clock.advance(Duration::from_hours(24));
    assert!(matches!(ca.issue_server(&["localhost"]), Err(PkiError::Expired)));
}

#[test]
fn no_two_certificates_share_a_serial_number() {
    let ca = authority();
    let serial = || {
        let issued = ca.issue_server(&["localhost"]).unwrap();
        x509_cert::Certificate::from_pem(issued.certificate_pem).unwrap().tbs_certificate.serial_number
    };
    let (one, other) = (serial(), serial());
    assert_ne!(one, other);
    assert_eq!(one.as_bytes().len(), 16);
}

#[test]
fn a_private_file_is_readable_by_its_owner_only_even_where_another_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tls.key");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(folder.path().join("tls.key.partial"), "left behind").unwrap();
    write_private(&path, b"new").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
