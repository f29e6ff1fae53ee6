//! Every rule of permission, P1 to P40, and where it lives: its policies, or the code that keeps it; the
//! law that it rests on; a test in which it allows and one in which it refuses. The lists are held against
//! the policies and the sources, so that neither can lose a rule in silence.

mod rules;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use self::rules::RULES;
use super::sources;

struct Rule {
    id: &'static str,
    /// The rule in a line, to be understood here; the domain has it in full.
    sense: &'static str,
    /// The code that keeps it where it is no policy, or beside its policies. The file names the rule.
    code: &'static [&'static str],
    /// The law. Of a rule with policies every one of theirs is listed.
    law: &'static [&'static str],
    /// The test in which it lets through.
    allows: &'static str,
    /// The test in which it stops.
    refuses: &'static str,
}

/// Policies that belong to no rule of the list.
const OTHERS: [&str; 7] = [
    "RECORD-consistent", // domain §1.3: type and status of an agency
    "AREA-case",         // domain §10 on areas
    "AREA-sender",       // the same, with P33
    "AREA-recipient",    // the same
    "D25-gateway-only",  // domain §10 on D25
    "CASE-state",        // design §4
    "CASE-lead",         // domain §10 on the lead agency
];

struct Policy {
    id: String,
    law: String,
    source: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The policies as shipped, by their annotations alone.
fn policies() -> Vec<Policy> {
    let mut found = Vec::new();
    let mut files: Vec<_> =
        fs::read_dir(root().join("config/policies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "cedar")) {
        let text = fs::read_to_string(file).unwrap();
        let annotation = |part: &str, name: &str| {
            let rest = part.split_once(&format!("@{name}(\"")).unwrap().1;
            rest.split_once("\")").unwrap().0.to_owned()
        };
        for (place, _) in text.match_indices("@id(\"") {
            let part = &text[place..];
            found.push(Policy {
                id: annotation(part, "id"),
                law: annotation(part, "legal_basis"),
                source: annotation(part, "source"),
            });
        }
    }
    found
}

fn rule_of(policy: &Policy) -> &str {
    policy.id.split('-').next().unwrap()
}

#[test]
fn the_list_has_each_rule_once_and_every_policy_belongs_to_one() {
    let listed: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let wanted: Vec<String> = (1..=40).map(|number| format!("P{number}")).collect();
    assert_eq!(listed, wanted);
    for rule in &RULES {
        assert!(rule.sense.ends_with('.') && !rule.law.is_empty(), "{}", rule.id);
    }
    let astray: Vec<_> = policies()
        .into_iter()
        .filter(|policy| !listed.contains(&rule_of(policy)) && !OTHERS.contains(&policy.id.as_str()))
        .map(|policy| policy.id)
        .collect();
    assert!(astray.is_empty(), "{astray:?}");
    let ids: BTreeSet<_> = policies().into_iter().map(|policy| policy.id).collect();
    assert!(OTHERS.iter().all(|other| ids.contains(*other)), "a policy that is none is listed");
}

#[test]
fn each_rule_has_its_policies_with_the_listed_law_or_code_that_names_it() {
    let mut laws: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for policy in policies() {
        assert!(!policy.source.is_empty(), "{}", policy.id);
        laws.entry(rule_of(&policy).to_owned()).or_default().insert(policy.law);
    }
    for rule in &RULES {
        let listed: BTreeSet<String> = rule.law.iter().map(|law| (*law).to_owned()).collect();
        match laws.get(rule.id) {
            Some(laws) => assert!(laws.is_subset(&listed), "{}: {laws:?} and {listed:?}", rule.id),
            None => assert!(!rule.code.is_empty(), "{} has neither policy nor code", rule.id),
        }
        let mut law_named = laws.contains_key(rule.id);
        for file in rule.code {
            let text = fs::read_to_string(root().join(file)).unwrap();
            assert!(names(&text, rule.id), "{file} does not name {}", rule.id);
            if !laws.contains_key(rule.id) {
                law_named |= rule.law.iter().all(|law| squeezed(&text).contains(law));
            }
        }
        assert!(law_named, "no code of {} names its law", rule.id);
    }
}

#[test]
fn each_rule_has_a_test_in_which_it_allows_and_one_in_which_it_refuses() {
    let (mut files, mut tests) = (Vec::new(), BTreeSet::new());
    sources(&root().join("src"), &mut files);
    sources(&root().join("tests"), &mut files);
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for (place, _) in text.match_indices("#[test]").chain(text.match_indices("#[tokio::test")) {
            let name = text[place..].split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            tests.extend(name.map(|(name, _)| name.to_owned()));
        }
    }
    for rule in &RULES {
        for test in [rule.allows, rule.refuses] {
            assert!(tests.contains(test), "{}: there is no test {test}", rule.id);
        }
    }
}

/// Whether a text names a rule, and not just one whose number begins alike.
fn names(text: &str, rule: &str) -> bool {
    text.match_indices(rule).any(|(place, _)| {
        let after = text[place + rule.len()..].chars().next();
        !after.is_some_and(|c| c.is_ascii_digit())
    })
}

/// Without the line ends and comment signs that a long comment or text has.
fn squeezed(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches('/'));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
