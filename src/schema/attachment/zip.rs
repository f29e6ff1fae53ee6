//! DOCX and ODT are zip archives; the names of their first parts show which.
//!
//! Only local headers (APPNOTE.TXT 4.3.7) are looked at, never what is compressed.

use zeroize::Zeroizing;

/// Before each part of an archive.
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const NAME_LENGTH_AT: usize = 26;
const NAME_AT: usize = 30;

/// The names of the parts that begin within `head`. A name that is cut off is left out.
fn names(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let headers = head.windows(LOCAL_HEADER.len()).enumerate();
    headers.filter(|(_, window)| *window == LOCAL_HEADER).filter_map(|(at, _)| name(head.get(at..)?))
}

fn name(header: &[u8]) -> Option<&[u8]> {
    let length = header.get(NAME_LENGTH_AT..)?.first_chunk::<2>()?;
    header.get(NAME_AT..)?.get(..usize::from(u16::from_le_bytes(*length)))
}

/// Whether it begins as a word-processing document of Office Open XML (ECMA-376 part 2): the parts that
/// tell what it is, then `word/`, and nothing that a spreadsheet, a presentation or a program has.
pub(super) fn is_docx(head: &[u8]) -> bool {
    let first_parts: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/"];
    let others: [&[u8]; 5] = [b"xl/", b"ppt/", b"visio/", b"META-INF/", b"classes.dex"];
    let begins = |name: &[u8], with: &[&[u8]]| with.iter().any(|with| name.starts_with(with));
    head.starts_with(LOCAL_HEADER)
        && names(head).next().is_some_and(|first| begins(first, &first_parts))
        && names(head).any(|name| name.starts_with(b"word/"))
        && !names(head).any(|name| begins(name, &others))
}

/// Whether it begins as an OpenDocument text: its type stands uncompressed in the first part
/// (OpenDocument 1.3 part 2 §3.3), and it is neither a template nor a master document.
pub(super) fn is_odt(head: &[u8]) -> bool {
    const TYPE: &[u8] = b"application/vnd.oasis.opendocument.text";
    let content = head.get(NAME_AT + b"mimetype".len()..);
    head.starts_with(LOCAL_HEADER)
        && name(head) == Some(b"mimetype")
        && content
            .and_then(|content| content.strip_prefix(TYPE))
            .is_some_and(|after| after.starts_with(b"PK"))
}

/// Watches for the parts that hold a document's macros: they are programs, whatever the name says.
pub(super) struct MacroWatch {
    parts: &'static [&'static [u8]],
    /// The last bytes that passed: a name may be split between two pieces.
    tail: Zeroizing<Vec<u8>>,
}

impl MacroWatch {
    /// For Office Open XML: the part of every project in Visual Basic.
    pub fn of_docx() -> Self {
        Self::of(&[b"vbaProject.bin"])
    }

    /// For OpenDocument: the list of Basic libraries, and the folders of scripts in other languages.
    pub fn of_odt() -> Self {
        Self::of(&[
            b"Basic/script-lc.xml",
            b"Scripts/beanshell/",
            b"Scripts/java/",
            b"Scripts/javascript/",
            b"Scripts/python/",
        ])
    }

    fn of(parts: &'static [&'static [u8]]) -> Self {
        // Room for what is kept and as much again: growing would leave plaintext behind.
        Self { parts, tail: Zeroizing::new(Vec::with_capacity(2 * kept(parts))) }
    }

    /// Whether no macros were seen in these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let keep = kept(self.parts);
        self.tail.extend_from_slice(bytes.get(..keep).unwrap_or(bytes));
        let seen = self.seen_in(&self.tail) || self.seen_in(bytes);
        if bytes.len() >= keep {
            self.tail.clear();
            self.tail.extend_from_slice(bytes.get(bytes.len() - keep..).unwrap_or_default());
        } else {
            let surplus = self.tail.len().saturating_sub(keep);
            self.tail.drain(..surplus);
        }
        !seen
    }

    /// Names of parts are equal whatever the case of their letters (ECMA-376 part 2 §6.2.2.3).
    fn seen_in(&self, bytes: &[u8]) -> bool {
        let seen = |part: &[u8]| bytes.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
        self.parts.iter().copied().any(seen)
    }
}

/// How many bytes of a piece may begin a name that the next one ends.
fn kept(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len().saturating_sub(1)).max().unwrap_or_default()
}
