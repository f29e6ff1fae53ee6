use super::*;

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
            assert!(!text.ends_with('.') && !text.contains("  "), "{}: {text}", say.code);
            assert!(
                text.starts_with(|c: char| !c.is_ascii_uppercase()
                    || text[1..].starts_with(|c: char| c.is_ascii_uppercase())),
                "{}: {text}",
                say.code
            );
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
