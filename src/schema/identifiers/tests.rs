//! The vectors of the domain (§5), published and synthetic.

use super::{Doubt, Scheme, Wrong, doubts, is_sound, parse};

const YEAR: i16 = 2026;

fn canonical(scheme: Scheme, text: &str) -> String {
    parse(scheme, text, YEAR).map_or_else(|wrong| format!("{wrong:?}"), |sound| sound.canonical)
}

fn wrong(scheme: Scheme, text: &str) -> Option<Wrong> {
    parse(scheme, text, YEAR).err()
}

#[test]
fn every_pnc_identifier_of_the_domain_is_read_in_its_long_form() {
    for (text, wanted) in [
        ("2008/0056560Z", "2008/0056560Z"),
        ("2003/0011985X", "2003/0011985X"),
        ("2012/0052494Q", "2012/0052494Q"),
        ("2023/0583843L", "2023/0583843L"),
        ("2001/0171310W", "2001/0171310W"),
        ("2011/0275516Q", "2011/0275516Q"),
        ("2003/0062845E", "2003/0062845E"),
        ("1981/0154257C", "1981/0154257C"),
        ("81/34U", "1981/0000034U"),
        ("02/73319Z", "2002/0073319Z"),
        ("00/223R", "2000/0000223R"),
        ("79/163001B", "1979/0163001B"),
        ("033Y", "2003/0000003Y"),
        ("1912/0000042C", "1912/0000042C"),
        ("1930/1234567B", "1930/1234567B"),
        ("1948/0000001F", "1948/0000001F"),
        ("19301234567b", "1930/1234567B"),
        (" 1930/1234567b\t", "1930/1234567B"),
        ("30/1234567B", "1930/1234567B"),
        ("301234567B", "1930/1234567B"),
        ("12/42C", "2012/0000042C"),
    ] {
        assert_eq!(canonical(Scheme::Pnc, text), wanted);
    }
}

#[test]
fn a_wrong_pnc_identifier_is_told_by_what_is_wrong() {
    for (text, wanted) in [
        ("1912/0000043C", Wrong::CheckLetter),
        ("1930/1234576B", Wrong::CheckLetter),
        ("1912/0000042S", Wrong::LetterNeverUsed),
        ("12/0000042", Wrong::NoCheckLetter),
        ("1912/00000042C", Wrong::Shape),
        ("1912-0000042C", Wrong::Shape),
        ("1912/0000042CC", Wrong::Shape),
        ("1912/000 042C", Wrong::Shape),
        ("١٩/42C", Wrong::Shape),
        ("/", Wrong::NoCheckLetter),
        ("C", Wrong::Shape),
        ("", Wrong::Absent),
        (" \u{a0}", Wrong::Absent),
    ] {
        assert_eq!(wrong(Scheme::Pnc, text), Some(wanted), "{text}");
    }
}

#[test]
fn the_century_of_a_short_pnc_identifier_follows_the_year_in_which_it_is_read() {
    let read = |text, year| parse(Scheme::Pnc, text, year).map(|sound| sound.canonical);
    assert_eq!(read("12/42C", 2012), Ok("2012/0000042C".into()));
    assert_eq!(read("12/42C", 2011), Ok("1912/0000042C".into()));
    assert_eq!(read("1912/0000042C", 2026), Ok("1912/0000042C".into()));
}

#[test]
fn every_cro_number_of_the_domain_is_read_or_refused() {
    for (text, wanted) in [
        ("265416/21G", "265416/21G"),
        ("65656/91H", "065656/91H"),
        ("42/07Q", "000042/07Q"),
        ("SF05/482703J", "SF05/482703J"),
        ("SF83/50058Z", "SF83/50058Z"),
        ("SF07/42F", "SF07/42F"),
        ("SF07/000042Q", "SF07/000042Q"),
        ("123456/99l", "123456/99L"),
        ("000042/12Y", "000042/12Y"),
        ("SF30/123456L", "SF30/123456L"),
        ("sf12/42z", "SF12/42Z"),
        ("85227/65L", "085227/65L"),
        ("85227/65G", "CheckLetter"),
        ("123456/99M", "CheckLetter"),
        ("SF07/42Q", "CheckLetter"),
        ("123456/99S", "LetterNeverUsed"),
        ("1234567/99L", "Shape"),
        ("123456/99", "NoCheckLetter"),
        ("SF30/L", "Shape"),
        ("/99L", "Shape"),
    ] {
        assert_eq!(canonical(Scheme::Cro, text), wanted, "{text}");
    }
}

#[test]
fn every_nhs_number_of_the_domain_is_read_or_refused() {
    for (text, wanted) in [
        ("9990000018", "9990000018"),
        ("999 000 0018", "9990000018"),
        ("999-000-0018", "9990000018"),
        ("9990001006", "9990001006"),
        ("9990000050", "9990000050"),
        ("9434765919", "9434765919"),
        ("6541003238", "6541003238"),
        ("9990000019", "CheckDigit"),
        ("999000001", "Shape"),
        ("99900000181", "Shape"),
        ("999000001X", "Shape"),
        (" - ", "Shape"),
    ] {
        assert_eq!(canonical(Scheme::Nhs, text), wanted, "{text}");
    }
    for last in 0..10 {
        assert_eq!(wrong(Scheme::Nhs, &format!("999000000{last}")), Some(Wrong::NeverIssued));
    }
}

#[test]
fn a_national_insurance_number_has_letters_that_are_given_out() {
    for (text, wanted) in [
        ("AB123456C", "AB123456C"),
        ("ab 12 34 56 c", "AB123456C"),
        ("AB123456", "AB123456"),
        ("CR123456A", "CR123456A"),
        ("QQ123456A", "LetterNeverUsed"),
        ("OO123456A", "LetterNeverUsed"),
        ("FY123456A", "LetterNeverUsed"),
        ("AB123456E", "LetterNeverUsed"),
        ("11A11111", "Shape"),
        ("AB12345C", "Shape"),
        ("AB123456CC", "Shape"),
        ("A", "Shape"),
    ] {
        assert_eq!(canonical(Scheme::Nino, text), wanted, "{text}");
    }
    for prefix in ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"] {
        assert_eq!(wrong(Scheme::Nino, &format!("{prefix}123456A")), Some(Wrong::BarredPrefix));
    }
    assert_eq!(wrong(Scheme::Nino, "AO123456A"), Some(Wrong::LetterNeverUsed), "O is never second");
    assert!(is_sound(Scheme::Nino, "OA123456A"), "O may be first");
}

#[test]
fn what_is_unusual_about_a_sound_number_is_told_as_a_doubt() {
    let of = |scheme, text: &str| doubts(scheme, text).collect::<Vec<_>>();
    assert_eq!(of(Scheme::Nino, "AB123456C"), []);
    assert_eq!(of(Scheme::Nino, "AB123456"), [Doubt::NoSuffix]);
    assert_eq!(of(Scheme::Nino, "MW123456A"), [Doubt::AdministrativePrefix]);
    assert_eq!(of(Scheme::Nino, "NC123456"), [Doubt::NoSuffix, Doubt::AdministrativePrefix]);
    assert_eq!(of(Scheme::OrganisationUnit, "B46CB00"), []);
    assert_eq!(of(Scheme::OrganisationUnit, "B99CB00"), [Doubt::UnknownArea]);
    assert_eq!(of(Scheme::Crn, "X123456"), []);
}

#[test]
fn numbers_that_are_all_shape_are_read_or_refused() {
    for (scheme, text, wanted) in [
        (Scheme::Noms, "A1234BC", "A1234BC"),
        (Scheme::Noms, "a1234bc", "A1234BC"),
        (Scheme::Noms, "A12345C", "Shape"),
        (Scheme::Noms, "X123456", "Shape"),
        (Scheme::Noms, "A1234BCD", "Shape"),
        (Scheme::Crn, "x123456", "X123456"),
        (Scheme::Crn, "A1234BC", "Shape"),
        (Scheme::Crn, "X12345", "Shape"),
        (Scheme::Uprn, "100023336956", "100023336956"),
        (Scheme::Uprn, "000000012345", "12345"),
        (Scheme::Uprn, "1000233369561", "Shape"),
        (Scheme::Uprn, "000", "Shape"),
        (Scheme::Ods, "Q44", "Q44"),
        (Scheme::Ods, "TAK01", "TAK01"),
        (Scheme::Ods, "8HA03", "8HA03"),
        (Scheme::Ods, "LSP0101", "LSP0101"),
        (Scheme::Ods, "Q", "Shape"),
        (Scheme::Ods, "q44", "Shape"),
        (Scheme::Area, "46", "46"),
        (Scheme::Area, "02", "ForceOnly"),
        (Scheme::Area, "48", "ForceOnly"),
        (Scheme::Area, "99", "UnknownCode"),
        (Scheme::Area, "4", "Shape"),
        (Scheme::Force, "48", "48"),
        (Scheme::Force, "01", "01"),
        (Scheme::Force, "15", "UnknownCode"),
        (Scheme::OrganisationUnit, "B46CB00", "B46CB00"),
        (Scheme::OrganisationUnit, "B46", "Shape"),
        (Scheme::OrganisationUnit, "446CB00", "Shape"),
        (Scheme::Establishment, "MDI", "MDI"),
        (Scheme::Establishment, "mdi", "Shape"),
        (Scheme::Establishment, "MD1", "Shape"),
        (Scheme::CourtCase, "05/9876/123456L", "05/9876/123456L"),
        (Scheme::CourtCase, "05/9876/123456R", "CheckLetter"),
        (Scheme::CourtCase, "05/987/1234567L", "Shape"),
        (Scheme::Visor, "SYN-0000042", "SYN-0000042"),
        (Scheme::Visor, "SYN_42", "Shape"),
        (Scheme::Visor, "-", "Shape"),
        (Scheme::Yot, "KY/26/17", "KY/26/17"),
    ] {
        assert_eq!(canonical(scheme, text), wanted, "{scheme:?} {text}");
    }
}

#[test]
fn both_forms_of_a_number_are_kept() {
    let read = parse(Scheme::Pnc, " 30/1234567b ", YEAR).unwrap();
    assert_eq!((&*read.canonical, &*read.as_received), ("1930/1234567B", " 30/1234567b "));
}

#[test]
fn every_format_names_one_scheme_and_no_word_of_a_fault_shows_a_number() {
    for scheme in Scheme::ALL {
        let about = scheme.about();
        assert_eq!(Scheme::of_format(about.format), Some(scheme));
        assert!(!about.form.contains(['/', '`']), "{}", about.form);
    }
    assert_eq!(Scheme::of_format("date"), None);
}
