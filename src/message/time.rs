//! Moments as they are written: UTC with exactly three decimals, so that the order of the texts is the
//! order of the moments and one moment has one text (RFC 3339).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer};

/// For `#[serde(serialize_with)]`.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

/// The other way, for `#[serde(with)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Timestamp::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_moment_has_three_decimals_always() {
        let at = jiff::Timestamp::from_millisecond(1_763_637_900_350).unwrap();
        assert_eq!(format!("{at:.3}"), "2025-11-20T11:25:00.350Z");
    }
}
