//! Signs that a text speaks of one person: the numbers of domain §5, postcodes and dates of birth, by
//! their shape alone. A check letter is not asked for: a misspelt number is as good a clue. Names have no
//! shape, and a `ViSOR` or youth offending reference has none that is published.

use jiff::civil::Date;

/// What a text shows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    /// A number by which an agency or this gateway knows a person.
    pub identifier: bool,
    /// A postcode.
    pub postcode: bool,
    /// A full date before last year: recent days are those of meetings and corrections.
    pub birth_date: bool,
}

/// Looks through a text once, in linear time.
pub(super) fn signs(text: &str, today: Date) -> Signs {
    let mut found = Signs::default();
    // The last five words, the newest at the end: no shape has more parts.
    let mut last = [""; 5];
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '/').map(|word| word.trim_matches('/'));
    for word in parts.filter(|word| !word.is_empty()) {
        last.rotate_left(1);
        if let Some(newest) = last.last_mut() {
            *newest = word;
        }
        let [a, b, c, d, e] = last;
        found.identifier |=
            one_word(e) || case_ref(c, d, e) || spaced(&[c, d, e]) || spaced(&[a, b, c, d, e]);
        let halves = e.split_at_checked(e.len().wrapping_sub(3));
        found.postcode |= postcode(d, e) || halves.is_some_and(|(outward, inward)| postcode(outward, inward));
        found.birth_date |= earlier_date(c, d, e, today) || slashed_date(e, today);
    }
    found
}

/// Whether a word has a shape: `9` is a digit, `A` a letter of either case, `X` one of the two.
fn like(word: &str, shape: &str) -> bool {
    word.len() == shape.len()
        && word.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            _ => byte.is_ascii_alphanumeric(),
        })
}

fn digits(word: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits with a check letter of the modulus-23 alphabet, which has no I, O and S.
fn checked(word: &str, least: usize, most: usize) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() && !b"IOSios".contains(byte);
    let number = word.split_at_checked(word.len().wrapping_sub(1));
    number.is_some_and(|(number, check)| {
        digits(number, least, most) && check.as_bytes().first().is_some_and(letter)
    })
}

/// Prison number, CRN, National Insurance, NHS and property number, PNC and CRO number, court case.
fn one_word(word: &str) -> bool {
    let mut parts = word.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(all), None, ..) => undivided(all),
        (Some(first), Some(second), None, _) => {
            let pnc = (digits(first, 2, 2) || digits(first, 4, 4)) && checked(second, 1, 7);
            let cro = digits(first, 1, 6) && checked(second, 2, 2);
            let year = first.strip_prefix("SF").or_else(|| first.strip_prefix("sf"));
            let cro_search_file = year.is_some_and(|year| digits(year, 2, 2)) && checked(second, 1, 6);
            pnc || cro || cro_search_file || undivided(first) || undivided(second)
        }
        (Some(year), Some(court), Some(number), None) => {
            digits(year, 2, 2) && like(court, "XXXX") && checked(number, 6, 6)
        }
        _ => false,
    }
}

fn undivided(word: &str) -> bool {
    const SHAPES: &[&str] = &["A9999AA", "A999999", "AA999999A", "AA999999", "9999999999", "999999999999"];
    // A PNC number is written without its slash too, in its long and in its short form.
    SHAPES.iter().any(|shape| like(word, shape)) || checked(word, 11, 11) || checked(word, 9, 9)
}

/// Numbers that people write with spaces or hyphens: National Insurance and NHS numbers.
fn spaced(words: &[&str]) -> bool {
    const SHAPES: &[&[&str]] =
        &[&["999", "999", "9999"], &["AA", "999999", "A"], &["AA", "99", "99", "99", "A"]];
    SHAPES.iter().any(|shape| {
        shape.len() == words.len() && words.iter().zip(*shape).all(|(word, part)| like(word, part))
    })
}

/// The gateway's own pseudonym of a case.
fn case_ref(area: &str, year: &str, rest: &str) -> bool {
    digits(area, 2, 2)
        && digits(year, 4, 4)
        && like(rest, "XXXXXXXX")
        && rest.bytes().any(|b| b.is_ascii_digit())
}

fn postcode(outward: &str, inward: &str) -> bool {
    const OUTWARD: &[&str] = &["A9", "A99", "AA9", "AA99", "A9A", "AA9A"];
    // "2nd" has the shape of an inward code, but nobody writes one so.
    let ordinal = ["st", "nd", "rd", "th"].iter().any(|end| inward.ends_with(end));
    let letters = inward.bytes().skip(1).all(|byte| !b"CIKMOVcikmov".contains(&byte));
    OUTWARD.iter().any(|shape| like(outward, shape)) && like(inward, "9AA") && letters && !ordinal
}

/// A date in three parts, in any of the usual orders.
fn earlier_date(a: &str, b: &str, c: &str, today: Date) -> bool {
    (day(a) && month(b) && earlier_year(c, today))
        || (month(a) && day(b) && earlier_year(c, today))
        || (digits(a, 4, 4) && earlier_year(a, today) && month(b) && day(c))
}

fn slashed_date(word: &str, today: Date) -> bool {
    let mut parts = word.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(a), Some(b), Some(c), None) => earlier_date(a, b, c, today),
        _ => false,
    }
}

fn number(word: &str) -> Option<i16> {
    digits(word, 1, 4).then(|| word.parse().ok()).flatten()
}

/// `17`, `17th`.
fn day(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    word.len() <= bare.len() + 2 && number(bare).is_some_and(|day| (1..=31).contains(&day))
}

/// `4`, `04`, `April`, `Apr`.
fn month(word: &str) -> bool {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let named = |name: &&str| {
        name.eq_ignore_ascii_case(word) || name.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(word))
    };
    number(word).is_some_and(|month| (1..=12).contains(&month)) || NAMES.iter().any(named)
}

/// `1988`, `88`: before last year.
fn earlier_year(word: &str, today: Date) -> bool {
    let full = match (number(word), word.len()) {
        (Some(year), 4) => Some(year),
        (Some(year), 2) if 2000 + year <= today.year() => Some(2000 + year),
        (Some(year), 2) => Some(1900 + year),
        _ => None,
    };
    full.is_some_and(|year| (1900..today.year() - 1).contains(&year))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 20);

    fn of(text: &str) -> Signs {
        signs(text, TODAY)
    }

    #[test]
    fn every_number_of_a_person_is_seen_however_it_is_written() {
        for text in [
            "2003/9900042K",
            "PNC:1930/1234567b.",
            "12/42C",
            "19301234567B",
            "301234567B",
            "123456/99L",
            "SF12/42Z",
            "(A1234BC)",
            "X123456/A1234BC",
            "CRN-X123456",
            "943 476 5919",
            "943-476-5919",
            "9434765919",
            "AB123456C",
            "ab 12 34 56 c",
            "AB 123456 C",
            "05/9876/123456L",
            "100023336956",
            "see 46-2026-7K3M9Q2F",
        ] {
            assert!(of(text).identifier, "{text}");
        }
    }

    #[test]
    fn postcodes_are_seen_with_and_without_their_space() {
        for text in ["CT99 4QT", "ct994qt", "near TN99 2LB, moved", "W1A 1AA", "M1 1AE"] {
            assert!(of(text).postcode, "{text}");
        }
    }

    #[test]
    fn dates_of_birth_are_seen_in_every_usual_order() {
        for text in ["17/04/1988", "17.4.88", "1988-04-17", "17 April 1988", "17th Apr 88", "April 17, 1988"]
        {
            assert!(of(text).birth_date, "{text}");
        }
    }

    #[test]
    fn ordinary_words_about_counts_show_nothing() {
        for text in [
            "412 cases at the end of October 2026, 9 of them new since 1 October 2026",
            "corrected on 03/11/2026 and again on 2026-11-05; see the return of 2025/26",
            "category 2 at level 1, 2nd quarter; Q2 2nd return; form B of 2012",
            "telephone 01632 960142; 24/7 service; section 325(2)(a)",
            "Section 327(3) of the 2003 Act, sections 12/13; 17 decisions in 1988; 3 marches 1999",
        ] {
            assert_eq!(of(text), Signs::default(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_through(text in ".{0,200}") {
            let _ = of(&text);
        }

        #[test]
        fn a_prison_number_is_seen_between_any_words(before in "[a-z ,.]{0,40}", after in "[a-z ,.]{0,40}") {
            let text = format!("{before} A1234BC {after}");
            prop_assert!(of(&text).identifier);
        }
    }
}
