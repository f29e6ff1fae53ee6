//! What an attachment may be: the closed list of file types, what their names end in, and how their
//! first bytes look.
//!
//! In: a declared media type, a file name, the bytes as they pass. Out: whether they go together. The
//! list is that of `schemas/common/attachment.json`; a test keeps the two the same. Nothing here opens a
//! file: what hides deeper inside is the scanner's to find.

mod sniff;
mod text;
mod zip;

pub use sniff::{OtherType, Sniffer};

/// What is carried, for people.
pub const CARRIED: &str = "PDF, PNG, JPEG, DOCX and ODT without macros, and text, CSV or JSON in UTF-8";

macro_rules! media_types {
    ($($variant:ident = $name:literal, $extensions:expr;)+) => {
        /// A file type that is carried.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is the file type of its name")]
        pub enum MediaType { $($variant),+ }

        impl MediaType {
            /// Every one, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it is declared.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What its file names end in, in lower case; the usual one first.
            pub fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &$extensions),+ }
            }
        }
    };
}

media_types! {
    Pdf = "application/pdf", ["pdf"];
    Png = "image/png", ["png"];
    Jpeg = "image/jpeg", ["jpg", "jpeg"];
    Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ["docx"];
    Odt = "application/vnd.oasis.opendocument.text", ["odt"];
    Text = "text/plain", ["txt"];
    Csv = "text/csv", ["csv"];
    Json = "application/json", ["json"];
}

impl MediaType {
    /// The one that is declared so. `None` if such files are not carried.
    pub fn declared(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text)
    }

    /// Whether a file name ends as files of this type do.
    pub fn fits(self, name: &str) -> bool {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        extension.is_some_and(|given| self.extensions().iter().any(|one| one.eq_ignore_ascii_case(given)))
    }
}
