//! Which certificates and keys are taken for mail, and for whom and when they stand.

use portcullis::crypto::smime::{CertificateFault, RecipientCertificate, SigningIdentity};
use rcgen::{DnType, DnValue, ExtendedKeyUsagePurpose, KeyUsagePurpose};

use crate::pki::{Authority, Kind, mail_params};

const ADDRESS: &str = "housing@kent.example";

fn refusal(pem: &str) -> CertificateFault {
    RecipientCertificate::from_pem(pem).err().unwrap()
}

#[test]
fn a_certificate_speaks_for_its_addresses_whatever_their_case_and_for_no_other() {
    let recipient = Authority::new().mail_identity(&Kind::Rsa, ADDRESS).recipient();
    assert!(recipient.speaks_for("Housing@KENT.example"));
    assert!(!recipient.speaks_for("housing@kent.example.org"));
    assert!(!recipient.speaks_for(""));
}

#[test]
fn an_address_in_the_subject_counts_as_older_authorities_put_it_there() {
    let mut params = mail_params("other@kent.example");
    let email = DnType::from_oid(&[1, 2, 840, 113549, 1, 9, 1]);
    params.distinguished_name.push(email, DnValue::Ia5String(ADDRESS.try_into().unwrap()));
    assert!(Authority::new().identity(&Kind::Rsa, params).recipient().speaks_for(ADDRESS));
}

#[test]
fn a_certificate_is_valid_from_its_first_to_its_last_second() {
    let recipient = Authority::new().mail_identity(&Kind::Rsa, ADDRESS).recipient();
    let valid_at = |text: &str| recipient.valid_at(text.parse().unwrap());
    assert!(!valid_at("2025-12-31T23:59:59.999Z"));
    assert!(valid_at("2026-01-01T00:00:00Z") && valid_at("2026-12-31T00:00:00.999Z"));
    assert!(!valid_at("2026-12-31T00:00:01Z"));
    assert_eq!(recipient.not_after().to_string(), "2026-12-31T00:00:00Z");
}

#[test]
fn certificates_for_another_use_are_refused() {
    let authority = Authority::new();
    let mut tls = mail_params(ADDRESS);
    tls.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    assert_eq!(refusal(&authority.identity(&Kind::Rsa, tls).certificate), CertificateFault::Usage);
    let mut signing_only = mail_params(ADDRESS);
    signing_only.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let signing_only = authority.identity(&Kind::Rsa, signing_only);
    assert_eq!(refusal(&signing_only.certificate), CertificateFault::Usage);
    assert!(SigningIdentity::from_pem(&signing_only.certificate, &signing_only.key).is_ok());
}

#[test]
fn compat_needs_an_rsa_key_of_2048_bits() {
    let elliptic = Authority::new().mail_identity(&Kind::EcdsaP256, ADDRESS);
    assert_eq!(refusal(&elliptic.certificate), CertificateFault::UnsuitableKey);
    assert_eq!(refusal(RSA_1024), CertificateFault::UnsuitableKey);
}

#[test]
fn text_without_a_certificate_is_unreadable() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in ["", "certificate", broken] {
        assert_eq!(refusal(text), CertificateFault::Unreadable);
    }
}

#[test]
fn a_signing_key_must_belong_to_its_certificate() {
    let authority = Authority::new();
    for (one, other) in
        [(Kind::Rsa, Kind::Rsa), (Kind::EcdsaP256, Kind::EcdsaP256), (Kind::Rsa, Kind::EcdsaP256)]
    {
        let (one, other) = (authority.mail_identity(&one, ADDRESS), authority.mail_identity(&other, ADDRESS));
        let fault = SigningIdentity::from_pem(&one.certificate, &other.key).err();
        assert_eq!(fault, Some(CertificateFault::ForeignKey));
    }
    let own = authority.mail_identity(&Kind::Rsa, ADDRESS);
    let fault = SigningIdentity::from_pem(&own.certificate, &own.certificate).err();
    assert_eq!(fault, Some(CertificateFault::UnreadableKey));
}

#[test]
fn identities_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<RecipientCertificate>();
    shared::<SigningIdentity>();
}

/// Made by `openssl req -x509 -newkey rsa:1024`; the library makes no key this short.
const RSA_1024: &str = "\
-----BEGIN CERTIFICATE-----
MIICBDCCAW2gAwIBAgIUR1VoSNCA2MILicw3SaK4TA4OE4owDQYJKoZIhvcNAQEL
BQAwFDESMBAGA1UEAwwJdG9vIHNob3J0MB4XDTI2MTEyMDEyMjc1MloXDTM2MTEx
NzEyMjc1MlowFDESMBAGA1UEAwwJdG9vIHNob3J0MIGfMA0GCSqGSIb3DQEBAQUA
A4GNADCBiQKBgQDBs69lbriuoh16PkiZC3gAx9YWphBSHFX1YnTRw8WJqVWdG5b6
2CzFA6meiyvjqbfwnsB/z/FJBZdC7296hLFWcAfrbTr23i4sF0GuiM7a79AjJD+b
XJLSKSXHNfJWIu+rQ9di1gtWzBOEFhCS3vbOAQ7Qs9RsMCgceNGIqf6S/wIDAQAB
o1MwUTAdBgNVHQ4EFgQUzhHYGLkV5xWUutJxh2y5seB5jrswHwYDVR0jBBgwFoAU
zhHYGLkV5xWUutJxh2y5seB5jrswDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0B
AQsFAAOBgQCy6jSbsJdHJfN+4wCSvUp1H1xK6eSJLi3X8VDF6G61N5Ur/xKzsf4g
VlQouFuqrBK/JKAqI3HndHuIpCvSaGrzfipy6g1MRrq2u0XdiGN3z5u42a0tYCbG
xg4yfxE5T93cAgniXOiOLz7rpooYucHMqOE/KN8WJkSZBJUY4pzLrw==
-----END CERTIFICATE-----
";
