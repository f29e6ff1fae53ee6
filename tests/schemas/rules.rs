//! Every outcome of every rule against a sample whose name says what it breaks:
//! `refused/V31.risk_tool_missing.json`, `warned/V30.late_referral.json`, with a third part in the
//! name where one outcome has several samples.

use std::{collections::BTreeSet, path::Path};

use portcullis::{
    config::{Severity, Thresholds, load_agencies},
    message::AgencyType,
    schema::{
        Fault, Schemas, Verdict,
        rules::{self, Agencies, Raised, Subject},
        strict,
    },
};
use serde_json::Value;

/// The sample directory.
pub struct Sample(Vec<(String, AgencyType)>);

impl Sample {
    pub fn load() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/agencies.toml");
        let agencies = load_agencies(&path).unwrap();
        Self(agencies.into_iter().map(|a| (a.agency_id.to_string(), a.agency_type)).collect())
    }
}

impl Agencies for Sample {
    fn kind(&self, agency_id: &str) -> Option<AgencyType> {
        self.0.iter().find(|(id, _)| id == agency_id).map(|(_, kind)| *kind)
    }
}

/// What schema and rules find on 20 November 2026.
pub fn judge(schemas: &Schemas, agencies: &Sample, json: &Value) -> Verdict {
    let message_type = json["type"].as_str().unwrap().parse().unwrap();
    let thresholds = Thresholds::default();
    let subject = Subject {
        message_type,
        message: json,
        thresholds: &thresholds,
        today: jiff::civil::date(2026, 11, 20),
        agencies,
    };
    schemas.judge(&subject, json["schema_version"].as_str().unwrap(), &Raised::new()).unwrap()
}

/// The rule and the outcome that a sample's name tells, of samples made for a rule.
pub fn told(name: &str) -> Option<(&str, &str)> {
    let mut parts = name.strip_suffix(".json")?.split('.');
    let (rule, code) = (parts.next()?, parts.next()?);
    let numbered = rule.len() > 1 && rule[1..].bytes().all(|b| b.is_ascii_digit());
    numbered.then_some((rule, code))
}

#[test]
fn every_outcome_of_every_rule_has_a_sample_that_shows_it() {
    let (schemas, agencies) = (Schemas::embedded().unwrap(), Sample::load());
    let mut shown = BTreeSet::new();
    let mut wrong = Vec::new();
    for (folder, refused) in [("refused", true), ("warned", false)] {
        for (name, bytes) in super::samples(folder) {
            let Some((rule, code)) = told(&name) else { continue };
            let verdict = judge(&schemas, &agencies, &strict::parse(&bytes, 64).unwrap());
            let list = if refused { &verdict.faults } else { &verdict.warnings };
            let hit = |fault: &Fault| fault.rule.as_deref() == Some(rule) && fault.code == code;
            let alone = verdict.faults.len() == usize::from(refused);
            if !list.iter().any(hit) || !alone {
                wrong.push(format!("{folder}/{name}: {:#?} {:#?}", verdict.faults, verdict.warnings));
            }
            shown.insert((rule.to_owned(), code.to_owned(), refused));
        }
    }
    for rule in rules::all() {
        for say in rule.says {
            let refused = say.severity == Severity::Reject;
            if !shown.iter().any(|(_, code, r)| code == say.code && *r == refused) {
                wrong.push(format!("{} {} has no sample", rule.id, say.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_accepted_sample_is_refused_or_warned_about() {
    let (schemas, agencies) = (Schemas::embedded().unwrap(), Sample::load());
    for (name, bytes) in super::samples("accepted") {
        let verdict = judge(&schemas, &agencies, &strict::parse(&bytes, 64).unwrap());
        assert_eq!(verdict.faults, [], "{name}");
        assert_eq!(verdict.warnings, [], "{name}: ordinary messages do not drown in warnings");
    }
}

#[test]
fn every_code_is_one_outcomes_own() {
    let mut codes = BTreeSet::new();
    for say in rules::all().into_iter().flat_map(|rule| rule.says) {
        assert!(codes.insert(say.code), "{} twice", say.code);
        assert!(!say.message.is_empty() && !say.fix.is_empty() && !say.source.is_empty(), "{}", say.code);
    }
}

/// What is wrong with a message is told without a value or an unknown name of it: each place of each
/// sample is planted with canaries, emptied and taken out.
#[test]
fn no_answer_repeats_what_was_submitted() {
    let (schemas, agencies) = (Schemas::embedded().unwrap(), Sample::load());
    let every = if std::env::var_os("PORTCULLIS_SLOW").is_some() { 1 } else { 7 };
    let mut told = 0;
    for (name, bytes) in super::samples("accepted") {
        let sound = strict::parse(&bytes, 64).unwrap();
        let pointers = super::pointers(&sound, String::new());
        for (number, pointer) in pointers.iter().enumerate().filter(|(number, _)| number % every == 0) {
            let mut planted = sound.clone();
            *planted.pointer_mut(pointer).unwrap() = canary(number / every);
            if planted["type"] != sound["type"] || planted["schema_version"] != sound["schema_version"] {
                continue;
            }
            let verdict = judge(&schemas, &agencies, &planted);
            told += verdict.faults.len() + verdict.warnings.len();
            let answer = serde_json::to_string(&(verdict.faults, verdict.warnings)).unwrap();
            assert!(!answer.to_lowercase().contains("canary"), "{name} {pointer}: {answer}");
        }
    }
    assert!(told > 1000, "{told}");
}

fn canary(number: usize) -> Value {
    match number % 8 {
        0 => "canary 7f3k".into(),
        1 => serde_json::json!({ "canary member": "canary", "data_subject_class": "canary\u{7}" }),
        2 => vec!["canary", "canary\u{202e}"].into(),
        3 => vec![serde_json::json!({ "canary": 1, "scheme": "PNC", "value": "canary" })].into(),
        4 => Value::Null,
        5 => "9999-12-31".into(),
        6 => i64::MIN.into(),
        _ => Value::Array(Vec::new()),
    }
}
