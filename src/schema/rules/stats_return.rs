//! The rules of a monthly statistics return (D23): counts, and nothing about anybody.

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject,
    anonymous::{self, Outcomes},
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
    fix: "return the police's category 1, probation's or the youth offending team's category 2 in `counts`, \
          each agency its own",
    source: RETURN,
};

/// V65: no identifier, date of birth or postcode anywhere. Names have no shape: the form asks for none.
fn nobody_is_identified(message: &Subject<'_>, found: &mut Findings<'_>) {
    if message.has("case_ref") {
        found.add(&CASE, "/case_ref");
    }
    let outcomes = Outcomes { identifier: &IDENTIFIER, postcode: &POSTCODE, birth_date: &BIRTH_DATE };
    anonymous::nobody_is_identified(message, found, &outcomes);
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
