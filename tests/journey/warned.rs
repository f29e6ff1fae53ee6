//! What the rules only warn about travels with the message, to its sender, its readers and the ledger.

use portcullis::{journey::Code, journey::statement, schema::Fault};
use serde_json::{Value, json};

use crate::support::{Builder, CO_ORDINATOR, Message, TestGateway};

/// A referral that a rule warns about: somebody in the household is of no class.
fn referral(gateway: &TestGateway) -> Message {
    gateway.referral().with("/body/offender/household", json!([{ "relationship": "sister" }]))
}

const PLACE: &str = "/body/offender/household/0/data_subject_class";

fn classless(warnings: &[Fault]) -> &Fault {
    warnings.iter().find(|warning| warning.pointer == PLACE).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_stands_in_the_receipt_the_statement_and_the_ledger() {
    let gateway = TestGateway::start().await;
    let message = referral(&gateway);
    let receipt = gateway.post("kent-police", &message).await;
    let warning = classless(&receipt.warnings);
    assert_eq!(warning.rule.as_deref(), Some("V70"));
    assert!(!warning.message.is_empty() && warning.fix.contains("`data_subject_class`"));

    let keys = gateway.client(CO_ORDINATOR).keys().await.unwrap().value;
    let stated = statement::verify(&receipt.statement, &keys).unwrap();
    let read = gateway.collect(CO_ORDINATOR, gateway.only_item(CO_ORDINATOR).await.delivery_id).await;
    for statement in [stated, read.statement] {
        let told = statement.warnings.iter().find(|told| told.pointer == PLACE).unwrap();
        assert_eq!((told.rule.as_str(), told.code.as_str()), ("V70", "data_subject_class_missing"));
    }
    let event = &gateway.events_of("message.accepted").await[0];
    let kept = event["statements"][0]["warnings"].as_array().unwrap();
    assert!(kept.iter().any(|warning| warning["pointer"] == PLACE), "{event}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_warns_in_the_same_words() {
    let gateway = TestGateway::start().await;
    let message = referral(&gateway);
    let checked = gateway.client("kent-police").check(message.bytes()).await.unwrap().value;
    let receipt = gateway.post("kent-police", &message).await;
    assert_eq!(checked.warnings, receipt.warnings);
    assert!(!checked.warnings.is_empty());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_refuses_what_others_warn_about() {
    let raised = |text: String| {
        let severities = "severities = { data_subject_class_missing = \"reject\" }";
        text.replace("code = \"46\"\n", &format!("code = \"46\"\n{severities}\n"))
    };
    let builder = Builder::default().config(move |config| {
        let areas = &config.directory.areas;
        std::fs::write(areas, raised(std::fs::read_to_string(areas).unwrap())).unwrap();
    });
    let gateway = builder.start().await;
    let message = referral(&gateway);
    let reply = gateway.door("kent-police").post(message.bytes()).await;
    let problem = reply.problem(Code::Rules, 422);
    let errors: Vec<&Value> = problem["errors"].as_array().unwrap().iter().collect();
    assert_eq!(errors.len(), 1, "{problem}");
    assert_eq!((&errors[0]["rule"], &errors[0]["severity"]), (&json!("V70"), &json!("reject")));
    let fine = message.with(
        "/body/offender/household",
        json!([{ "relationship": "sister", "data_subject_class": "other" }]),
    );
    gateway.post("kent-police", &fine).await;
    gateway.stop().await;
}
