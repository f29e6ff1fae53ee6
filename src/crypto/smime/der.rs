//! A small DER writer (X.690): what CMS needs and no more.
//!
//! In: typed elements, of which the large ones are borrowed. Out: their encoding, made in one pass
//! into a buffer of the exact size, because every length is known before the first byte is written.
//! It does not read DER.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use x509_cert::der::oid::ObjectIdentifier;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// The tag of an OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The tag of a SET OF.
pub(super) const SET: u8 = 0x31;
/// The context-specific tag `[0]` of a constructed element, implicit or explicit.
pub(super) const CONTEXT_0: u8 = 0xa0;
/// The context-specific tag `[1]` of a constructed element, implicit or explicit.
pub(super) const CONTEXT_1: u8 = 0xa1;
/// The context-specific tag `[2]` of a constructed element, implicit or explicit.
pub(super) const CONTEXT_2: u8 = 0xa2;
/// The context-specific tag `[0]` of a primitive element.
pub(super) const CONTEXT_0_PRIMITIVE: u8 = 0x80;

/// One element, not yet encoded. It has no `Debug`: it may hold a message.
pub(super) struct Der<'a>(Node<'a>);

enum Node<'a> {
    Primitive { tag: u8, content: Cow<'a, [u8]> },
    Constructed { tag: u8, content_bytes: usize, parts: Vec<Der<'a>> },
    Encoded(Cow<'a, [u8]>),
    Gap { tag: u8, content_bytes: usize },
}

impl<'a> Der<'a> {
    /// A SEQUENCE of `parts` in their order.
    pub fn sequence(parts: Vec<Self>) -> Self {
        Self::constructed(SEQUENCE, parts)
    }

    /// A SET OF under `tag`; DER sorts the members by their encodings (X.690 §11.6).
    pub fn set_of(tag: u8, members: Vec<Self>) -> Self {
        let mut encoded: Vec<Vec<u8>> = members.iter().map(Self::encode).collect();
        encoded.sort();
        Self::constructed(tag, encoded.into_iter().map(Self::encoded).collect())
    }

    /// `part` under an explicit tag.
    pub fn explicit(tag: u8, part: Self) -> Self {
        Self::constructed(tag, vec![part])
    }

    /// A SEQUENCE under an implicit tag, which stands in place of its own.
    pub fn implicit_sequence(tag: u8, parts: Vec<Self>) -> Self {
        Self::constructed(tag, parts)
    }

    /// An INTEGER from 0 to 127.
    pub fn small_integer(value: u8) -> Self {
        Self::primitive(INTEGER, vec![value & 0x7f])
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(oid: &ObjectIdentifier) -> Self {
        Self::primitive(OBJECT_IDENTIFIER, oid.as_bytes().to_vec())
    }

    /// An OCTET STRING.
    pub fn octets(content: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::primitive(OCTET_STRING, content)
    }

    /// A BIT STRING of whole bytes.
    pub fn bits(bytes: &[u8]) -> Self {
        // The first byte tells how many bits of the last one are not used (X.690 §8.6.2).
        Self::primitive(BIT_STRING, [&[0], bytes].concat())
    }

    /// NULL.
    pub fn null() -> Self {
        Self::primitive(NULL, Vec::new())
    }

    /// A Time to the second: UTCTime from 1950 to 2049, otherwise GeneralizedTime (RFC 5652 §11.3).
    pub fn time(at: Timestamp) -> Self {
        let year = TimeZone::UTC.to_datetime(at).year();
        let (tag, form) = match year {
            1950..=2049 => (UTC_TIME, "%y%m%d%H%M%SZ"),
            _ => (GENERALIZED_TIME, "%Y%m%d%H%M%SZ"),
        };
        Self::primitive(tag, at.strftime(form).to_string().into_bytes())
    }

    /// Elements that are DER already.
    pub fn encoded(der: impl Into<Cow<'a, [u8]>>) -> Self {
        Self(Node::Encoded(der.into()))
    }

    /// An element whose content the caller fills in later; see [`Der::around_gap`]. Beside the one that
    /// splits the encoding there may be another at its very end.
    pub fn gap(tag: u8, content_bytes: usize) -> Self {
        Self(Node::Gap { tag, content_bytes })
    }

    /// The encoding. A gap is left out, though the lengths around it count it.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_bytes());
        self.write(&mut out, &mut None);
        out
    }

    /// The encoding in two pieces: up to where the content of the first gap belongs, and after it. What
    /// belongs in a gap at the very end is for the caller to append. The whole lies in the first piece
    /// where there is no gap.
    pub fn around_gap(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut head, mut gap_at) = (Vec::new(), None);
        self.write(&mut head, &mut gap_at);
        let tail = head.split_off(gap_at.unwrap_or(head.len()));
        (head, tail)
    }

    fn primitive(tag: u8, content: impl Into<Cow<'a, [u8]>>) -> Self {
        Self(Node::Primitive { tag, content: content.into() })
    }

    fn constructed(tag: u8, parts: Vec<Self>) -> Self {
        let content_bytes = parts.iter().map(Self::encoded_bytes).sum();
        Self(Node::Constructed { tag, content_bytes, parts })
    }

    fn encoded_bytes(&self) -> usize {
        match &self.0 {
            Node::Primitive { content, .. } => header_bytes(content.len()) + content.len(),
            Node::Constructed { content_bytes, .. } | Node::Gap { content_bytes, .. } => {
                header_bytes(*content_bytes) + content_bytes
            }
            Node::Encoded(der) => der.len(),
        }
    }

    fn write(&self, out: &mut Vec<u8>, gap_at: &mut Option<usize>) {
        match &self.0 {
            Node::Primitive { tag, content } => {
                write_header(out, *tag, content.len());
                out.extend_from_slice(content);
            }
            Node::Constructed { tag, content_bytes, parts } => {
                write_header(out, *tag, *content_bytes);
                parts.iter().for_each(|part| part.write(out, gap_at));
            }
            Node::Encoded(der) => out.extend_from_slice(der),
            Node::Gap { tag, content_bytes } => {
                write_header(out, *tag, *content_bytes);
                gap_at.get_or_insert(out.len());
            }
        }
    }
}

/// Tag and length (X.690 §10.1): the shortest form of the length, as DER demands.
fn write_header(out: &mut Vec<u8>, tag: u8, content_bytes: usize) {
    out.push(tag);
    match u8::try_from(content_bytes) {
        Ok(short @ 0..=127) => out.push(short),
        _ => {
            let digits = long_length_digits(content_bytes);
            out.push(0x80 | digits);
            let bytes = content_bytes.to_be_bytes();
            out.extend(bytes.iter().skip(bytes.len() - usize::from(digits)));
        }
    }
}

fn header_bytes(content_bytes: usize) -> usize {
    match content_bytes {
        0..=127 => 2,
        _ => 2 + usize::from(long_length_digits(content_bytes)),
    }
}

/// How many bytes the number takes: at most eight.
fn long_length_digits(content_bytes: usize) -> u8 {
    (usize::BITS - content_bytes.leading_zeros()).div_ceil(8) as u8
}

#[cfg(test)]
mod tests;
