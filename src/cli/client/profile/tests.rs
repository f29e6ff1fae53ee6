use std::fs;

use super::*;

fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("agencies/kent-police");
    fs::create_dir_all(&own).unwrap();
    fs::write(folder.path().join("ca.crt"), "ca").unwrap();
    fs::write(own.join("tls.crt"), "crt").unwrap();
    fs::write(own.join("tls.key"), "key").unwrap();
    folder
}

fn police(folder: &tempfile::TempDir) -> Identity {
    let agency = Some("kent-police".parse().unwrap());
    Identity { dir: Some(folder.path().to_owned()), agency, ..Identity::default() }
}

#[test]
fn a_profile_is_found_in_the_folder_of_an_installation() {
    let folder = installation();
    let profile = Profile::load(&police(&folder)).unwrap();
    assert_eq!((profile.ca.as_slice(), profile.certificate.as_slice()), (&b"ca"[..], &b"crt"[..]));
    assert_eq!(profile.key.as_slice(), b"key");
    assert!(profile.private_jwk.is_none() && profile.jwks.is_none());
    assert_eq!(profile.url.as_str(), "https://localhost:8443/");

    fs::write(folder.path().join("gateway.url"), "https://localhost:50123\n").unwrap();
    let key = PrivateJwk::generate("kent-police-2026").unwrap();
    fs::write(folder.path().join("agencies/kent-police/enc.jwk"), serde_json::to_vec(&key).unwrap()).unwrap();
    fs::write(folder.path().join("gateway.jwks"), r#"{"keys":[]}"#).unwrap();
    let profile = Profile::load(&police(&folder)).unwrap();
    assert_eq!(profile.url.port(), Some(50123));
    assert_eq!(profile.private_jwk.as_ref().unwrap().kid, "kent-police-2026");
    assert_eq!(profile.jwks, Some(PublishedKeys { keys: vec![] }));
}

#[test]
fn what_is_named_by_itself_stands_above_the_folder() {
    let folder = installation();
    let other = folder.path().join("other.crt");
    fs::write(&other, "other").unwrap();
    let identity =
        Identity { ca: Some(other), url: Some("https://gateway.example/base".into()), ..police(&folder) };
    let profile = Profile::load(&identity).unwrap();
    assert_eq!(profile.ca, b"other");
    assert_eq!(profile.url.path(), "/base");
}

#[test]
fn files_named_one_by_one_need_no_folder() {
    let folder = installation();
    let own = folder.path().join("agencies/kent-police");
    let identity = Identity {
        dir: None,
        cert: Some(own.join("tls.crt")),
        key: Some(own.join("tls.key")),
        ca: Some(folder.path().join("ca.crt")),
        ..police(&folder)
    };
    assert!(Profile::load(&identity).is_ok());
    let without_key = Identity { key: None, ..identity };
    assert!(matches!(Profile::load(&without_key), Err(ProfileFault::NoFiles)));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let folder = installation();
    let fault = |identity: Identity| Profile::load(&identity).err().unwrap();
    assert!(matches!(fault(Identity { agency: None, ..police(&folder) }), ProfileFault::NoAgency));
    for url in [
        "http://localhost",
        "https://a:b@localhost",
        "localhost:8443",
        "https://localhost/?a=b",
        "https://x/#y",
    ] {
        assert!(
            matches!(fault(Identity { url: Some(url.into()), ..police(&folder) }), ProfileFault::Url),
            "{url}"
        );
    }
    let absent = Identity { jwks: Some(folder.path().join("absent.jwks")), ..police(&folder) };
    assert!(matches!(fault(absent), ProfileFault::Unreadable { .. }));
    fs::write(folder.path().join("gateway.jwks"), "secret").unwrap();
    let told = fault(police(&folder));
    assert!(matches!(told, ProfileFault::Malformed { .. }));
    assert!(!told.to_string().contains("secret"));
    let other = Identity { agency: Some("kent-yot".parse().unwrap()), ..police(&folder) };
    assert_eq!(fault(other).exit(), Exit::Config);
}
