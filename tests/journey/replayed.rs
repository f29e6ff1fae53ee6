//! A draft of the rules is tried on what was decided, before it is published: exactly the answers that it
//! changes are told, on the facts as they were then.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use portcullis::{
    cli::{Exit, run_on, terminal::Terminal},
    journey::{
        Code,
        replay::{Change, Question, Rules, Summary, Told, Unreproducible, What, replay},
    },
    ledger::event::{Entry, Event, Judged},
    message::EventId,
    policy::Policies,
    store::Span,
};
use serde_json::{Value, json};

use crate::support::{CO_ORDINATOR, Case, MINUTES, Message, NOTIFICATION, PACK, REFERRAL, TestGateway, set};

const TRANSFER: &str = include_str!("../messages/accepted/transfer-level1.json");

const EVER: Span = Span { from: Timestamp::MIN, until: Timestamp::MAX };

/// What somebody might write in haste.
const CARELESS: &str = r#"
@id("P17-careless") @legal_basis("CJA 2003 s.325(4)") @source("a draft")
@text("Minutes go to every body with a duty to co-operate.") @missing("no such duty")
permit(principal, action == Action::"receive_minutes", resource)
when { principal.status == Status::"dtc" };
"#;

/// What came of a replay.
struct Replayed {
    summary: Summary,
    changes: Vec<Change>,
    not_reproducible: Vec<(EventId, Unreproducible)>,
}

impl Replayed {
    async fn of(gateway: &TestGateway, draft: &Path) -> Self {
        let in_force = Policies::load(&gateway.config.directory.policies).unwrap();
        let draft = Policies::load(draft).unwrap();
        let rules = Rules { draft: &draft, in_force: Some(&in_force) };
        let (mut changes, mut not_reproducible) = (Vec::new(), Vec::new());
        let mut tell = |told| match told {
            Told::Change(change) => changes.push(change),
            Told::NotReproducible { event_id, why, .. } => not_reproducible.push((event_id, why)),
        };
        let store = &gateway.gateway().store;
        let summary = replay(&**store, &rules, EVER, &mut tell).await.unwrap();
        Self { summary, changes, not_reproducible }
    }

    /// The same rules, which prove the replay: every decision is made again, and nothing changes.
    async fn unchanged(gateway: &TestGateway) -> Summary {
        let same = Self::of(gateway, &gateway.config.directory.policies).await;
        assert_eq!(same.not_reproducible, []);
        assert_eq!(same.changes, []);
        assert_eq!((same.summary.changes(), same.summary.unproved), (0, 0), "{:?}", same.summary);
        same.summary
    }

    fn told(&self) -> BTreeSet<(What, String, String)> {
        let told = self.changes.iter().map(|change| {
            let to = change.recipient.as_ref().map(ToString::to_string).unwrap_or_default();
            (change.what, change.message_type.to_string(), to)
        });
        told.collect()
    }
}

/// The rules in force, changed.
fn draft(gateway: &TestGateway, change: impl Fn(&str, String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(&gateway.config.directory.policies).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        fs::write(folder.path().join(name), change(name, fs::read_to_string(&path).unwrap())).unwrap();
    }
    folder
}

/// Without the policies of one rule. Each stands in a paragraph of its own.
fn without(gateway: &TestGateway, rule: &str) -> tempfile::TempDir {
    let named = format!("@id(\"{rule}-");
    draft(gateway, |_, text| {
        let kept = text.split("\n\n").filter(|policy| !policy.contains(&named));
        kept.collect::<Vec<_>>().join("\n\n")
    })
}

fn with_careless(gateway: &TestGateway) -> tempfile::TempDir {
    draft(gateway, |name, text| if name == "minutes.cedar" { text + CARELESS } else { text })
}

fn minutes(gateway: &TestGateway, case: &Case, to: &[&str]) -> Message {
    case.message(gateway, MINUTES).with("/body/minutes_status", json!("draft")).for_all(to)
}

/// A case with a meeting: probation present, youth justice with an action, tagging neither.
async fn met(gateway: &TestGateway) -> Case {
    let mut case = gateway.case(&["kent-probation", "kent-tagging"]).await;
    case.meeting.confirmed = set(&["kent-probation", "kent-tagging"]);
    case.meeting.attended = set(&["kent-probation"]);
    case.meeting.action_owners = set(&["kent-yot"]);
    case.record(gateway).await;
    case
}

/// Accepts, refuses and checks: one decision of each sort.
async fn decide_much(gateway: &TestGateway, case: &Case) -> Message {
    let accepted = minutes(gateway, case, &["kent-probation", "kent-yot", CO_ORDINATOR]);
    gateway.post(CO_ORDINATOR, &accepted).await;
    let refused = async |sender: &str, message: Message, code: Code, status: u16| {
        gateway.door(sender).post(message.bytes()).await.problem(code, status);
    };
    for never in ["kent-tagging", "kent-crown-court", "kent-smb"] {
        refused(CO_ORDINATOR, minutes(gateway, case, &["kent-yot", never]), Code::NotPermitted, 403).await;
    }
    let pack = case.message(gateway, PACK).with("/attachments", json!([]));
    refused("kent-police", pack.clone().from("kent-police"), Code::NotPermitted, 403).await;
    gateway.post(CO_ORDINATOR, &pack.unaddressed()).await;
    // By a sender who is told no more of a permit than its rule.
    gateway.post("kent-probation", &case.message(gateway, REFERRAL).from("kent-probation")).await;
    // Victim data, to one who may have it and one who may not.
    let whole = Message::new(gateway, REFERRAL, &case.case_ref).from(CO_ORDINATOR);
    let both = whole.to(&["kent-probation", "kent-tagging"]);
    gateway.door(CO_ORDINATOR).post(both.bytes()).await;
    // Nobody knows the recipient; the lead agency that it names; the case, for all that the sender learns.
    refused(
        "kent-police",
        gateway.referral().to(&[CO_ORDINATOR, "kent-nobody"]),
        Code::UnknownRecipient,
        422,
    )
    .await;
    let strange = gateway.referral().with("/body/mappa/lead_agency", json!("words-of-a-sender"));
    gateway.door("kent-police").post(strange.bytes()).await;
    let claim = case.message(gateway, NOTIFICATION).from("hmp-thornfield");
    gateway.post("hmp-thornfield", &claim.with("/body/mappa/lead_agency", json!("hmp-thornfield"))).await;
    // Looked at, and decided, by a check; and one that is refused before the rules are asked.
    gateway.door("kent-police").check(gateway.referral().to(&["kent-yot"]).bytes()).await;
    refused("kent-police", gateway.referral().with("/area", json!("99")), Code::Schema, 422).await;
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_in_force_change_nothing_and_every_decision_is_made_again() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    decide_much(&gateway, &case).await;
    let summary = Replayed::unchanged(&gateway).await;
    let kinds = ["message.accepted", "message.refused", "message.checked"];
    let events = gateway.events().await;
    let told = events.iter().filter(|event| kinds.contains(&event["type"].as_str().unwrap())).count();
    assert_eq!((summary.decisions + summary.undecided) as usize, told);
    assert!(summary.decisions >= 13 && summary.unchanged > summary.decisions, "{summary:?}");
    assert_eq!(summary.undecided, 1, "only what its schema refused");
    gateway.stop().await;
}

/// Who claims a case that others lead is the lead of its claim, and so is who replays it.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_about_a_claim_is_made_again_on_the_claim() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let who = "hmp-thornfield";
    let claim = case.message(&gateway, NOTIFICATION).from(who);
    gateway.post(who, &claim.with("/body/mappa/lead_agency", json!(who))).await;
    let mut transfer = case.message(&gateway, TRANSFER).from(who);
    transfer.0["attachments"] = json!([]);
    gateway.post(who, &transfer).await;
    let event = gateway.events_of("message.accepted").await.pop().unwrap();
    let version = event["asked"]["decided_on"]["case_facts"].as_u64().unwrap();
    let then = gateway.gateway().store.case_at(&case.case_ref, version).await.unwrap().unwrap();
    assert_eq!((then.claimant, then.lead), (Some(who.parse().unwrap()), Some(who.parse().unwrap())));
    Replayed::unchanged(&gateway).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_without_p16_refuses_exactly_the_minutes_of_those_with_an_action() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let accepted = decide_much(&gateway, &case).await;
    let replayed = Replayed::of(&gateway, without(&gateway, "P16").path()).await;
    let wanted = (What::NewlyRefused, "minutes".to_owned(), "kent-yot".to_owned());
    assert_eq!(replayed.told(), [wanted].into());
    // The accepted minutes, and the three that were refused for somebody else's sake.
    assert_eq!(replayed.summary.newly_refused, 4, "{:?}", replayed.summary);
    assert_eq!((replayed.summary.not_reproducible, replayed.summary.newly_allowed), (0, 0));
    let change = &replayed.changes[0];
    assert_eq!((change.message_id, change.event.as_str()), (Some(accepted.id()), "message.accepted"));
    assert_eq!(change.old.by, ["P15-sender", "P16-action-owner"]);
    assert_eq!((change.new.allowed, change.new.by.len()), (false, 0), "no rule permits it");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careless_permit_shows_whom_it_would_have_let_in() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    decide_much(&gateway, &case).await;
    let replayed = Replayed::of(&gateway, with_careless(&gateway).path()).await;
    let told = |what, to: &str| (what, "minutes".to_owned(), to.to_owned());
    // Court and board stay out: their bars stand over any permit.
    let wanted = [told(What::NewlyAllowed, "kent-tagging"), told(What::RuleChanged, "kent-yot")];
    assert_eq!(replayed.told(), wanted.into());
    assert_eq!(replayed.summary.newly_allowed, 1);
    let change = replayed.changes.iter().find(|change| change.what == What::NewlyAllowed).unwrap();
    assert_eq!(change.question, Question::Transfer);
    assert_eq!((change.old.by.len(), change.new.by.last().map(String::as_str)), (0, Some("P17-careless")));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_and_the_directory_are_those_of_then() {
    let gateway = TestGateway::start().await;
    let mut case = met(&gateway).await;
    decide_much(&gateway, &case).await;
    let then = Replayed::unchanged(&gateway).await;
    // Nobody was there any more, another holds the action, one is suspended, another has no person left.
    case.meeting.attended = set(&["kent-tagging"]);
    case.meeting.action_owners = set(&["kent-tagging"]);
    case.meeting.confirmed.clear();
    case.record(&gateway).await;
    gateway.change_agency("kent-probation", |agency| agency.suspended = true).await;
    gateway.change_agency("kent-yot", |agency| agency.contacts.clear()).await;
    gateway.advance(std::time::Duration::from_secs(48 * 3600));
    assert_eq!(Replayed::unchanged(&gateway).await, then);
    let refused = Replayed::of(&gateway, without(&gateway, "P16").path()).await;
    assert_eq!(refused.told().len(), 1, "the same as before: {:?}", refused.told());
    // Only what is decided from now on rests on what holds now.
    gateway.post(CO_ORDINATOR, &minutes(&gateway, &case, &["kent-tagging"])).await;
    assert_eq!(Replayed::unchanged(&gateway).await.decisions, then.decisions + 1);
    gateway.stop().await;
}

/// Every sample message, by whom it says and to whom it says, about a case with a meeting: whatever becomes
/// of it, the decision is one that can be made again.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_about_any_type_of_message_can_be_made_again() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/accepted");
    let mut posted = 0;
    for entry in fs::read_dir(samples).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let sample: Value = serde_json::from_str(&text).unwrap();
        let about_case = sample.get("case_ref").is_some();
        let message =
            if about_case { case.message(&gateway, &text) } else { Message::about_no_case(&gateway, &text) };
        let sender = message.0["sender"]["agency_id"].as_str().unwrap().to_owned();
        let sender =
            if gateway.dir.join("agencies").join(&sender).exists() { sender } else { CO_ORDINATOR.into() };
        gateway.door(&sender).post(message.clone().from(&sender).bytes()).await;
        gateway.door(CO_ORDINATOR).post(message.from(CO_ORDINATOR).bytes()).await;
        // So that no refusal is only counted.
        gateway.advance(std::time::Duration::from_secs(61));
        posted += 2;
    }
    let summary = Replayed::unchanged(&gateway).await;
    assert_eq!(summary.uncounted, 0);
    assert!(summary.decisions > posted / 2, "{summary:?} of {posted}");
    eprintln!("{posted} posted, {summary:?}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_keeps_no_value_that_a_sender_chose() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    decide_much(&gateway, &case).await;
    let events = gateway.events().await;
    for event in events.iter().filter(|event| event.get("asked").is_some()) {
        let asked = event["asked"].to_string();
        for text in ["words-of-a-sender", "kent-nobody", "Invited to the meeting"] {
            assert!(!asked.contains(text), "{asked}");
        }
    }
    let stranger = events.iter().find(|event| event["asked"]["unknown_recipients"] == 1).unwrap();
    assert_eq!(stranger["code"], Code::UnknownRecipient.as_str());
    // To the sender of an accepted message its event is handed out: a case that it may not know has no
    // version there, and of a permit there is the rule alone.
    let of = |sender: &str| {
        let mut accepted = events.iter().filter(|event| event["type"] == "message.accepted");
        accepted.find(|event| event["sender"] == sender).unwrap()["asked"].clone()
    };
    assert_eq!(of("hmp-thornfield")["decided_on"]["case_facts"], 0);
    assert_eq!(of("kent-probation")["recipients"][0]["receiving"]["by"], json!(["P6"]));
    assert_eq!(of(CO_ORDINATOR)["sending"]["by"], json!(["P15-sender"]));
    gateway.stop().await;
}

/// A ledger that says what the rules did not say, or rests on what the store does not know, is found out.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_cannot_be_made_again_is_told_with_the_reason() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    gateway.post(CO_ORDINATOR, &minutes(&gateway, &case, &["kent-yot", "kent-probation"])).await;
    let events = gateway.events_of("message.accepted").await;
    let asked = &events.last().unwrap()["asked"];
    let forged = [
        ("/sending/by/0", json!("P15-elsewhere"), Unreproducible::Answer),
        ("/recipients/1/receiving/allowed", json!(false), Unreproducible::Answer),
        ("/recipients/0/agency_id", json!("kent-nobody"), Unreproducible::Agency),
        ("/decided_on/directory", json!(99), Unreproducible::Directory),
        ("/decided_on/case_facts", json!(99), Unreproducible::Facts),
        // By other rules: nobody can say whether they said so.
        ("/policy_set", json!("0"), Unreproducible::Answer),
    ];
    for (pointer, value, _) in &forged {
        let mut asked = asked.clone();
        *asked.pointer_mut(pointer).unwrap() = value.clone();
        let judged = Judged {
            sender: CO_ORDINATOR.parse().unwrap(),
            claimed: None,
            message_id: None,
            message_type: None,
            code: "accepted",
            faults: Vec::new(),
            asked: Some(Arc::new(serde_json::from_value(asked).unwrap())),
            uncounted: 0,
        };
        let now = gateway.gateway().clock.now();
        let entry = Entry::new(&Event::MessageChecked(judged), now, None, &gateway.random).unwrap();
        gateway.gateway().store.note(vec![entry]).await.unwrap();
    }
    let replayed = Replayed::of(&gateway, &gateway.config.directory.policies).await;
    let why: Vec<_> = forged[..5].iter().map(|(_, _, why)| *why).collect();
    assert_eq!(replayed.not_reproducible.iter().map(|(_, why)| *why).collect::<Vec<_>>(), why);
    assert_eq!((replayed.summary.unproved, replayed.summary.changes()), (1, 0), "{:?}", replayed.summary);
    let policies = gateway.config.directory.policies.to_str().unwrap().to_owned();
    let (exit, data, _) = command(&gateway, &["--draft", &policies]).await;
    assert_eq!(exit, Exit::Verification, "{data}");
    gateway.stop().await;
}

/// Runs the command as a person types it.
async fn command(gateway: &TestGateway, arguments: &[&str]) -> (Exit, String, String) {
    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let settings = gateway.installation.settings().to_str().unwrap().to_owned();
    let mut line = vec!["portcullis", "policy", "replay", "--config", &settings];
    line.extend(arguments);
    let line: Vec<String> = line.into_iter().map(str::to_owned).collect();
    let run = move || {
        let (data, talk) = (Screen::default(), Screen::default());
        let terminal = |json| Terminal::new(json, Box::new(data.clone()), Box::new(talk.clone()));
        let exit = run_on(line, terminal).unwrap();
        let text = |screen: Screen| String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        (exit, text(data), text(talk))
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_tells_counts_a_table_and_every_change_beside_a_running_gateway() {
    let gateway = TestGateway::start().await;
    let case = met(&gateway).await;
    let accepted = decide_much(&gateway, &case).await;
    let policies = gateway.config.directory.policies.to_str().unwrap().to_owned();
    let (exit, data, talk) = command(&gateway, &["--draft", &policies]).await;
    assert_eq!(exit, Exit::Ok, "{data}{talk}");

    let folder = without(&gateway, "P16");
    let folder = folder.path().to_str().unwrap();
    let (exit, data, _) = command(&gateway, &["--draft", folder]).await;
    assert_eq!(exit, Exit::Failed);
    let row = data.lines().last().unwrap();
    for word in ["newly refused", "minutes", "COORD → YOT", "P15-sender P16-action-owner → refused", " 4 "]
    {
        assert!(row.contains(word), "{word}: {data}");
    }
    assert!(row.contains(&accepted.id().to_string()), "{data}");
    let (_, data, _) = command(&gateway, &["--draft", folder, "--to", "2020-01-01"]).await;
    assert!(data.contains("0 asked again"), "{data}");

    let (exit, data, _) = command(&gateway, &["--json", "--draft", folder]).await;
    assert_eq!(exit, Exit::Failed);
    let lines: Vec<Value> = data.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[4]["summary"]["newly_refused"]), (5, &json!(4)));
    assert_eq!(lines[0]["change"]["recipient"], "kent-yot");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_does_not_load_names_file_and_policy() {
    let gateway = TestGateway::start().await;
    let broken = draft(&gateway, |name, text| match name {
        "minutes.cedar" => {
            text.replace("resource.meeting.attended.contains", "resource.meeting.atended.contains")
        }
        _ => text,
    });
    let (exit, data, talk) = command(&gateway, &["--draft", broken.path().to_str().unwrap()]).await;
    assert_eq!((exit, data.as_str()), (Exit::Config, ""));
    assert!(talk.contains("minutes.cedar") && talk.contains("P15-present"), "{talk}");
    gateway.stop().await;
}
