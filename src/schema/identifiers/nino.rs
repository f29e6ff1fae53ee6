//! I6: the National Insurance number, `AB123456C` (HMRC National Insurance Manual, NIM39110).

use super::{
    text::{Text, digits},
    wrong::Wrong,
};

/// Pairs of allowed letters that are not given out.
const BARRED: [&[u8]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];

/// Pairs that are kept for administration: no person's own number, but seen in records.
const ADMINISTRATIVE: [&str; 3] = ["CR", "MW", "NC"];

/// Never in either place, and never in the second.
const NOT_USED: &[u8] = b"DFIQUV";
const NOT_SECOND: u8 = b'O';

pub(super) fn read(folded: &Text) -> Result<Text, Wrong> {
    let number = folded.without(b" ");
    let (prefix, rest) = number.as_bytes().split_at_checked(2).ok_or(Wrong::Shape)?;
    let (six, suffix) = rest.split_at_checked(6).ok_or(Wrong::Shape)?;
    let lettered = prefix.iter().chain(suffix).all(u8::is_ascii_uppercase) && suffix.len() <= 1;
    if !lettered || !digits(six, 6..=6) {
        return Err(Wrong::Shape);
    }
    let unused = prefix.iter().any(|letter| NOT_USED.contains(letter)) || prefix.last() == Some(&NOT_SECOND);
    if unused || suffix.iter().any(|letter| !(b'A'..=b'D').contains(letter)) {
        return Err(Wrong::LetterNeverUsed);
    }
    if BARRED.contains(&prefix) { Err(Wrong::BarredPrefix) } else { Ok(number) }
}

/// The CJS data standards let the last letter be left out.
pub(super) fn is_without_suffix(canonical: &str) -> bool {
    canonical.len() == 8
}

pub(super) fn is_administrative(canonical: &str) -> bool {
    ADMINISTRATIVE.iter().any(|prefix| canonical.starts_with(prefix))
}
