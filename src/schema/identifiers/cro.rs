//! I2: the Criminal Records Office's number of a person, `123456/99L`, or `SF30/123456L` of a search
//! file, of somebody without fingerprints on record.

use super::{
    mod23,
    text::{Text, digits, zeros_before},
    wrong::Wrong,
};

/// How many digits a serial number has at most, and always in the canonical standard form.
const SERIAL: usize = 6;

pub(super) fn read(folded: &Text) -> Result<Text, Wrong> {
    let (number, letter) = mod23::number_and_letter(folded.as_bytes())?;
    match number.strip_prefix(b"SF") {
        Some(search_file) => of_search_file(search_file, letter),
        None => standard(number, letter),
    }
}

/// The check covers the serial number with its zeros.
fn standard(number: &[u8], letter: u8) -> Result<Text, Wrong> {
    let (serial, year) = halves(number).ok_or(Wrong::Shape)?;
    if !digits(serial, 1..=SERIAL) || !digits(year, 2..=2) {
        return Err(Wrong::Shape);
    }
    let zeros = zeros_before(serial, SERIAL);
    mod23::fits(&[year, zeros, serial], letter)?;
    Text::joined(&[zeros, serial, b"/", year, &[letter]]).ok_or(Wrong::Shape)
}

/// The check covers the serial number as it is written, so a zero more makes another number.
fn of_search_file(number: &[u8], letter: u8) -> Result<Text, Wrong> {
    let (year, serial) = halves(number).ok_or(Wrong::Shape)?;
    if !digits(serial, 1..=SERIAL) || !digits(year, 2..=2) {
        return Err(Wrong::Shape);
    }
    mod23::fits(&[year, serial], letter)?;
    Text::joined(&[b"SF", year, b"/", serial, &[letter]]).ok_or(Wrong::Shape)
}

fn halves(number: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = number.iter().position(|byte| *byte == b'/')?;
    let (before, from) = number.split_at_checked(slash)?;
    Some((before, from.strip_prefix(b"/")?))
}
