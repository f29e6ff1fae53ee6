//! The rules of an executive summary (D13), the one paper that leaves MAPPA.

use super::{
    Findings, Look as _, Rule, Say,
    Severity::{Reject, Warn},
    Subject, signs,
};
use crate::message::AgencyType::Coord;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V60", says: &[&NOT_TO_BE_SUMMARISED, &POSTCODE], check: only_what_may_be_told },
    Rule { id: "V61", says: &[&REQUESTER, &RELEASE, &RELEASED_BY_OTHER], check: asked_for_and_released },
];

const UNLOCK: &str = "Unlock, MAPPA for people with convictions: what an executive summary leaves out";
const KENT: &str = "Kent and Medway Safeguarding Procedures 2.4.5 §13";

const NOT_TO_BE_SUMMARISED: Say = Say {
    code: "not_to_be_summarised",
    severity: Reject,
    message: "the part must not stand in an executive summary, as its owner has not agreed",
    fix: "leave the part out, or ask its owner to agree and set `may_be_summarised` to true",
    source: UNLOCK,
};

const POSTCODE: Say = Say {
    code: "summary_with_postcode",
    severity: Warn,
    message: "the text has the shape of a postcode, and a summary holds no address of a victim",
    fix: "take the address out of `text`",
    source: UNLOCK,
};

const REQUESTER: Say = Say {
    code: "summary_without_requester",
    severity: Reject,
    message: "it is not recorded who asked for the minutes",
    fix: "say in `requester.kind` whether the subject, a representative or a court asked",
    source: KENT,
};

const RELEASE: Say = Say {
    code: "summary_without_release",
    severity: Reject,
    message: "it is not recorded who released the summary",
    fix: "name the MAPPA manager or co-ordinator in `released_by`, with agency and date",
    source: KENT,
};

const RELEASED_BY_OTHER: Say = Say {
    code: "summary_released_by_other",
    severity: Reject,
    message: "only the MAPPA manager or co-ordinator releases a summary",
    fix: "have the co-ordination unit decide, and name it in `released_by.agency_id`",
    source: KENT,
};

/// V60: nothing whose owner keeps it out. Victims have no place in the schema at all.
fn only_what_may_be_told(message: &Subject<'_>, found: &mut Findings<'_>) {
    for part in ["concerns", "plan", "decisions"] {
        let entries = message.at("body").map_or(&[][..], |body| body.list(part));
        for (index, entry) in entries.iter().enumerate() {
            if entry.flag("may_be_summarised") == Some(false) {
                found.add(&NOT_TO_BE_SUMMARISED, format!("/body/{part}/{index}/may_be_summarised"));
            }
            if entry.text("text").is_some_and(|text| signs::signs(text, message.today).postcode) {
                found.add(&POSTCODE, format!("/body/{part}/{index}/text"));
            }
        }
    }
}

/// V61: somebody entitled asked, and the co-ordination unit decided.
fn asked_for_and_released(message: &Subject<'_>, found: &mut Findings<'_>) {
    match message.at("body.requester") {
        None => found.add(&REQUESTER, "/body/requester"),
        Some(requester) if requester.is_object() && !requester.has("kind") => {
            found.add(&REQUESTER, "/body/requester/kind");
        }
        Some(_) => {}
    }
    let Some(release) = message.at("body.released_by") else {
        return found.add(&RELEASE, "/body/released_by");
    };
    for member in ["name", "agency_id"] {
        if release.is_object() && release.text(member).is_none() {
            found.add(&RELEASE, format!("/body/released_by/{member}"));
        }
    }
    if message.kind_of(release).is_some_and(|kind| kind != Coord) {
        found.add(&RELEASED_BY_OTHER, "/body/released_by/agency_id");
    }
}
