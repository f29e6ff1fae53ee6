//! The stored vectors, `tests/vectors/`: made by other software, so that what this version writes and reads
//! is what agencies' libraries read and write, and stays so.

use std::{fs, path::Path};

use super::*;

fn vectors(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let read = |path: &Path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
    };
    files.map(|path| read(&path)).collect()
}

fn tried(vector: &Value) -> Result<Vec<u8>, OpenFault> {
    let key: PrivateJwk = serde_json::from_value(vector["key"].clone()).unwrap();
    opened(&vector["copy"], &key)
}

#[test]
fn what_other_software_sealed_opens() {
    let vectors = vectors("opens");
    for (name, vector) in &vectors {
        let text = tried(vector).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(text, vector["plaintext"].as_str().unwrap().as_bytes(), "{name}");
    }
    assert_eq!(vectors.len(), 4);
}

#[test]
fn each_faulty_copy_is_refused_and_the_refusal_does_not_tell_what_failed() {
    let vectors = vectors("refused");
    for (name, vector) in &vectors {
        let expected = match vector["fault"].as_str().unwrap() {
            "form" => OpenFault::Form,
            "another-key" => OpenFault::AnotherKey,
            "key" => OpenFault::Key(KeyFault::Mismatch),
            _ => OpenFault::Unopened,
        };
        assert_eq!(tried(vector), Err(expected), "{name}");
    }
    assert!(vectors.len() > 60, "{}", vectors.len());
}

#[test]
fn the_post_quantum_profile_is_the_pinned_one() {
    // With the same key and the same randomness the encapsulation stays the same, byte for byte.
    let (private, public) = x_wing::pair(&[1; 32]).unwrap();
    let wrap = x_wing::wrap(&[2; 32], &public, "HPKE-10-KE", "a", &[3; 64]).unwrap();
    let header: Value = serde_json::from_str(&wrap.header).unwrap();
    assert_eq!(header["alg"], "HPKE-10-KE");
    assert_eq!(wrap.encrypted_key.len(), 48);
    let ek = BASE64_URL_SAFE_NO_PAD.decode(header["ek"].as_str().unwrap()).unwrap();
    assert_eq!(*x_wing::unwrap(&private, &ek, &wrap.encrypted_key).unwrap(), [2; 32]);
    let digest = |bytes: &[u8]| crate::crypto::hex(&crate::crypto::sha256(bytes));
    let pinned = digest(&[wrap.header.as_bytes(), &wrap.encrypted_key].concat());
    assert_eq!(pinned, "290de271ac6745fa907d9e3368cf490c2edb6ae4b34557d0db262796e2ac1912");
}
