//! One fault of a message, in words that its sender can act on.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FAULTS_MAX, identifiers::Scheme, patterns, strict::JsonFault};
use crate::config::Severity;

/// What is wrong, where, and how to mend it. It repeats nothing that the sender submitted: the
/// pointer goes only through members that the schema names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// The rule that found it: `V31`, `I5`, or `schema`, `json`, `limit` where it is the message's content;
    /// `P15` where it is a permission. Nothing where no rule permits what was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Cow<'static, str>>,
    /// Where the rule comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'static, str>>,
    /// The law that a rule of permission rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<Cow<'static, str>>,
    /// What it means for the message. Only of a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

impl Fault {
    /// A fault at a place.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
            fix: fix.into(),
            rule: None,
            source: None,
            legal_basis: None,
            severity: None,
        }
    }

    /// The same, found by a rule.
    pub fn by_rule(
        self,
        rule: impl Into<Cow<'static, str>>,
        source: impl Into<Cow<'static, str>>,
        severity: Severity,
    ) -> Self {
        Self { rule: Some(rule.into()), source: Some(source.into()), severity: Some(severity), ..self }
    }

    /// The same, by a rule of permission (P1 to P40) and the law that it rests on.
    pub fn by_permission(
        self,
        rule: impl Into<Cow<'static, str>>,
        legal_basis: impl Into<Cow<'static, str>>,
        source: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { legal_basis: Some(legal_basis.into()), ..self.by_rule(rule, source, Severity::Reject) }
    }

    /// The version is none that its type has.
    pub fn unknown_version(versions: &[&str]) -> Self {
        let fix = format!("use one of: {}", versions.join(", "));
        Self::new("/schema_version", "unknown_version", "not a version of this type", fix).of_envelope()
    }

    /// The same, about a member that every message has.
    pub(super) fn of_envelope(self) -> Self {
        self.by_rule("schema", "schemas/common/envelope.json", Severity::Reject)
    }

    /// What a schema error says. One error may list several missing alternatives; each fault still
    /// has one place.
    pub(super) fn of(error: ValidationError<'_>) -> Option<Self> {
        let place = error.instance_path().to_string();
        let (code, message, fix) = words(error.kind())?;
        let pointer = match error.kind() {
            Kind::Required { property } => format!("{place}/{}", property.as_str().unwrap_or_default()),
            _ => place,
        };
        Some(Self::new(pointer, code, message, fix))
    }
}

/// The text is not even JSON: the fault is the whole message's.
impl From<JsonFault> for Fault {
    fn from(fault: JsonFault) -> Self {
        let source = "RFC 8259; RFC 7493; Portcullis";
        Self::new("", fault.code(), fault.to_string(), fault.fix()).by_rule("json", source, Severity::Reject)
    }
}

/// What a validator says, at most [`FAULTS_MAX`] faults. A format is told once, by its name: where
/// the schema gives a pattern or a length too, for readers who do not know the format, that is left
/// unsaid.
pub(super) fn of_all<'a>(errors: impl Iterator<Item = ValidationError<'a>>) -> Vec<Fault> {
    let mut faults: Vec<Fault> = errors.flat_map(Fault::of).take(FAULTS_MAX).collect();
    let formats: Vec<String> =
        faults.iter().filter(|fault| fault.code == "format").map(|fault| fault.pointer.clone()).collect();
    let form = |fault: &Fault| matches!(&*fault.code, "pattern" | "min_length" | "max_length");
    faults.retain(|fault| !form(fault) || !formats.contains(&fault.pointer));
    faults
}

type Words = (&'static str, String, String);

fn words(kind: &Kind) -> Option<Words> {
    Some(match kind {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            ("required", format!("`{name}` is missing"), format!("add `{name}`"))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unknown(unexpected)
        }
        Kind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(several) => {
                    several.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or ")
                }
            };
            ("type", "the value is of the wrong type".into(), format!("give a value of type {wanted}"))
        }
        Kind::Enum { options } => (
            "enum",
            "the value is none of those allowed here".into(),
            format!("use one of: {}", list(options)),
        ),
        Kind::Constant { expected_value } => {
            ("const", "only one value is allowed here".into(), format!("use {expected_value}"))
        }
        Kind::Pattern { pattern } => of_pattern(pattern),
        Kind::Format { format } => of_format(format),
        Kind::MinLength { limit } => {
            short("min_length", "the text is too short", *limit, "at least", "characters")
        }
        Kind::MaxLength { limit } => {
            short("max_length", "the text is too long", *limit, "at most", "characters")
        }
        Kind::MinItems { limit } => {
            short("min_items", "the list is too short", *limit, "at least", "entries")
        }
        Kind::MaxItems { limit } => short("max_items", "the list is too long", *limit, "at most", "entries"),
        Kind::MinProperties { limit } => {
            short("min_members", "members are missing", *limit, "at least", "members")
        }
        Kind::MaxProperties { limit } => {
            short("max_members", "too many members", *limit, "at most", "members")
        }
        Kind::Minimum { limit } => bound("minimum", "the number is too small", limit, "or more"),
        Kind::ExclusiveMinimum { limit } => bound("minimum", "the number is too small", limit, "exceeded"),
        Kind::Maximum { limit } => bound("maximum", "the number is too large", limit, "or less"),
        Kind::ExclusiveMaximum { limit } => bound("maximum", "the number is too large", limit, "not reached"),
        // The schemas say `not` only of members that may not stand there at all.
        Kind::Not { .. } => ("not_allowed", "nothing may stand here".into(), "leave the member out".into()),
        Kind::UniqueItems => {
            ("unique", "the list has the same entry twice".into(), "leave one of the two out".into())
        }
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => (
            "alternatives",
            "none of the allowed alternatives fits".into(),
            "give one of the alternatives that the schema's description names".into(),
        ),
        other => {
            let keyword = other.keyword().to_owned();
            ("schema", format!("the schema's `{keyword}` is not met"), "see the schema".into())
        }
    })
}

fn of_pattern(pattern: &str) -> Words {
    let fix = match patterns::example(pattern) {
        Some(example) => format!("give a text such as `{example}`, which matches `{pattern}`"),
        None => format!("match `{pattern}`"),
    };
    ("pattern", "the text is not of the form wanted here".into(), fix)
}

/// What people call a format, and how its texts look.
fn of_format(format: &str) -> Words {
    let (name, form) = match format {
        "date" => ("date", "the year, month and day of a day that exists, such as `2026-11-20`"),
        "date-time" => ("moment", "a moment in UTC, such as `2026-11-20T09:30:00Z`"),
        other => Scheme::of_format(other).map_or((other, "one"), |scheme| {
            let about = scheme.about();
            (about.name, about.form)
        }),
    };
    ("format", format!("the text is no valid {name}"), format!("give {form}"))
}

fn unknown(unexpected: &[String]) -> Words {
    let count = unexpected.len();
    let message = match count {
        1 => "one member is unknown here".into(),
        _ => format!("{count} members are unknown here"),
    };
    ("unknown_member", message, "leave out what the schema does not name".into())
}

fn short(code: &'static str, message: &str, limit: u64, how: &str, of: &str) -> Words {
    (code, message.into(), format!("give {how} {limit} {of}"))
}

fn bound(code: &'static str, message: &str, limit: &Value, how: &str) -> Words {
    (code, message.into(), format!("the limit is {limit}, {how}"))
}

fn list(options: &Value) -> String {
    let text =
        |option: &Value| option.as_str().map_or_else(|| option.to_string(), |text| format!("`{text}`"));
    options.as_array().map(|all| all.iter().map(text).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}
