//! The law of what allowed and of what refused stands in every place that tells of it: receipt, transfer
//! statement, problem document and ledger.

use std::time::Duration;

use portcullis::{
    journey::{Code, statement},
    message::{Designation, DesignationId, InviteReason, Status},
};
use serde_json::{Value, json};

use crate::support::{
    CO_ORDINATOR, Case, MINUTES, Message, PACK, SMALL_MINUTES, STATISTICS, TestGateway, set,
};

const REQUEST: &str = include_str!("../messages/accepted/info-request-housing.json");
const PLAN: &str = include_str!("../messages/accepted/rmp-level1-review.json");
const NOTICE: &str = include_str!("../messages/accepted/dwp-notice-community.json");
const CORRECTION: &str = include_str!("../messages/accepted/correction-referral.json");

/// Posts a message and gives the rules of its recipients, once receipt, statement and ledger agree.
async fn rules(gateway: &TestGateway, sender: &str, message: &Message) -> Vec<Vec<String>> {
    let receipt = gateway.post(sender, message).await;
    let keys = gateway.client(sender).keys().await.unwrap().value;
    let stated = statement::verify(&receipt.statement, &keys).unwrap();
    let event = gateway.events_of("message.accepted").await.pop().unwrap();
    assert_eq!(event["message_id"], json!(message.id()));
    for (index, to) in receipt.recipients.iter().enumerate() {
        assert!(!to.legal_basis.is_empty(), "no permission without its law");
        let stated = &stated.recipients[index];
        assert_eq!((&to.policies, &to.legal_basis), (&stated.policies, &stated.legal_basis));
        let logged = &event["statements"][0]["recipients"][index];
        assert_eq!(logged["agency_id"], json!(to.agency_id));
        assert_eq!(
            (&logged["policies"], &logged["legal_basis"]),
            (&json!(to.policies), &json!(to.legal_basis))
        );
    }
    receipt.recipients.into_iter().map(|to| to.policies).collect()
}

async fn designate(gateway: &TestGateway, case: &Case, who: &str) {
    gateway.change_agency(who, |agency| agency.status = Status::Associate).await;
    let now = gateway.gateway().clock.now();
    let made = Designation {
        designation_id: DesignationId::new(now, gateway.random.bytes().unwrap()),
        agency_id: who.parse().unwrap(),
        ra_agency: "kent-police".parse().unwrap(),
        reason: InviteReason::SignificantContribution,
        start: now,
        expiry: now + Duration::from_secs(60 * 60),
    };
    gateway.client(CO_ORDINATOR).put_designation(&case.case_ref, &made, "DI Judith Penhale").await.unwrap();
    for kind in ["designation.made", "fact.changed"] {
        let event = gateway.events_of(kind).await.pop().unwrap();
        assert_eq!(event["policies"], json!(["P22"]), "{kind}");
        assert_eq!(event["legal_basis"], json!(["CJA 2003 s.325(4A)(c)"]), "{kind}");
    }
}

/// One message for each family of policies.
#[tokio::test(flavor = "multi_thread")]
async fn receipt_statement_and_ledger_name_the_same_rules_and_laws() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.confirmed = set(&["kent-yot"]);
    case.meeting.attended = set(&["kent-yot"]);
    case.record(&gateway).await;
    designate(&gateway, &case, "kent-tagging").await;

    let referral = case.passed_on(&gateway, &["kent-yot"]);
    assert_eq!(rules(&gateway, CO_ORDINATOR, &referral).await, [["P6"]], "sending and receiving");
    let pack = case.message(&gateway, PACK).for_all(&["kent-yot"]).with("/attachments", json!([]));
    assert_eq!(rules(&gateway, CO_ORDINATOR, &pack).await, [["P9"]], "meetings");
    let minutes = case.message(&gateway, SMALL_MINUTES).with("/body/minutes_status", json!("draft"));
    let minutes = minutes.for_all(&["kent-yot", "kent-police"]);
    let told = rules(&gateway, CO_ORDINATOR, &minutes).await;
    assert_eq!(told, [vec!["P15"], vec!["P15", "P16"]], "minutes");
    let plan = case.message(&gateway, PLAN).from("kent-police").to(&[CO_ORDINATOR, "kent-tagging"]);
    assert_eq!(rules(&gateway, "kent-police", &plan).await, [vec!["P20"], vec!["P20", "P22"]], "associates");
    let request = case.message(&gateway, REQUEST).from("kent-police").to(&["kent-tagging"]);
    assert_eq!(rules(&gateway, "kent-police", &request).await, [["P7"]], "the exchange");
    let notice = case.message(&gateway, NOTICE).from("kent-police").to(&[CO_ORDINATOR]);
    assert_eq!(rules(&gateway, "kent-police", &notice).await, [["P21"]], "notices");
    let counts = Message::about_no_case(&gateway, STATISTICS).to(&[CO_ORDINATOR]);
    assert_eq!(rules(&gateway, "kent-police", &counts).await, [["P25"]], "the board");
    let mended = case.message(&gateway, CORRECTION).from(CO_ORDINATOR).to(&["kent-yot"]);
    let mended =
        mended.with("/body/message_id", json!(referral.id())).with("/supersedes", json!(referral.id()));
    assert_eq!(rules(&gateway, CO_ORDINATOR, &mended).await, [["P30"]], "mending");
    gateway.stop().await;
}

/// Posts a message that is refused, and gives rule and law of each fault, once answer and ledger agree.
async fn refused(gateway: &TestGateway, sender: &str, message: &Message) -> Vec<(Value, Value)> {
    let reply = gateway.door(sender).post(message.bytes()).await;
    let answer = reply.json();
    let event = gateway.events_of("message.refused").await.pop().unwrap();
    assert_eq!(event["id"], answer["reference"]);
    let pairs = |faults: &Value| -> Vec<(Value, Value)> {
        let faults = faults.as_array().unwrap().iter();
        faults.map(|fault| (fault["rule"].clone(), fault["legal_basis"].clone())).collect()
    };
    assert_eq!(pairs(&answer["errors"]), pairs(&event["faults"]));
    pairs(&answer["errors"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_its_rule_and_law_in_the_answer_and_in_the_ledger() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let request = || case.message(&gateway, REQUEST).from("kent-police");
    let bare = request().with("/recipients", json!([{ "agency_id": "kent-yot", "justification": " " }]));
    let one = |rule: &str, law: &str| vec![(json!(rule), json!(law))];
    assert_eq!(
        refused(&gateway, "kent-police", &bare).await,
        one("P4", "DPA 2018 ss.35, 37; ECHR Article 8"),
        "receiving"
    );
    let abroad = request().to(&["kent-smb"]);
    assert_eq!(refused(&gateway, "kent-police", &abroad).await, one("P25", "CJA 2003 s.326(1)"), "bars");
    let immigration = request().to(&["kent-immigration"]);
    assert_eq!(refused(&gateway, "kent-police", &immigration).await, one("P36", "CJA 2003 s.325(6)(j)"));
    let nobody = request().to(&["kent-nobody"]);
    assert_eq!(refused(&gateway, "kent-police", &nobody).await, one("P2", "CJA 2003 s.325(4), (4A)"));
    // Where no rule permits it, the law is that of the rules which would.
    let stranger = case.passed_on(&gateway, &["hmp-thornfield"]);
    let told = refused(&gateway, CO_ORDINATOR, &stranger).await;
    assert_eq!(told, [(Value::Null, json!("CJA 2003 s.325(4)"))]);
    let sender = case.message(&gateway, MINUTES).from("kent-yot").for_all(&["kent-yot"]);
    assert_eq!(refused(&gateway, "kent-yot", &sender).await, [(Value::Null, json!("CJA 2003 s.325(4)"))]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn material_of_investigatory_powers_is_refused_with_its_law() {
    let gateway = TestGateway::start().await;
    let mut message: Value =
        serde_json::from_str(include_str!("../messages/refused/P10.investigatory_powers_material.json"))
            .unwrap();
    message["message_id"] = json!(gateway.new_message_id());
    let told =
        refused(&gateway, message["sender"]["agency_id"].as_str().unwrap(), &Message(message.clone())).await;
    let law = "Investigatory Powers Act 2016; CJA 2003 s.325(4C)(b)";
    assert!(told.contains(&(json!("P10"), json!(law))), "{told:?}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_nothing_goes_to_a_server_abroad() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-council-housing"]).await;
    gateway
        .change_agency("kent-council-housing", |agency| {
            agency.mail.as_mut().unwrap().address = "housing@kent.example.fr".into();
        })
        .await;
    let told = refused(&gateway, CO_ORDINATOR, &case.passed_on(&gateway, &["kent-council-housing"])).await;
    assert_eq!(told, [(json!("P12"), json!("DPA 2018 Part 3 Chapter 5"))]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_sets_facts_is_refused_with_rule_and_law_too() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.invited[0].reason = None;
    let fault = gateway.client(CO_ORDINATOR).put_meeting(&case.case_ref, &case.meeting).await.err().unwrap();
    let told = fault.problem().unwrap().document.errors[0].clone();
    assert_eq!((told.rule.as_deref(), told.legal_basis.as_deref()), (Some("P8"), Some("DPA 2018 s.37")));
    let event = gateway.events_of("fact.refused").await.pop().unwrap();
    assert_eq!(
        (&event["faults"][0]["rule"], &event["faults"][0]["legal_basis"]),
        (&json!("P8"), &json!("DPA 2018 s.37"))
    );
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readers_are_bound_to_stands_in_the_statement_and_in_the_ledger() {
    let gateway = TestGateway::start().await;
    let bound = async |sender: &str, message: &Message| {
        let receipt = gateway.post(sender, message).await;
        let keys = gateway.client(sender).keys().await.unwrap().value;
        let stated = statement::verify(&receipt.statement, &keys).unwrap();
        let event = gateway.events_of("message.accepted").await.pop().unwrap();
        let logged = event["statements"][0].get("obligations").cloned().unwrap_or(json!([]));
        assert_eq!(json!(stated.obligations), logged);
        let told = stated.obligations.into_iter();
        told.map(|one| (one.rule, one.legal_basis)).collect::<Vec<_>>()
    };
    let within = ("P28".to_owned(), "CJA 2003 s.325(4); DPA 2018 s.37".to_owned());
    assert_eq!(bound("kent-police", &gateway.referral()).await, std::slice::from_ref(&within));
    let hospital = include_str!("../messages/accepted/notification-hospital.json");
    let health = gateway.unknown_case().message(&gateway, hospital);
    let sender = health.0["sender"]["agency_id"].as_str().unwrap().to_owned();
    let health = health.to(&[CO_ORDINATOR]);
    let label = ("P31".to_owned(), "DPA 2018 s.35(3), (5), (8)".to_owned());
    assert_eq!(bound(&sender, &health).await, [within, label]);
    let counts = Message::about_no_case(&gateway, STATISTICS).to(&[CO_ORDINATOR]);
    assert!(bound("kent-police", &counts).await.is_empty(), "counts are about nobody");
    gateway.stop().await;
}

/// P31 beside P4: what has one justification for all has one note for all.
#[tokio::test(flavor = "multi_thread")]
async fn computed_recipients_of_health_data_have_one_note_for_all() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.attended = set(&["kent-yot"]);
    case.record(&gateway).await;
    let minutes = || {
        let minutes = case.message(&gateway, SMALL_MINUTES).with("/body/minutes_status", json!("draft"));
        let listed = json!([{ "agency_id": CO_ORDINATOR, "reason": "Attended." }]);
        minutes.with("/body/distribution_list", listed).unaddressed()
    };
    let owned = |mut message: Message| {
        message.0["body"]["rmp"]["owner_agency"] = json!("kent-mh-trust");
        message
    };
    let told = refused(&gateway, CO_ORDINATOR, &owned(minutes())).await;
    assert!(!told.is_empty() && told.iter().all(|(rule, _)| rule == "P31"), "{told:?}");
    let mut noted = owned(minutes());
    noted.0["strict_necessity"] =
        json!("The plan rests on the treatment, and each of them has a part in it.");
    let receipt = gateway.post(CO_ORDINATOR, &noted).await;
    assert_eq!(receipt.recipients.len(), 2, "who was present, and the lead agency");
    gateway.stop().await;
}

/// P37: the unit watches its area, and reads only what is sealed to it.
#[tokio::test(flavor = "multi_thread")]
async fn the_unit_has_no_content_that_was_sent_to_others() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let request = case.message(&gateway, REQUEST).from("kent-police").to(&["kent-yot"]);
    let receipt = gateway.post("kent-police", &request).await;
    assert!(gateway.inbox(CO_ORDINATOR).await.is_empty());
    let path = format!("/v1/inbox/{}", receipt.recipients[0].delivery_id);
    gateway.door(CO_ORDINATOR).get(&path).await.problem(Code::NotFound, 404);
    gateway
        .door(CO_ORDINATOR)
        .get(&format!("/v1/messages/{}", request.id()))
        .await
        .problem(Code::NotFound, 404);
    gateway.stop().await;
}

/// P38: whoever sees no case sees counts at most.
#[tokio::test(flavor = "multi_thread")]
async fn the_operators_metrics_count_and_name_nobody() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    gateway.post(CO_ORDINATOR, &case.passed_on(&gateway, &["kent-yot"])).await;
    let metrics = gateway.gateway().metrics.text();
    assert!(metrics.contains("referral"), "{metrics}");
    for name in [case.case_ref.as_str(), "kent-yot", "kent-police"] {
        assert!(!metrics.contains(name), "{name}");
    }
    gateway.stop().await;
}
