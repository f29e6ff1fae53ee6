//! Schema and rules together: everything that is wrong with a message, at once.

use super::{
    FAULTS_MAX, Fault, Schemas,
    rules::{self, Raised, Severity, Subject},
};

/// What is wrong with a message, and what only needs attention.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What refuses the message, of schema and rules.
    pub faults: Vec<Fault>,
    /// What travels with it.
    pub warnings: Vec<Fault>,
}

impl Schemas {
    /// Holds a message against the schema of its type and version, and against the rules. `None` if
    /// there is no such schema. At most [`FAULTS_MAX`] faults and as many warnings.
    pub fn judge(&self, subject: &Subject<'_>, version: &str, raised: &Raised) -> Option<Verdict> {
        let of_schema = self.faults(subject.message_type, version, subject.message)?;
        let found = rules::judge(subject, raised);
        let source = format!("schemas/{}/{version}.json", subject.message_type);
        let faults = one_for_each_place(of_schema, found.faults, &source);
        Some(Verdict { faults, warnings: found.warnings })
    }
}

/// Where schema and rule speak of the same place, one of them is enough: the rule, whose words know
/// the field, unless the value is not even of the form that the rule reads.
fn one_for_each_place(of_schema: Vec<Fault>, of_rules: Vec<Fault>, source: &str) -> Vec<Fault> {
    let unreadable = |fault: &Fault| matches!(fault.code.as_str(), "type" | "pattern" | "format");
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for fault in of_schema {
        let told = of_rules.iter().any(|other| other.pointer == fault.pointer);
        if told && !unreadable(&fault) {
            continue;
        }
        if told {
            dropped.push(fault.pointer.clone());
        }
        kept.push(fault.by_rule("schema", source.to_owned(), Severity::Reject));
    }
    kept.extend(of_rules.into_iter().filter(|fault| !dropped.contains(&fault.pointer)));
    kept.truncate(FAULTS_MAX);
    kept
}
