//! The rules of the list of attachments (V73): only file types that are carried, under names that are
//! safe to write out and say what the file is. What the file holds is checked while it streams
//! (`journey/inspect.rs`).
//!
//! Control and hidden characters are found in every text by `sweep`; here only those count that a text
//! may have and a file name may not.

use serde_json::Value;

use super::{Findings, Look as _, Rule, Say, Severity::Reject, Subject, sweep};
use crate::{
    crypto::smime::{is_deceptive, is_device},
    schema::attachment::MediaType,
};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V73", says: &[&TYPE_NOT_CARRIED], check: types },
    Rule {
        id: "V73",
        says: &[
            &NAME_LONG,
            &NAME_BROKEN,
            &NAME_PATH,
            &NAME_HIDDEN,
            &NAME_EDGE,
            &NAME_RESERVED,
            &NAME_EXTENSION,
        ],
        check: names,
    },
];

/// As the schema has it. Names are cut to fit where they are written out.
const NAME_CHARS_MAX: usize = 128;

const TYPE_NOT_CARRIED: Say = Say {
    code: "attachment_type_not_carried",
    severity: Reject,
    message: "files of this type are not carried: only PDF, PNG, JPEG, DOCX, ODT, text, CSV and JSON are",
    fix: "convert the file to PDF and set `media_type` to application/pdf",
    source: "Portcullis",
};

const NAME_LONG: Say = Say {
    code: "attachment_name_long",
    severity: Reject,
    message: "the file name has more than 128 characters",
    fix: "shorten `name` to at most 128 characters",
    source: "Portcullis",
};

const NAME_BROKEN: Say = Say {
    code: "attachment_name_broken",
    severity: Reject,
    message: "the file name has a line break, a tab or another character that is not seen",
    fix: "write `name` on one line, of visible characters and spaces",
    source: "Portcullis",
};

const NAME_PATH: Say = Say {
    code: "attachment_name_path",
    severity: Reject,
    message: "the file name holds a path",
    fix: "give `name` without folder, drive and `..`",
    source: "Portcullis",
};

const NAME_HIDDEN: Say = Say {
    code: "attachment_name_hidden",
    severity: Reject,
    message: "the file name begins with a dot, which hides the file",
    fix: "begin `name` with a letter or digit",
    source: "Portcullis",
};

const NAME_EDGE: Say = Say {
    code: "attachment_name_edge",
    severity: Reject,
    message: "the file name begins or ends with a space, or ends with a dot, which some systems cut off",
    fix: "end `name` with its extension and leave out spaces around it",
    source: "Portcullis",
};

const NAME_RESERVED: Say = Say {
    code: "attachment_name_reserved",
    severity: Reject,
    message: "the file name is one that Windows keeps for a device, or has a character that it keeps",
    fix: "choose another `name`, without any of < > \" | ? *",
    source: "Portcullis",
};

const NAME_EXTENSION: Say = Say {
    code: "attachment_name_extension",
    severity: Reject,
    message: "the file name does not end as files of its type do",
    fix: "end `name` with the extension that belongs to `media_type`, such as .pdf for application/pdf",
    source: "Portcullis",
};

/// V73: only these types, so that nothing that runs is sent on.
fn types(message: &Subject<'_>, found: &mut Findings<'_>) {
    for (index, attachment) in message.list("attachments").iter().enumerate() {
        let declared = attachment.get("media_type").and_then(Value::as_str);
        if declared.is_some_and(|declared| MediaType::declared(declared).is_none()) {
            found.add(&TYPE_NOT_CARRIED, format!("/attachments/{index}/media_type"));
        }
    }
}

/// V73: names that no reader's system takes for something else.
fn names(message: &Subject<'_>, found: &mut Findings<'_>) {
    for (index, attachment) in message.list("attachments").iter().enumerate() {
        let Some(name) = attachment.get("name").and_then(Value::as_str) else { continue };
        let declared = attachment.get("media_type").and_then(Value::as_str).and_then(MediaType::declared);
        if let Some(say) = wrong_with(name, declared) {
            found.add(say, format!("/attachments/{index}/name"));
        }
    }
}

/// The first thing that is wrong with a file name.
fn wrong_with(name: &str, declared: Option<MediaType>) -> Option<&'static Say> {
    if name.chars().any(is_told_by_sweep) {
        return None;
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    if name.chars().count() > NAME_CHARS_MAX {
        Some(&NAME_LONG)
    } else if name.chars().any(is_deceptive) {
        Some(&NAME_BROKEN)
    } else if name.contains(['/', '\\', ':']) || name.contains("..") {
        Some(&NAME_PATH)
    } else if name.starts_with('.') {
        Some(&NAME_HIDDEN)
    } else if name.trim() != name || name.ends_with('.') {
        Some(&NAME_EDGE)
    } else if name.contains(['<', '>', '"', '|', '?', '*']) || is_device(stem) {
        Some(&NAME_RESERVED)
    } else if declared.is_some_and(|declared| !declared.fits(name)) {
        Some(&NAME_EXTENSION)
    } else {
        None
    }
}

/// One fault for one place is enough.
fn is_told_by_sweep(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t') || sweep::is_hidden(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str) -> Option<&'static str> {
        wrong_with(name, Some(MediaType::Pdf)).map(|say| say.code)
    }

    #[test]
    fn names_of_any_alphabet_are_fine() {
        for name in ["report.pdf", "Cofnodion tŷ (2).PDF", "報告.pdf", "a.b.pdf", "console.pdf", "-.pdf"] {
            assert_eq!(code(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_mean_something_to_a_system_are_refused() {
        for (wrong, names) in [
            ("attachment_name_path", &["../a.pdf", "a/b.pdf", "a\\b.pdf", "C:a.pdf", "a..pdf", ".."][..]),
            ("attachment_name_hidden", &[".pdf", ".a.pdf"]),
            ("attachment_name_edge", &[" a.pdf", "a.pdf ", "a.pdf.", "\u{3000}a.pdf"]),
            ("attachment_name_reserved", &["NUL.pdf", "con .pdf", "com1.a.pdf", "lpt\u{b2}.pdf", "a|b.pdf"]),
            ("attachment_name_broken", &["a\nb.pdf", "a\tb.pdf", "a\u{2028}b.pdf", "a\u{e0061}.pdf"]),
            ("attachment_name_extension", &["a.exe", "pdf", "a.pdf.exe", "a", ""]),
        ] {
            for name in names {
                assert_eq!(code(name), Some(wrong), "{name}");
            }
        }
        assert_eq!(code(&format!("{}.pdf", "é".repeat(124))), None);
        assert_eq!(code(&format!("{}.pdf", "é".repeat(125))), Some("attachment_name_long"));
    }

    #[test]
    fn what_the_sweep_tells_is_not_told_twice() {
        for name in ["a\0.pdf", "report\u{202e}fdp.exe", "a\u{200d}.pdf"] {
            assert_eq!(code(name), None);
        }
    }
}
