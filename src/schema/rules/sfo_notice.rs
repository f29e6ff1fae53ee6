//! The rules of a notice of a serious further offence (D20).

use jiff::civil::Date;
use serde_json::Value;

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "V79", says: &[&SFO_NOT_ON_LIST, &SFO_LIST_NOT_CHECKED], check: on_list },
    Rule { id: "T8", says: &[&SFO_RETURN_LATE], check: stages },
];

const SFO_NOT_ON_LIST: Say = Say {
    code: "sfo_not_on_list",
    severity: Warn,
    message: "the further offence is not on the list of serious further offences",
    fix: "check `further_offence.on_sfo_list`, and say in `further_offence.note` why notice is given",
    source: FORM_N,
};

const SFO_LIST_NOT_CHECKED: Say = Say {
    code: "sfo_list_not_checked",
    severity: Warn,
    message: "the notice does not say whether the offence is on the list of serious further offences",
    fix: "check the list and set `further_offence.on_sfo_list`",
    source: FORM_N,
};

const SFO_RETURN_LATE: Say = Say {
    code: "sfo_return_late",
    severity: Warn,
    message: "a stage of the notice is returned more than {} days after it was asked for",
    fix: "return each of `stages` within {} days, or say in its `text` what delayed it",
    source: FORM_N,
};

const FORM_N: &str = "MAPPA Guidance 2012, form N";

/// V79: only the offences of a list lead to a notice. No public source for the list is known, so the
/// sender says whether the offence is on it.
fn on_list(message: &Subject<'_>, found: &mut Findings<'_>) {
    if !message.has("body.further_offence") {
        return;
    }
    match message.flag("body.further_offence.on_sfo_list") {
        Some(true) => {}
        Some(false) => found.add(&SFO_NOT_ON_LIST, "/body/further_offence/on_sfo_list"),
        None => found.add(&SFO_LIST_NOT_CHECKED, "/body/further_offence/on_sfo_list"),
    }
}

/// T8: each stage is returned in time; one not returned yet is late once its time is over.
fn stages(message: &Subject<'_>, found: &mut Findings<'_>) {
    let limit = message.thresholds.sfo_return_days;
    for (index, stage) in message.list("body.stages").iter().enumerate() {
        if days_taken(stage, message.created_on()).is_some_and(|days| days > i32::from(limit)) {
            found.add_with(&SFO_RETURN_LATE, format!("/body/stages/{index}/returned_on"), limit);
        }
    }
}

fn days_taken(stage: &Value, today: Option<Date>) -> Option<i32> {
    let asked = stage.date("asked_on")?;
    let returned = stage.date("returned_on").or(today)?;
    Some(asked.until(returned).ok()?.get_days())
}
