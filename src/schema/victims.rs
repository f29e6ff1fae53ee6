//! Victim data in a message (P29): the members that its schema marks `x-victim`, other than `none`.
//!
//! In: a message and the file of its schema. Out: where it tells who a victim is, where she lives, how
//! she is reached, and what is written about her. It does not decide who may have that.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::Value;

use super::{catalog, tree::Node};

/// What a marked member tells of a victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Who.
    Identity,
    /// Where.
    Address,
    /// How to be reached, and by whom.
    Contact,
    /// Words about her, in which all of these may stand.
    Text,
}

/// A member of a message that tells of a victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Where: JSON Pointer (RFC 6901), of names that the schema knows, and numbers.
    pub pointer: String,
    /// What.
    pub told: Told,
}

/// Every marked member that the message has, in the order of the schema.
pub fn marked(file: &str, message: &Value) -> Vec<Marked> {
    let mut found = Vec::new();
    for (path, told) in PATHS.get(file).into_iter().flatten() {
        follow(message, path, String::new(), *told, &mut found);
    }
    found
}

/// Whether it has any.
pub fn are_told_of(file: &str, message: &Value) -> bool {
    !marked(file, message).is_empty()
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Member(&'static str),
    EachEntry,
}

type Path = (Vec<Step>, Told);

/// The marked members of each type of message: found once, so that a message is searched at these
/// places only.
static PATHS: LazyLock<HashMap<&'static str, Vec<Path>>> = LazyLock::new(|| {
    let files = catalog::schemas(catalog::FILES).filter(|(file, _)| !file.starts_with("common/"));
    let paths = |file: &str| {
        let mut found = Vec::new();
        Node::file(file).into_iter().for_each(|root| search(root, &mut Vec::new(), &mut found));
        found
    };
    files.map(|(file, _)| (file, paths(file))).collect()
});

/// Deeper than any of our schemas; a schema that refers to itself ends here.
const STEPS_MAX: usize = 24;

fn search(node: Node, steps: &mut Vec<Step>, found: &mut Vec<Path>) {
    if steps.len() >= STEPS_MAX {
        return;
    }
    for member in node.members() {
        steps.push(Step::Member(member.name));
        match told(member.node) {
            Some(told) => found.push((steps.clone(), told)),
            None => search(member.node, steps, found),
        }
        steps.pop();
    }
    if let Some(entry) = node.item() {
        steps.push(Step::EachEntry);
        search(entry, steps, found);
        steps.pop();
    }
}

/// What the mark says. A mark of another word is cut too: a test forbids it, and in doubt it is hidden.
fn told(node: Node) -> Option<Told> {
    match node.text("x-victim")? {
        "none" => None,
        "identity" => Some(Told::Identity),
        "address" => Some(Told::Address),
        "contact" => Some(Told::Contact),
        _ => Some(Told::Text),
    }
}

fn follow(value: &Value, path: &[Step], at: String, told: Told, found: &mut Vec<Marked>) {
    let Some((step, rest)) = path.split_first() else {
        return found.push(Marked { pointer: at, told });
    };
    match step {
        Step::Member(name) => {
            if let Some(value) = value.get(name) {
                follow(value, rest, format!("{at}/{name}"), told, found);
            }
        }
        Step::EachEntry => {
            for (number, value) in value.as_array().into_iter().flatten().enumerate() {
                follow(value, rest, format!("{at}/{number}"), told, found);
            }
        }
    }
}
