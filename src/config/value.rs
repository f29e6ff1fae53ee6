//! How single settings are written, and the bounds that they keep.
//!
//! In: what stands behind a key. Out: finished values, or a sentence that says what is wanted. A
//! duration is a number and a unit in quotes, `"5m"`; a size is an integer of the unit that its key
//! ends in.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use serde::{
    Deserializer,
    de::{Error, Unexpected, Visitor},
};

/// An integer from `MIN` to `MAX`.
pub(super) fn number<'de, D, T, const MIN: u64, const MAX: u64>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let number = from.deserialize_u64(NumberVisitor { min: MIN, max: MAX })?;
    T::try_from(number).map_err(|_| D::Error::custom("too large for this machine"))
}

/// A duration from `MIN_MS` to `MAX_MS` milliseconds.
pub(super) fn duration<'de, D, const MIN_MS: u64, const MAX_MS: u64>(from: D) -> Result<Duration, D::Error>
where
    D: Deserializer<'de>,
{
    let (min, max) = (Duration::from_millis(MIN_MS), Duration::from_millis(MAX_MS));
    let wanted = format!("{DURATION}, from \"{}\" to \"{}\"", duration_text(min), duration_text(max));
    checked(from, wanted, |text| parse_duration(text).filter(|it| (min..=max).contains(it)))
}

/// An IP address and a port.
pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    checked(from, "an IP address and a port, such as \"127.0.0.1:9464\"", |text| text.parse().ok())
}

/// A path.
pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    let usable = |text: &str| !text.is_empty() && !text.contains('\0');
    checked(from, "the path of a file or folder, or \"credential:<name>\"", |text| {
        usable(text).then(|| text.into())
    })
}

/// A path that may be left out.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    path(from).map(Some)
}

/// The DNS name or IP address of a host.
pub(super) fn host<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a host name or an IP address", |text| {
        let sound = is_host_name(text) || text.parse::<std::net::IpAddr>().is_ok();
        sound.then(|| text.to_owned())
    })
}

/// A host name that may be left out.
pub(super) fn optional_host<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    host(from).map(Some)
}

/// A mail address that may be left out.
pub(super) fn optional_mail_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, MAIL_ADDRESS, |text| is_mail_address(text).then(|| Some(text.to_owned())))
}

/// What a mail address looks like.
pub(super) const MAIL_ADDRESS: &str = "a mail address such as \"mappa@kent.example\"";
const DURATION: &str = "a number and one of the units ms, s, m, h, d in quotes";

/// A text that `parse` takes; otherwise the fault says that `wanted` is wanted.
pub(super) fn checked<'de, D, T>(
    from: D,
    wanted: impl Into<String>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    from.deserialize_str(TextVisitor { wanted: wanted.into(), parse })
}

/// A lower-case DNS name (RFC 1123 §2.1) of at most 128 characters.
pub(super) fn is_host_name(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.len() <= 63
            && bytes.first().is_some_and(|b| letter(*b))
            && bytes.last().is_some_and(|b| letter(*b))
            && bytes.iter().all(|b| letter(*b) || *b == b'-')
    };
    text.len() <= 128 && text.split('.').all(label)
}

/// The plain form of an address (RFC 5321 §4.1.2 without quoted strings and address literals).
pub(super) fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    local.len() <= 64 && local.split('.').all(atom) && is_host_name(&domain.to_ascii_lowercase())
}

/// `"90s"` and the like. One number, one unit: `"1h30m"` is `"90m"`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(split)?;
    let number: u64 = digits.parse().ok()?;
    let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_millis(number.checked_mul(*unit_ms)?))
}

/// A duration as it would be written in a file, in the largest unit that has no remainder.
pub(super) fn duration_text(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let unit = UNITS.iter().rev().find(|(_, unit_ms)| ms >= *unit_ms && ms % unit_ms == 0);
    unit.map_or_else(|| format!("{}s", ms / 1000), |(name, unit_ms)| format!("{}{name}", ms / unit_ms))
}

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

struct NumberVisitor {
    min: u64,
    max: u64,
}

impl Visitor<'_> for NumberVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer from {} to {}", self.min, self.max)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        let wanted = (self.min..=self.max).contains(&number);
        if wanted { Ok(number) } else { Err(E::invalid_value(Unexpected::Other("this"), &self)) }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Other("this"), &self)),
        }
    }
}

struct TextVisitor<F> {
    wanted: String,
    parse: F,
}

impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for TextVisitor<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wanted)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let wanted = self.wanted;
        (self.parse)(text).ok_or_else(|| E::invalid_value(Unexpected::Other("this"), &wanted.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_one_number_and_one_unit() {
        for (text, ms) in
            [("0s", 0), ("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("35d", 3_024_000_000)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(ms)), "{text}");
            assert_eq!(parse_duration(&duration_text(Duration::from_millis(ms))), parse_duration(text));
        }
        for bad in
            ["", "5", "m", "5 m", "-5m", "1h30m", "5M", "5é", "99999999999999999999d", "999999999999999d"]
        {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn host_names_and_mail_addresses_are_plain() {
        assert!(is_host_name("kent.portcullis.example") && is_host_name("localhost"));
        for bad in ["", ".", "a..b", "-a.b", "a-.b", "Kent.example", "a b", "a/b", &"a".repeat(64)] {
            assert!(!is_host_name(bad), "{bad}");
        }
        assert!(is_mail_address("mappa.unit@housing.kent.example"));
        for bad in ["", "@", "a@", "@b", "a b@c", "a\r\n@c", "a@b@c", ".a@b", "a@b\n"] {
            assert!(!is_mail_address(bad), "{bad}");
        }
    }
}
