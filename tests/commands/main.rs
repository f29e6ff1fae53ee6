//! The client commands, as a person types them, against a gateway over mutual TLS: a referral with an
//! attachment from the police to the co-ordination unit, and what goes wrong on the way.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it should be")]

mod hangup;
mod keys;
mod opened;
mod policy;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use portcullis::{
    cli::{
        Exit,
        init::{self, Addresses, Installation, Options},
        run_on,
        serve::{self, Listeners, Running},
        terminal::Terminal,
    },
    clock::Clock,
    config::{Config, read_agencies},
    crypto::{hex, random::Random, sha256},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Collects what a command writes.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a command ended.
struct Ended {
    exit: Exit,
    data: String,
    talk: String,
}

impl Ended {
    fn well(self) -> Self {
        assert_eq!(self.exit, Exit::Ok, "{}{}", self.data, self.talk);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// A gateway with a few agencies, in a folder of its own.
struct Place<Runs = Running> {
    folder: tempfile::TempDir,
    running: Runs,
}

/// An installation with free addresses, which are held until the listeners are dropped.
async fn install(folder: &tempfile::TempDir) -> (Listeners, Installation) {
    let wanted = ["kent-police", "kent-mappa", "kent-yot"];
    let sample =
        read_agencies(include_str!("../../config/agencies.toml"), Path::new("agencies.toml")).unwrap();
    let agencies = sample.into_iter().filter(|a| wanted.contains(&a.agency_id.as_str())).collect();
    let free = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listeners = Listeners { agencies: free().await, admin: free().await };
    let addresses = Addresses {
        agencies: listeners.agencies.local_addr().unwrap(),
        admin: listeners.admin.local_addr().unwrap(),
        ..Addresses::default()
    };
    let options = Options { agencies: Some(agencies), addresses, ..Options::default() };
    let (clock, random) = (Clock::system(), Random::system());
    let made = init::install(&folder.path().join("area"), &clock, &random, options).unwrap();
    (listeners, made)
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (listeners, made) = install(&folder).await;
        let config = Config::load(&made.settings()).unwrap();
        let running = serve::start(config, listeners, Clock::system(), Random::system()).await.unwrap();
        Self { folder, running }
    }
}

impl<Runs> Place<Runs> {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command as an agency. Commands have a runtime of their own, so a thread as well.
    /// The proof of the event, fetched with the copy, holds for the copy that was saved too; another does not.
    async fn the_ledger_speaks_for(&self, message_id: &str, delivery: &str, sealed: &str) {
        let out = self.path("proven").to_str().unwrap().to_owned();
        let open = async |copy: &str, proof: Option<&str>| {
            let mut line = vec!["inbox", "open", copy, "--out", &out];
            line.extend(proof.into_iter().flat_map(|file| ["--proof", file]));
            self.run("kent-mappa", &line).await
        };
        // The log is a moment behind.
        let tracked = async || self.run("kent-police", &["track", message_id, "--json"]).await.well().json();
        let caught_up = async { while !tracked().await["proof"].is_object() {} };
        tokio::time::timeout(std::time::Duration::from_secs(60), caught_up).await.unwrap();
        let opened = open(delivery, None).await.well();
        assert!(
            opened.data.contains("ledger    event ") && opened.data.contains(", under a signed checkpoint")
        );
        let proof = fs::read(format!("{out}/proof.json")).unwrap();
        let file = self.path("kept.json");
        let file = file.to_str().unwrap();
        fs::write(file, &proof).unwrap();
        assert!(open(sealed, Some(file)).await.well().data.contains("ledger    event "));
        assert!(open(sealed, None).await.well().data.contains("ledger    not checked"));
        fs::remove_dir_all(&out).unwrap();
        for (member, other) in [("index", json!(0)), ("commitment", json!("ab".repeat(32)))] {
            let mut forged: Value = serde_json::from_slice(&proof).unwrap();
            forged[member] = other;
            forged["inclusion_path"] = json!([]);
            fs::write(file, forged.to_string()).unwrap();
            let refused = open(sealed, Some(file)).await;
            assert_eq!(refused.exit, Exit::Verification, "{member}: {}", refused.talk);
            assert!(!Path::new(&out).exists(), "{member}");
        }
    }

    async fn run(&self, agency: &str, arguments: &[&str]) -> Ended {
        let dir = self.path("area").to_str().unwrap().to_owned();
        let mut line: Vec<String> = vec!["portcullis".into()];
        line.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        line.extend(["--dir".into(), dir, "--as".into(), agency.into()]);
        let commanded = move || {
            let (data, talk) = (Screen::default(), Screen::default());
            let terminal = |json| Terminal::new(json, Box::new(data.clone()), Box::new(talk.clone()));
            let exit = run_on(line, terminal).unwrap();
            Ended { exit, data: data.text(), talk: talk.text() }
        };
        tokio::task::spawn_blocking(commanded).await.unwrap()
    }

    /// A referral with one attachment, as files.
    fn referral(&self) -> (String, String) {
        let pdf =
            fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages/attachments/agency-report.pdf"))
                .unwrap();
        let mut message: Value =
            serde_json::from_str(include_str!("../messages/accepted/referral-minimal.json")).unwrap();
        message["attachments"] = json!([{ "name": "report.pdf", "media_type": "application/pdf",
            "bytes": pdf.len(), "sha256": hex(&sha256(&pdf)), "owner_agency": "kent-police",
            "contains_victim_data": false }]);
        fs::write(self.path("referral.json"), message.to_string()).unwrap();
        fs::write(self.path("report.pdf"), pdf).unwrap();
        let text = |name: &str| self.path(name).to_str().unwrap().to_owned();
        (text("referral.json"), text("report.pdf"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_is_sent_collected_opened_acknowledged_and_tracked() {
    let place = Place::new().await;
    let (message, report) = place.referral();
    let sent = place.run("kent-police", &["send", &message, "--attach", &report]).await.well();
    assert!(sent.data.contains("recipient   channel  delivery\nkent-mappa  mailbox  "), "{}", sent.data);
    assert!(sent.talk.contains("signed by the gateway"), "{}", sent.talk);
    let again = place.run("kent-police", &["send", &message, "--attach", &report, "--json"]).await.well();
    assert!(again.talk.contains("accepted before"), "{}", again.talk);
    let delivery = again.json()["recipients"][0]["delivery_id"].as_str().unwrap().to_owned();
    let message_id = again.json()["message_id"].as_str().unwrap().to_owned();

    let listed = place.run("kent-mappa", &["inbox", "list", "--wait", "5"]).await.well();
    assert!(listed.data.contains(&delivery) && listed.data.contains("kent-police"), "{}", listed.data);
    let into = place.path("in").to_str().unwrap().to_owned();
    let collected = place.run("kent-mappa", &["inbox", "collect", &delivery, "--out", &into]).await.well();
    assert_eq!(collected.data.lines().count(), 2);
    let sealed = format!("{into}/{delivery}.jwe");
    let out = place.path("out").to_str().unwrap().to_owned();
    for copy in [sealed.as_str(), delivery.as_str()] {
        let opened = place.run("kent-mappa", &["inbox", "open", copy, "--out", &out]).await.well();
        assert!(
            opened.data.contains("from      kent-police\n") && opened.data.contains("by law    "),
            "{}",
            opened.data
        );
        assert_eq!(fs::read(format!("{out}/message.json")).unwrap(), fs::read(&message).unwrap());
        assert_eq!(fs::read(format!("{out}/0-report.pdf")).unwrap(), fs::read(&report).unwrap());
        fs::remove_dir_all(&out).unwrap();
    }
    place.the_ledger_speaks_for(&message_id, &delivery, &sealed).await;
    let named = place.path(&format!("{message_id}.jwe"));
    fs::rename(&sealed, &named).unwrap();
    let wrong = place.run("kent-mappa", &["inbox", "open", named.to_str().unwrap()]).await;
    assert_eq!(wrong.exit, Exit::Verification, "{}", wrong.talk);

    place.run("kent-mappa", &["inbox", "ack", &delivery]).await.well();
    let tracked = place.run("kent-police", &["track", &message_id]).await.well();
    assert!(tracked.data.contains("acknowledged"), "{}", tracked.data);
    let outbox = place.run("kent-police", &["track"]).await.well();
    assert!(outbox.data.contains("1 acknowledged"), "{}", outbox.data);
    place.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_tells_every_fault_and_nobody_at_home_has_its_own_exit_code() {
    let place = Place::new().await;
    let refused = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages/refused/referral-seven-faults.json");
    let told = place.run("kent-police", &["send", refused]).await;
    assert_eq!((told.exit, told.data.as_str()), (Exit::Refused, ""));
    assert!(told.talk.starts_with("refused: ") && told.talk.matches(" → ").count() >= 7, "{}", told.talk);
    assert!(told.talk.contains("reference 01"), "{}", told.talk);
    let told = place.run("kent-police", &["send", refused, "--json"]).await;
    assert!(told.json()["errors"].as_array().unwrap().len() >= 7);
    let nothing = "019ab000-0000-7000-8000-0000000000d1";
    for arguments in [["inbox", "ack", nothing], ["inbox", "collect", nothing], ["inbox", "open", nothing]] {
        assert_eq!(place.run("kent-yot", &arguments).await.exit, Exit::Refused, "{arguments:?}");
    }
    place.running.begin_stop();
    let Place { folder, running } = place;
    running.ended().await.unwrap();
    let dir = folder.path().join("area").to_str().unwrap().to_owned();
    let gone = tokio::task::spawn_blocking(move || {
        let line = ["portcullis", "inbox", "list", "--dir", &dir, "--as", "kent-yot"];
        run_on(line, |json| Terminal::new(json, Box::new(io::sink()), Box::new(io::sink()))).unwrap()
    });
    assert_eq!(gone.await.unwrap(), Exit::Unavailable);
}

/// A text without its columns and line ends.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_receive_a_message_is_told_before_it_is_sent() {
    let place = Place::new().await;
    let (message, _) = place.referral();
    let told = place.run("kent-police", &["explain", &message]).await.well();
    for line in [
        "kent-mappa recipient allowed mailbox P29, P6 CJA 2003 s.325(4); DPA 2018 s.37",
        "kent-mappa, recipient: allowed P6-coordinator: A referral goes to the area's co-ordination unit.",
    ] {
        assert!(words(&told.data).contains(line), "{line}: {}", told.data);
    }
    let json = place.run("kent-police", &["explain", &message, "--json"]).await.well().json();
    assert_eq!(json["recipients"][0]["agency_id"], "kent-mappa");
    assert!(place.run("kent-police", &["track"]).await.well().data.lines().count() <= 1, "nothing was sent");

    // The table tells of those who may have it too, and of one whom the directory does not know by its place.
    let mut astray: Value = serde_json::from_slice(&fs::read(&message).unwrap()).unwrap();
    let mut to = astray["recipients"][0].clone();
    for agency in ["kent-yot", "kent-nobody"] {
        to["agency_id"] = json!(agency);
        astray["recipients"].as_array_mut().unwrap().push(to.clone());
    }
    fs::write(&message, astray.to_string()).unwrap();
    let refused = place.run("kent-police", &["explain", &message]).await;
    assert!(refused.exit == Exit::Refused && refused.talk.contains("no rule permits it"), "{}", refused.talk);
    for line in [
        "kent-mappa recipient allowed P29, P6 CJA 2003 s.325(4); DPA 2018 s.37",
        "kent-yot recipient refused",
        "/recipients/2/agency_id recipient refused",
        "kent-yot, recipient: refused no rule permits it",
        "/recipients/2/agency_id, recipient: refused no agency of the directory",
    ] {
        assert!(words(&refused.data).contains(line), "{line}: {}", refused.data);
    }
    assert!(!refused.data.contains("kent-nobody"), "{}", refused.data);
    let json = place.run("kent-police", &["explain", &message, "--json"]).await.json();
    assert_eq!(json["recipients"][1]["verdict"], "refused");

    // The unit, which may know the case, reads what would allow it.
    let (message, report) = place.referral();
    place.run("kent-police", &["send", &message, "--attach", &report]).await.well();
    let mut passed_on: Value = serde_json::from_slice(&fs::read(&message).unwrap()).unwrap();
    passed_on["sender"]["agency_id"] = json!("kent-mappa");
    passed_on["recipients"][0]["agency_id"] = json!("kent-yot");
    fs::write(&message, passed_on.to_string()).unwrap();
    let refused = place.run("kent-mappa", &["explain", &message]).await;
    let lacks = "P6-invitee would allow it, but: not an invitee of a meeting of the case";
    assert!(words(&refused.data).contains(lacks), "{}", refused.data);
    place.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_states_a_case_and_shows_it_and_the_police_approve() {
    let place = Place::new().await;
    let (message, report) = place.referral();
    place.run("kent-police", &["send", &message, "--attach", &report]).await.well();
    let sent: Value = serde_json::from_slice(&fs::read(&message).unwrap()).unwrap();
    let case = sent["case_ref"].as_str().unwrap().to_owned();
    let stated = ["case", "state", &case, "--purpose", "c", "--category", "4", "--lead", "kent-police"];
    place.run("kent-mappa", &stated).await.well();
    assert_eq!(place.run("kent-police", &stated).await.exit, Exit::Refused);
    let until = ["--until", "2099-01-01T00:00:00Z", "--reason", "Agreed."];
    let given = [&["approve", "cat4", &case, "--to", "kent-yot"][..], &until[..]].concat();
    let approved = place.run("kent-police", &given).await.well();
    assert!(approved.data.starts_with("approval  01"), "{}", approved.data);
    assert_eq!(place.run("kent-mappa", &given).await.exit, Exit::Refused);
    let designate = [
        "designate",
        &case,
        "--associate",
        "kent-yot",
        "--ra-agency",
        "kent-police",
        "--officer",
        "A N Officer",
        "--reason",
        "commit_resources",
        "--expiry",
        "2099-01-01T00:00:00Z",
    ];
    let refused = place.run("kent-mappa", &designate).await;
    assert!(refused.exit == Exit::Refused && refused.talk.contains("P22"), "{}", refused.talk);

    let shown = place.run("kent-mappa", &["case", "show", &case]).await.well();
    for line in [
        "purposes            c\n",
        "lead                kent-police\n",
        "  cat4  kent-police  kent-yot  2099",
    ] {
        assert!(shown.data.contains(line), "{}", shown.data);
    }
    let json = place.run("kent-mappa", &["case", "show", &case, "--json"]).await.well().json();
    assert_eq!((&json["category"], &json["convicted"]), (&json!(4), &json!(true)));
    assert_eq!(place.run("kent-yot", &["case", "show", &case]).await.exit, Exit::Refused);
    place.running.stop().await.unwrap();
}
