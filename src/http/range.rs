//! Which bytes of an attachment a request wants (RFC 9110 §14): so that a recipient whose connection broke
//! goes on where it was.
//!
//! In: the request's headers, the entity tag and the length. Out: the whole, one range, or none there is.
//! A `Range` that asks for several ranges, or is not well formed, is answered with the whole, as §14.2 allows:
//! collecting an attachment in many pieces at once has no use, and the ledger says what went out.

use axum::http::{HeaderMap, HeaderValue, header};

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// From the first of these bytes to the last, both counted from 0 and included.
    Part(u64, u64),
    /// Nothing that is there: the range begins behind the end (§15.5.17).
    BeyondEnd,
}

/// Reads `Range` and `If-Range`.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, bytes: u64) -> Wanted {
    let mut ranges = headers.get_all(header::RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Wanted::Whole };
    // §13.1.5: compared strongly. A date never matches, since none is told.
    let current = |tag: &HeaderValue| tag.as_bytes() == etag.as_bytes();
    if headers.get_all(header::IF_RANGE).iter().all(current) {
        range.to_str().ok().and_then(|range| single(range, bytes)).unwrap_or(Wanted::Whole)
    } else {
        Wanted::Whole
    }
}

/// One range of bytes. `None`: it is of another unit, several, or not well formed.
fn single(range: &str, bytes: u64) -> Option<Wanted> {
    let (unit, set) = range.split_once('=')?;
    let (first, last) = set.trim_matches([' ', '\t']).split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let end = bytes.checked_sub(1)?;
    let (first, last) = match (first, last) {
        // The last so many.
        ("", suffix) => match number(suffix)? {
            0 => return Some(Wanted::BeyondEnd),
            suffix => (bytes.saturating_sub(suffix), end),
        },
        (first, "") => (number(first)?, end),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some((first, last.min(end)))?
        }
    };
    Some(if first > end { Wanted::BeyondEnd } else { Wanted::Part(first, last) })
}

/// Digits only. What is too large for the type is behind every end.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Wanted::*, *};

    const ETAG: &str = "\"one\"";

    fn asked(fields: &[(header::HeaderName, &'static str)]) -> Wanted {
        let fields = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        wanted(&headers, ETAG, 1000)
    }

    #[test]
    fn one_range_is_read_as_rfc_9110_writes_it_and_everything_else_is_the_whole() {
        for (range, expected) in [
            ("bytes=0-", Part(0, 999)),
            ("bytes=0-0", Part(0, 0)),
            ("bytes=500-999", Part(500, 999)),
            ("bytes=500-1000", Part(500, 999)),
            ("BYTES= 999-99999999999999999999999 ", Part(999, 999)),
            ("bytes=-1", Part(999, 999)),
            ("bytes=-1000", Part(0, 999)),
            ("bytes=-2000", Part(0, 999)),
            ("bytes=1000-", BeyondEnd),
            ("bytes=99999999999999999999999-", BeyondEnd),
            ("bytes=-0", BeyondEnd),
            ("bytes=0-1,2-3", Whole),
            ("bytes=2-1", Whole),
            ("bytes=-", Whole),
            ("bytes=", Whole),
            ("bytes", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=1-2-3", Whole),
            ("bytes=0x1-", Whole),
            ("bytes=1 - 2", Whole),
            ("lines=0-1", Whole),
            ("", Whole),
        ] {
            assert_eq!(asked(&[(header::RANGE, range)]), expected, "{range}");
        }
        assert_eq!(asked(&[]), Whole);
        assert_eq!(asked(&[(header::RANGE, "bytes=0-1"), (header::RANGE, "bytes=2-3")]), Whole);
    }

    #[test]
    fn a_range_of_what_is_no_longer_the_same_is_the_whole() {
        for (tag, expected) in [
            (ETAG, Part(7, 999)),
            ("\"other\"", Whole),
            ("W/\"one\"", Whole),
            ("Fri, 20 Nov 2026 09:30:00 GMT", Whole),
            ("", Whole),
        ] {
            assert_eq!(asked(&[(header::RANGE, "bytes=7-"), (header::IF_RANGE, tag)]), expected, "{tag}");
        }
        assert_eq!(asked(&[(header::IF_RANGE, ETAG)]), Whole);
    }

    #[test]
    fn nothing_of_an_empty_file_is_a_range() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-"));
        assert_eq!(wanted(&headers, ETAG, 0), Whole);
    }
}
