//! Key files with every mode and every passphrase, also as OpenSSL writes and reads them.

use std::{fs, fs::Permissions, process::Command};

use super::*;
use crate::crypto::{
    ed25519,
    keyring::{KeyPurpose, NamedKey},
};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn with_passphrase(&self, text: &str) -> KeyFiles {
        KeyFiles::new(Some(&Passphrase::File(self.put("passphrase", text.as_bytes())))).unwrap()
    }
}

fn plain() -> KeyFiles {
    KeyFiles::new(None).unwrap()
}

fn key() -> Zeroizing<Vec<u8>> {
    encoded(CLEAR, &ed25519::generate().unwrap()).unwrap()
}

fn told(read: Result<Zeroizing<Vec<u8>>, KeyFileFault>) -> String {
    read.err().map(|fault| fault.to_string()).unwrap_or_default()
}

#[test]
fn a_private_key_that_others_can_read_is_refused() {
    let place = Place::new();
    let path = place.put("key.pem", b"secret");
    for (mode, refused) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o660, true)] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let told = told(plain().read(&path));
        assert_eq!(!told.is_empty(), refused, "{mode:o}");
        assert!(!refused || told.contains("chmod 600"), "{told}");
    }
}

#[test]
fn a_credential_of_systemd_may_show_the_mask_of_its_access_list() {
    let credentials = Some(OsStr::new("/run/credentials/portcullis.service"));
    let path = Path::new("/run/credentials/portcullis.service/statements");
    assert!(!mode_is_open(path, 0o440, credentials));
    for mode in [0o460, 0o444, 0o442] {
        assert!(mode_is_open(path, mode, credentials), "{mode:o}");
    }
    assert!(mode_is_open(Path::new("/etc/portcullis/statements.pem"), 0o440, credentials));
    assert!(mode_is_open(path, 0o440, None));
    assert!(mode_is_open(path, 0o440, Some(OsStr::new(""))));
}

#[test]
fn a_key_survives_its_passphrase_and_no_two_files_are_alike() {
    let (place, random) = (Place::new(), Random::system());
    let files = place.with_passphrase("correct horse battery staple\n");
    let clear = key();
    let sealed = files.sealed(clear.clone(), &random).unwrap();
    assert!(sealed.starts_with(BEGIN) && sealed != files.sealed(clear.clone(), &random).unwrap());
    let path = place.put("key.pem", &[b"a remark\n", sealed.as_slice()].concat());
    assert_eq!(files.read(&path).unwrap(), clear);
    assert!(NamedKey::from_pem(&files.read(&path).unwrap(), KeyPurpose::Statements).is_ok());
    let in_clear = place.put("clear.pem", &clear);
    assert_eq!(files.read(&in_clear).unwrap(), clear, "a passphrase does not ask that all be encrypted");
    assert_eq!(plain().sealed(clear.clone(), &random).unwrap(), clear);
}

#[test]
fn a_wrong_passphrase_is_told_with_the_file_and_the_place() {
    let place = Place::new();
    let sealed = place.with_passphrase("right").sealed(key(), &Random::system()).unwrap();
    let path = place.put("key.pem", &sealed);
    for wrong in ["wrong", "Right", "right "] {
        let told = told(place.with_passphrase(wrong).read(&path));
        assert!(told.contains("key.pem does not open with the passphrase in"), "{told}");
        assert!(told.contains("/passphrase") && !told.contains(wrong), "{told}");
    }
    let told = told(plain().read(&path));
    assert!(told.contains("key.pem is encrypted: say in `keys.passphrase`"), "{told}");
}

#[test]
fn a_passphrase_that_is_not_there_is_told_before_any_key() {
    let place = Place::new();
    let fault = |wanted: Passphrase| KeyFiles::new(Some(&wanted)).err().unwrap().to_string();
    let empty = place.put("empty", b"\nsecond line");
    assert!(fault(Passphrase::File(empty)).contains("empty holds no passphrase"));
    assert!(fault(Passphrase::File(place.path("absent"))).contains("absent cannot be read"));
    let open = place.put("open", b"secret");
    fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    assert!(fault(Passphrase::File(open)).contains("chmod 600"));
    let unset = fault(Passphrase::Variable("PORTCULLIS_NO_SUCH_VARIABLE".into()));
    assert_eq!(unset, "$PORTCULLIS_NO_SUCH_VARIABLE holds no passphrase, though `keys.passphrase` says so");
    // One that is set whatever runs the tests.
    assert!(KeyFiles::new(Some(&Passphrase::Variable("PATH".into()))).is_ok());
}

#[test]
fn damaged_and_foreign_files_are_refused_in_words() {
    let place = Place::new();
    let files = place.with_passphrase("right");
    let sealed = files.sealed(key(), &Random::system()).unwrap();
    let text = String::from_utf8(sealed.to_vec()).unwrap();
    let cut = text.replacen("MI", "", 1);
    let told_of = |bytes: &[u8]| told(files.read(&place.put("key.pem", bytes)));
    assert!(told_of(cut.as_bytes()).contains("in another way than PKCS#8"));
    assert!(told_of(BEGIN).contains("in another way than PKCS#8"));
    assert!(told_of(&vec![b'x'; BYTES_MAX + 1]).contains("longer than any key"));
    assert_eq!(told_of(&vec![b'x'; BYTES_MAX]), "");
}

#[test]
fn openssl_reads_what_is_written_here_and_the_other_way_round() {
    let openssl = |arguments: &[&str]| Command::new("openssl").args(arguments).output().unwrap();
    let place = Place::new();
    let files = place.with_passphrase("right");
    let sealed = place.put("sealed.pem", &files.sealed(key(), &Random::system()).unwrap());
    let passphrase = format!("file:{}", place.path("passphrase").display());
    let read = openssl(&["pkey", "-in", sealed.to_str().unwrap(), "-passin", &passphrase]);
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let clear = place.put("clear.pem", &read.stdout);
    let theirs = place.path("theirs.pem");
    for kind in [&["-scrypt"][..], &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"]] {
        let mut arguments = vec!["pkcs8", "-topk8", "-in", clear.to_str().unwrap(), "-passout", &passphrase];
        arguments.extend(["-out", theirs.to_str().unwrap()]);
        arguments.extend(kind);
        let written = openssl(&arguments);
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        fs::set_permissions(&theirs, Permissions::from_mode(0o600)).unwrap();
        let ours = NamedKey::from_pem(&files.read(&theirs).unwrap(), KeyPurpose::Statements).unwrap();
        let known = NamedKey::from_pem(&files.read(&sealed).unwrap(), KeyPurpose::Statements).unwrap();
        assert_eq!(ours.kid, known.kid, "{kind:?}");
    }
}
