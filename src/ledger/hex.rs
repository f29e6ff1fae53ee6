//! Hashes as lower-case hexadecimal in JSON. One hash has one spelling: upper case is refused.

use super::Hash;

/// The 64 digits of `hash`.
pub(super) fn encode(hash: &Hash) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The hash that `text` spells.
pub(super) fn decode(text: &str) -> Option<Hash> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut hash = [0; 32];
    if !rest.is_empty() || pairs.len() != hash.len() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(hash)
}

const WANTED: &str = "not 64 lower-case hexadecimal digits";

/// For `#[serde(with)]` on one hash.
pub(super) mod one {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::ledger::Hash;

    pub(in crate::ledger) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encode(hash))
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Hash, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        super::decode(&text).ok_or_else(|| D::Error::custom(super::WANTED))
    }
}

/// For `#[serde(with)]` on a list of hashes.
pub(super) mod many {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::ledger::Hash;

    pub(in crate::ledger) fn serialize<S: Serializer>(
        hashes: &[Hash],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(super::encode))
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Hash>, D::Error> {
        let texts = Vec::<Cow<'de, str>>::deserialize(deserializer)?;
        let hashes: Option<Vec<_>> = texts.iter().map(|text| super::decode(text)).collect();
        hashes.ok_or_else(|| D::Error::custom(super::WANTED))
    }
}

/// For `#[serde(serialize_with)]` on a hash that may be missing.
pub(super) fn optional<S: serde::Serializer>(hash: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
    match hash {
        Some(hash) => serializer.serialize_some(&encode(hash)),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_one_spelling() {
        let hash: Hash = std::array::from_fn(|i| (i * 8 + 3) as u8);
        let text = encode(&hash);
        assert!(text.starts_with("030b131b23"));
        assert_eq!(decode(&text), Some(hash));
        assert_eq!(decode(&text.to_uppercase()), None);
        assert_eq!(decode(&text[1..]), None);
        assert_eq!(decode(&format!("{text}00")), None);
        assert_eq!(decode(&format!("é{}", &text[2..])), None);
    }
}
