//! What the rules found in one message.

use std::fmt::Display;

use super::{Raised, Say, Severity};
use crate::schema::{FAULTS_MAX, Fault};

/// Faults and warnings, each with the rule that found it.
pub struct Findings<'a> {
    raised: &'a Raised,
    rule: &'static str,
    /// What refuses the message.
    pub faults: Vec<Fault>,
    /// What travels with it.
    pub warnings: Vec<Fault>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(raised: &'a Raised) -> Self {
        Self { raised, rule: "", faults: Vec::new(), warnings: Vec::new() }
    }

    /// Names the rule that speaks next.
    pub(super) fn of_rule(&mut self, id: &'static str) {
        self.rule = id;
    }

    /// Adds what a rule says about a place (JSON Pointer, RFC 6901). The pointer goes only through
    /// members that the schema names.
    pub(super) fn add(&mut self, say: &'static Say, pointer: impl Into<String>) {
        self.push(say, pointer.into(), say.message.to_owned(), say.fix.to_owned());
    }

    /// The same, with an area's threshold, or a reason in fixed words, in the place of `{}`. Never a
    /// submitted value.
    pub(super) fn add_with(&mut self, say: &'static Say, pointer: impl Into<String>, limit: impl Display) {
        let limit = limit.to_string();
        self.push(say, pointer.into(), say.message.replace("{}", &limit), say.fix.replace("{}", &limit));
    }

    fn push(&mut self, say: &'static Say, pointer: String, message: String, fix: String) {
        let raised = self.raised.get(say.code).copied().unwrap_or(say.severity);
        let severity = raised.max(say.severity);
        let list = if severity == Severity::Reject { &mut self.faults } else { &mut self.warnings };
        if list.len() < FAULTS_MAX {
            let mut fault =
                Fault::new(pointer, say.code, message, fix).by_rule(self.rule, say.source, severity);
            // A permission that the content alone decides, such as P10, rests on the law that it comes from.
            fault.legal_basis = Some(say.source.into()).filter(|_| self.rule.starts_with('P'));
            list.push(fault);
        }
    }
}
