//! A whole message of a type, made of the examples that its schema gives for each member.
//!
//! In: the schemas. Out: a message without fault. The examples of its required members make a message
//! to begin with; then optional members are added, or taken away, as long as schema and rules have no
//! more to say than before. So no knowledge of any type stands here.

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

use crate::{
    config::Thresholds,
    schema::{
        Fault, Schemas, Verdict,
        catalog::Entry,
        rules::{Look as _, Raised, Subject},
        tree::{Member, Node},
    },
};

/// The order in which an envelope is read; what is not named here comes before the body.
pub const ENVELOPE: [&str; 17] = [
    "message_id",
    "type",
    "schema_version",
    "area",
    "case_ref",
    "sender",
    "recipients",
    "justification",
    "purpose",
    "legal_basis",
    "legal_basis_text",
    "marking",
    "created_at",
    "in_reply_to",
    "supersedes",
    "resends",
    "form",
];

/// A message of this version.
pub fn of(schemas: &Schemas, entry: &Entry, minimal: bool) -> anyhow::Result<Value> {
    let root = Node::file(&entry.file).context("the schema is not part of this program")?;
    let judge = Judge { schemas, entry, version: entry.version.to_string() };
    let mut message = required(root);
    complete(&judge, root, &mut message);
    without_files(&judge, &mut message);
    if let Some(fault) = judge.faults_of_schema(&message).first() {
        bail!("the examples of {} do not make a message: {} {}", entry.file, fault.pointer, fault.message);
    }
    if minimal {
        reduce(&judge, &mut message)?
    } else {
        extend(&judge, root, &mut message)?
    }
    Ok(in_order(message))
}

/// The members of a message, in the order in which it is read.
pub fn ordered(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_by_key(|member| place(member.name));
    members
}

fn place(name: &str) -> usize {
    let last = ENVELOPE.len();
    match name {
        "body" => last + 1,
        "attachments" => last + 2,
        name => ENVELOPE.iter().position(|known| *known == name).unwrap_or(last),
    }
}

fn in_order(message: Value) -> Value {
    let Value::Object(members) = message else { return message };
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by_key(|(name, _)| place(name));
    Value::Object(members.into_iter().collect())
}

/// The first example of each required member.
fn required(root: Node) -> Value {
    let members = root.members().into_iter().filter(|member| member.required);
    Value::Object(
        members.filter_map(|m| Some((m.name.to_owned(), example(m.node)?.clone()))).collect::<Map<_, _>>(),
    )
}

/// Adds what must be there because of what else is: conditions are known to the schema alone.
fn complete(judge: &Judge<'_>, root: Node, message: &mut Value) {
    // One member may call for the next.
    for _ in 0..CONDITIONS_MAX {
        let missing = judge.faults_of_schema(message).into_iter().filter(|fault| fault.code == "required");
        let mut added = false;
        for fault in missing {
            let Some((parent, name)) = fault.pointer.rsplit_once('/') else { continue };
            let node =
                if parent.is_empty() { Some(root) } else { root.member(parent.trim_start_matches('/')) };
            let example = node.and_then(|node| node.member(name)).and_then(example);
            if let (Some(example), Some(Value::Object(members))) = (example, message.pointer_mut(parent)) {
                added |= members.insert(name.to_owned(), example.clone()).is_none();
            }
        }
        if !added {
            break;
        }
    }
}

/// How often a member that was called for may call for another.
const CONDITIONS_MAX: usize = 8;

fn example(node: Node) -> Option<&'static Value> {
    node.keyword("examples")?.get(0)
}

/// Whoever tries the message has no files at hand, so it lists none if it need not.
fn without_files(judge: &Judge<'_>, message: &mut Value) {
    let mut bare = message.clone();
    if let Some(attachments) = bare.get_mut("attachments") {
        *attachments = Value::Array(Vec::new());
    }
    if judge.faults_of_schema(&bare).len() <= judge.faults_of_schema(message).len() {
        *message = bare;
    }
}

/// Adds what may be there: to the message itself, but for references to other messages, and to its body.
fn extend(judge: &Judge<'_>, root: Node, message: &mut Value) -> anyhow::Result<()> {
    let mut best = counts(&judge.verdict(message)?);
    let optional = |node: Node| node.members().into_iter().filter(|member| !member.required);
    let own = optional(root).filter(|member| !may_be_null(member.node)).map(|member| ("", member));
    let body = root.member("body").into_iter().flat_map(optional).map(|member| ("/body", member));
    for (parent, member) in own.chain(body) {
        let mut more = message.clone();
        let Some(Value::Object(members)) = more.pointer_mut(parent) else { continue };
        let Some(example) = example(member.node).filter(|_| !members.contains_key(member.name)) else {
            continue;
        };
        members.insert(member.name.to_owned(), example.clone());
        let counts = counts(&judge.verdict(&more)?);
        if judge.meets_schema(&more) && counts.0 <= best.0 && counts.1 <= best.1 {
            (*message, best) = (more, counts);
        }
    }
    Ok(())
}

fn may_be_null(node: Node) -> bool {
    node.keyword("type").and_then(Value::as_array).is_some_and(|types| types.iter().any(|t| t == "null"))
}

/// Takes away what need not be there, the largest parts first.
fn reduce(judge: &Judge<'_>, message: &mut Value) -> anyhow::Result<()> {
    let faults = counts(&judge.verdict(message)?).0;
    for (parent, name) in places(message, "") {
        let mut less = message.clone();
        match less.pointer_mut(&parent) {
            Some(Value::Object(members)) => drop(members.shift_remove(&name)),
            Some(Value::Array(items)) if name.parse().is_ok_and(|n: usize| n < items.len()) => {
                items.remove(name.parse()?);
            }
            _ => continue,
        }
        if judge.meets_schema(&less) && counts(&judge.verdict(&less)?).0 <= faults {
            *message = less;
        }
    }
    Ok(())
}

/// Where everything stands: parents before children, the last entry of a list first, so that taking
/// one away moves none that is still to come.
fn places(value: &Value, at: &str) -> Vec<(String, String)> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().rev().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = |(name, value): (String, &Value)| {
        let inner = places(value, &format!("{at}/{name}"));
        std::iter::once((at.to_owned(), name)).chain(inner)
    };
    children.into_iter().flat_map(below).collect()
}

/// Holds a message against schema and rules, as on the day on which it says that it was written.
struct Judge<'a> {
    schemas: &'a Schemas,
    entry: &'a Entry,
    version: String,
}

impl Judge<'_> {
    fn verdict(&self, message: &Value) -> anyhow::Result<Verdict> {
        let thresholds = Thresholds::default();
        let written = message.text("created_at").and_then(|at| at.get(..10)?.parse().ok());
        let subject = Subject {
            message_type: self.entry.message_type,
            message,
            thresholds: &thresholds,
            today: written.unwrap_or(jiff::civil::Date::ZERO),
            agencies: &(),
        };
        let verdict = self.schemas.judge(&subject, &self.version, &Raised::new());
        verdict.context("the schema is not part of this program")
    }

    /// Asked by itself: where a rule speaks of the same place, a verdict leaves the schema's word out.
    fn meets_schema(&self, message: &Value) -> bool {
        self.faults_of_schema(message).is_empty()
    }

    fn faults_of_schema(&self, message: &Value) -> Vec<Fault> {
        self.schemas.faults(self.entry.message_type, &self.version, message).unwrap_or_default()
    }
}

/// Faults and warnings.
fn counts(verdict: &Verdict) -> (usize, usize) {
    (verdict.faults.len(), verdict.warnings.len())
}
