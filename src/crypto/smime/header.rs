//! Values that go into mail headers, made harmless or refused.
//!
//! In: text that somebody else wrote. Out: header values in printable ASCII. Nothing that comes out can
//! end a header, start another one, or show a reader something else than what stands there.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::transfer::push_escape;

/// Longer names are cut, their extension kept: mail programs differ in how long a name they take.
const FILE_NAME_CHARS_MAX: usize = 100;
/// Most file systems hold 255 bytes, and readers put something before the name.
const FILE_NAME_BYTES_MAX: usize = 200;
const EXTENSION_CHARS_MAX: usize = 16;
/// Names and subjects up to here fit a line of 78 characters (RFC 5322 §2.1.1) as they are.
const PLAIN_CHARS_MAX: usize = 60;
/// The text of one encoded word: with its frame and `Subject: ` at most 76 characters (RFC 2047 §2).
const ENCODED_WORD_BYTES: usize = 39;
/// RFC 5321 §4.5.3.1.1 and the 254 characters that its path limit leaves.
const LOCAL_PART_BYTES_MAX: usize = 64;
const ADDRESS_BYTES_MAX: usize = 254;

/// A file name that is safe to offer to a reader: no folder, no control or direction character, nothing
/// that Windows reserves, at most 100 characters and 200 bytes. A name of which nothing is left becomes `attachment`.
pub fn safe_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let replaced: String =
        last.chars().map(|c| if is_deceptive(c) || r#""<>:|?*"#.contains(c) { '_' } else { c }).collect();
    let trimmed = replaced.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let shortened = shorten(trimmed);
    match shortened.split('.').next() {
        _ if shortened.is_empty() => "attachment".into(),
        Some(stem) if is_device(stem.trim_end()) => format!("_{shortened}"),
        _ => shortened,
    }
}

/// `; filename=…` as a parameter on lines of its own: plain where that is possible, otherwise by
/// RFC 2231 (§3 continuations, §4 character set). `name` must have passed [`safe_file_name`].
pub(super) fn push_filename(out: &mut Vec<u8>, name: &str) {
    if name.chars().count() <= PLAIN_CHARS_MAX && name.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        out.extend_from_slice(b";\r\n filename=\"");
        // `safe_file_name` left no quote and no backslash.
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
        return;
    }
    let mut segments = vec![Zeroizing::new(b"UTF-8''".to_vec())];
    for c in name.chars() {
        let encoded = percent_encoded(c);
        match segments.last_mut() {
            Some(segment) if segment.len() + encoded.len() <= PLAIN_CHARS_MAX => segment.extend(&*encoded),
            _ => segments.push(encoded),
        }
    }
    let single = segments.len() == 1;
    for (number, segment) in segments.iter().enumerate() {
        let label = if single { "*".into() } else { format!("*{number}*") };
        out.extend_from_slice(format!(";\r\n filename{label}=").as_bytes());
        out.extend_from_slice(segment);
    }
}

/// A subject as a header value, folded where needed: as it is, or in encoded words (RFC 2047). None if
/// it has a control or direction character.
pub(super) fn subject(text: &str) -> Option<Cow<'_, str>> {
    if text.chars().any(is_deceptive) {
        return None;
    }
    let plain = text.len() <= PLAIN_CHARS_MAX
        && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && text.trim() == text
        && !text.contains("=?");
    if plain {
        return Some(Cow::Borrowed(text));
    }
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if word.len() + c.len_utf8() > ENCODED_WORD_BYTES {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let encoded = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    Some(Cow::Owned(encoded.collect::<Vec<_>>().join("\r\n ")))
}

/// Whether it is a plain mail address: dot-atom, `@`, host name (RFC 5321 §4.1.2, without quoted local
/// parts and address literals, which no agency has). Message ids have the same form (RFC 5322 §3.6.4).
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.len() <= ADDRESS_BYTES_MAX
        && local.len() <= LOCAL_PART_BYTES_MAX
        && local.split('.').all(atom)
        && domain.split('.').all(label)
}

/// The media type for an attachment: the caller's if it is `type/subtype` without parameters
/// (RFC 6838 §4.2), else `application/octet-stream`. So is a composite type, which base64 may not
/// encode (RFC 2046 §5.1, §5.2).
pub(super) fn media_type(text: &str) -> &str {
    let token = |part: &str| {
        !part.is_empty()
            && part.len() <= 127
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match text.split_once('/') {
        Some((kind, subtype))
            if token(kind)
                && token(subtype)
                && !["multipart", "message"].iter().any(|composite| kind.eq_ignore_ascii_case(composite)) =>
        {
            text
        }
        _ => "application/octet-stream",
    }
}

/// Controls, line and paragraph separators, and the invisible characters that reorder or hide text
/// (Unicode TR 36 §2.5): `report\u{202e}fdp.exe` must not be read as a PDF.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= FILE_NAME_CHARS_MAX && name.len() <= FILE_NAME_BYTES_MAX {
        return name.into();
    }
    let extension = name.rfind('.').and_then(|dot| name.get(dot..)).unwrap_or_default();
    let kept = extension.chars().count();
    let (extension, kept) = if kept <= EXTENSION_CHARS_MAX { (extension, kept) } else { ("", 0) };
    let mut bytes = extension.len();
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= FILE_NAME_BYTES_MAX
    };
    let stem: String = name.chars().take(FILE_NAME_CHARS_MAX - kept).take_while(fits).collect();
    format!("{}{extension}", stem.trim_end_matches(|c: char| c == '.' || c.is_whitespace()))
}

/// The names of devices, which Windows opens instead of a file, whatever extension follows.
pub fn is_device(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let numbered = |port: &str| {
        let rest = stem.strip_prefix(port).map(|rest| rest.chars().collect::<Vec<_>>());
        // Windows takes the raised digits of Latin-1 for digits.
        rest.is_some_and(|rest| matches!(*rest, ['0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}']))
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str())
        || numbered("COM")
        || numbered("LPT")
}

fn percent_encoded(c: char) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(12));
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // The attribute-char of RFC 2231 §7.
        match byte.is_ascii_alphanumeric() || b"!#$&+-.^_`{|}~".contains(&byte) {
            true => out.push(byte),
            false => push_escape(&mut out, b'%', byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn file_names_lose_what_could_mislead_or_escape() {
        for (given, safe) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\x\risk assessment.docx", "risk assessment.docx"),
            ("report\u{202e}fdp.exe", "report_fdp.exe"),
            ("a\r\nBcc: x@example.com", "a__Bcc_ x@example.com"),
            ("nul.txt", "_nul.txt"),
            ("com\u{b9}.pdf", "_com\u{b9}.pdf"),
            ("CONIN$", "_CONIN$"),
            ("in\u{200d}visi\u{ad}ble.pdf", "in_visi_ble.pdf"),
            (".htaccess. ", "htaccess"),
            ("\"quoted\".txt", "_quoted_.txt"),
            ("Cofnodion tŷ.docx", "Cofnodion tŷ.docx"),
            ("...", "attachment"),
            ("", "attachment"),
        ] {
            assert_eq!(safe_file_name(given), safe);
        }
    }

    #[test]
    fn long_file_names_keep_their_extension() {
        let name = safe_file_name(&format!("{}.pdf", "é".repeat(300)));
        assert_eq!((name.chars().count(), name.ends_with("é.pdf")), (100, true));
        let name = safe_file_name(&format!("{}.pdf", "\u{20000}".repeat(100)));
        assert_eq!((name.len(), name.ends_with("\u{20000}.pdf")), (200, true));
    }

    #[test]
    fn only_plain_media_types_are_taken_over() {
        assert_eq!(media_type("application/pdf"), "application/pdf");
        for other in
            ["text/html; x=\"\r\nBcc: a\"", "message/rfc822", "multipart/mixed", "pdf", "a/b/c", "/", ""]
        {
            assert_eq!(media_type(other), "application/octet-stream");
        }
    }

    #[test]
    fn addresses_with_anything_that_could_break_out_are_refused() {
        assert!(is_address("o'brien+mappa@kent.police.uk"));
        for other in
            ["a@b\r\nBcc: c@d", "a b@c", "<a@b>", "a@b>", "a", "@b", "a@", "a..b@c", "a@b..c", "ŷ@b", "a,b@c"]
        {
            assert!(!is_address(other));
        }
    }

    #[test]
    fn subjects_that_could_deceive_are_refused_and_the_rest_is_encoded() {
        assert_eq!(
            subject("OFFICIAL-SENSITIVE: MAPPA minutes 7F3K").unwrap(),
            "OFFICIAL-SENSITIVE: MAPPA minutes 7F3K"
        );
        assert_eq!(subject("tŷ").unwrap(), "=?UTF-8?B?dMW3?=");
        assert_eq!(subject("=?UTF-8?B?dMW3?=").unwrap(), "=?UTF-8?B?PT9VVEYtOD9CP2RNVzM/PQ==?=");
        for bad in ["a\r\nBcc: b", "a\nb", "a\0b", "a\u{202e}b", "a\u{2028}b"] {
            assert!(subject(bad).is_none());
        }
    }

    proptest! {
        #[test]
        fn a_subject_decodes_to_itself(text in "[^\\p{C}\\p{Zl}\\p{Zp}]{0,120}") {
            let value = subject(&text).unwrap();
            let decoded: Vec<u8> = match value.starts_with("=?") {
                true => value
                    .split("\r\n ")
                    .map(|word| word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap())
                    .flat_map(|word| STANDARD.decode(word).unwrap())
                    .collect(),
                false => value.as_bytes().to_vec(),
            };
            prop_assert_eq!(decoded, text.as_bytes());
        }

        #[test]
        fn neutralising_a_file_name_twice_changes_nothing_more(name in any::<String>()) {
            let once = safe_file_name(&name);
            prop_assert_eq!(safe_file_name(&once), once);
        }
    }
}
