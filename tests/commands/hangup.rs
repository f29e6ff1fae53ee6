//! A running gateway reads its policies again at SIGHUP: the real program, the real signal.

use std::process::Stdio;

use portcullis::{cli::init::Installation, store::Store as _};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use super::*;

/// No referral goes to anyone.
const CLOSED: &str = r#"@id("P6-closed") @legal_basis("CJA 2003 s.325(4)") @source("a story") @text("Closed.")
forbid(principal, action == Action::"receive_referral", resource);"#;

pub struct Process {
    pub place: Place<Child>,
    pub made: Installation,
    config: Config,
    said: Lines<BufReader<ChildStderr>>,
}

impl Process {
    pub async fn start() -> Self {
        portcullis::channel::install_tls_provider();
        let folder = tempfile::tempdir().unwrap();
        let (listeners, made) = install(&folder).await;
        drop(listeners);
        let config = Config::load(&made.settings()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.arg("serve").arg("--config").arg(made.settings());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut process = Self { place: Place { folder, running: child }, made, config, said };
        process.says("listening").await;
        process
    }

    /// Waits for a line of its log, and gives it.
    pub async fn says(&mut self, word: &str) -> String {
        let line = async {
            loop {
                match self.said.next_line().await.unwrap() {
                    Some(line) if line.contains(word) => return line,
                    Some(_) => {}
                    None => panic!("the gateway ended and never said {word}"),
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), line).await.unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let id = self.place.running.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.unwrap(), signal).unwrap();
    }

    fn write(&self, text: &str) {
        fs::write(self.config.directory.policies.join("story.cedar"), text).unwrap();
    }

    /// The set in force, as the operator's metrics tell it.
    async fn in_force(&self) -> String {
        let metrics = format!("http://{}/metrics", self.config.listen.admin);
        let text = reqwest::get(metrics).await.unwrap().text().await.unwrap();
        let (_, after) = text.split_once("portcullis_policy_set_info{sha256=\"").unwrap();
        after.split_once('"').unwrap().0.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_sighup_a_sound_set_takes_over_and_a_broken_one_does_not() {
    let mut process = Process::start().await;
    let old = process.in_force().await;
    let (message, _) = process.place.referral();
    process.place.run("kent-police", &["explain", &message]).await.well();

    process.write(&CLOSED.replace("forbid", "forbit"));
    let settings = process.made.settings();
    let checked = tokio::task::spawn_blocking(move || {
        crate::policy::command(&["check", "--config", settings.to_str().unwrap()])
    });
    let checked = checked.await.unwrap();
    assert_eq!(checked.exit, Exit::Config);
    assert!(checked.talk.contains("`story.cedar`") && checked.talk.contains("line 2"), "{}", checked.talk);
    process.signal(Signal::HUP);
    let told = process.says("policies: refused").await;
    assert!(told.contains("story.cedar") && told.contains("line 2"), "{told}");
    assert_eq!(process.in_force().await, old);
    process.place.run("kent-police", &["explain", &message]).await.well();

    process.write(CLOSED);
    process.signal(Signal::HUP);
    process.says("policies: another set is in force").await;
    let new = process.in_force().await;
    assert_ne!(new, old);
    let refused = process.place.run("kent-police", &["explain", &message]).await;
    assert!(refused.exit == Exit::Refused && refused.talk.contains("Closed."), "{}", refused.talk);

    process.signal(Signal::TERM);
    let ended = process.place.running.wait().await.unwrap();
    assert!(ended.success(), "{ended}");
    let store = serve::existing_store(&Config::load(&process.made.settings()).unwrap()).unwrap();
    let leaves = store.leaves(0, 100).await.unwrap();
    let events =
        leaves.into_iter().map(|leaf| serde_json::from_slice::<Value>(&leaf.opened.unwrap().1).unwrap());
    let changed: Vec<Value> = events.filter(|event| event["type"] == "policies.changed").collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!((&changed[0]["policy_set"], &changed[0]["previous"]), (&json!(new), &json!(old)));
}
