//! Whether a file is of the type that it is declared to be, told while it streams by.
//!
//! Only the head is held, and erased with the [`Sniffer`]. Deciding needs two witnesses for every binary
//! type: `infer`, which knows the signatures of everything that is not carried too, and a look of our
//! own, since `infer` is content with the first four letters. A type that is not carried is refused
//! whatever it was declared to be, as it is never the one that was declared.

use infer::{Infer, MatcherType};
use zeroize::Zeroizing;

use super::{
    MediaType,
    text::{self, PlainText},
    zip,
};

/// How much of the head is looked at. Word processors write small parts first: what shows the kind of
/// document stands within a few kilobytes.
const HEAD_BYTES: usize = 32 << 10;

/// The file is of another type than declared, or of one that is not carried. What it is does not stand
/// here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is of another type than it is declared to be")]
pub struct OtherType;

/// Watches one attachment pass.
pub struct Sniffer {
    declared: MediaType,
    head: Zeroizing<Vec<u8>>,
    judged: bool,
    whole: Whole,
}

/// What must hold from the first byte to the last.
enum Whole {
    Anything,
    Text(PlainText),
    NoMacros(zip::MacroWatch),
}

impl Sniffer {
    /// For a file that is declared to be of this type.
    pub fn new(declared: MediaType) -> Self {
        let whole = match declared {
            MediaType::Text | MediaType::Csv | MediaType::Json => Whole::Text(PlainText::default()),
            MediaType::Docx => Whole::NoMacros(zip::MacroWatch::of_docx()),
            MediaType::Odt => Whole::NoMacros(zip::MacroWatch::of_odt()),
            MediaType::Pdf | MediaType::Png | MediaType::Jpeg => Whole::Anything,
        };
        // The buffer never grows: growing would leave plaintext behind in freed memory.
        Self { declared, head: Zeroizing::new(Vec::with_capacity(HEAD_BYTES)), judged: false, whole }
    }

    /// Looks at the next bytes.
    ///
    /// # Errors
    /// As soon as it is clear that the file is something else.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), OtherType> {
        let sound = match &mut self.whole {
            Whole::Anything => true,
            Whole::Text(text) => text.push(bytes),
            Whole::NoMacros(watch) => watch.push(bytes),
        };
        if !sound {
            return Err(OtherType);
        }
        if self.judged {
            return Ok(());
        }
        let room = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if self.head.len() == HEAD_BYTES { self.judge() } else { Ok(()) }
    }

    /// After the last byte.
    ///
    /// # Errors
    /// If the file is something else.
    pub fn finish(mut self) -> Result<(), OtherType> {
        let ended_well = match &self.whole {
            Whole::Text(text) => text.ended_well(),
            Whole::Anything | Whole::NoMacros(_) => true,
        };
        match (ended_well, self.judged) {
            (false, _) => Err(OtherType),
            (true, true) => Ok(()),
            (true, false) => self.judge(),
        }
    }

    fn judge(&mut self) -> Result<(), OtherType> {
        self.judged = true;
        if looks_like(self.declared, &self.head) { Ok(()) } else { Err(OtherType) }
    }
}

/// Old Office files and encrypted new ones. Never carried, and `infer` would take them apart with a
/// parser that has no business with strangers' files.
const OLE2: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

fn looks_like(declared: MediaType, head: &[u8]) -> bool {
    if head.starts_with(OLE2) {
        return false;
    }
    let signature = Infer::new();
    let found = |mime_types: &[&str]| {
        signature.get(head).is_some_and(|found| mime_types.contains(&found.mime_type()))
    };
    match declared {
        // Readers also find `%PDF` behind other things, which is how one file passes for two.
        MediaType::Pdf => head.starts_with(b"%PDF-") && found(&["application/pdf"]),
        MediaType::Png => head.starts_with(b"\x89PNG\r\n\x1a\n") && found(&["image/png"]),
        MediaType::Jpeg => found(&["image/jpeg"]),
        // `infer` tells some orders of the parts only as a zip.
        MediaType::Docx => zip::is_docx(head) && found(&[MediaType::Docx.as_str(), "application/zip"]),
        MediaType::Odt => zip::is_odt(head) && found(&[MediaType::Odt.as_str()]),
        MediaType::Text | MediaType::Csv | MediaType::Json => !is_other_text(&signature, head),
    }
}

/// Whether a text is one for a machine that would run or render it. Binary signatures count for nothing
/// here: a text may well begin with `BMI` or `BCU`, and a real picture or program has control characters,
/// which [`PlainText`] refuses.
fn is_other_text(signature: &Infer, head: &[u8]) -> bool {
    const OTHERS: [&str; 4] = [
        "application/pdf",
        "application/rtf",
        "application/postscript",
        "application/vnd.microsoft.portable-executable",
    ];
    let begin = text::without_blank_start(head);
    let named = |head: &[u8]| {
        signature.get(head).is_some_and(|found| {
            found.matcher_type() == MatcherType::Text || OTHERS.contains(&found.mime_type())
        })
    };
    // Nobody writes that much nothing, unless to hide what comes after it.
    let blank = begin.is_empty() && head.len() == HEAD_BYTES;
    blank || named(head) || named(begin) || text::is_markup_or_script(begin)
}
