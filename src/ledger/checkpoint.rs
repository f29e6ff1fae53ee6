//! Checkpoints: the tree's size and root as a note signed with Ed25519 (C2SP tlog-checkpoint and
//! signed-note).
//!
//! A note comes in as text and goes out as a [`Checkpoint`] only when the given key signed it. Parsing is
//! strict, so that a checkpoint has one spelling. Whether checkpoints agree with each other is not
//! judged here; see `proof.rs`.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{key::VerifierKey, name::LogName, tree::Hash};
use crate::crypto::ed25519::{SigningKey, verify};

/// The longest note that is read, in bytes. Room for 16 post-quantum signatures, which C2SP signed-note
/// bids every verifier to accept.
pub const NOTE_BYTES_MAX: usize = 262_144;

/// The most signature lines that are read in one note.
pub const SIGNATURES_MAX: usize = 64;

/// The tree at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log it is: the gateway's name.
    pub origin: LogName,
    /// Leaves in the tree.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
}

/// Why a note gives no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteFault {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("the note is longer than 262144 bytes")]
    TooLong,
    /// A control character other than a line feed.
    #[error("the note contains a control character")]
    ControlCharacter,
    /// No blank line with signature lines after it, or no line feed at the end.
    #[error("the note has no block of signatures")]
    NoSignatures,
    /// More than [`SIGNATURES_MAX`].
    #[error("the note has more than 64 signatures")]
    TooManySignatures,
    /// A line that is not `— name base64`.
    #[error("a signature line is malformed")]
    SignatureLine,
    /// None of the signatures is by the key asked for.
    #[error("the note is not signed by this key")]
    NotThisKey,
    /// The line of the key asked for does not verify.
    #[error("the signature is wrong")]
    WrongSignature,
    /// Fewer than three lines of text, or an empty one among them.
    #[error("the text is not an origin, a size and a root")]
    Lines,
    /// The origin is not the name of the key asked for.
    #[error("the checkpoint is another log's")]
    OtherOrigin,
    /// The size is not a decimal number without leading zeros, or needs more than 64 bits.
    #[error("the size is not a plain decimal number")]
    Size,
    /// The root is not 32 bytes in canonical base64.
    #[error("the root is not 32 bytes in base64")]
    Root,
}

impl Checkpoint {
    /// The text that is signed: three lines, each ended by a line feed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The note, signed with one key.
    pub fn sign(&self, key: &SigningKey) -> String {
        self.sign_by([key])
    }

    /// The note, signed with each of these keys. Their name is the origin.
    ///
    /// A log must never sign two checkpoints that contradict each other; the caller sees to that.
    pub fn sign_by<'a>(&self, keys: impl IntoIterator<Item = &'a SigningKey>) -> String {
        let text = self.to_text();
        let mut note = format!("{text}\n");
        for key in keys {
            let id = VerifierKey::of(self.origin.clone(), key).id();
            let signature = [&id[..], &key.sign(text.as_bytes())].concat();
            note.push_str(&format!("\u{2014} {} {}\n", self.origin, STANDARD.encode(signature)));
        }
        note
    }

    /// The checkpoint in `note`, if `key` signed it and it is that log's. Signatures by other keys are
    /// ignored; a wrong one by this key refuses the note (C2SP signed-note).
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, NoteFault> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteFault::TooLong);
        }
        if note.bytes().any(|byte| (byte < b' ' && byte != b'\n') || byte == 0x7f) {
            return Err(NoteFault::ControlCharacter);
        }
        let (body, signatures) = note.rsplit_once("\n\n").ok_or(NoteFault::NoSignatures)?;
        let signatures = signatures.strip_suffix('\n').ok_or(NoteFault::NoSignatures)?;
        // The signed text includes the line feed before the blank line.
        let text = note.get(..=body.len()).ok_or(NoteFault::NoSignatures)?;
        check_signatures(text, signatures, key)?;
        Self::from_body(body, key)
    }

    /// From the text without its last line feed. Extension lines are opaque and ignored, as C2SP allows
    /// them; the signature covers them.
    fn from_body(body: &str, key: &VerifierKey) -> Result<Self, NoteFault> {
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteFault::Lines);
        };
        if [origin, size, root].into_iter().chain(lines).any(str::is_empty) {
            return Err(NoteFault::Lines);
        }
        if origin != key.name().as_str() {
            return Err(NoteFault::OtherOrigin);
        }
        let is_plain =
            size.bytes().all(|byte| byte.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        let size = size.parse().ok().filter(|_| is_plain).ok_or(NoteFault::Size)?;
        let root = decode(root).ok().and_then(|root| root.try_into().ok()).ok_or(NoteFault::Root)?;
        Ok(Self { origin: key.name().clone(), size, root })
    }
}

/// Whether every line is a signature and every one by `key` is right, and one is there.
fn check_signatures(text: &str, lines: &str, key: &VerifierKey) -> Result<(), NoteFault> {
    if lines.split('\n').count() > SIGNATURES_MAX {
        return Err(NoteFault::TooManySignatures);
    }
    let mut outcome = Err(NoteFault::NotThisKey);
    for line in lines.split('\n') {
        let (name, signature) = signature_line(line).ok_or(NoteFault::SignatureLine)?;
        let (id, signature) = signature.split_first_chunk::<4>().ok_or(NoteFault::SignatureLine)?;
        // Name and id together say whose it is; one of them alone says nothing.
        if name != key.name().as_str() || *id != key.id() {
            continue;
        }
        if !verify(key.public(), text.as_bytes(), signature) {
            return Err(NoteFault::WrongSignature);
        }
        outcome = Ok(());
    }
    outcome
}

/// The key's name and the decoded bytes: four of key id, one or more of signature.
fn signature_line(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let is_name = !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace());
    let signature = decode(signature).ok().filter(|bytes| bytes.len() > 4)?;
    is_name.then_some((name, signature))
}

/// Canonical base64 only: this engine refuses missing padding and stray bits at the end.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    STANDARD.decode(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::generate;

    const TEXT: &str = "gateway.example\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn key() -> (SigningKey, VerifierKey) {
        let key = SigningKey::from_pkcs8(&generate().unwrap()).unwrap();
        let vkey = VerifierKey::of("gateway.example".parse().unwrap(), &key);
        (key, vkey)
    }

    /// A note with any text, rightly signed.
    fn note(text: &str, key: &SigningKey, vkey: &VerifierKey) -> String {
        format!("{text}\n{}", line(text, key, vkey))
    }

    fn line(text: &str, key: &SigningKey, vkey: &VerifierKey) -> String {
        let signature = [&vkey.id()[..], &key.sign(text.as_bytes())].concat();
        format!("\u{2014} {} {}\n", vkey.name(), STANDARD.encode(signature))
    }

    #[test]
    fn a_checkpoint_survives_signing_and_opening() {
        let (key, vkey) = key();
        let opened = Checkpoint::open(&note(TEXT, &key, &vkey), &vkey).unwrap();
        assert_eq!((opened.size, opened.to_text().as_str()), (20_852_163, TEXT));
        assert_eq!(opened.sign(&key), note(TEXT, &key, &vkey));
    }

    #[test]
    fn signatures_by_other_keys_are_ignored() {
        let ((mine, vkey), (other, other_vkey)) = (key(), key());
        let witness = VerifierKey::of("witness.example".parse().unwrap(), &other);
        let good = line(TEXT, &mine, &vkey);
        // One of another name and key, one of the same name and another key.
        let others = line("else", &other, &witness) + &line("else", &other, &other_vkey);
        assert!(Checkpoint::open(&format!("{TEXT}\n{others}{good}"), &vkey).is_ok());
        assert!(Checkpoint::open(&format!("{TEXT}\n{good}{others}"), &vkey).is_ok());
        assert_eq!(Checkpoint::open(&format!("{TEXT}\n{others}"), &vkey), Err(NoteFault::NotThisKey));
        // Sixteen must be accepted.
        assert!(Checkpoint::open(&format!("{TEXT}\n{}{good}", others.repeat(8)), &vkey).is_ok());
        let many = format!("{TEXT}\n{}{good}", others.repeat(32));
        assert_eq!(Checkpoint::open(&many, &vkey), Err(NoteFault::TooManySignatures));
    }

    #[test]
    fn one_wrong_signature_by_the_key_refuses_the_note() {
        let (mine, vkey) = key();
        let (good, wrong) = (line(TEXT, &mine, &vkey), line("else", &mine, &vkey));
        for lines in [wrong.clone(), format!("{good}{wrong}"), format!("{wrong}{good}")] {
            assert_eq!(Checkpoint::open(&format!("{TEXT}\n{lines}"), &vkey), Err(NoteFault::WrongSignature));
        }
        let altered = note(TEXT, &mine, &vkey).replace("20852163", "20852164");
        assert_eq!(Checkpoint::open(&altered, &vkey), Err(NoteFault::WrongSignature));
    }

    #[test]
    fn texts_that_are_rightly_signed_but_no_checkpoint_are_refused() {
        let (key, vkey) = key();
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let fault = |text: &str| Checkpoint::open(&note(text, &key, &vkey), &vkey).unwrap_err();
        assert_eq!(fault("gateway.example\n1\n"), NoteFault::Lines);
        assert_eq!(fault(&format!("gateway.example\n\n{root}\n")), NoteFault::Lines);
        assert_eq!(fault(&format!("\n1\n{root}\n")), NoteFault::Lines);
        assert_eq!(fault(&format!("gateway.example\n1\n{root}\n\n")), NoteFault::Lines);
        assert_eq!(fault(&format!("other.example\n1\n{root}\n")), NoteFault::OtherOrigin);
        for size in ["01", "00", "+1", "-1", "1 ", "0x1", "18446744073709551616", "١"] {
            assert_eq!(fault(&format!("gateway.example\n{size}\n{root}\n")), NoteFault::Size, "{size}");
        }
        for root in [
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
            "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==",
            "=",
        ] {
            assert_eq!(fault(&format!("gateway.example\n1\n{root}\n")), NoteFault::Root, "{root}");
        }
        let extended = format!("gateway.example\n0\n{root}\nan extension line\n");
        assert_eq!(Checkpoint::open(&note(&extended, &key, &vkey), &vkey).unwrap().size, 0);
    }

    #[test]
    fn notes_out_of_form_are_refused() {
        let (key, vkey) = key();
        let good = note(TEXT, &key, &vkey);
        let fault = |note: &str| Checkpoint::open(note, &vkey).unwrap_err();
        assert_eq!(fault(""), NoteFault::NoSignatures);
        assert_eq!(fault(TEXT), NoteFault::NoSignatures);
        assert_eq!(fault(good.trim_end()), NoteFault::NoSignatures);
        assert_eq!(fault(&format!("{TEXT}\n\n")), NoteFault::NoSignatures);
        assert_eq!(fault(&format!("{good}\n")), NoteFault::NoSignatures);
        assert_eq!(fault(&good.replace('\u{2014}', "-")), NoteFault::SignatureLine);
        assert_eq!(fault(&good.replace("\u{2014} gateway.example", "\u{2014} ")), NoteFault::SignatureLine);
        assert_eq!(fault(&format!("{good}\u{2014} a+b AAAAAAA=\n")), NoteFault::SignatureLine);
        assert_eq!(fault(&format!("{good}\u{2014} a AAAAAA==\n")), NoteFault::SignatureLine);
        assert_eq!(fault(&format!("{good}words\n")), NoteFault::SignatureLine);
        assert_eq!(fault(&good.replace('\n', "\r\n")), NoteFault::ControlCharacter);
        assert_eq!(fault(&good.replace("gateway", "gate\tway")), NoteFault::ControlCharacter);
        assert_eq!(fault(&" ".repeat(NOTE_BYTES_MAX + 1)), NoteFault::TooLong);
    }

    #[test]
    fn names_that_would_break_a_note_are_refused() {
        for text in ["", "two words", "a+b", "line\nfeed", "no\u{a0}break", "bell\u{7}", &"x".repeat(256)] {
            assert!(text.parse::<LogName>().is_err(), "{text:?}");
        }
    }
}
