//! The recipient's side, by `openssl cms`.

use portcullis::{
    crypto::{
        random::Random,
        smime::{CertificateFault, Content as _, Entity, OuterHeaders, SmimeFault, seal_mail},
    },
    message::SmimeProfile,
};

use crate::{
    pki::{Identity, Kind},
    post::{GATEWAY, HOUSING, PROFILES, Post, pack},
};

#[test]
fn mail_of_either_kind_of_signer_opens_and_verifies_in_every_profile() {
    for kind in [Kind::EcdsaP256, Kind::Rsa] {
        for profile in PROFILES {
            let post = Post::new(kind, profile);
            let entity = pack(4096);
            assert_eq!(post.open(&post.seal(&entity)), Some(entity), "{profile}");
        }
    }
}

#[test]
fn every_length_of_the_last_block_opens() {
    for profile in PROFILES {
        let post = Post::new(Kind::EcdsaP256, profile);
        for bytes in 0..20 {
            let entity = Entity::text(&"x".repeat(bytes)).to_bytes().to_vec();
            assert_eq!(post.open(&post.seal(&entity)), Some(entity), "{profile}");
        }
    }
}

#[test]
fn a_pack_of_five_megabytes_opens_and_verifies() {
    for profile in PROFILES {
        let post = Post::new(Kind::Rsa, profile);
        let entity = pack(5 << 20);
        let mail = post.seal(&entity);
        assert!(mail.len() < entity.len() * 19 / 10);
        assert!(post.open(&mail) == Some(entity), "{profile}");
    }
}

#[test]
fn nobody_else_can_open_it() {
    for profile in PROFILES {
        let post = Post::new(Kind::EcdsaP256, profile);
        let mail = post.seal(&pack(10));
        let other = post.authority.mail_identity(&Kind::of(profile), HOUSING);
        assert_eq!(post.decrypt(&mail, &other), None, "{profile}");
        let disguised = Identity { certificate: post.housing.certificate.clone(), key: other.key };
        assert_eq!(post.decrypt(&mail, &disguised), None, "{profile}");
    }
}

/// The mail with one character of its ciphertext changed, at several places.
fn changed(mail: &[u8]) -> Vec<Vec<u8>> {
    let places = (mail.len() / 2..mail.len()).step_by(701).take(8);
    let change = |at: usize| {
        let mut changed = mail.to_vec();
        changed[at] = match changed[at] {
            b'A' => b'B',
            b'\r' | b'\n' => return None,
            _ => b'A',
        };
        Some(changed)
    };
    places.filter_map(change).collect()
}

#[test]
fn a_changed_ciphertext_never_verifies() {
    let post = Post::new(Kind::EcdsaP256, SmimeProfile::Compat);
    let changed = changed(&post.seal(&pack(4096)));
    assert!(!changed.is_empty());
    for mail in changed {
        assert_eq!(post.open(&mail), None);
    }
}

#[test]
fn with_gcm_a_changed_ciphertext_does_not_even_decrypt() {
    for profile in [SmimeProfile::OaepGcm, SmimeProfile::EcdhGcm] {
        let post = Post::new(Kind::EcdsaP256, profile);
        let changed = changed(&post.seal(&pack(4096)));
        assert!(!changed.is_empty());
        for mail in changed {
            assert_eq!(post.decrypt(&mail, &post.housing), None, "{profile}");
        }
    }
}

#[test]
fn a_signature_by_a_stranger_does_not_verify() {
    let post = Post::new(Kind::Rsa, SmimeProfile::Compat);
    let stranger = Post::new(Kind::Rsa, SmimeProfile::Compat);
    let mail = stranger.seal(&pack(10));
    let signed = stranger.decrypt(&mail, &stranger.housing).unwrap();
    assert!(stranger.verify(&signed).is_some());
    assert_eq!(post.verify(&signed), None);
}

#[test]
fn nothing_is_sealed_with_a_certificate_for_another_time_or_address() {
    let post = Post::new(Kind::EcdsaP256, SmimeProfile::Compat);
    let fault = |from, to, at| post.seal_as(b"", from, to, at).unwrap_err();
    let now = "2026-11-20T09:30:00Z";
    let late = fault(GATEWAY, HOUSING, "2027-01-01T00:00:00Z");
    assert!(matches!(late, SmimeFault::Signer(CertificateFault::OutsideValidity)));
    let foreign = fault(HOUSING, HOUSING, now);
    assert!(matches!(foreign, SmimeFault::Signer(CertificateFault::OtherAddress)));
    let misdirected = fault(GATEWAY, "police@kent.example", now);
    assert!(matches!(misdirected, SmimeFault::Recipient(CertificateFault::OtherAddress)));
}

/// Run by hand: `cargo test --release --test smime speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn speed_of_sealing_four_kilobytes() {
    for (kind, name) in [(Kind::EcdsaP256, "ECDSA P-256"), (Kind::Rsa, "RSA 2048")] {
        for profile in PROFILES {
            let post = Post::new(kind, profile);
            let (signer, recipient) = (post.gateway.signer(), post.housing.recipient_by(profile));
            let (at, random) = ("2026-11-20T09:30:00Z".parse().unwrap(), Random::system());
            let headers = OuterHeaders {
                from: GATEWAY,
                to: HOUSING,
                subject: "OFFICIAL: MAPPA",
                date: at,
                message_id: "a@b",
            };
            let (start, rounds, entity) = (std::time::Instant::now(), 10_000, [b'x'; 4096]);
            for _ in 0..rounds {
                seal_mail(&&entity[..], &signer, &recipient, &headers, at, &random).unwrap();
            }
            println!("{name}, {profile}: {:.0} mails/s", f64::from(rounds) / start.elapsed().as_secs_f64());
        }
    }
}
