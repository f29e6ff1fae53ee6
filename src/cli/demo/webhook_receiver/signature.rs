//! The receiver's half of Standard Webhooks 1.0.0, Ed25519 signatures (`v1a`).
//!
//! In: headers and body, the sender's key, the time. Out: what the headers say and whether the
//! signature holds. The signed text is `<webhook-id>.<webhook-timestamp>.<body>`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::HeaderMap;
use jiff::Timestamp;

use crate::crypto::ed25519;

/// What a request's headers say.
pub(super) struct Verdict {
    pub(super) id: Option<String>,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) ok: bool,
}

/// Checks the signature of a request that came at `now`.
pub(super) fn check(headers: &HeaderMap, body: &[u8], public_key: &[u8; 32], now: Timestamp) -> Verdict {
    let id = once(headers, "webhook-id").filter(|id| is_id(id));
    let sent = once(headers, "webhook-timestamp").filter(|sent| is_seconds(sent));
    let timestamp = sent.and_then(|sent| Timestamp::from_second(sent.parse().ok()?).ok());
    let ok = id.zip(sent).is_some_and(|(id, sent)| {
        let text = [id.as_bytes(), b".", sent.as_bytes(), b".", body].concat();
        timestamp.is_some_and(|at| at.as_second().abs_diff(now.as_second()) <= TOLERANCE_S)
            && once(headers, "webhook-signature")
                .is_some_and(|list| signatures(list).any(|one| ed25519::verify(public_key, &text, &one)))
    });
    Verdict { id: id.map(str::to_owned), timestamp, ok }
}

/// The header's text, if it stands there exactly once: of two, another reader might take the other.
fn once<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// A word that is safe as a file name. With a dot in it, one signature would fit two requests: the
/// text does not tell where an id that may hold dots ends.
fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_seconds(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The Ed25519 signatures of a list; there are several while the sender changes its key.
fn signatures(list: &str) -> impl Iterator<Item = Vec<u8>> {
    let entries = list.split(' ').take(SIGNATURES_MAX);
    entries.filter_map(|entry| STANDARD.decode(entry.strip_prefix("v1a,")?).ok())
}

/// The tolerance of the reference libraries, either way.
const TOLERANCE_S: u64 = 300;
const SIGNATURES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_795_000_000;
    const BODY: &[u8] = br#"{"protected":"e30"}"#;

    fn key() -> ed25519::SigningKey {
        ed25519::SigningKey::from_pkcs8(&ed25519::generate().unwrap()).unwrap()
    }

    fn signed(key: &ed25519::SigningKey, id: &str, at: &str, body: &[u8]) -> String {
        let text = [format!("{id}.{at}.").as_bytes(), body].concat();
        format!("v1a,{}", STANDARD.encode(key.sign(&text)))
    }

    fn holds(key: &ed25519::SigningKey, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let now = Timestamp::from_second(NOW).unwrap();
        check(&headers.collect(), BODY, &key.public(), now).ok
    }

    fn holds_for(key: &ed25519::SigningKey, id: &str, at: &str, list: &str) -> bool {
        holds(key, &[("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", list)])
    }

    #[test]
    fn a_signature_holds_for_five_minutes_either_way() {
        let key = key();
        for (at, good) in
            [(NOW, true), (NOW - 300, true), (NOW + 300, true), (NOW - 301, false), (NOW + 301, false)]
        {
            let at = at.to_string();
            assert_eq!(holds_for(&key, "d-1", &at, &signed(&key, "d-1", &at, BODY)), good);
        }
    }

    #[test]
    fn one_good_signature_among_several_is_enough() {
        let (key, old, at) = (key(), key(), NOW.to_string());
        let [good, other] = [&key, &old].map(|key| signed(key, "d", &at, BODY));
        assert!(holds_for(&key, "d", &at, &format!("v1,AAAA v1a,!! {other} {good}")));
        assert!(!holds_for(&key, "d", &at, &other));
        assert!(!holds_for(&key, "d", &at, &good.replace("v1a,", "v1,")));
        assert!(!holds_for(&key, "d", &at, ""));
    }

    #[test]
    fn another_id_time_or_body_breaks_it() {
        let (key, at) = (key(), NOW.to_string());
        assert!(!holds_for(&key, "d-2", &at, &signed(&key, "d-1", &at, BODY)));
        assert!(!holds_for(&key, "d-1", &(NOW + 1).to_string(), &signed(&key, "d-1", &at, BODY)));
        assert!(!holds_for(&key, "d-1", &at, &signed(&key, "d-1", &at, b"{}")));
    }

    #[test]
    fn a_header_that_is_missing_or_stands_twice_breaks_it() {
        let (key, at) = (key(), NOW.to_string());
        let list = signed(&key, "d", &at, BODY);
        let all = [("webhook-id", "d"), ("webhook-timestamp", &at), ("webhook-signature", &list)];
        assert!(holds(&key, &all));
        for left_out in 0..3 {
            let rest: Vec<_> = (0..3).filter(|n| *n != left_out).map(|n| all[n]).collect();
            assert!(!holds(&key, &rest));
            let twice = [&all[..], &all[left_out..=left_out]].concat();
            assert!(!holds(&key, &twice));
        }
    }

    #[test]
    fn an_id_with_a_dot_or_a_slash_is_none() {
        let (key, at) = (key(), NOW.to_string());
        for id in ["a.1", "../x", "a/b", "", "a b"] {
            assert!(!holds_for(&key, id, &at, &signed(&key, id, &at, BODY)), "{id}");
        }
    }

    proptest! {
        #[test]
        fn no_headers_make_it_fail(id in "[ -~]{0,20}", at in "[ -~]{0,20}|[0-9]{1,20}", list in "(v1a,)?[ -~]{0,40}") {
            let headers = [("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", list)];
            let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let verdict = check(&headers.into_iter().collect(), BODY, &[1; 32], Timestamp::UNIX_EPOCH);
            prop_assert!(!verdict.ok);
        }
    }
}
