//! What a rule looks at.

use std::ops::Deref;

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    config::Thresholds,
    message::{AgencyType, MessageType},
};

/// A message, and what a rule may know besides. Members are found through [`Look`], from the root:
/// `subject.text("body.mappa.category_rationale")`.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its type.
    pub message_type: MessageType,
    /// The whole message, strictly parsed.
    pub message: &'a Value,
    /// When something counts as late in its area.
    pub thresholds: &'a Thresholds,
    /// The day on which the gateway holds it against the rules, in the United Kingdom.
    pub today: Date,
    /// What kind of body an agency is.
    pub agencies: &'a dyn Agencies,
}

/// What the rules ask the directory.
pub trait Agencies {
    /// What kind of body an agency is. `None` if it is not known.
    fn kind(&self, agency_id: &str) -> Option<AgencyType>;
}

/// No directory is at hand: rules that need one are silent.
impl Agencies for () {
    fn kind(&self, _agency_id: &str) -> Option<AgencyType> {
        None
    }
}

impl Subject<'_> {
    /// What kind of body a part of the message names in its `agency_id`.
    pub fn kind_of(&self, part: &Value) -> Option<AgencyType> {
        self.agencies.kind(part.text("agency_id")?)
    }

    /// What kind of body the sender is.
    pub fn sender_kind(&self) -> Option<AgencyType> {
        self.kind_of(self.at("sender")?)
    }

    /// The day of `created_at`, as the sender tells it (UTC).
    pub fn created_on(&self) -> Option<Date> {
        self.text("created_at")?.get(..10)?.parse().ok()
    }

    /// Whether the sender sends it once more, as the gateway asked.
    pub fn is_sent_again(&self) -> bool {
        self.text("resends").is_some()
    }

    /// The day on which the sender wrote the message; if that cannot be read, the day of its coming.
    pub fn sent_on(&self) -> Date {
        self.created_on().unwrap_or(self.today)
    }
}

impl Deref for Subject<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.message
    }
}

/// No schema allows a longer list (a test below holds them to it).
pub const LIST_MAX: usize = 500;

/// Every whole number below has a floating-point number of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Finds members by a path of names with dots between them. What is not there, or is of another
/// type, is `None` or empty: the schema tells that.
pub trait Look {
    /// The value at a path. An explicit `null` is as good as none.
    fn at(&self, path: &str) -> Option<&Value>;

    /// A text that is not blank.
    fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// A date, `2026-11-20`.
    fn date(&self, path: &str) -> Option<Date> {
        self.at(path)?.as_str()?.parse().ok()
    }

    /// A boolean.
    fn flag(&self, path: &str) -> Option<bool> {
        self.at(path)?.as_bool()
    }

    /// A whole number. `3.0` is one too, as JSON Schema counts (Core 2020-12 §4.2.3).
    fn number(&self, path: &str) -> Option<i64> {
        let value = self.at(path)?;
        value.as_i64().or_else(|| {
            let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < WHOLE_MAX)?;
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within the limit just held")]
            Some(number as i64)
        })
    }

    /// The entries of a list, as many as a schema allows; that there are more is the schema's to tell.
    /// So a rule may compare each entry with each, and a list made to hurt costs no more.
    fn list(&self, path: &str) -> &[Value] {
        let entries = self.at(path).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        entries.get(..LIST_MAX).unwrap_or(entries)
    }

    /// Whether something is there.
    fn has(&self, path: &str) -> bool {
        self.at(path).is_some()
    }
}

impl Look for Value {
    fn at(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(self, |value, name| value.get(name)).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::catalog;

    fn longest(schema: &Value) -> u64 {
        let own = schema.get("maxItems").and_then(Value::as_u64).unwrap_or_default();
        let inner = match schema {
            Value::Object(members) => members.values().map(longest).max(),
            Value::Array(entries) => entries.iter().map(longest).max(),
            _ => None,
        };
        own.max(inner.unwrap_or_default())
    }

    #[test]
    fn rules_see_every_entry_that_a_schema_allows() {
        let schemas = catalog::FILES.iter().map(|(_, text)| serde_json::from_str::<Value>(text).unwrap());
        assert!(schemas.map(|schema| longest(&schema)).max().is_some_and(|most| most <= LIST_MAX as u64));
    }

    #[test]
    fn whole_numbers_have_two_writings_and_blank_texts_and_nulls_are_none() {
        let value = json!({ "a": 3.0, "b": 3.5, "c": 1e300, "d": " \t", "e": null, "f": { "g": 3 } });
        assert_eq!((value.number("a"), value.number("b"), value.number("c")), (Some(3), None, None));
        assert_eq!((value.text("d"), value.has("e"), value.number("f.g")), (None, false, Some(3)));
        assert_eq!((value.list("d").len(), value.number("d.g")), (0, None));
        assert_eq!(json!({ "a": vec![0; LIST_MAX + 1] }).list("a").len(), LIST_MAX);
    }
}
