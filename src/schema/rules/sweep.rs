//! What is looked for in every corner of a message: characters that do not belong into text (V73),
//! material that may not be here at all (P10), and whether facts and opinions are told apart (V70,
//! V71).

use serde_json::{Map, Value};

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
};
use crate::schema::names;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V73", says: &[&CONTROL_CHARACTER, &HIDDEN_CHARACTER], check: characters },
    Rule { id: "P10", says: &[&INVESTIGATORY_POWERS], check: investigatory_powers },
    Rule { id: "V70", says: &[&DATA_SUBJECT_CLASS], check: data_subject_class },
    Rule { id: "V71", says: &[&FACT_OR_ASSESSMENT], check: fact_or_assessment },
];

const CONTROL_CHARACTER: Say = Say {
    code: "control_character",
    severity: Reject,
    message: "the text has a control character",
    fix: "take control characters out; only line breaks and tabs may stand in a text",
    source: "Portcullis",
};

const HIDDEN_CHARACTER: Say = Say {
    code: "hidden_character",
    severity: Reject,
    message: "the name has a character that is not seen or that turns the direction of writing",
    fix: "take bidirectional controls and zero-width characters out of the name",
    source: "Portcullis; Unicode Technical Report 36",
};

/// V73: no control characters in any text; in names nothing that hides either.
fn characters(message: &Subject<'_>, found: &mut Findings<'_>) {
    walk(message.message, &mut |at, value| {
        let Value::String(text) = value else { return };
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return;
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            found.add(&CONTROL_CHARACTER, at.pointer());
        } else if text.chars().any(is_hidden) && at.is_name() {
            found.add(&HIDDEN_CHARACTER, at.pointer());
        }
    });
}

/// Zero-width characters and bidirectional controls.
pub(in crate::schema) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

const INVESTIGATORY_POWERS: Say = Say {
    code: "investigatory_powers_material",
    severity: Reject,
    message: "material from interception or other investigatory powers may not pass through the gateway, \
              which has not stored this message",
    fix: "leave the material out and ask the force's authorising officer how it may be shared",
    source: "Investigatory Powers Act 2016; CJA 2003 s.325(4C)(b)",
};

/// P10: nothing that was obtained under investigatory powers.
fn investigatory_powers(message: &Subject<'_>, found: &mut Findings<'_>) {
    walk(message.message, &mut |at, value| {
        if value.flag("investigatory_powers_material") == Some(true) {
            found.add(&INVESTIGATORY_POWERS, at.pointer() + "/investigatory_powers_material");
        }
    });
}

const DATA_SUBJECT_CLASS: Say = Say {
    code: "data_subject_class_missing",
    severity: Warn,
    message: "it is not said whether this person is an offender, victim, witness or someone else",
    fix: "add `data_subject_class` here and to every other person of the list",
    source: "DPA 2018 s.38(3)",
};

/// V70: persons named beside the offender are told apart by class, where the message is structured. Told
/// once for each list, and V71 once for a message: who leaves it out does so throughout, and twenty
/// warnings of one kind would hide the others.
fn data_subject_class(message: &Subject<'_>, found: &mut Findings<'_>) {
    for list in ["household", "relationships"] {
        let people = message.at("body.offender").map_or(&[][..], |offender| offender.list(list));
        if let Some(index) =
            people.iter().position(|person| person.is_object() && !person.has("data_subject_class"))
        {
            found.add(&DATA_SUBJECT_CLASS, format!("/body/offender/{list}/{index}/data_subject_class"));
        }
    }
}

const FACT_OR_ASSESSMENT: Say = Say {
    code: "fact_or_assessment_missing",
    severity: Warn,
    message: "it is not said whether this information is fact or assessment",
    fix: "add `data_quality.fact_or_assessment` here and to everything else that has none",
    source: "DPA 2018 s.38(2)",
};

/// V71: information that an agency contributes says whether it is fact or assessment.
fn fact_or_assessment(message: &Subject<'_>, found: &mut Findings<'_>) {
    let mut said = false;
    walk(message.message, &mut |at, value| {
        let Value::Object(members) = value else { return };
        let told = said || value.has("data_quality.fact_or_assessment");
        if !told && (members.contains_key("data_quality") || at.is_information(members)) {
            found.add(&FACT_OR_ASSESSMENT, at.pointer() + "/data_quality/fact_or_assessment");
            said = true;
        }
    });
}

/// Calls `look` for every value, from the root down.
fn walk(message: &Value, look: &mut dyn FnMut(&At<'_>, &Value)) {
    down(&At { up: None, step: Step::Root }, message, look);
}

/// The same from some place down. Depth is bounded by the strict reader.
pub(super) fn down(at: &At<'_>, value: &Value, look: &mut dyn FnMut(&At<'_>, &Value)) {
    look(at, value);
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                down(&At { up: Some(at), step: Step::Name(name) }, inner, look);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                down(&At { up: Some(at), step: Step::Index(index) }, inner, look);
            }
        }
        _ => {}
    }
}

/// A place, as the way to it. A pointer is made only when something is found there.
pub(super) struct At<'a> {
    pub(super) up: Option<&'a At<'a>>,
    pub(super) step: Step<'a>,
}

/// The last step of that way.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Root,
    Name(&'a str),
    Index(usize),
}

/// Members that name somebody or something, beside those that end in `_name`.
const PERSONS: [&str; 15] = [
    "name",
    "given_names",
    "middle_names",
    "nicknames",
    "organisation",
    "attention",
    "person",
    "who",
    "owner_person",
    "minute_taker",
    "approved_by",
    "assessor",
    "responsible_clinician",
    "moj_caseworker",
    "vlo",
];

impl At<'_> {
    /// The pointer, up to the first name that no schema knows.
    pub(super) fn pointer(&self) -> String {
        self.open().0
    }

    /// The pointer, and whether it may go on below.
    fn open(&self) -> (String, bool) {
        let (mut pointer, open) = self.up.map_or((String::new(), true), At::open);
        match self.step {
            Step::Root => {}
            _ if !open => return (pointer, false),
            Step::Name(name) if !names::is_known(name) => return (pointer, false),
            Step::Name(name) => {
                pointer.push('/');
                pointer.push_str(name);
            }
            Step::Index(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
        (pointer, true)
    }

    /// The member that it stands in; that of its list for an entry.
    pub(super) fn member(&self) -> Option<&str> {
        match self.step {
            Step::Root => None,
            Step::Name(name) => Some(name),
            Step::Index(_) => self.up.and_then(At::member),
        }
    }

    /// Whether a person, body or file is named here.
    fn is_name(&self) -> bool {
        self.member().is_some_and(|member| member.ends_with("_name") || PERSONS.contains(&member))
    }

    /// Whether this is an entry of a list of what agencies contribute.
    fn is_information(&self, members: &Map<String, Value>) -> bool {
        let entry = matches!(self.step, Step::Index(_));
        entry
            && matches!(self.member(), Some("information" | "information_shared"))
            && members.contains_key("text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_stops_before_a_name_that_no_schema_knows() {
        let message =
            serde_json::json!({ "body": { "Jane Doe": { "note": [["\u{1}"]] }, "note": ["\u{1}"] } });
        let mut pointers = Vec::new();
        walk(&message, &mut |at, value| {
            if value.is_string() {
                pointers.push(at.pointer());
            }
        });
        assert_eq!(pointers, ["/body", "/body/note/0"]);
    }
}
