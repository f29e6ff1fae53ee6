//! What the check letters and digits are for: each slip of a typing finger is caught.

use proptest::prelude::*;

use super::{Scheme, canonical, is_sound, mod23, parse};

const YEAR: i16 = 2026;

/// Every text that differs in one digit, at the places that the check covers.
fn one_digit_wrong(text: &str, covered: std::ops::Range<usize>) -> Vec<String> {
    let mut found = Vec::new();
    for (at, right) in text.char_indices().filter(|(at, c)| covered.contains(at) && c.is_ascii_digit()) {
        for digit in ('0'..='9').filter(|digit| *digit != right) {
            let mut slip = text.to_owned();
            slip.replace_range(at..=at, &digit.to_string());
            found.push(slip);
        }
    }
    found
}

/// Every text with two neighbouring, different digits swapped, over a slash between them too.
fn two_digits_swapped(text: &str, covered: std::ops::Range<usize>) -> Vec<String> {
    let places: Vec<usize> = text
        .char_indices()
        .filter(|(at, c)| covered.contains(at) && c.is_ascii_digit())
        .map(|p| p.0)
        .collect();
    let swapped = places.windows(2).map(|pair| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.swap(pair[0], pair[1]);
        String::from_utf8(bytes).unwrap()
    });
    swapped.filter(|slip| slip != text).collect()
}

fn all_slips_are_caught(
    scheme: Scheme,
    text: &str,
    covered: std::ops::Range<usize>,
) -> Result<(), TestCaseError> {
    prop_assert!(is_sound(scheme, text), "{text}");
    let slips = [one_digit_wrong(text, covered.clone()), two_digits_swapped(text, covered)].concat();
    for slip in slips {
        prop_assert!(!is_sound(scheme, &slip), "{text} as {slip}");
    }
    Ok(())
}

fn lettered(digits: &[&str]) -> char {
    let pieces: Vec<&[u8]> = digits.iter().map(|piece| piece.as_bytes()).collect();
    char::from(mod23::letter(&pieces))
}

proptest! {
    #[test]
    fn every_slip_in_a_long_pnc_identifier_is_caught(year in 1900..2100, serial in 0..10_000_000_u32) {
        let serial = format!("{serial:07}");
        let letter = lettered(&[&format!("{:02}", year % 100), &serial]);
        all_slips_are_caught(Scheme::Pnc, &format!("{year}/{serial}{letter}"), 2..12)?;
        all_slips_are_caught(Scheme::Pnc, &format!("{year}{serial}{letter}"), 2..11)?;
    }

    #[test]
    fn every_slip_in_a_short_pnc_identifier_is_caught(year in 0..100, serial in 0..10_000_000_u32) {
        let letter = lettered(&[&format!("{year:02}"), &format!("{serial:07}")]);
        let short = format!("{year:02}/{serial}{letter}");
        all_slips_are_caught(Scheme::Pnc, &short, 0..short.len())?;
    }

    /// A wrong century cannot be caught: the letter does not cover it.
    #[test]
    fn the_century_of_a_pnc_identifier_is_not_covered(century in 10..100, of in 0..100, serial in 0..10_000_000_u32) {
        let serial = format!("{serial:07}");
        let letter = lettered(&[&format!("{of:02}"), &serial]);
        let text = format!("{century}{of:02}/{serial}{letter}");
        prop_assert!(is_sound(Scheme::Pnc, &text));
    }

    #[test]
    fn every_slip_in_a_cro_number_is_caught(year in 0..100, serial in 0..1_000_000_u32) {
        let (year, padded) = (format!("{year:02}"), format!("{serial:06}"));
        let letter = lettered(&[&year, &padded]);
        all_slips_are_caught(Scheme::Cro, &format!("{padded}/{year}{letter}"), 0..9)?;
        let short = format!("{serial}/{year}{letter}");
        all_slips_are_caught(Scheme::Cro, &short, 0..short.len())?;
        let letter = lettered(&[&year, &serial.to_string()]);
        let search_file = format!("SF{year}/{serial}{letter}");
        all_slips_are_caught(Scheme::Cro, &search_file, 0..search_file.len())?;
    }

    /// Of the swaps, all, neighbours or not: two weights differ by one to nine, two digits too, and 11
    /// divides no product of these. The last pair (weights 2 and 1) is no exception.
    #[test]
    fn every_slip_in_an_nhs_number_is_caught(first in 0..1_000_000_000_u32) {
        let sound = (0..10).map(|check| format!("{first:09}{check}")).find(|text| is_sound(Scheme::Nhs, text));
        let Some(number) = sound else { return Ok(()) };
        all_slips_are_caught(Scheme::Nhs, &number, 0..10)?;
        for (one, other) in (0..10).flat_map(|one| (one + 1..10).map(move |other| (one, other))) {
            let mut digits: Vec<char> = number.chars().collect();
            digits.swap(one, other);
            let slip: String = digits.into_iter().collect();
            prop_assert!(slip == number || !is_sound(Scheme::Nhs, &slip), "{number} as {slip}");
        }
    }

    #[test]
    fn a_canonical_form_is_its_own_canonical_form(text in "(SF)?[A-Z0-9 /-]{0,14}", of in 0..Scheme::ALL.len()) {
        let scheme = Scheme::ALL[of];
        if let Ok(read) = parse(scheme, &text, YEAR) {
            let again = parse(scheme, &read.canonical, YEAR).unwrap();
            prop_assert_eq!(again.canonical, read.canonical);
        }
    }

    #[test]
    fn a_sound_number_has_one_canonical_form(year in 1927..2027, serial in 0..10_000_000_u32) {
        let letter = lettered(&[&format!("{:02}", year % 100), &format!("{serial:07}")]);
        let long = format!("{year}/{serial:07}{letter}");
        let of_year = year % 100;
        let forms = [
            long.clone(),
            format!("{year}{serial:07}{letter}"),
            format!("{of_year:02}/{serial}{letter}"),
            format!("{of_year:02}{serial:07}{letter}").to_lowercase(),
        ];
        for form in forms {
            prop_assert_eq!(parse(Scheme::Pnc, &form, YEAR).unwrap().canonical, long.clone());
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>(), year in any::<i16>()) {
        for scheme in Scheme::ALL {
            if let Err(wrong) = canonical(scheme, &text, year) {
                prop_assert!(!wrong.to_string().is_empty());
            }
        }
    }
}

#[test]
fn a_text_of_any_length_is_answered_in_linear_time() {
    // Sixteen million characters each: quadratic time would keep this test for hours.
    for text in
        ["9".repeat(1 << 24), " ".repeat(1 << 24), format!("{}9", " ".repeat(1 << 24)), "/".repeat(1 << 24)]
    {
        for scheme in Scheme::ALL {
            let _ = canonical(scheme, &text, YEAR);
        }
    }
}
