//! I3, I4 and I7 to I14: numbers and codes that are all shape, or members of a list.

use super::{
    mod23,
    text::{Text, digits},
    wrong::Wrong,
};
use crate::message::Area;

/// Codes of police forces that share the MAPPA area of London (01), so none of their own.
const FORCES_ONLY: [&str; 2] = ["02", "48"];

/// I3, `A1234BC`.
pub(super) fn noms(folded: &Text) -> Result<Text, Wrong> {
    let parts = folded.as_bytes().split_first().and_then(|(_, rest)| rest.split_at_checked(4));
    let sound = parts.is_some_and(|(number, end)| digits(number, 4..=4) && capitals(end, 2));
    kept_if(sound && starts_with_capital(folded), folded)
}

/// I4, `X123456`.
pub(super) fn crn(folded: &Text) -> Result<Text, Wrong> {
    let number = folded.as_bytes().split_first().map(|(_, number)| number);
    kept_if(starts_with_capital(folded) && number.is_some_and(|number| digits(number, 6..=6)), folded)
}

/// I7. Zeros before it say nothing, and there is no property 0.
pub(super) fn uprn(given: &Text) -> Result<Text, Wrong> {
    let number = given.as_bytes();
    let zeros = number.iter().take_while(|digit| **digit == b'0').count();
    let (_, kept) = number.split_at_checked(zeros).ok_or(Wrong::Shape)?;
    if !digits(number, 1..=12) || kept.is_empty() {
        return Err(Wrong::Shape);
    }
    Text::of(kept).ok_or(Wrong::Shape)
}

/// I8. The lengths of today's codes are not confirmed, so the limits are wide.
pub(super) fn ods(given: &Text) -> Result<Text, Wrong> {
    kept_if((2..=10).contains(&given.as_bytes().len()) && given.as_bytes().iter().all(is_code_letter), given)
}

/// I9 as a MAPPA area.
pub(super) fn area(given: &Text) -> Result<Text, Wrong> {
    if FORCES_ONLY.contains(&given.as_str()) {
        return Err(Wrong::ForceOnly);
    }
    force(given)
}

/// I9 as a police force.
pub(super) fn force(given: &Text) -> Result<Text, Wrong> {
    if !digits(given.as_bytes(), 2..=2) {
        return Err(Wrong::Shape);
    }
    if is_force(given.as_str()) { Ok(*given) } else { Err(Wrong::UnknownCode) }
}

fn is_force(code: &str) -> bool {
    code.parse::<Area>().is_ok() || FORCES_ONLY.contains(&code)
}

/// I10. Length and letters of the first level are not confirmed.
pub(super) fn organisation_unit(given: &Text) -> Result<Text, Wrong> {
    let length = given.as_bytes().len();
    let sound = (5..=9).contains(&length) && given.as_bytes().iter().all(is_code_letter);
    kept_if(sound && starts_with_capital(given), given)
}

/// The second level of an organisation unit is a police force's code, where the code is whole.
pub(super) fn is_of_unknown_area(canonical: &str) -> bool {
    !canonical.get(1..3).is_some_and(is_force)
}

/// I11, `TFD`.
pub(super) fn establishment(given: &Text) -> Result<Text, Wrong> {
    kept_if(capitals(given.as_bytes(), 3), given)
}

/// I12, `05/9876/123456L`: year, court, number, check letter.
pub(super) fn court_case(folded: &Text) -> Result<Text, Wrong> {
    let (number, letter) = mod23::number_and_letter(folded.as_bytes())?;
    let mut parts = number.split(|byte| *byte == b'/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(court), Some(serial), None)
            if digits(year, 2..=2) && digits(court, 4..=4) && digits(serial, 6..=6) =>
        {
            mod23::fits(&[year, court, serial], letter)?;
            Ok(*folded)
        }
        _ => Err(Wrong::Shape),
    }
}

/// I13, I14: numbers whose form nobody published.
pub(super) fn opaque(given: &Text) -> Result<Text, Wrong> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"/- ".contains(byte);
    let bytes = given.as_bytes();
    let sound = bytes.len() <= 32 && bytes.iter().all(allowed) && bytes.iter().any(u8::is_ascii_alphanumeric);
    kept_if(sound, given)
}

fn kept_if(sound: bool, text: &Text) -> Result<Text, Wrong> {
    if sound { Ok(*text) } else { Err(Wrong::Shape) }
}

fn starts_with_capital(text: &Text) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
}

fn capitals(bytes: &[u8], count: usize) -> bool {
    bytes.len() == count && bytes.iter().all(u8::is_ascii_uppercase)
}

fn is_code_letter(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}
