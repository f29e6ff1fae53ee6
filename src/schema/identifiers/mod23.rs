//! The check letter of police numbers: the digits as one number, modulo 23.
//!
//! 23 is prime and divides neither 10 nor 9, and the order of 10 modulo 23 is 22: so one wrong digit
//! is always caught, and so is a swap of two different ones that stand fewer than 22 places apart.

use super::wrong::Wrong;

/// By remainder. I, O and S are left out, because they look like digits.
const LETTERS: &[u8; 23] = b"ZABCDEFGHJKLMNPQRTUVWXY";

/// The check letter of digits that come in pieces.
pub(super) fn letter(pieces: &[&[u8]]) -> u8 {
    let digits = pieces.iter().copied().flatten().map(|digit| usize::from(digit.wrapping_sub(b'0')));
    let remainder = digits.fold(0, |before, digit| (before * 10 + digit) % LETTERS.len());
    LETTERS.get(remainder).copied().unwrap_or(b'Z')
}

/// Whether `given` is the check letter of the digits.
pub(super) fn fits(pieces: &[&[u8]], given: u8) -> Result<(), Wrong> {
    match given {
        b'I' | b'O' | b'S' => Err(Wrong::LetterNeverUsed),
        right if right == letter(pieces) => Ok(()),
        _ => Err(Wrong::CheckLetter),
    }
}

/// Parts a number from the letter at its end.
pub(super) fn number_and_letter(bytes: &[u8]) -> Result<(&[u8], u8), Wrong> {
    match bytes.split_last() {
        Some((last, number)) if last.is_ascii_uppercase() => Ok((number, *last)),
        // All is there but the letter.
        Some(_) if bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'/') => {
            Err(Wrong::NoCheckLetter)
        }
        _ => Err(Wrong::Shape),
    }
}
