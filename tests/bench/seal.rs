//! How many messages one processor seals in a second and how near that is to the bare primitives, what a
//! message weighs on disk, and what attachments cost. `cargo bench --bench seal`
//!
//! A message of 20 KB to 6 recipients, for each profile: one ciphertext and six wraps, as acceptance makes
//! them. The primitives, in turns with it, are one AES-256-GCM over the same bytes and for each recipient what
//! its profile needs of key generation, agreement and AES key wrap; X-Wing has no such peer in aws-lc-rs, so
//! its rate stands alone. Goal: a ratio of 0.7 or more for P-256 and X25519. Bytes are those at rest:
//! the ciphertext once, and each recipient's header and wrapped key.
//!
//! Attachments: digest and encryption alone, then a gateway in a process of its own (`gateway.rs`) that gets
//! 100 MiB to twelve recipients, once and four times at once, over HTTPS on loopback. Per core is per second
//! of processor time of that process, the kernel's included, so that other programs do not count.
//!
//! Out: tables on standard output. Each figure of the first is the median of its runs on one thread.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where something fails"
)]

mod gateway;
#[expect(dead_code, reason = "this bench asks for processor time only")]
mod measure;
mod meeting;
mod paper;
mod uploads;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, Algorithm, ECDH_P256, PrivateKey, UnparsedPublicKey, X25519},
    key_wrap::{AES_256, AesKek, KeyWrap as _},
};
use portcullis::crypto::{
    jwe::{self, Form},
    jwk::{KeyKind, PrivateJwk, RecipientKey},
    random::Random,
};
use zeroize::Zeroizing;

const BYTES: usize = 20 * 1024;
const RECIPIENTS: usize = 6;
const FORM: Form<'static> = Form {
    typ: "portcullis-sealed+jwe",
    cty: "application/portcullis-sealed+json",
    aad: r#"{"message_id":"01989000-0000-7000-8000-000000000001"}"#,
    apu: "gateway.example",
};

fn main() {
    println!("20 KB to 6      seal µs  messages/s  primitives µs  ratio  open µs  bytes at rest");
    let x_wing = KeyKind::XWing("HPKE-10-KE");
    for (name, kind, algorithm) in [
        ("P-256", KeyKind::P256, Some(&ECDH_P256)),
        ("X25519", KeyKind::X25519, Some(&X25519)),
        ("X-Wing", x_wing, None),
    ] {
        profile(name, kind, algorithm);
    }
    println!();
    paper::measure();
    println!();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(through_the_door());
}

async fn through_the_door() {
    let mut gateway = gateway::Gateway::install();
    gateway.start().await;
    let meeting = meeting::Meeting::call(&gateway).await;
    uploads::weight(&mut gateway, &meeting).await;
    uploads::attachments(&gateway, &meeting).await;
    gateway.stop();
}

fn profile(name: &str, kind: KeyKind<'_>, algorithm: Option<&'static Algorithm>) {
    let random = Random::system();
    let own: Vec<_> = (0..RECIPIENTS)
        .map(|n| PrivateJwk::generate_as(kind, &format!("agency-{n}"), &random).unwrap())
        .collect();
    let keys: Vec<_> = own.iter().map(|key| RecipientKey::new(&key.public()).unwrap()).collect();
    let keys: Vec<_> = keys.iter().collect();
    let text = || Zeroizing::new(vec![b'x'; BYTES]);
    let peer = algorithm
        .map(|algorithm| (algorithm, PrivateKey::generate(algorithm).unwrap().compute_public_key().unwrap()));
    let (seal, bare) = in_turns(
        || drop(black_box(jwe::seal(text(), &FORM, &keys, &random).unwrap())),
        || peer.iter().for_each(|(algorithm, peer)| primitives(algorithm, peer.as_ref(), text())),
    );
    let bare = peer.is_some().then_some(bare);

    let (shared, wraps) = jwe::seal(text(), &FORM, &keys, &random).unwrap();
    let of_wraps: usize = wraps.iter().map(|wrap| wrap.header.len() + wrap.encrypted_key.len()).sum();
    let at_rest = shared.ciphertext().len() + shared.protected.len() + shared.aad.len() + 28 + of_wraps;
    let copy = shared.flattened(&wraps[0]);
    let (open, _) = in_turns(|| drop(black_box(jwe::open(copy.as_bytes(), &own[0]).unwrap())), || ());

    let ratio = bare.map_or("-".into(), |bare| format!("{:.2}", bare.as_secs_f64() / seal.as_secs_f64()));
    println!(
        "{name:<13} {:>9.0} {:>11.0} {:>14} {ratio:>6} {:>8.0} {at_rest:>14}",
        micros(seal),
        1.0 / seal.as_secs_f64(),
        bare.map_or("-".into(), |bare| format!("{:.0}", micros(bare))),
        micros(open),
    );
}

/// The same work with nothing around it.
fn primitives(algorithm: &'static Algorithm, peer: &[u8], mut text: Zeroizing<Vec<u8>>) {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    drop(black_box(key.seal_in_place_separate_tag(nonce, Aad::from(b"aad"), &mut text).unwrap()));
    for _ in 0..RECIPIENTS {
        let ephemeral = PrivateKey::generate(algorithm).unwrap();
        black_box(ephemeral.compute_public_key().unwrap());
        let peer = UnparsedPublicKey::new(algorithm, peer);
        let kek: [u8; 32] = agreement::agree(&ephemeral, peer, (), |z| z.try_into().map_err(|_| ())).unwrap();
        let mut wrapped = [0; 40];
        AesKek::new(&AES_256, &kek).unwrap().wrap(&[7; 32], &mut wrapped).unwrap();
        black_box(wrapped);
    }
}

/// The median of each, run in turns, so that what else the machine does meets both alike.
fn in_turns(mut one: impl FnMut(), mut other: impl FnMut()) -> (Duration, Duration) {
    let mut times: [Vec<Duration>; 2] = Default::default();
    let begun = Instant::now();
    while times[0].len() < 20 || (begun.elapsed() < Duration::from_secs(2) && times[0].len() < 5000) {
        for (times, run) in times.iter_mut().zip([&mut one as &mut dyn FnMut(), &mut other]) {
            let start = Instant::now();
            run();
            times.push(start.elapsed());
        }
    }
    let [one, other] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    (one, other)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
