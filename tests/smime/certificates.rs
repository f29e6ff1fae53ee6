//! Which certificates and keys are taken for mail, and for whom and when they stand.

use portcullis::{
    crypto::smime::{CertificateFault, RecipientCertificate, SigningIdentity},
    message::SmimeProfile,
};
use rcgen::{DnType, DnValue, ExtendedKeyUsagePurpose, KeyUsagePurpose};

use crate::pki::{Authority, Kind, mail_params};

const ADDRESS: &str = "housing@kent.example";

fn refusal(pem: &str) -> CertificateFault {
    RecipientCertificate::from_pem(pem, None).err().unwrap()
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
fn a_key_for_signing_or_for_the_other_kind_of_sealing_is_refused() {
    let authority = Authority::new();
    let with = |kind, usage| {
        let mut params = mail_params(ADDRESS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, usage];
        RecipientCertificate::from_pem(&authority.identity(&kind, params).certificate, None).err()
    };
    let (encipher, agree) = (KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::KeyAgreement);
    assert_eq!(with(Kind::Rsa, encipher), None);
    assert_eq!(with(Kind::Rsa, agree), Some(CertificateFault::Usage));
    assert_eq!(with(Kind::EcdsaP256, encipher), Some(CertificateFault::Usage));
    assert_eq!(with(Kind::EcdsaP256, agree), None);
}

#[test]
fn the_key_decides_the_profile_unless_one_is_named_that_it_fits() {
    let authority = Authority::new();
    let by = |kind, profile| {
        let certificate = authority.mail_identity(&kind, ADDRESS).certificate;
        RecipientCertificate::from_pem(&certificate, profile).map(|recipient| recipient.profile())
    };
    let (compat, oaep, ecdh) = (SmimeProfile::Compat, SmimeProfile::OaepGcm, SmimeProfile::EcdhGcm);
    assert_eq!(by(Kind::Rsa, None), Ok(compat));
    assert_eq!(by(Kind::Rsa, Some(compat)), Ok(compat));
    assert_eq!(by(Kind::Rsa, Some(oaep)), Ok(oaep));
    assert_eq!(by(Kind::Rsa, Some(ecdh)), Err(CertificateFault::Profile));
    assert_eq!(by(Kind::EcdsaP256, None), Ok(ecdh));
    assert_eq!(by(Kind::EcdsaP256, Some(ecdh)), Ok(ecdh));
    for profile in [compat, oaep] {
        assert_eq!(by(Kind::EcdsaP256, Some(profile)), Err(CertificateFault::Profile));
    }
}

#[test]
fn short_rsa_keys_other_curves_and_other_kinds_of_key_are_refused() {
    let authority = Authority::new();
    assert_eq!(refusal(RSA_1024), CertificateFault::RsaSize);
    let other_curve = authority.mail_identity(&Kind::EcdsaP384, ADDRESS);
    assert_eq!(refusal(&other_curve.certificate), CertificateFault::Curve);
    assert_eq!(refusal(SECP256K1), CertificateFault::Curve);
    assert_eq!(refusal(NAMELESS_CURVE), CertificateFault::Curve);
    let mut params = mail_params(ADDRESS);
    params.key_usages.clear();
    let no_curve = authority.identity(&Kind::Ed25519, params);
    assert_eq!(refusal(&no_curve.certificate), CertificateFault::KeyKind);
    assert_eq!(refusal(RSA_PSS), CertificateFault::KeyKind);
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

/// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1`.
const SECP256K1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdjCCARygAwIBAgIUYxAvb+RJlD63oVBWyECONpCjiKAwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHYW5vdGhlcjAeFw0yNjExMjAxOTU0MDdaFw0zNjExMTcxOTU0
MDdaMBIxEDAOBgNVBAMMB2Fub3RoZXIwVjAQBgcqhkjOPQIBBgUrgQQACgNCAAQf
66XlSpy70VeZiE3xQaOV8JLztx9IUpkMa5F7jVWClEfM1q8cAmL5HEaxe4bKdEHz
r1O6JyGI4g9lguf3yzMOo1MwUTAdBgNVHQ4EFgQUxmfgMCglNb+SgEL4YuBzGvik
LoAwHwYDVR0jBBgwFoAUxmfgMCglNb+SgEL4YuBzGvikLoAwDwYDVR0TAQH/BAUw
AwEB/zAKBggqhkjOPQQDAgNIADBFAiA8AeDQlWk/5XQQXKYQ+MgbrSAYFYj2BK3Z
3rM3Lya1CAIhAIiG+MmN9XcrqzM+DacW0XcxG8qNEcNc9/g2u6NOfvFg
-----END CERTIFICATE-----
";

/// P-256 by its parameters, not by its name: made as above with `ec_paramgen_curve:P-256` and
/// `ec_param_enc:explicit`. Such parameters have been used to pass off another curve.
const NAMELESS_CURVE: &str = "\
-----BEGIN CERTIFICATE-----
MIICbjCCAhOgAwIBAgIUWjOAnVYFgPQ85/uzoHnZW866WCMwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHYW5vdGhlcjAeFw0yNjExMjAxOTU0MDhaFw0zNjExMTcxOTU0
MDhaMBIxEDAOBgNVBAMMB2Fub3RoZXIwggFLMIIBAwYHKoZIzj0CATCB9wIBATAs
BgcqhkjOPQEBAiEA/////wAAAAEAAAAAAAAAAAAAAAD///////////////8wWwQg
/////wAAAAEAAAAAAAAAAAAAAAD///////////////wEIFrGNdiqOpPns+u9VXaY
hrxlHQawzFOw9jvOPD4n0mBLAxUAxJ02CIbnBJNqZnjhE50mt4GffpAEQQRrF9Hy
4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNX
azFezsu2QGg3v1H1AiEA/////wAAAAD//////////7zm+q2nF56E87nKwvxjJVEC
AQEDQgAEO06Y+FPmiSGmaVtRl+Y/h5pXE9rpss2yFiHJTbdQ6rM6gD2htZ+7fmqF
t9sgF9qShCgJDh0RqLWGHW0cODkL06NTMFEwHQYDVR0OBBYEFOVPd3QfEcIpbX2o
giMq55Si/STuMB8GA1UdIwQYMBaAFOVPd3QfEcIpbX2ogiMq55Si/STuMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhALw2gM6KIKdrs9wSpNgk7jw9
seUOwA0d9D1ksPdDPwo8AiEAih7jm8ou/QJ9o6Q7oGGFJmTA7MLN6qA60PDkQmDY
evo=
-----END CERTIFICATE-----
";

/// A key that may only sign: `openssl req -x509 -newkey rsa-pss`.
const RSA_PSS: &str = "\
-----BEGIN CERTIFICATE-----
MIIDbTCCAiCgAwIBAgIUUEzIKmJgaGu/GKjC0RFqYATKAE8wQgYJKoZIhvcNAQEK
MDWgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEF
AKIEAgIA3jASMRAwDgYDVQQDDAdhbm90aGVyMB4XDTI2MTEyMDE5NTQwOFoXDTM2
MTExNzE5NTQwOFowEjEQMA4GA1UEAwwHYW5vdGhlcjCCASAwCwYJKoZIhvcNAQEK
A4IBDwAwggEKAoIBAQCxfdx/fHP1ma/r0kAadFjFZovPejKeA/8PbloitIhtNg8q
pqB82PoWbwxjhwdyYHobyyHvjwZh2yeKq60Sm3JXIX36GRvhd9wzfKKS4xtXeD0R
cMnCISuGtpQAgMU5y0MOmwpVW2vWgng7V/Z9W47UZldujJ80VJ/nymX4KX6HDsnN
XgNfbw838VW1GKNgf97W1zHs6n276Q9/I4BgQvrB2HcvwM6KZC2cwJTsrRF3nMDA
6gVc3r1ZimW7eim6pb6owkT4QaTUUQ8W9mC/8kzqyH3OXft0SrS8t/Hclb+fp0Fq
FTCmAHgpykN3lteWWxT7qnWbTYgJpuSDUfNqmnCRAgMBAAGjUzBRMB0GA1UdDgQW
BBRtE09LNP6YvWbhcKRdmJlCQ+S9yTAfBgNVHSMEGDAWgBRtE09LNP6YvWbhcKRd
mJlCQ+S9yTAPBgNVHRMBAf8EBTADAQH/MEIGCSqGSIb3DQEBCjA1oA8wDQYJYIZI
AWUDBAIBBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAIBBQCiBAICAN4DggEB
AJtxn2TqM2kEtB3lQlmnerPwa93b4TF/L/rVu00wI9jyYqhNngtjUUJmEg9ClzPX
vjfEf4CFrZdiXB29Unu767jAwEJqu38Gnd0Tk2CbDaDO0xJ+gMyk3gZ24uDUseXL
y8mx/CYv8F6DY7UBMdsEsPfY/6eJbcoG8GNxyD/ZpjfDRWE7k8G3XZgTQbQCBDDu
nl9MwrvilyC5gWoeF9yih6ESjZ2xLJEAF+MUxMxtqO9aclu3NJErTbTogTsAh3Sm
NT9xMkLXh/zMkbJEQl7b279ZVXtM/QvHajnrTwJtLrWVQ2B8M8frl48kUbcvMOvL
+Xlc3fmgaOgrGFQe4v8Qp20=
-----END CERTIFICATE-----
";
