//! The rules of a monthly statistics return (D23): counts, and nothing about anybody.

pub(super) mod signs;
pub(super) mod texts;

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
};
use crate::message::AgencyType::{Police, Probation, Yot};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V65", says: &[&CASE, &IDENTIFIER, &POSTCODE, &BIRTH_DATE], check: nobody_is_identified },
    Rule { id: "V65", says: &[&COUNTED_TWICE], check: own_counts },
];

const RETURN: &str = "West Yorkshire MAPPA, monthly statistical return to the co-ordinator";

const CASE: Say = Say {
    code: "statistics_about_a_case",
    severity: Reject,
    message: "a statistics return is about no case",
    fix: "leave out `case_ref`",
    source: RETURN,
};

const IDENTIFIER: Say = Say {
    code: "statistics_with_identifier",
    severity: Reject,
    message: "a text of a statistics return has the shape of a person's or case's number",
    fix: "take the number out: the return holds counts and nothing by which a person can be found",
    source: RETURN,
};

const POSTCODE: Say = Say {
    code: "statistics_with_postcode",
    severity: Reject,
    message: "a text of a statistics return has the shape of a postcode",
    fix: "take the postcode out: the return holds counts and nothing by which a person can be found",
    source: RETURN,
};

const BIRTH_DATE: Say = Say {
    code: "statistics_with_birth_date",
    severity: Reject,
    message: "a text of a statistics return has a full date that may be a date of birth",
    fix: "take the date out, or name the month and year only",
    source: RETURN,
};

const COUNTED_TWICE: Say = Say {
    code: "statistics_counted_twice",
    severity: Warn,
    message: "the count is one that another agency returns, so its cases may be counted twice",
    fix: "return the police's category 1, probation's or the youth offending team's category 2 in `body.counts`, \
          each agency its own",
    source: RETURN,
};

/// Where people write: the body, and the words of the envelope. The sender's own name may stand in it.
pub(super) const WRITTEN: &[&str] = &["body", "recipients", "marking", "legal_basis_text", "form"];

/// Members that hold words, in body and envelope.
const NAMED: &[&str] = &[
    "month",
    "returned_by",
    "note",
    "justification",
    "strict_necessity",
    "attention",
    "handling",
    "smb_approval_ref",
];

/// V65: no identifier, date of birth or postcode anywhere. Names have no shape: the form asks for none.
fn nobody_is_identified(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.has("case_ref") {
        found.add(&CASE, "/case_ref");
    }
    texts::each(message, WRITTEN, NAMED, &mut |text, place| {
        let signs = signs::signs(text, message.today);
        for (seen, say) in
            [(signs.identifier, &IDENTIFIER), (signs.postcode, &POSTCODE), (signs.birth_date, &BIRTH_DATE)]
        {
            if seen {
                found.add(say, place.to_string());
            }
        }
    });
}

/// V65: police, probation and youth offending team each return their own split. The co-ordinator may
/// send on all of them in one.
fn own_counts(message: &Subject<'_>, found: &mut Findings<'_>) {
    let agency = message.text("body.returned_by").and_then(|agency_id| message.agencies.kind(agency_id));
    let own = match agency {
        Some(Police) => "police_category_1_level_1",
        Some(Probation) => "probation_category_2_level_1",
        Some(Yot) => "yot_category_2_level_1",
        _ => return,
    };
    for count in ["police_category_1_level_1", "probation_category_2_level_1", "yot_category_2_level_1"] {
        let given = message.at("body.counts").is_some_and(|counts| counts.has(count));
        if given && count != own {
            found.add(&COUNTED_TWICE, format!("/body/counts/{count}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::schema::catalog;

    /// The names of all members whose value may be a text of the sender's own words.
    fn worded(schema: &Value, names: &mut BTreeSet<String>) {
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let free = |s: &Value| s.get("type").is_some_and(|t| t == "string") && s.get("enum").is_none();
            if free(property) || property.get("items").is_some_and(free) {
                names.insert(name.clone());
            }
        }
        match schema {
            Value::Object(members) => {
                members.iter().filter(|(name, _)| *name != "examples").for_each(|(_, v)| worded(v, names));
            }
            Value::Array(entries) => entries.iter().for_each(|v| worded(v, names)),
            _ => {}
        }
    }

    #[test]
    fn the_sweep_enters_every_text_that_the_schema_names() {
        let text = catalog::file("stats_return/1.0.json").unwrap();
        let schema: Value = serde_json::from_str(text).unwrap();
        let mut names = BTreeSet::new();
        worded(&schema["properties"]["body"], &mut names);
        worded(&schema["$defs"], &mut names);
        assert!(names.contains("note"), "{names:?}");
        assert!(names.iter().all(|name| NAMED.contains(&name.as_str())), "{names:?}");
    }
}
