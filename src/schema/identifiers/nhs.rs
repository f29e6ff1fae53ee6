//! I5: the NHS number of England, Wales and the Isle of Man: ten digits, the last of them the check
//! digit, in groups of three, three and four where people read it.
//!
//! With weights from 10 down to 2, and 1 for the check digit, a sound number is 0 modulo 11. 11 is
//! prime and greater than every weight and than every difference of two digits: so one wrong digit is
//! always caught, and so is every swap of two different ones, wherever they stand.

use super::{
    text::{Text, digits},
    wrong::Wrong,
};

pub(super) fn read(given: &Text) -> Result<Text, Wrong> {
    let number = given.without(b" -");
    let (Some((check, first)), true) = (number.as_bytes().split_last(), digits(number.as_bytes(), 10..=10))
    else {
        return Err(Wrong::Shape);
    };
    match check_digit(first) {
        None => Err(Wrong::NeverIssued),
        Some(right) if right == *check => Ok(number),
        Some(_) => Err(Wrong::CheckDigit),
    }
}

/// `None` for numbers that would need ten as a digit.
fn check_digit(first: &[u8]) -> Option<u8> {
    let weighted = first.iter().zip((2..=10).rev());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    match 11 - sum % 11 {
        10 => None,
        11 => Some(b'0'),
        check => u8::try_from(check).ok().map(|check| b'0' + check),
    }
}
