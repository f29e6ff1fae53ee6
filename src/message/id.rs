//! Identifiers, each a type of its own: two bare strings never stand side by side.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Why a text is not the identifier that it should be. It names the form that is wanted and never
/// repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct Malformed(pub &'static str);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $form:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Made from the present moment and ten random bytes (RFC 9562, version 7).
            pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The sixteen bytes, as the store keeps them.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From the sixteen bytes that the store kept.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                // Only the hyphenated lower-case form: one thing has one spelling.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase()) => Ok(Self(id)),
                    _ => Err(Malformed($form)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        text_serde!($name);
    };
}

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

uuid_id!(
    /// A message, named by its sender: with the sender's [`AgencyId`] it is the idempotency key.
    MessageId, "a lower-case UUID"
);
uuid_id!(
    /// One message on its way to one recipient by one channel. The gateway makes it at acceptance.
    DeliveryId, "a lower-case UUID"
);
uuid_id!(
    /// An event in the ledger. Shown to callers as the `reference` of a refusal or fault.
    EventId, "a lower-case UUID"
);
uuid_id!(
    /// A MAPP meeting (domain §2.4.9), named by the co-ordination unit.
    MeetingId, "a lower-case UUID"
);

uuid_id!(
    /// A designation under section 325(4A)(c), named by the co-ordination unit.
    DesignationId, "a lower-case UUID"
);
uuid_id!(
    /// A written authority, named by whoever gives it.
    ApprovalId, "a lower-case UUID"
);

impl DeliveryId {
    /// The short form that stands in a mail's subject, `7F3K-9Q2M`: the last forty random bits in
    /// Crockford's base32. It tells nothing about the case, and a telephone call can quote it.
    pub fn reference(&self) -> String {
        let b = self.0.as_bytes();
        let bits = u64::from_be_bytes([0, 0, 0, b[11], b[12], b[13], b[14], b[15]]);
        let text = crockford(bits);
        format!("{}-{}", &text[..4], &text[4..])
    }
}

/// Forty bits as eight Crockford base32 characters.
fn crockford(bits: u64) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..8).rev().map(|i| char::from(ALPHABET[((bits >> (i * 5)) & 31) as usize])).collect()
}

/// An agency: one function of one body, `kent-council-housing` (design §2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgencyId(Arc<str>);

impl AgencyId {
    /// The name that the gateway itself sends under (non-delivery reports). It is refused for an
    /// agency by [`AgencyId::is_reserved`].
    pub fn gateway() -> Self {
        Self("gateway".into())
    }

    /// The name under which events stand about callers that name no agency.
    pub fn unknown() -> Self {
        Self("unknown".into())
    }

    /// Names that no agency may bear.
    pub fn is_reserved(&self) -> bool {
        matches!(&*self.0, "gateway" | "unknown")
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgencyId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes = text.as_bytes();
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let ends = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let well_formed = (3..=48).contains(&bytes.len())
            && bytes.iter().all(inner)
            && bytes.first().is_some_and(ends)
            && bytes.last().is_some_and(ends);
        if well_formed { Ok(Self(text.into())) } else { Err(Malformed("an agency_id such as `kent-police`")) }
    }
}

impl fmt::Display for AgencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_serde!(AgencyId);

/// One of the 42 MAPPA areas by its two-digit code (domain §1.4). 02 and 48 are police-only codes
/// and no areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area(u8);

impl Area {
    /// All areas in the order of their codes.
    pub const CODES: [u8; 42] = [
        1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 20, 21, 22, 23, 30, 31, 32, 33, 34, 35, 36, 37, 40, 41,
        42, 43, 44, 45, 46, 47, 50, 52, 53, 54, 55, 60, 61, 62, 63,
    ];
}

impl FromStr for Area {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed("one of the 42 MAPPA area codes, such as `46` for Kent");
        if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed);
        }
        let code = text.parse().map_err(|_| malformed)?;
        if Self::CODES.contains(&code) { Ok(Self(code)) } else { Err(malformed) }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

text_serde!(Area);

/// A case's pseudonym, `46-2026-7K3M9Q2F`: area, year, forty random bits in Crockford's base32
/// (design §4). Whoever opens the case makes it; nobody can guess one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseRef {
    text: Arc<str>,
    area: Area,
}

impl CaseRef {
    /// A new reference from five random bytes.
    pub fn new(area: Area, year: i16, random: [u8; 5]) -> Self {
        let [a, b, c, d, e] = random;
        let bits = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        Self { text: format!("{area}-{year:04}-{}", crockford(bits)).into(), area }
    }

    /// The area that the reference names.
    pub fn area(&self) -> Area {
        self.area
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for CaseRef {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed("a case_ref such as `46-2026-7K3M9Q2F`");
        let bytes = text.as_bytes();
        let crockford = |b: &u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"ILOU".contains(b));
        let well_formed = bytes.len() == 16
            && text.is_ascii()
            && bytes[2] == b'-'
            && bytes[3..7].iter().all(u8::is_ascii_digit)
            && bytes[7] == b'-'
            && bytes[8..].iter().all(crockford);
        if !well_formed {
            return Err(malformed);
        }
        let area = text[..2].parse().map_err(|_| malformed)?;
        Ok(Self { text: text.into(), area })
    }
}

impl fmt::Display for CaseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_serde!(CaseRef);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_42_areas_and_the_police_only_codes_are_none() {
        assert_eq!(Area::CODES.len(), 42);
        assert!("46".parse::<Area>().is_ok());
        for code in ["02", "48", "2", "046", "4a", ""] {
            assert!(code.parse::<Area>().is_err(), "{code}");
        }
    }

    #[test]
    fn agency_ids_are_lower_case_words_of_3_to_48() {
        for good in ["kent-police", "a1b", "hmp-thornfield"] {
            assert_eq!(good.parse::<AgencyId>().unwrap().as_str(), good);
        }
        for bad in ["", "ab", "Kent", "-kent", "kent-", "kent_police", "kent police", &"a".repeat(49)] {
            assert!(bad.parse::<AgencyId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_case_ref_names_its_area_and_is_read_back() {
        let case = CaseRef::new("46".parse().unwrap(), 2026, [0xff, 0, 1, 2, 3]);
        assert_eq!(case.as_str().parse::<CaseRef>().unwrap(), case);
        assert_eq!(case.area().to_string(), "46");
        for bad in [
            "46-2026-7K3M9Q2",
            "46-2026-7K3M9Q2I",
            "02-2026-7K3M9Q2F",
            "46-2026-7k3m9q2f",
            "46_2026-7K3M9Q2F",
        ] {
            assert!(bad.parse::<CaseRef>().is_err(), "{bad}");
        }
    }

    #[test]
    fn message_ids_have_one_spelling() {
        let id = MessageId::new(Timestamp::UNIX_EPOCH, [0xab; 10]);
        assert_eq!(id.to_string().parse::<MessageId>().unwrap(), id);
        assert!(id.to_string().to_uppercase().parse::<MessageId>().is_err());
        assert!(id.to_string().replace('-', "").parse::<MessageId>().is_err());
    }
}
