//! No secret can be printed by mistake: the compiler finds no `Debug` and no `Display` for the types that hold
//! one, and those that are never written down cannot be serialised either.

use std::{collections::BTreeSet, fmt, fs};

use static_assertions::assert_not_impl_any;

use super::{sources, src};

/// Each type with what it must not be able to do, beside being printed.
macro_rules! secrets {
    ($($path:ty as $name:literal: $($other:path),*;)+) => {
        $(assert_not_impl_any!($path: fmt::Debug, fmt::Display $(, $other)*);)+
        /// Their names.
        const SECRETS: &[&str] = &[$($name),+];
    };
}

secrets! {
    portcullis::crypto::ed25519::SigningKey as "SigningKey": Clone, serde::Serialize;
    portcullis::crypto::keyring::NamedKey as "NamedKey": Clone, serde::Serialize;
    portcullis::crypto::keyring::Keyring as "Keyring": Clone, serde::Serialize;
    portcullis::crypto::key_file::KeyFiles as "KeyFiles": Clone, serde::Serialize;
    portcullis::crypto::smime::SigningIdentity as "SigningIdentity": Clone, serde::Serialize;
    portcullis::crypto::segments::AttachmentKey as "AttachmentKey": serde::Serialize;
    portcullis::crypto::smime::Entity<'static> as "Entity": serde::Serialize;
    // Written to a file of its own by whoever makes one; wiped when it goes.
    portcullis::crypto::jwk::PrivateJwk as "PrivateJwk": Clone;
    portcullis::journey::statement::Content as "Content": Clone, serde::Serialize;
    portcullis::journey::statement::OctKey as "OctKey": Clone, serde::Serialize;
    portcullis::http::trust::TlsFiles as "TlsFiles": Clone, serde::Serialize;
    portcullis::ledger::Bundle as "Bundle":;
    portcullis::cli::client::Client as "Client": serde::Serialize;
    portcullis::cli::client::Profile as "Profile": Clone, serde::Serialize;
    portcullis::cli::inbox::OpenedCopy as "OpenedCopy": Clone, serde::Serialize;
    portcullis::cli::init::Installation as "Installation": Clone, serde::Serialize;
    portcullis::cli::pki::DevelopmentCa as "DevelopmentCa": Clone, serde::Serialize;
    portcullis::cli::pki::Issued as "Issued": Clone, serde::Serialize;
    portcullis::cli::terminal::Terminal as "Terminal": Clone, serde::Serialize;
    portcullis::cli::demo::mail_sink::ReceivedMail as "ReceivedMail": serde::Serialize;
    portcullis::cli::demo::webhook_receiver::ReceivedPush as "ReceivedPush": serde::Serialize;
}

/// Keys that are wiped when they go, whoever forgets them.
const fn wiped<T: zeroize::ZeroizeOnDrop>() {}
const _: () = wiped::<portcullis::crypto::jwk::PrivateJwk>();

#[test]
fn every_public_type_that_says_it_has_no_debug_is_held_to_it() {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    let mut saying = BTreeSet::new();
    for text in files.iter().map(|path| fs::read_to_string(path).unwrap()) {
        for (place, _) in text.match_indices("o `Debug`") {
            let Some((_, rest)) = text[place..].split_once("struct ") else { continue };
            let before = &text[place..place + text[place..].find("struct ").unwrap()];
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            if before.ends_with("pub ") {
                saying.insert(name);
            }
        }
    }
    assert!(saying.len() > 10, "{saying:?}");
    let missing: Vec<_> = saying.iter().filter(|name| !SECRETS.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "not in the list: {missing:?}");
}
