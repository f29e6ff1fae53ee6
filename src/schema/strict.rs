//! Strict JSON: what everything else stands on. `serde_json` alone takes the last of two equal keys
//! in silence and knows no depth of ours, so two readers of one message could see two messages.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a text is not the JSON that the gateway takes (RFC 8259, RFC 7493). Positions, never values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not UTF-8.
    #[error("not UTF-8: the first bad byte is number {0}")]
    NotUtf8(usize),
    /// Not JSON.
    #[error("not JSON: line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// One object has the same member twice.
    #[error("an object has the same member twice: line {line}, column {column}")]
    DuplicateMember {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Objects and arrays stand too deep in each other.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// More values than any message has.
    #[error("more than {0} values")]
    TooMany(usize),
}

impl JsonFault {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotUtf8(_) => "not_utf8",
            Self::Syntax { .. } => "not_json",
            Self::DuplicateMember { .. } => "duplicate_member",
            Self::TooDeep(_) => "too_deep",
            Self::TooMany(_) => "too_many_values",
        }
    }

    /// What to do.
    pub fn fix(self) -> &'static str {
        match self {
            Self::NotUtf8(_) => "write the message in UTF-8",
            Self::Syntax { .. } => "mend the JSON; a message is one object, without a byte order mark",
            Self::DuplicateMember { .. } => "keep one of the two members",
            Self::TooDeep(_) => "nest objects and lists as the schema has them",
            Self::TooMany(_) => "send long papers as attachments",
        }
    }
}

/// How many values (objects, arrays, texts, numbers, …) a message may have. A value takes many times
/// its text in memory; minutes of 250 KB have some 5,000.
pub const VALUES_MAX: usize = 20_000;

/// Parses `bytes`; the root counts as depth 1 (domain §10).
pub fn parse(bytes: &[u8], depth_max: usize) -> Result<Value, JsonFault> {
    let text = std::str::from_utf8(bytes).map_err(|e| JsonFault::NotUtf8(e.valid_up_to()))?;
    let cause = Cell::new(Cause::Syntax);
    let mut reader = serde_json::Deserializer::from_str(text);
    let values_left = Cell::new(VALUES_MAX);
    let strict = Strict { depth_left: depth_max, values_left: &values_left, cause: &cause };
    let read = strict.deserialize(&mut reader);
    read.and_then(|value| reader.end().map(|()| value)).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        match cause.get() {
            Cause::Syntax => JsonFault::Syntax { line, column },
            Cause::Duplicate => JsonFault::DuplicateMember { line, column },
            Cause::Depth => JsonFault::TooDeep(depth_max),
            Cause::Count => JsonFault::TooMany(VALUES_MAX),
        }
    })
}

/// Why the visitor gave up: `serde_json`'s own error carries text alone.
#[derive(Clone, Copy)]
enum Cause {
    Syntax,
    Duplicate,
    Depth,
    Count,
}

#[derive(Clone, Copy)]
struct Strict<'c> {
    depth_left: usize,
    values_left: &'c Cell<usize>,
    cause: &'c Cell<Cause>,
}

impl<'c> Strict<'c> {
    fn deeper<E: serde::de::Error>(self) -> Result<Strict<'c>, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Strict { depth_left, ..self }),
            None => {
                self.cause.set(Cause::Depth);
                Err(E::custom("too deep"))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.values_left.get().checked_sub(1) else {
            self.cause.set(Cause::Count);
            return Err(D::Error::custom("too many values"));
        };
        self.values_left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            // Names are equal once their escapes are read, as RFC 8259 §8.3 compares them.
            if object.contains_key(&name) {
                self.cause.set(Cause::Duplicate);
                return Err(A::Error::custom("the same member twice"));
            }
            object.insert(name, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_member_twice_is_refused_at_any_depth_however_it_is_spelt() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(matches!(parse(text.as_bytes(), 64), Err(JsonFault::DuplicateMember { .. })), "{text}");
        }
    }

    #[test]
    fn the_root_counts_as_depth_one() {
        assert!(parse(b"[[1]]", 2).is_ok());
        assert_eq!(parse(b"[[[1]]]", 2), Err(JsonFault::TooDeep(2)));
        let bait = "[".repeat(1 << 20);
        assert_eq!(parse(bait.as_bytes(), 64), Err(JsonFault::TooDeep(64)));
    }

    #[test]
    fn a_message_has_no_more_values_than_it_may() {
        let of = |values: usize| format!("[{}]", vec!["0"; values - 1].join(","));
        assert!(parse(of(VALUES_MAX).as_bytes(), 64).is_ok());
        assert_eq!(parse(of(VALUES_MAX + 1).as_bytes(), 64), Err(JsonFault::TooMany(VALUES_MAX)));
    }

    #[test]
    fn what_is_not_one_json_text_is_refused_with_its_place() {
        assert_eq!(parse(b"{\"a\":\n nope}", 64), Err(JsonFault::Syntax { line: 2, column: 3 }));
        assert!(matches!(parse(b"{} {}", 64), Err(JsonFault::Syntax { .. })));
        assert!(matches!(parse(b"", 64), Err(JsonFault::Syntax { .. })));
        assert!(matches!(parse(b"\xef\xbb\xbf{}", 64), Err(JsonFault::Syntax { .. })));
        assert_eq!(parse(b"\"\xff\"", 64), Err(JsonFault::NotUtf8(1)));
        assert!(matches!(parse(b"1e999", 64), Err(JsonFault::Syntax { .. })));
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(text in r#"[\[\]{}",:0-9a-z\\ ]{0,60}"#) {
            let ours = parse(text.as_bytes(), 64);
            let doubled = matches!(ours, Err(JsonFault::DuplicateMember { .. }));
            match serde_json::from_str::<Value>(&text) {
                Ok(theirs) => prop_assert!(doubled || ours == Ok(theirs)),
                Err(_) => prop_assert!(ours.is_err()),
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, 64);
        }
    }
}
