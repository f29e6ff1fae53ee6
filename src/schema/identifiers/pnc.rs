//! I1: the Police National Computer's identifier of a person, `1930/1234567B`.
//!
//! The short form drops the century and the zeros before the serial number, `02/73319Z`; the slash is
//! sometimes left out of either. The check letter does not cover the century.

use super::{
    mod23,
    text::{Text, digits, zeros_before},
    wrong::Wrong,
};

/// How many digits a serial number has in the long form.
const SERIAL: usize = 7;

pub(super) fn read(folded: &Text, this_year: i16) -> Result<Text, Wrong> {
    let (number, letter) = mod23::number_and_letter(folded.as_bytes())?;
    let (year, serial) = long(number).or_else(|| short(number)).ok_or(Wrong::Shape)?;
    let zeros = zeros_before(serial, SERIAL);
    let (century, of_century) = year.split_at(year.len().saturating_sub(2));
    mod23::fits(&[of_century, zeros, serial], letter)?;
    let century = if century.is_empty() { pivot(of_century, this_year) } else { century };
    Text::joined(&[century, of_century, b"/", zeros, serial, &[letter]]).ok_or(Wrong::Shape)
}

/// Four digits of the year and all seven of the serial number: eleven, so never mistaken for the
/// short form, which has nine at most.
fn long(number: &[u8]) -> Option<(&[u8], &[u8])> {
    parts(number, 4).filter(|(_, serial)| digits(serial, SERIAL..=SERIAL))
}

fn short(number: &[u8]) -> Option<(&[u8], &[u8])> {
    parts(number, 2).filter(|(_, serial)| digits(serial, 1..=SERIAL))
}

fn parts(number: &[u8], year_length: usize) -> Option<(&[u8], &[u8])> {
    let (year, rest) = number.split_at_checked(year_length)?;
    let serial = rest.strip_prefix(b"/").unwrap_or(rest);
    digits(year, year_length..=year_length).then_some((year, serial))
}

/// The century of a short form: this one, unless that would lie ahead.
fn pivot(of_century: &[u8], this_year: i16) -> &'static [u8] {
    let year = of_century.iter().fold(0, |before, digit| before * 10 + i16::from(digit.wrapping_sub(b'0')));
    if year <= this_year.rem_euclid(100) { b"20" } else { b"19" }
}
