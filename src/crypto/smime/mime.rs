//! MIME entities (RFC 2045, RFC 2046): what the recipient reads, before it is signed.
//!
//! In: texts, files and their names, as others wrote them. Out: bytes with CRLF line ends, in a buffer
//! that is erased when it is dropped. Files are borrowed and encoded only as the whole is written; its
//! exact size is known before.

use zeroize::Zeroizing;

use super::{
    content::{Content, Sink},
    header::{media_type, push_filename, safe_file_name},
    transfer::{base64_bytes, push_base64, push_quoted_printable, quoted_printable_bytes_max},
};
use crate::crypto::random::{NoRandom, Random};

/// Room for the headers of one part: the longest media type and the longest name in RFC 2231 form.
const HEADERS_BYTES: usize = 2048;

/// One MIME entity, headers and body. It has no `Debug`: it is the message.
pub struct Entity<'a> {
    headers: Zeroizing<Vec<u8>>,
    body: Body<'a>,
}

enum Body<'a> {
    Encoded(Zeroizing<Vec<u8>>),
    Base64(&'a [u8]),
    Parts { boundary: Boundary, parts: Vec<Entity<'a>> },
}

/// What separates the parts of a multipart entity.
pub struct Boundary(String);

impl Boundary {
    /// A fresh one. `=_` occurs neither in base64 nor in quoted-printable (RFC 2045 §6.7), so no part
    /// can contain it; the random rest keeps nested ones apart.
    pub fn new(random: &Random) -> Result<Self, NoRandom> {
        let unique = u128::from_be_bytes(random.bytes::<16>()?);
        Ok(Self(format!("=_{unique:032x}")))
    }
}

impl<'a> Entity<'a> {
    /// Text to be read at once, in UTF-8. Line ends of any kind become CRLF.
    pub fn text(text: &str) -> Self {
        let headers = headers("text/plain; charset=utf-8", "quoted-printable", "inline", None);
        Self { headers, body: Body::Encoded(quoted(text)) }
    }

    /// A text file in UTF-8, with CRLF line ends.
    pub fn text_file(name: &str, text: &str) -> Self {
        let headers = headers("text/plain; charset=utf-8", "quoted-printable", "attachment", Some(name));
        Self { headers, body: Body::Encoded(quoted(text)) }
    }

    /// A JSON file, byte for byte.
    pub fn json(name: &str, json: &'a [u8]) -> Self {
        Self::attachment(name, "application/json", json)
    }

    /// Any file, byte for byte. Its name is neutralised ([`super::safe_file_name`]); a media type that is
    /// not plainly `type/subtype` becomes `application/octet-stream`.
    pub fn attachment(name: &str, kind: &str, content: &'a [u8]) -> Self {
        let headers = headers(media_type(kind), "base64", "attachment", Some(name));
        Self { headers, body: Body::Base64(content) }
    }

    /// `multipart/mixed` (RFC 2046 §5.1.3) of `parts` in their order.
    pub fn multipart_mixed(parts: Vec<Self>, boundary: Boundary) -> Self {
        let kind = format!("Content-Type: multipart/mixed;\r\n boundary=\"{}\"\r\n", boundary.0);
        Self { headers: Zeroizing::new(kind.into_bytes()), body: Body::Parts { boundary, parts } }
    }
}

impl Content for Entity<'_> {
    /// How long it will be: for the size cap of mail, before anything is encoded.
    fn bytes(&self) -> usize {
        let body = match &self.body {
            Body::Encoded(body) => body.len(),
            Body::Base64(content) => base64_bytes(content.len()),
            Body::Parts { boundary, parts } => {
                let delimiter = "--\r\n".len() + boundary.0.len();
                let part_bytes = |part: &Self| delimiter + part.bytes() + "\r\n".len();
                parts.iter().map(part_bytes).sum::<usize>() + delimiter + "--".len()
            }
        };
        self.headers.len() + "\r\n".len() + body
    }

    fn write(&self, out: &mut dyn Sink) {
        push_all(out, &[&self.headers, b"\r\n"]);
        match &self.body {
            Body::Encoded(body) => out.take(body),
            Body::Base64(content) => push_base64(out, content),
            Body::Parts { boundary, parts } => {
                for part in parts {
                    push_all(out, &[b"--", boundary.0.as_bytes(), b"\r\n"]);
                    part.write(out);
                    out.take(b"\r\n");
                }
                push_all(out, &[b"--", boundary.0.as_bytes(), b"--\r\n"]);
            }
        }
    }
}

fn headers(kind: &str, encoding: &str, disposition: &str, name: Option<&str>) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(HEADERS_BYTES));
    push_all(&mut *out, &[b"Content-Type: ", kind.as_bytes(), b"\r\n"]);
    push_all(&mut *out, &[b"Content-Transfer-Encoding: ", encoding.as_bytes(), b"\r\n"]);
    push_all(&mut *out, &[b"Content-Disposition: ", disposition.as_bytes()]);
    if let Some(name) = name {
        push_filename(&mut out, &safe_file_name(name));
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn quoted(text: &str) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(quoted_printable_bytes_max(text.len())));
    push_quoted_printable(&mut out, text);
    out
}

fn push_all(out: &mut dyn Sink, pieces: &[&[u8]]) {
    pieces.iter().for_each(|piece| out.take(piece));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(entity: &Entity<'_>) -> String {
        let bytes = entity.to_bytes();
        assert_eq!((bytes.len(), bytes.capacity()), (entity.bytes(), entity.bytes()));
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_mixed_entity_has_its_parts_in_order_between_its_boundaries() {
        let parts = vec![Entity::text("Annwyl gydweithiwr"), Entity::json("message.json", b"{}")];
        let entity = Entity::multipart_mixed(parts, Boundary("=_b".into()));
        assert_eq!(
            written(&entity),
            "Content-Type: multipart/mixed;\r\n boundary=\"=_b\"\r\n\r\n\
             --=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\
             Content-Disposition: inline\r\n\r\nAnnwyl gydweithiwr\r\n\
             --=_b\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment;\r\n filename=\"message.json\"\r\n\r\ne30=\r\n\r\n\
             --=_b--\r\n"
        );
    }

    #[test]
    fn names_beyond_ascii_are_written_by_rfc_2231() {
        let entity = written(&Entity::attachment("Cofnodion tŷ.pdf", "application/pdf", b""));
        assert!(entity.contains(";\r\n filename*=UTF-8''Cofnodion%20t%C5%B7.pdf\r\n"));
        let long = written(&Entity::attachment(&"ŷ".repeat(30), "application/pdf", b""));
        assert!(
            long.contains(";\r\n filename*0*=UTF-8''%C5%B7") && long.contains(";\r\n filename*3*=%C5%B7")
        );
    }

    proptest! {
        #[test]
        fn no_name_type_or_text_adds_a_header_or_a_bare_line_end(
            name in any::<String>(), kind in any::<String>(), text in any::<String>(),
            content in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let file = Entity::attachment(&name, &kind, &content);
            for entity in [file, Entity::text_file(&name, &text)] {
                let whole = written(&entity);
                prop_assert!(whole.is_ascii() && !whole.contains('\0'));
                prop_assert!(!whole.replace("\r\n", "").contains(['\r', '\n']));
                let (headers, _body) = whole.split_once("\r\n\r\n").unwrap();
                let unfolded = headers.replace("\r\n ", " ");
                let fields: Vec<_> = unfolded.split("\r\n").map(|line| line.split_once(": ").unwrap().0).collect();
                let expected = ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"];
                prop_assert_eq!(fields, expected);
                prop_assert!(headers.split("\r\n").skip(2).all(|line| line.len() <= 78));
            }
        }
    }
}
