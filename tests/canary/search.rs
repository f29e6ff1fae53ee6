//! A text, found in whatever form it was left behind.
//!
//! In: a canary. Out: the bytes that it would be in each of ten encodings, and a search for them. A mark in the
//! middle of base64 has three forms, by its place; hex, percent and JSON have two cases. Lines that were folded
//! (RFC 2045) are unfolded before the search. What is compressed or encrypted is not found: the gateway
//! compresses nothing.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// An encoding: its name, and how it writes.
pub type Encoding = (&'static str, fn(&str) -> Vec<u8>);

/// The ten.
pub const ENCODINGS: [Encoding; 10] = [
    ("UTF-8", |text| text.into()),
    ("UTF-16LE", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("UTF-16BE", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ("base64", |text| BASE64_STANDARD.encode(text).into()),
    ("base64url", |text| url_safe(&BASE64_STANDARD.encode(text)).into()),
    ("hex", |text| each(text.as_bytes(), |out, byte| write!(out, "{byte:02x}"))),
    ("HEX", |text| each(text.as_bytes(), |out, byte| write!(out, "{byte:02X}"))),
    ("percent", |text| marked(text, '%', |byte| byte.is_ascii_alphanumeric())),
    ("JSON escapes", |text| json_escaped(text).into()),
    ("quoted-printable", |text| {
        marked(text, '=', |byte| (byte.is_ascii_graphic() || byte == b' ') && byte != b'=')
    }),
];

fn url_safe(text: &str) -> String {
    text.replace('+', "-").replace('/', "_")
}

fn each(bytes: &[u8], write: impl Fn(&mut String, u8) -> std::fmt::Result) -> Vec<u8> {
    let mut out = String::new();
    bytes.iter().for_each(|byte| write(&mut out, *byte).unwrap());
    out.into_bytes()
}

fn marked(text: &str, mark: char, plain: impl Fn(u8) -> bool) -> Vec<u8> {
    each(text.as_bytes(), |out, byte| {
        if plain(byte) { write!(out, "{}", char::from(byte)) } else { write!(out, "{mark}{byte:02X}") }
    })
}

/// As a JSON writer for ASCII does it.
fn json_escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    let inner = &quoted[1..quoted.len() - 1];
    inner.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| write!(out, "\\u{unit:04x}").unwrap());
        }
        out
    })
}

/// Everything that gives a text away.
fn patterns(text: &str) -> BTreeSet<Vec<u8>> {
    let mut found: BTreeSet<Vec<u8>> = ENCODINGS.iter().map(|(_, write)| write(text)).collect();
    found.retain(|pattern| !pattern.is_empty());
    // What is sure to stand there wherever the text begins in what was encoded.
    for shift in 0..3 {
        let long = [&vec![0; shift][..], text.as_bytes()].concat();
        let whole = BASE64_STANDARD.encode(&long);
        let sure = &whole[[0, 2, 3][shift]..long.len() * 8 / 6];
        found.extend([sure.as_bytes().to_vec(), url_safe(sure).into_bytes()]);
    }
    // As JSON writes it without escapes for other alphabets, and a log that quotes it once more.
    let quoted = serde_json::to_string(text).unwrap();
    let inner = &quoted[1..quoted.len() - 1];
    found.extend([inner.as_bytes().to_vec(), format!("{text:?}").trim_matches('"').as_bytes().to_vec()]);
    found.insert(inner.replace('\\', "\\\\").into_bytes());
    let lower = String::from_utf8(marked(text, '%', |byte| byte.is_ascii_alphanumeric())).unwrap();
    found.insert(lower.to_ascii_lowercase().into_bytes());
    found.insert(json_escaped(text).to_ascii_uppercase().replace("\\U", "\\u").into_bytes());
    found
}

/// So many bytes at the beginning of a pattern lead to it.
const BEGINNING: usize = 4;

/// The canaries of a run: their patterns by how they begin, each with its text.
pub struct Canaries(HashMap<[u8; BEGINNING], Vec<(Vec<u8>, String)>>);

impl Canaries {
    /// These texts.
    pub fn new(texts: &[&str]) -> Self {
        let mut known: HashMap<_, Vec<_>> = HashMap::new();
        for text in texts {
            for pattern in patterns(text) {
                let beginning = pattern[..BEGINNING].try_into().unwrap();
                known.entry(beginning).or_default().push((pattern, (*text).to_owned()));
            }
        }
        Self(known)
    }

    /// The first canary that these bytes give away.
    pub fn find(&self, data: &[u8]) -> Option<&str> {
        self.within(data).or_else(|| self.within(&unfolded(data)))
    }

    fn within(&self, data: &[u8]) -> Option<&str> {
        data.windows(BEGINNING).enumerate().find_map(|(at, beginning)| {
            let mut begun = self.0.get(beginning)?.iter();
            begun.find(|(pattern, _)| data[at..].starts_with(pattern)).map(|(_, text)| text.as_str())
        })
    }
}

fn unfolded(data: &[u8]) -> Cow<'_, [u8]> {
    if !data.contains(&b'\n') {
        return data.into();
    }
    let mut out = Vec::with_capacity(data.len());
    for byte in data {
        if *byte == b'\n' {
            let soft = out.ends_with(b"=\r") || out.ends_with(b"=");
            out.truncate(out.len() - usize::from(out.ends_with(b"\r")));
            out.truncate(out.len() - usize::from(soft && out.ends_with(b"=")));
        } else {
            out.push(*byte);
        }
    }
    out.into()
}

#[test]
fn a_canary_is_found_in_each_encoding_and_at_each_place() {
    let text = "Œuf dur? 7x+\"quoted\" = 100%/ж";
    let canaries = Canaries::new(&[text]);
    for (name, write) in ENCODINGS {
        for before in ["", "a", "ab", "abc"] {
            let data = write(&format!("{before}{text}, and more after it"));
            assert_eq!(canaries.find(&data), Some(text), "{name} after {before:?}");
            let folded: Vec<u8> = match name {
                "base64" => data.chunks(19).collect::<Vec<_>>().join(&b"\r\n"[..]),
                "quoted-printable" => data.chunks(18).collect::<Vec<_>>().join(&b"=\r\n"[..]),
                _ => continue,
            };
            assert_eq!(canaries.find(&folded), Some(text), "{name} folded after {before:?}");
        }
    }
    assert_eq!(canaries.find(b"nothing of the kind = 100%"), None);
}
