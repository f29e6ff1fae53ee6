//! Which program opens which profile: the matrix, by running each.
//!
//! What must open is asserted; what else a reader can do is printed as it turned out. A reader that is
//! not installed is said to be missing; in CI (`CI` or `PORTCULLIS_SLOW` set) that is a failure.

use std::{
    env,
    io::{self, Write as _},
};

use portcullis::message::SmimeProfile;

use crate::{
    gnupg, nss, parses,
    pki::Kind,
    post::{PROFILES, Post, object, pack},
};

/// Another's program or library.
struct Reader {
    name: &'static str,
    /// What must be installed for it.
    programs: &'static [&'static str],
    /// The entity, if the reader can decrypt it and finds the signature good.
    open: fn(&Post, &[u8]) -> Option<Vec<u8>>,
    /// The profiles that it must open.
    must: &'static [SmimeProfile],
}

const READERS: [Reader; 3] = [
    Reader { name: "openssl cms", programs: &["openssl"], open: Post::open, must: &PROFILES },
    Reader {
        name: "NSS cmsutil",
        programs: &["cmsutil", "certutil", "pk12util", "openssl"],
        open: nss::open,
        must: &[SmimeProfile::Compat],
    },
    Reader {
        name: "gpgsm",
        programs: &["gpgsm", "gpg-agent", "gpgconf", "openssl"],
        open: gnupg::open,
        must: &[SmimeProfile::Compat],
    },
];

#[test]
fn every_reader_that_is_installed_opens_the_profiles_that_it_must() {
    let mut lines = vec![format!("{:<13}{:<14}{:<14}{}", "", "compat", "oaep-gcm", "ecdh-gcm")];
    let mut wrong = Vec::new();
    for reader in &READERS {
        let cells = PROFILES.map(|profile| {
            let opened = reader.missing().is_none().then(|| reader.opens(profile));
            if opened == Some(false) && reader.must.contains(&profile) {
                wrong.push(format!("{} does not open {profile}", reader.name));
            }
            opened.map_or("did not run", |opened| if opened { "opens" } else { "does not" })
        });
        lines.push(format!("{:<13}{:<14}{:<14}{}", reader.name, cells[0], cells[1], cells[2]));
    }
    let parsed = PROFILES.map(|profile| {
        let post = Post::new(Kind::EcdsaP256, profile);
        if parses::parses(&object(&post.seal(&pack(4096))), profile) { "parses" } else { "does not" }
    });
    lines.push(format!("{:<13}{:<14}{:<14}{}", "crate cms", parsed[0], parsed[1], parsed[2]));
    let missing: Vec<_> = READERS.iter().filter_map(Reader::missing).collect();
    lines.extend(
        missing.iter().map(|program| format!("{program} is missing: `tests/run --tools` installs it")),
    );
    // Past the test harness, which shows what a test prints only when it fails.
    writeln!(io::stderr(), "\nS/MIME, decrypted and its signature verified:\n{}", lines.join("\n")).unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(missing.is_empty() || !in_ci(), "missing: {missing:?}");
}

#[test]
fn no_reader_takes_a_signature_by_a_stranger() {
    let mut post = Post::new(Kind::Rsa, SmimeProfile::Compat);
    // Sealed to the recipient by somebody whom its authority does not know.
    post.gateway = Post::new(Kind::Rsa, SmimeProfile::Compat).gateway;
    let mail = post.seal(&pack(10));
    assert!(post.decrypt(&mail, &post.housing).is_some());
    for reader in READERS.iter().filter(|reader| reader.missing().is_none()) {
        assert_eq!((reader.open)(&post, &mail), None, "{}", reader.name);
    }
}

impl Reader {
    /// Whether it opens mail of this profile from signers of both kinds.
    fn opens(&self, profile: SmimeProfile) -> bool {
        [Kind::EcdsaP256, Kind::Rsa].into_iter().all(|signer| {
            let (post, entity) = (Post::new(signer, profile), pack(4096));
            (self.open)(&post, &post.seal(&entity)) == Some(entity)
        })
    }

    fn missing(&self) -> Option<&'static str> {
        let folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
        let there = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
        self.programs.iter().copied().find(|program| !there(program))
    }
}

fn in_ci() -> bool {
    ["CI", "PORTCULLIS_SLOW"].into_iter().any(|name| env::var_os(name).is_some())
}
