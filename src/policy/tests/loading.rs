//! What loads and what does not.

use super::support::*;
use crate::{
    message::MessageType,
    policy::{Policies, PolicyFault},
};

const PLAIN: &str = r#"@id("P1-x") @legal_basis("CJA 2003 s.325(4)") @source("domain P1") @text("No.")
forbid(principal, action in [Action::"send"], resource) when { principal.suspended };"#;

fn schema() -> String {
    std::fs::read_to_string(folder().join("schema.cedarschema")).unwrap()
}

fn one_file(text: &str) -> Result<Policies, PolicyFault> {
    Policies::from_sources(&schema(), &[("sending.cedar".into(), text.into())])
}

fn refused(loaded: Result<Policies, PolicyFault>) -> String {
    loaded.err().map(|fault| fault.to_string()).unwrap()
}

#[test]
fn every_fault_tells_file_policy_line_reason_and_remedy() {
    let told = |text: &str| one_file(text).err().map(|fault| fault.told()).unwrap();
    let permit = PLAIN.replace("forbid(", "permit(");
    let twice = format!("{PLAIN}\n{PLAIN}");
    for (text, words) in [
        (PLAIN.replace("forbid", "forbit"), &["`sending.cedar`", "line 2", "forbit"][..]),
        (
            PLAIN.replace("principal.suspended", "principal.suspendet"),
            &["`P1-x` in `sending.cedar`", "line 2", "`suspendet`", "did you mean `suspended`"],
        ),
        (
            PLAIN.replace(r#"@legal_basis("CJA 2003 s.325(4)")"#, ""),
            &["`P1-x` in `sending.cedar`", "no @legal_basis", "add `@legal_basis("],
        ),
        (PLAIN.replace(r#"@text("No.")"#, ""), &["`P1-x` in `sending.cedar`", "no @text", "add `@text("]),
        (permit, &["`P1-x` in `sending.cedar`", "no @missing", "add `@missing("]),
        (twice, &["`P1-x` in `sending.cedar`", "the id of another policy", "another @id"]),
        (
            PLAIN.replace("principal.suspended", "resource has body"),
            &["`P1-x` in `sending.cedar`", "line 1", "impossible", "remove it"],
        ),
    ] {
        let told = told(&text);
        for word in words {
            assert!(told.contains(word), "{word}: {told}");
        }
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
fn the_shipped_policies_load_and_every_one_is_explained() {
    let policies = shipped();
    assert!(policies.grounds.len() >= 100, "{}", policies.grounds.len());
    for ground in policies.grounds.values() {
        assert!(ground.id.starts_with(&format!("{}-", ground.rule)), "{}", ground.id);
        assert!(ground.text.as_deref().is_some_and(|text| text.ends_with('.')), "{}", ground.id);
    }
    assert_eq!(policies.sha256_hex().len(), 64);
}

#[test]
fn no_type_of_message_escapes_the_bars_that_hold_for_all() {
    let policies = shipped();
    let bars = |action| {
        let set = &policies.questions[&action].set;
        let forbids = set.policies().filter(|policy| policy.effect() == cedar_policy::Effect::Forbid);
        forbids.map(|policy| policy.id().to_string()).collect::<Vec<_>>()
    };
    let held = |action, wanted: &[&str]| {
        let bars = bars(action);
        for bar in wanted {
            assert!(bars.iter().any(|id| id == bar), "{bar}");
        }
    };
    for message_type in MessageType::ALL.iter().filter(|kind| kind.made_by_agencies()) {
        let mends = matches!(message_type, MessageType::Correction | MessageType::Recall);
        let (send, receive) = (policies.words.send(*message_type), policies.words.receive(*message_type));
        held(send.clone(), &["RECORD-consistent", "P1-suspended", "P1-within-325-4A"]);
        let always =
            ["RECORD-consistent", "P2-suspended", "P2-within-325-4A", "P4-each-recipient", "P11-listed"];
        held(receive.clone(), &always);
        held(receive.clone(), &["P31-necessity", "P39-registered"]);
        // What mends an earlier message follows it to whoever got it.
        if !mends {
            let sharing = ["P3-purpose", "P14-convicted", "P22-designated", "P23-designated"];
            held(send.clone(), &[&sharing[..], &["AREA-case", "AREA-sender"]].concat());
            let bars = ["AREA-recipient", "P18-court", "P32-named", "P32-approved"];
            held(receive.clone(), &[&sharing[..], &bars].concat());
        }
        let for_boards = matches!(
            message_type,
            MessageType::SfoNotice
                | MessageType::ScrReport
                | MessageType::AuditForm
                | MessageType::StatsReturn
        );
        if !mends && !for_boards {
            held(receive, &["P25-board"]);
        }
    }
}

#[test]
fn the_digest_is_that_of_what_sha256sum_prints() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let second = PLAIN.replace("P1-x", "P1-y");
    let (a, b) = (file("a.cedar", PLAIN), file("b.cedar", &second));
    let digest = |files: &[(String, String)]| Policies::from_sources(&schema(), files).unwrap().sha256_hex;
    let hex = |text: &str| crate::crypto::hex(&crate::crypto::sha256(text.as_bytes()));
    let printed = format!(
        "{}  a.cedar\n{}  b.cedar\n{}  schema.cedarschema\n",
        hex(PLAIN),
        hex(&second),
        hex(&schema())
    );
    assert_eq!(digest(&[b.clone(), a.clone()]), hex(&printed));
    assert_ne!(digest(&[a.clone(), b.clone()]), digest(&[a, file("c.cedar", &second)]));
}

#[test]
fn a_policy_without_its_annotations_is_refused_with_its_file_named() {
    assert!(one_file(PLAIN).is_ok());
    for (annotation, without) in [
        ("legal_basis", PLAIN.replace(r#"@legal_basis("CJA 2003 s.325(4)")"#, "")),
        ("legal_basis", PLAIN.replace(r#"@legal_basis("CJA 2003 s.325(4)")"#, r#"@legal_basis(" ")"#)),
        ("source", PLAIN.replace(r#"@source("domain P1")"#, "")),
        ("text", PLAIN.replace(r#"@text("No.")"#, "")),
    ] {
        let told = refused(one_file(&without));
        assert_eq!(told, format!("policy `P1-x` in `sending.cedar` has no @{annotation}"));
    }
    let told = refused(one_file(&PLAIN.replace(r#"@id("P1-x")"#, "")));
    assert_eq!(told, "policy `policy0` in `sending.cedar` has no @id");
}

#[test]
fn two_policies_cannot_have_one_id() {
    let files = [("a.cedar".into(), PLAIN.into()), ("b.cedar".into(), PLAIN.into())];
    let told = refused(Policies::from_sources(&schema(), &files));
    assert_eq!(told, "policy `P1-x` in `b.cedar` has the id of another policy");
}

#[test]
fn an_unknown_attribute_fails_validation() {
    let told = refused(one_file(&PLAIN.replace("principal.suspended", "principal.barred")));
    assert_eq!(told, "policy `P1-x` in `sending.cedar` does not fit the schema");
}

#[test]
fn a_policy_for_an_unknown_action_or_word_fails_validation() {
    for (known, unknown) in
        [(r#""send""#, r#""sent""#), ("principal.suspended", r#"principal.status == Status::"rA""#)]
    {
        let told = refused(one_file(&PLAIN.replace(known, unknown)));
        assert_eq!(told, "policy `P1-x` in `sending.cedar` does not fit the schema");
    }
}

#[test]
fn a_policy_that_can_never_apply_is_refused() {
    let told = refused(one_file(&PLAIN.replace("principal.suspended", "resource has body")));
    assert_eq!(told, "policy `P1-x` in `sending.cedar` is doubtful");
}

#[test]
fn templates_broken_text_and_empty_folders_are_refused() {
    let template = PLAIN.replace("(principal,", "(principal == ?principal,");
    assert_eq!(refused(one_file(&template)), "`sending.cedar` holds a template, only policies are allowed");
    assert_eq!(refused(one_file("permit(")), "`sending.cedar` is not Cedar text");
    assert_eq!(refused(one_file("// nothing")), "`*.cedar` holds no policy");
    assert!(matches!(Policies::from_sources("entity", &[]), Err(PolicyFault::Schema { .. })));

    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Policies::load(empty.path()), Err(PolicyFault::Unreadable { .. })));
    std::fs::write(empty.path().join("schema.cedarschema"), schema()).unwrap();
    assert!(matches!(Policies::load(empty.path()), Err(PolicyFault::NoPolicy { .. })));
    std::fs::write(empty.path().join("sending.cedar"), PLAIN).unwrap();
    std::fs::write(empty.path().join("sending.cedar.orig"), "not read").unwrap();
    assert!(Policies::load(empty.path()).is_ok());
}

#[test]
fn a_schema_that_lacks_a_word_of_ours_is_refused() {
    let with = |here: &str, there: &str| {
        assert!(schema().contains(here));
        let schema = schema().replacen(here, there, 1);
        refused(Policies::from_sources(&schema, &[("a.cedar".into(), PLAIN.into())]))
    };
    let told = with("send_invitation, ", "");
    assert_eq!(told, r#"`schema.cedarschema` does not know `Action::"send_invitation"`"#);
    for (here, there) in [
        (r#""aa", "#, ""),
        (r#""associate", "#, ""),
        (r#""EM_PROVIDER", "#, ""),
        ("in [Area, Case]", "in [Area]"),
        ("attended: Set<Agency>", "attended: Set<Area>"),
        ("associates: Set<Agency>", "associates: Set<Area>"),
        (r#""cat4", "#, ""),
        ("lead?: Agency", "lead?: String"),
        ("justified: Bool", "justified: Long"),
        ("justified: Bool,", ""),
    ] {
        assert_eq!(with(here, there), "`schema.cedarschema` does not fit what the gateway knows", "{here}");
    }
}
