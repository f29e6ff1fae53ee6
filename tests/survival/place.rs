//! The installation, the servers around it, and the process that is killed.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
};

use portcullis::{
    cli::{
        client::{Client, Profile},
        demo::{
            mail_sink::{self, MailSink},
            webhook_receiver::WebhookReceiver,
        },
        init::{self, Addresses, Installation, Options, Relay, WebhookAddress},
        pki,
    },
    clock::Clock,
    crypto::{keyring::KeyPurpose, random::Random},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::watch,
};

/// The agency that takes pushes.
pub const PUSHED_TO: &str = "kent-mh-trust";
/// The agency that takes mail.
pub const MAILED_TO: &str = "kent-council-housing";
/// Who is invited to the meeting: four with a mailbox, one with a webhook, one with mail.
pub const INVITED: [&str; 6] =
    ["kent-police", "kent-probation", "kent-council-csc", "kent-yot", PUSHED_TO, MAILED_TO];

/// Everything that takes part, but for those who post.
pub struct Place {
    folder: tempfile::TempDir,
    /// The installation.
    pub made: Installation,
    /// The agencies' mail server; it outlives every kill.
    pub mail: MailSink,
    /// One agency's own server; it too.
    pub webhook: WebhookReceiver,
    /// How many processes have begun to listen so far.
    pub listening: watch::Sender<u64>,
    said: Arc<Mutex<VecDeque<String>>>,
    process: Option<Child>,
}

impl Place {
    /// Makes it. The gateway does not run yet.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("area");
        let (clock, random) = (Clock::system(), Random::system());
        let mut made = init::install(&dir, &clock, &random, Options::default()).unwrap();
        let server = made.ca.issue_server(&["localhost"]).unwrap();
        let (certificate, key) = (&server.certificate_pem, &server.key_pem);
        let any = "127.0.0.1:0".parse().unwrap();
        let plain = pki::server_config(certificate, key, None).unwrap();
        let mail = MailSink::start(any, plain, mail_sink::Behaviour::default(), None).await.unwrap();
        let mutual = pki::server_config(certificate, key, Some(made.ca.certificate_pem())).unwrap();
        let signer = made.keys.keys.iter().find(|key| key.purpose == KeyPurpose::Webhooks).unwrap();
        let signer = made.keys.find(&signer.kid, KeyPurpose::Webhooks).unwrap();
        let webhook = WebhookReceiver::start(any, mutual, signer, clock, None).await.unwrap();
        let pushed_to = WebhookAddress {
            url: format!("https://localhost:{}/portcullis", webhook.address().port()),
            allow: ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap()).to_vec(),
        };
        made.readdress(&Addresses {
            agencies: free().await,
            admin: free().await,
            url: None,
            mail: Some(Relay { host: "localhost".into(), port: mail.address().port() }),
            webhooks: BTreeMap::from([(PUSHED_TO.parse().unwrap(), pushed_to)]),
        })
        .unwrap();
        hurry(&made.settings());
        let (listening, said) = (watch::Sender::new(0), Arc::default());
        Self { folder, made, mail, webhook, listening, said, process: None }
    }

    /// A client, and the keys, of an agency.
    pub fn agency(&self, id: &str) -> (Client, Profile) {
        let profile = self.made.profile(&id.parse().unwrap()).unwrap();
        (Client::new(&profile).unwrap(), profile)
    }

    /// A path in the test's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the gateway. It does not listen yet.
    pub fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.arg("serve").arg("--config").arg(self.made.settings());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (listening, said) = (self.listening.clone(), self.said.clone());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("listening") {
                    listening.send_modify(|count| *count += 1);
                }
                let mut said = said.lock().unwrap();
                said.push_back(line);
                if said.len() > SAID_MAX {
                    said.pop_front();
                }
            }
        });
        self.process = Some(process);
    }

    /// Starts the gateway and waits until it listens.
    pub async fn start_and_listen(&mut self) {
        let mut listening = self.listening.subscribe();
        listening.mark_unchanged();
        self.start();
        let process = self.process.as_mut().unwrap();
        tokio::select! {
            changed = listening.changed() => changed.unwrap(),
            ended = process.wait() => panic!("the gateway ended by itself ({ended:?}): {}", self.said()),
        }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub async fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        assert!(process.try_wait().unwrap().is_none(), "the gateway ended by itself: {}", self.said());
        process.kill().await.unwrap();
    }

    /// The last that the gateway said.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().iter().map(|line| format!("\n{line}")).collect()
    }
}

const SAID_MAX: usize = 40;

/// An address that is free now, and the same after each start.
async fn free() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// What a killed process held is free again after seconds, not minutes, and is tried until it arrives.
fn hurry(settings: &Path) {
    let mut text = std::fs::read_to_string(settings).unwrap();
    let waits =
        ["\"0s\""].into_iter().chain(std::iter::repeat_n("\"200ms\"", 31)).collect::<Vec<_>>().join(", ");
    for (section, key, value) in [
        ("[delivery]", "schedule", format!("[{waits}]")),
        ("[delivery]", "lease", "\"4s\"".into()),
        ("[delivery]", "poll", "\"100ms\"".into()),
        ("[webhook]", "timeout", "\"3s\"".into()),
        ("[mail]", "timeout", "\"3s\"".into()),
        ("[ledger]", "checkpoint_interval", "\"50ms\"".into()),
    ] {
        let from = text.find(&format!("\n{section}\n")).unwrap();
        let begin = from + text[from..].find(&format!("\n{key} = ")).unwrap() + 1;
        let end = begin + text[begin..].find('\n').unwrap();
        text.replace_range(begin..end, &format!("{key} = {value}"));
    }
    std::fs::write(settings, text).unwrap();
}
