//! Who may tell the gateway what about a case, who sees it, and what becomes of it.

use std::time::Duration;

use jiff::Timestamp;
use portcullis::{
    journey::Code,
    message::{
        Approval, ApprovalId, ApprovalKind, CaseFacts, CaseRef, CaseStatement, Designation, DesignationId,
        InviteReason, Status,
    },
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{CO_ORDINATOR, Case, Door, MINUTES, NOTIFICATION, REFERRAL, Reply, TestGateway, set};

async fn holds(gateway: &TestGateway, case: &CaseRef) -> CaseFacts {
    gateway.gateway().store.case(case).await.unwrap().unwrap()
}

async fn put(gateway: &TestGateway, agency: &str, path: &str, body: &Value) -> Reply {
    let request = gateway.door(agency).request(Method::PUT, path);
    Door::send(request.header("content-type", "application/json").body(body.to_string())).await.unwrap()
}

/// How many facts the ledger tells of, and events of a kind.
async fn counted(gateway: &TestGateway, kind: &str) -> (usize, usize) {
    (gateway.events_of("fact.changed").await.len(), gateway.events_of(kind).await.len())
}

fn days(gateway: &TestGateway, days: u64) -> Timestamp {
    gateway.gateway().clock.now() + Duration::from_secs(days * 24 * 60 * 60)
}

fn designation(gateway: &TestGateway, of: &str) -> Designation {
    let now = gateway.gateway().clock.now();
    Designation {
        designation_id: DesignationId::new(now, gateway.random.bytes().unwrap()),
        agency_id: of.parse().unwrap(),
        ra_agency: "kent-police".parse().unwrap(),
        reason: InviteReason::SignificantContribution,
        start: now,
        expiry: days(gateway, 90),
    }
}

fn approval(gateway: &TestGateway, case: &Case, kind: ApprovalKind, by: &str, to: &str) -> Approval {
    Approval {
        approval_id: ApprovalId::new(gateway.gateway().clock.now(), gateway.random.bytes().unwrap()),
        kind,
        by: by.parse().unwrap(),
        to: to.parse().unwrap(),
        meeting_id: Some(case.meeting.meeting_id),
        message_id: None,
        until: days(gateway, 30),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_tells_of_conviction_and_nationality() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let facts = holds(&gateway, &case.case_ref).await;
    assert_eq!((facts.convicted, facts.foreign_national), (Some(true), Some(false)));
    let foreign = gateway.unknown_case();
    let mut message =
        foreign.message(&gateway, NOTIFICATION).with("/body/offender/nationality", json!("Polish"));
    message.0["body"]["offender"].as_object_mut().unwrap().remove("foreign_national");
    gateway.post("kent-police", &message).await;
    assert_eq!(holds(&gateway, &foreign.case_ref).await.foreign_national, Some(true));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_states_a_case_and_the_circle_sees_what_holds() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let stated = CaseStatement {
        purposes: Some([portcullis::message::Purpose::A, portcullis::message::Purpose::B].into()),
        category: Some(3),
        lead: Some("kent-probation".parse().unwrap()),
        foreign_national: Some(true),
        ..CaseStatement::default()
    };
    let unit = gateway.client(CO_ORDINATOR);
    unit.put_case(&case.case_ref, &stated).await.unwrap();
    let written = counted(&gateway, "fact.changed").await;
    unit.put_case(&case.case_ref, &stated).await.unwrap();
    assert_eq!(counted(&gateway, "fact.changed").await, written, "the same again writes nothing");

    for (agency, shown) in
        [(CO_ORDINATOR, true), ("kent-probation", true), ("kent-yot", true), ("kent-homes", false)]
    {
        let reply = gateway.door(agency).get(&format!("/v1/cases/{}", case.case_ref)).await;
        if shown {
            assert_eq!(reply.status.as_u16(), 200, "{agency}");
            let told = reply.json();
            assert_eq!(told["lead"], "kent-probation");
            assert_eq!(told["purposes"], json!(["a", "b"]));
            assert_eq!((&told["category"], &told["convicted"]), (&json!(3), &json!(true)));
            assert_eq!(told["meetings"][0]["invited"][0]["agency_id"], "kent-yot");
        } else {
            reply.problem(Code::CaseNotKnown, 404);
        }
    }
    let looks = gateway.events_of("record.viewed").await;
    let looks: Vec<_> = looks.iter().filter(|look| look["view"] == "case").collect();
    assert_eq!(looks.len(), 3);
    assert_eq!(looks[0]["shown"], json!([case.case_ref]));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_states_a_case_and_nothing_unfit_is_stated() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let path = format!("/v1/cases/{}", case.case_ref);
    let version = holds(&gateway, &case.case_ref).await.version;
    for member in ["kent-police", "kent-yot"] {
        let reply = put(&gateway, member, &path, &json!({ "lead": member })).await;
        reply.problem(Code::Facts, 422);
    }
    for (body, pointer, code) in [
        (json!({}), "", "min_properties"),
        (json!({ "purposes": [] }), "/purposes", "min_items"),
        (json!({ "category": 5 }), "/category", "maximum"),
        (json!({ "lead": "kent-nobody" }), "/lead", "unknown_agency"),
        (json!({ "lead": "kent-smb" }), "", "CASE"),
        (json!({ "level": 2 }), "", "format"),
        (json!(["a"]), "", "format"),
    ] {
        let reply = put(&gateway, CO_ORDINATOR, &path, &body).await;
        reply.problem(Code::Facts, 422);
        assert_eq!(reply.faults(), [(pointer.to_owned(), code.to_owned())], "{body}");
    }
    assert_eq!(holds(&gateway, &case.case_ref).await.version, version);
    assert_eq!(gateway.events_of("fact.refused").await.len(), 9);
    gateway.stop().await;
}

/// A referral opens a case with the lead that it proposes. That agency's own notification settles it;
/// no other member's does, and then it is the unit's to say.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_agency_that_the_case_names_states_itself_the_lead() {
    let gateway = TestGateway::start().await;
    let case = gateway.unknown_case();
    let names = |sample: &str, from: &str, lead: &str| {
        case.message(&gateway, sample).from(from).with("/body/mappa/lead_agency", json!(lead))
    };
    gateway.post("kent-police", &names(REFERRAL, "kent-police", "kent-probation")).await;
    let facts = holds(&gateway, &case.case_ref).await;
    assert_eq!((facts.lead, facts.proposed_lead), (None, Some("kent-probation".parse().unwrap())));

    gateway.post("kent-police", &names(NOTIFICATION, "kent-police", "kent-police")).await;
    let last = gateway.events_of("fact.changed").await.pop().unwrap();
    assert_eq!(last["fact"], json!({ "kind": "claimed", "by": "kent-police", "as_lead": true }));
    assert_eq!(holds(&gateway, &case.case_ref).await.lead, None);

    gateway.post("kent-probation", &names(NOTIFICATION, "kent-probation", "kent-probation")).await;
    assert_eq!(holds(&gateway, &case.case_ref).await.lead, Some("kent-probation".parse().unwrap()));
    let to_yot = CaseStatement { lead: Some("kent-yot".parse().unwrap()), ..CaseStatement::default() };
    gateway.client(CO_ORDINATOR).put_case(&case.case_ref, &to_yot).await.unwrap();
    assert_eq!(holds(&gateway, &case.case_ref).await.lead, Some("kent-yot".parse().unwrap()));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn final_minutes_tell_who_was_present_and_a_draft_does_not() {
    let gateway = TestGateway::start().await;
    let mut case = gateway.case(&["kent-yot"]).await;
    case.meeting.attended = set(&["kent-homes"]);
    case.record(&gateway).await;
    let draft = case.message(&gateway, MINUTES).with("/body/minutes_status", json!("draft"));
    gateway.post(CO_ORDINATOR, &draft.for_all(&["kent-police"])).await;
    assert_eq!(holds(&gateway, &case.case_ref).await.meetings[0].attended, set(&["kent-homes"]));

    // The trust is present by these very minutes, housing has an action by them; the landlord is neither.
    let minutes = case.message(&gateway, MINUTES);
    let landlord = minutes.clone().for_all(&["kent-mh-trust", "kent-homes"]);
    let reply = gateway.door(CO_ORDINATOR).post(landlord.bytes()).await;
    reply.problem(Code::NotPermitted, 403);
    assert_eq!(holds(&gateway, &case.case_ref).await.meetings[0].attended, set(&["kent-homes"]));
    gateway.post(CO_ORDINATOR, &minutes.for_all(&["kent-mh-trust", "kent-yot"])).await;
    let facts = holds(&gateway, &case.case_ref).await;
    assert!(facts.minuted.contains(&case.meeting.meeting_id));
    assert!(facts.meetings[0].attended.contains(&"kent-mh-trust".parse().unwrap()));
    assert!(facts.meetings[0].action_owners.contains(&"kent-yot".parse().unwrap()));

    // A record of the meeting that comes later changes who is invited, and not who was there.
    case.record(&gateway).await;
    assert_eq!(holds(&gateway, &case.case_ref).await.meetings[0].attended, facts.meetings[0].attended);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_designates_an_associate_and_the_officer_stands_sealed_in_the_ledger() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot"]).await;
    let made = designation(&gateway, "kent-homes");
    let unit = gateway.client(CO_ORDINATOR);
    unit.put_designation(&case.case_ref, &made, "DI Judith Penhale").await.unwrap();
    assert_eq!(holds(&gateway, &case.case_ref).await.designations, std::slice::from_ref(&made));
    let written = counted(&gateway, "designation.made").await;
    unit.put_designation(&case.case_ref, &made, "DI Judith Penhale").await.unwrap();
    assert_eq!(counted(&gateway, "designation.made").await, written, "the same again writes nothing");

    let events = gateway.events_of("designation.made").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["designation"]["agency_id"], "kent-homes");
    assert_eq!(events[0]["by"], CO_ORDINATOR);
    assert_eq!(gateway.audited(&events[0]["audit"])["officer"], "DI Judith Penhale");
    let all = gateway.events().await;
    assert!(!serde_json::to_string(&all).unwrap().contains("Penhale"), "nowhere in clear");

    // It ends early, and stays the one designation that it is.
    let ended = Designation { expiry: made.start + Duration::from_secs(60), ..made.clone() };
    unit.put_designation(&case.case_ref, &ended, "DI Judith Penhale").await.unwrap();
    gateway.advance(Duration::from_secs(61));
    let facts = holds(&gateway, &case.case_ref).await;
    assert_eq!(facts.designations, [ended]);
    assert!(facts.designation(&made.agency_id, gateway.gateway().clock.now()).is_none());
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_designation_that_the_law_does_not_carry_is_refused() {
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-yot", "kent-probation"]).await;
    let made = designation(&gateway, "kent-homes");
    let refused = async |agency: &str, made: &Designation, officer: &str| {
        let put = gateway.client(agency).put_designation(&case.case_ref, made, officer).await;
        let document = put.err().unwrap().problem().unwrap().document.clone();
        document.errors.into_iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    assert_eq!(refused("kent-police", &made, "A N Officer").await, ["default_deny"]);
    assert_eq!(refused(CO_ORDINATOR, &made, "  ").await, ["format"]);
    let with = |change: &dyn Fn(&mut Designation)| {
        let mut made = made.clone();
        change(&mut made);
        made
    };
    for (made, code) in [
        (with(&|made| made.agency_id = "kent-yot".parse().unwrap()), "P22"),
        (with(&|made| made.ra_agency = "kent-yot".parse().unwrap()), "P22"),
        (with(&|made| made.ra_agency = "sussex-police".parse().unwrap()), "P22"),
        (with(&|made| made.expiry = made.start), "P22"),
        (with(&|made| made.expiry = days(&gateway, 367)), "P22"),
        (with(&|made| made.agency_id = "kent-nobody".parse().unwrap()), "unknown_agency"),
    ] {
        assert_eq!(refused(CO_ORDINATOR, &made, "A N Officer").await, [code], "{made:?}");
    }
    assert!(holds(&gateway, &case.case_ref).await.designations.is_empty());

    // One id is one body's designation in one case.
    gateway.change_agency("kent-tagging", |agency| agency.status = Status::Associate).await;
    gateway.client(CO_ORDINATOR).put_designation(&case.case_ref, &made, "A N Officer").await.unwrap();
    let other = with(&|made| made.agency_id = "kent-tagging".parse().unwrap());
    assert_eq!(refused(CO_ORDINATOR, &other, "A N Officer").await, ["unique"]);
    let elsewhere = gateway.unknown_case();
    gateway.post("kent-police", &elsewhere.message(&gateway, NOTIFICATION)).await;
    let put = gateway.client(CO_ORDINATOR).put_designation(&elsewhere.case_ref, &made, "A N Officer").await;
    assert_eq!(put.err().unwrap().problem().unwrap().document.errors[0].code, "unique");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_approval_is_given_by_those_who_may() {
    use ApprovalKind::{Category4, ExecSummary, MinutesRelease, Smb};
    let gateway = TestGateway::start().await;
    let case = gateway.case(&["kent-probation"]).await;
    let mut given = 0;
    for (kind, to, who) in [
        (MinutesRelease, "kent-homes", CO_ORDINATOR),
        (ExecSummary, "kent-crown-court", CO_ORDINATOR),
        (Category4, "kent-council-housing", "kent-police"),
        (Smb, "kent-council-csc", "kent-smb"),
    ] {
        for agency in [CO_ORDINATOR, "kent-police", "kent-probation", "kent-smb"] {
            let approval = approval(&gateway, &case, kind, agency, to);
            let client = gateway.client(agency);
            let answer = client.put_approval(&case.case_ref, &approval, "Agreed on 20 November.").await;
            assert_eq!(answer.is_ok(), agency == who, "{kind} by {agency}");
            given += usize::from(answer.is_ok());
        }
    }
    let facts = holds(&gateway, &case.case_ref).await;
    assert_eq!((given, facts.approvals.len()), (4, 4));
    let events = gateway.events_of("approval.made").await;
    assert_eq!(events.len(), 4);
    assert_eq!(gateway.audited(&events[0]["audit"])["reason"], "Agreed on 20 November.");
    let all = gateway.events().await;
    assert!(!serde_json::to_string(&all).unwrap().contains("Agreed on"), "nowhere in clear");

    // Nobody takes back by its id what another gave, and nobody approves in another's name.
    let police = facts.approvals.iter().find(|known| known.kind == Category4).unwrap();
    let seized = approval(&gateway, &case, MinutesRelease, CO_ORDINATOR, "kent-homes");
    let seized = Approval { approval_id: police.approval_id, ..seized };
    let put_it = gateway.client(CO_ORDINATOR).put_approval(&case.case_ref, &seized, "why").await;
    assert_eq!(put_it.err().unwrap().problem().unwrap().document.errors[0].code, "unique");
    let body = json!({ "case_ref": case.case_ref, "kind": "minutes_release", "by": "kent-mappa", "to": "kent-homes",
        "meeting_id": case.meeting.meeting_id, "reason": "why", "until": days(&gateway, 1) });
    let path = format!("/v1/approvals/{}", seized.meeting_id.unwrap());
    let reply = put(&gateway, CO_ORDINATOR, &path, &body).await;
    assert_eq!(reply.faults(), [("/by".to_owned(), "format".to_owned())]);
    // A release is for a meeting of this very case.
    let unscoped = Approval {
        meeting_id: Some(gateway.unknown_case().meeting.meeting_id),
        ..approval(&gateway, &case, ExecSummary, CO_ORDINATOR, "kent-crown-court")
    };
    let put_it = gateway.client(CO_ORDINATOR).put_approval(&case.case_ref, &unscoped, "why").await;
    assert_eq!(put_it.err().unwrap().problem().unwrap().document.errors[0].code, "unknown_meeting");

    // Taken back.
    let ended = Approval { until: gateway.gateway().clock.now(), ..police.clone() };
    gateway.client("kent-police").put_approval(&case.case_ref, &ended, "No longer needed.").await.unwrap();
    let now = gateway.gateway().clock.now();
    assert_eq!(holds(&gateway, &case.case_ref).await.approvals(Category4, &ended.to, now).count(), 0);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_one_may_not_know_answers_every_call_as_one_that_is_not_there() {
    let gateway = TestGateway::start().await;
    let known = gateway.case(&["kent-yot"]).await;
    let nobodys = gateway.unknown_case();
    let stranger = "kent-immigration";
    let calls = async |case: &Case| {
        let path = format!("/v1/cases/{}", case.case_ref);
        let made = designation(&gateway, "kent-homes");
        let designated = json!({ "case_ref": case.case_ref, "agency_id": made.agency_id,
            "ra_agency": made.ra_agency, "officer": "A N Officer", "reason": made.reason, "start": made.start,
            "expiry": made.expiry });
        let approved = |kind: &str| {
            json!({ "case_ref": case.case_ref, "kind": kind, "to": "kent-homes",
                "meeting_id": known.meeting.meeting_id, "reason": "why", "until": made.expiry })
        };
        let id = gateway.new_message_id();
        let mut replies = vec![
            gateway.door(stranger).get(&path).await,
            put(&gateway, stranger, &path, &json!({ "category": 2 })).await,
            put(&gateway, stranger, &path, &json!({})).await,
            put(&gateway, stranger, &path, &json!({ "lead": "kent-nobody" })).await,
            put(&gateway, stranger, &format!("/v1/designations/{id}"), &designated).await,
        ];
        for kind in ["minutes_release", "exec_summary", "cat4", "smb"] {
            replies.push(put(&gateway, stranger, &format!("/v1/approvals/{id}"), &approved(kind)).await);
        }
        replies
    };
    let (one, other) = (calls(&known).await, calls(&nobodys).await);
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(&other) {
        one.problem(Code::CaseNotKnown, 404);
        assert_eq!(one.distinguishable(), other.distinguishable());
    }
    // A reference of no form names no case either.
    let reply = gateway.door(stranger).get("/v1/cases/46-2026").await;
    assert_eq!(reply.distinguishable(), one[0].distinguishable());
    gateway.stop().await;
}
