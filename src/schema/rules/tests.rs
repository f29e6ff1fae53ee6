use serde_json::{Value, json};

use super::*;
use crate::{config::Thresholds, schema::Fault};

/// What the rules of a type say about a body on 20 November 2026, without a directory: refusals and
/// warnings.
pub(super) fn said(message_type: MessageType, body: &Value) -> (Vec<Fault>, Vec<Fault>) {
    let (message, thresholds) = (json!({ "body": body }), Thresholds::default());
    let today = jiff::civil::date(2026, 11, 20);
    let subject = Subject { message_type, message: &message, thresholds: &thresholds, today, agencies: &() };
    let raised = Raised::new();
    let found = judge(&subject, &raised);
    (found.faults, found.warnings)
}

/// The codes of what one rule found, refusals before warnings.
pub(super) fn codes_of(rule: &str, message_type: MessageType, body: &Value) -> Vec<String> {
    let (faults, warnings) = said(message_type, body);
    let found = faults.into_iter().chain(warnings);
    found.filter(|fault| fault.rule.as_deref() == Some(rule)).map(|fault| fault.code).collect()
}

/// The rules of the domain (§4) that refuse, warn or inform.
const DOMAIN: &[&str] = &[
    "V1", "V2", "V3", "V4", "V5", "V10", "V11", "V12", "V13", "V14", "V15", "V16", "V20", "V21", "V22",
    "V23", "V24", "V30", "V31", "V32", "V33", "V34", "V35", "V36", "V37", "V38", "V39", "V40", "V41", "V42",
    "V43", "V44", "V45", "V46", "V47", "V48", "V49", "V50", "V51", "V52", "V53", "V54", "V55", "V60", "V61",
    "V62", "V63", "V64", "V65", "V66", "V67", "V68", "V69", "V70", "V71", "V72", "V73", "V74", "V75", "V76",
    "V77", "V78", "V79",
];

#[test]
fn every_rule_of_the_domain_is_here_or_says_where_it_is() {
    let all = all();
    for id in DOMAIN {
        let here = all.iter().any(|rule| rule.id == *id);
        let elsewhere = ELSEWHERE.iter().any(|(known, _)| known == id);
        assert!(here != elsewhere, "{id}: here {here}, elsewhere {elsewhere}");
    }
    for (id, reason) in ELSEWHERE {
        assert!(DOMAIN.contains(id) && !reason.is_empty(), "{id}");
    }
}

#[test]
fn every_number_is_one_that_the_domain_or_the_gateway_gives() {
    for rule in all() {
        let (letter, number) = rule.id.split_at(1);
        assert!(number.parse::<u8>().is_ok(), "{}", rule.id);
        match letter {
            "V" => assert!(DOMAIN.contains(&rule.id), "{}", rule.id),
            // Identifiers, permissions that the message alone decides, timing, the gateway's own.
            "I" | "P" | "T" | "E" => {}
            _ => panic!("{}", rule.id),
        }
        assert!(!rule.says.is_empty(), "{} says nothing", rule.id);
    }
}

#[test]
fn words_for_people_are_sentences_without_a_stop() {
    for say in all().into_iter().flat_map(|rule| rule.says) {
        for text in [say.message, say.fix] {
            let one = !text.ends_with('.') && !text.contains(". ") && !text.contains("  ");
            assert!(one, "{}: {text}", say.code);
            assert!(
                text.starts_with(|c: char| !c.is_ascii_uppercase()
                    || text[1..].starts_with(|c: char| c.is_ascii_uppercase())),
                "{}: {text}",
                say.code
            );
        }
    }
}

/// A member that a text names must be one of the schemas, and a value one of their words: a misspelt one
/// would send people looking.
#[test]
fn what_words_for_people_put_between_backticks_stands_in_the_schemas() {
    let known = |word: &str| {
        let quoted = format!("\"{word}\"");
        crate::schema::catalog::FILES.iter().any(|(_, text)| text.contains(&quoted))
    };
    for say in all().into_iter().flat_map(|rule| rule.says) {
        for text in [say.message, say.fix] {
            let marks = text.matches('`').count();
            assert!(marks % 2 == 0, "{}: {text}", say.code);
            let quoted = text.split('`').skip(1).step_by(2).filter(|quoted| *quoted != "..");
            for word in quoted.flat_map(|path| path.split('.')) {
                let word = word.split('[').next().unwrap();
                assert!(known(word), "{}: {word}", say.code);
            }
        }
    }
}

#[test]
fn an_area_raises_a_severity_and_never_lowers_it() {
    static WARNS: Say =
        Say { code: "w", severity: Severity::Warn, message: "late by {}", fix: "x", source: "y" };
    static REJECTS: Say = Say { code: "r", severity: Severity::Reject, message: "m", fix: "x", source: "y" };
    let raised = Raised::from([("w".to_owned(), Severity::Reject), ("r".to_owned(), Severity::Info)]);
    let mut found = Findings::new(&raised);
    found.of_rule("V0");
    found.add_with(&WARNS, "/a", 6);
    found.add(&REJECTS, "/b");
    assert!(found.warnings.is_empty());
    let told: Vec<_> =
        found.faults.iter().map(|fault| (fault.pointer.as_str(), fault.message.as_str())).collect();
    assert_eq!(told, [("/a", "late by 6"), ("/b", "m")]);
    assert_eq!(unknown_codes(&raised), ["r", "w"]);
}

#[test]
fn who_chaired_or_sends_the_minutes_may_own_an_action() {
    let of = |owner: &str| {
        let body = json!({
            "meeting": { "chair": { "name": "Invented", "agency_id": "kent-mappa" } },
            "actions": [{ "owner_agency": owner }],
        });
        codes_of("V43", MessageType::Minutes, &body)
    };
    assert_eq!(of("kent-mappa"), [""; 0]);
    assert_eq!(of("kent-police"), ["action_owner_not_involved"]);
}

#[test]
fn a_plan_may_follow_a_meeting_of_another_category() {
    let body = json!({ "mappa": { "category": 3 }, "meeting": { "category": 2 } });
    assert_eq!(codes_of("V1", MessageType::Rmp, &body), [""; 0]);
    assert_eq!(codes_of("V1", MessageType::Minutes, &body), ["categories_differ"]);
    let unknown = json!({ "mappa": { "category": 3 }, "meeting": { "category": 5 } });
    assert_eq!(codes_of("V1", MessageType::Rmp, &unknown), ["category_unknown"]);
}

#[test]
fn who_says_nowhere_what_is_fact_is_told_once() {
    let shared = vec![json!({ "text": "Invented.", "owner_agency": "kent-police" }); 20];
    let told = codes_of("V71", MessageType::Minutes, &json!({ "information_shared": shared }));
    assert_eq!(told, ["fact_or_assessment_missing"]);
}

#[test]
fn what_is_of_another_type_is_left_to_the_schema() {
    for (message_type, body) in [
        (MessageType::ThirdPartyDisclosure, json!({ "tests": "yes", "offender_informed": 1 })),
        (MessageType::ExecSummary, json!({ "requester": "a court", "released_by": ["somebody"] })),
        (MessageType::DwpNotice, json!({ "restrictions": ["no computers"] })),
        (
            MessageType::Notification,
            json!({
                "mappa": { "category": 1, "sor_notification": "2020-01-01" },
                "conviction": { "index_offences": [{ "outcome": "conviction" }] },
            }),
        ),
    ] {
        let (faults, _) = said(message_type, &body);
        assert_eq!(faults, [], "{message_type}");
    }
}
