//! The answer of the rules, as a value with its reasons. It goes into the ledger, the transfer
//! statement and the answer; it holds no agency id and no submitted text.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Allowed or refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// The policies that decided, by id: the permits that applied, or the bars that fired. Empty
    /// where no permit applied; `missing` then tells what was looked at. In doubt, `policy_error`
    /// and the policies that could not be evaluated.
    pub grounds: Vec<Arc<Ground>>,
    /// For a default deny: each permit that there is for what was asked, and what it lacked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// Set where the rules could not be evaluated: our fault, not the sender's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A permit applied and no bar fired.
    Allowed,
    /// Everything else.
    Refused,
}

/// A policy as a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// Its full id, `P15-present`.
    pub id: String,
    /// The rule that it belongs to: the id up to the first hyphen, `P15`.
    pub rule: String,
    /// The law that it rests on, `CJA 2003 s.325(4)`.
    pub legal_basis: String,
    /// Where the rule is written.
    pub source: String,
    /// A fixed sentence that explains it; every bar has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A permit that did not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Which permit.
    #[serde(flatten)]
    pub ground: Arc<Ground>,
    /// What the agency lacks for it, "not recorded as present". It tells facts of the case, so only
    /// the area's co-ordination unit and the lead agency may read it (design §6).
    pub lacks: Arc<str>,
}

/// Why the rules could not be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The directory does not hold the agency.
    UnknownAgency,
    /// The facts handed in are those of another case.
    OtherCase,
    /// The schema does not know what was asked, or of whom.
    UnknownType,
    /// The entities of the request do not fit the schema.
    BadEntity,
    /// An entity that the request names is not loaded.
    MissingEntity,
    /// A policy could not be evaluated; Cedar by itself would have skipped it.
    Evaluation,
}

impl Decision {
    /// Whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// Whether bars alone refuse it: neither doubt nor the want of a permit.
    pub fn is_barred(&self) -> bool {
        !self.is_allowed() && self.doubt.is_none() && !self.grounds.is_empty()
    }

    /// An answer whose reasons are still to be told.
    pub(super) fn of(verdict: Verdict) -> Self {
        Self { verdict, grounds: Vec::new(), missing: Vec::new(), doubt: None }
    }

    /// A refusal because something is in doubt.
    pub(super) fn in_doubt(doubt: Doubt) -> Self {
        let ground = Ground {
            id: "policy_error".into(),
            rule: "policy_error".into(),
            legal_basis: "DPA 2018 s.40".into(),
            source: "design §6".into(),
            text: Some("The rules could not be evaluated, and in doubt nothing is let through.".into()),
        };
        Self {
            verdict: Verdict::Refused,
            grounds: vec![Arc::new(ground)],
            missing: Vec::new(),
            doubt: Some(doubt),
        }
    }
}
