//! A gateway of its own for each story.

use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use portcullis::{
    cli::{
        client::{Client, InboxPage, Profile, Tracking},
        demo::{
            mail_sink::{self, MailSink},
            webhook_receiver::WebhookReceiver,
        },
        inbox::{OpenedCopy, open_copy},
        init::{Addresses, Installation, Relay, WebhookAddress},
        pki,
        serve::{self, Listeners, Running},
    },
    clock::{Clock, ManualClock},
    config::Config,
    crypto::{jwe, jwk::PrivateJwk, keyring::KeyPurpose, random::Random},
    journey::Gateway,
    ledger::VerifierKey,
    message::{Agency, AgencyId, DeliveryId, MessageId},
    schema::Schemas,
    store::Tracked,
};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{Area, Door, until};

/// The agency that is pushed to.
const PUSHED_TO: &str = "kent-mh-trust";
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The machine's time: certificates are checked against it, so stories begin there.
fn clock_now() -> Timestamp {
    Clock::system().now()
}

/// Sets what a story needs otherwise.
type Change = Box<dyn FnOnce(&mut Config) + Send>;

/// What a story wants of its gateway.
#[derive(Default)]
pub struct Builder {
    mail: bool,
    webhook: bool,
    config: Option<Change>,
    schemas: Option<Schemas>,
}

impl Builder {
    /// With a mail server.
    pub fn mail(mut self) -> Self {
        self.mail = true;
        self
    }

    /// With the mental health trust's own server.
    pub fn webhook(mut self) -> Self {
        self.webhook = true;
        self
    }

    /// With other settings.
    pub fn config(mut self, change: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        self.config = Some(Box::new(change));
        self
    }

    /// With one more policy file, for what the shipped rules do not permit.
    pub fn policy(self, cedar: &'static str) -> Self {
        self.config(move |config| {
            std::fs::write(config.directory.policies.join("story.cedar"), cedar).unwrap();
        })
    }

    /// With other schemas than those of the program, until it is restarted.
    pub fn schemas(mut self, schemas: Schemas) -> Self {
        self.schemas = Some(schemas);
        self
    }

    /// Starts it.
    pub async fn start(self) -> TestGateway {
        let (manual, random) = (ManualClock::new(clock_now()), Random::system());
        let clock = manual.clock();
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("area");
        let mut installation = Area::shared().install(&dir, &clock, &random);
        let mail = if self.mail { Some(mail_server(&installation).await) } else { None };
        let webhook = if self.webhook { Some(agency_server(&installation, &clock).await) } else { None };
        let listeners = listeners().await;
        let pushed_to = webhook.as_ref().map(|server| (PUSHED_TO.parse().unwrap(), address_of(server)));
        let addresses = Addresses {
            agencies: listeners.agencies.local_addr().unwrap(),
            admin: listeners.admin.local_addr().unwrap(),
            url: None,
            mail: mail.as_ref().map(|mail| Relay { host: "localhost".into(), port: mail.address().port() }),
            webhooks: pushed_to.into_iter().collect::<BTreeMap<_, _>>(),
        };
        installation.readdress(&addresses).unwrap();
        let mut config = Config::load(&installation.settings()).unwrap();
        // Time stands still, so nothing must wait for a second to pass before it is in the ledger.
        config.ledger.checkpoint_interval = Duration::ZERO;
        if let Some(change) = self.config {
            change(&mut config);
        }
        let schemas = self.schemas.unwrap_or_else(|| Schemas::embedded().unwrap());
        let running = serve::start_with(schemas, config.clone(), listeners, clock.clone(), random.clone())
            .await
            .unwrap();
        TestGateway {
            _folder: folder,
            dir,
            installation,
            clock: manual,
            random,
            config,
            running: Some(running),
            mail,
            webhook,
            clients: Mutex::default(),
        }
    }
}

/// A running gateway and those around it.
pub struct TestGateway {
    _folder: tempfile::TempDir,
    /// The installation's folder.
    pub dir: PathBuf,
    /// What was installed.
    pub installation: Installation,
    /// Its clock.
    pub clock: ManualClock,
    /// Randomness for the story.
    pub random: Random,
    /// Its settings.
    pub config: Config,
    running: Option<Running>,
    mail: Option<MailSink>,
    webhook: Option<WebhookReceiver>,
    clients: Mutex<HashMap<AgencyId, Client>>,
}

impl TestGateway {
    /// One without mail or pushes.
    pub async fn start() -> Self {
        Builder::default().start().await
    }

    /// What runs.
    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Its parts.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.running().gateway
    }

    /// Its mail server.
    pub fn mail(&self) -> &MailSink {
        self.mail.as_ref().unwrap()
    }

    /// The mental health trust's server.
    pub fn webhook(&self) -> &WebhookReceiver {
        self.webhook.as_ref().unwrap()
    }

    /// An agency's keys and certificates.
    pub fn profile(&self, agency: &str) -> Profile {
        let mut profile = Profile::of_installation(&self.dir, &agency.parse().unwrap()).unwrap();
        profile.url = self.url("").parse().unwrap();
        profile
    }

    /// Where a call goes.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.running().agencies.port())
    }

    /// An agency's system.
    pub fn client(&self, agency: &str) -> Client {
        let mut clients = self.clients.lock().unwrap();
        let new = || Client::new(&self.profile(agency)).unwrap();
        clients.entry(agency.parse().unwrap()).or_insert_with(new).clone()
    }

    /// An agency's system that speaks for itself, where [`Client`] would not say it.
    pub fn door(&self, agency: &str) -> Door {
        let profile = self.profile(agency);
        Door::new(self.url(""), Door::tls(&profile.ca, Some((&profile.certificate, &profile.key))))
    }

    /// What an installation keeps of a file.
    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.dir.join(name)).unwrap()
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Changes an entry of the directory.
    pub async fn change_agency(&self, agency: &str, change: impl FnOnce(&mut Agency)) {
        let gateway = self.gateway();
        let mut entry = gateway.directory().agency(&agency.parse().unwrap()).unwrap().clone();
        change(&mut entry);
        // Past `agency import`, which refuses some of what stories need, such as an agency without keys.
        gateway.store.put_agencies(vec![entry], Vec::new()).await.unwrap();
        gateway.refresh_directory().await.unwrap();
    }

    /// What waits for an agency.
    pub async fn inbox(&self, agency: &str) -> Vec<portcullis::cli::client::InboxItem> {
        self.client(agency).inbox(InboxPage::default()).await.unwrap().value.items
    }

    /// The one copy that waits for an agency.
    pub async fn only_item(&self, agency: &str) -> portcullis::cli::client::InboxItem {
        let items = self.inbox(agency).await;
        assert_eq!(items.len(), 1, "{agency}");
        items.into_iter().next().unwrap()
    }

    /// Opens a sealed copy as its recipient does.
    pub fn open(&self, agency: &str, delivery: DeliveryId, sealed: &[u8]) -> OpenedCopy {
        let profile = self.profile(agency);
        let (key, keys) = (profile.private_jwk.as_ref().unwrap(), profile.jwks.as_ref().unwrap());
        open_copy(sealed, key, keys, &profile.agency_id, delivery).unwrap()
    }

    /// Collects and opens.
    pub async fn collect(&self, agency: &str, delivery: DeliveryId) -> OpenedCopy {
        let sealed = self.client(agency).collect(delivery).await.unwrap();
        self.open(agency, delivery, &sealed)
    }

    /// Where a message stands, asked through the door.
    pub async fn track(&self, sender: &str, message: MessageId) -> Tracking {
        self.client(sender).track(message).await.unwrap().value
    }

    /// Where a message stands, without leaving a trace in the ledger.
    pub async fn look(&self, sender: &str, message: MessageId) -> Tracked {
        let sender = sender.parse().unwrap();
        self.gateway().store.track(&sender, message).await.unwrap().unwrap()
    }

    /// Waits until the only delivery of a message has made so many attempts.
    pub async fn attempted(&self, sender: &str, message: MessageId, attempts: usize) -> Tracking {
        until("an attempt ended", async || {
            let tracked = self.look(sender, message).await;
            let ended = tracked.deliveries[0].attempts.iter().filter(|a| a.ended_at.is_some()).count();
            (ended >= attempts).then_some(())
        })
        .await;
        self.track(sender, message).await
    }

    /// Waits until all that happened is in the ledger, and gives every event.
    pub async fn events(&self) -> Vec<Value> {
        let store = &self.gateway().store;
        until("the ledger caught up", async || store.unsequenced(1).await.unwrap().is_empty().then_some(()))
            .await;
        let mut events = Vec::new();
        loop {
            let leaves = store.leaves(events.len() as u64, 1000).await.unwrap();
            if leaves.is_empty() {
                return events;
            }
            let opened = leaves.into_iter().map(|leaf| leaf.opened.unwrap().1);
            events.extend(opened.map(|event| serde_json::from_slice::<Value>(&event).unwrap()));
        }
    }

    /// The events of one kind.
    pub async fn events_of(&self, kind: &str) -> Vec<Value> {
        let mut events = self.events().await;
        events.retain(|event| event["type"] == kind);
        events
    }

    /// What an area's auditors read in a member `audit` of an event.
    pub fn audited(&self, sealed: &Value) -> Value {
        let key: PrivateJwk = serde_json::from_slice(&self.read("audit/46.jwk")).unwrap();
        serde_json::from_slice(&jwe::open(sealed.to_string().as_bytes(), &key).unwrap()).unwrap()
    }

    /// How many files of ciphertext there are, finished or not.
    pub fn sealed_files(&self) -> usize {
        std::fs::read_dir(self.config.store.path.join("sealed")).unwrap().count()
    }

    /// The key that checkpoints verify with, from the published set.
    pub async fn verifier_key(&self, agency: &str) -> VerifierKey {
        let keys = self.client(agency).keys().await.unwrap().value;
        let kid = &keys.keys.iter().find(|key| key.purpose == KeyPurpose::Checkpoints).unwrap().kid;
        let public = keys.find(kid, KeyPurpose::Checkpoints).unwrap();
        VerifierKey::new(self.config.gateway.name.parse().unwrap(), public)
    }

    /// Stops it and starts it again on the same folder, at another address.
    pub async fn restart(&mut self) {
        self.halt().await;
        self.begin().await;
    }

    /// Starts it again after [`Self::halt`].
    pub async fn begin(&mut self) {
        let listeners = listeners().await;
        let (clock, random) = (self.clock.clock(), self.random.clone());
        let running = serve::start(self.config.clone(), listeners, clock, random).await.unwrap();
        self.running = Some(running);
    }

    /// Stops it; everything around it stays.
    pub async fn halt(&mut self) {
        self.clients.lock().unwrap().clear();
        self.running.take().unwrap().stop().await.unwrap();
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        self.halt().await;
        if let Some(webhook) = self.webhook {
            webhook.stop().await;
        }
        if let Some(mail) = self.mail {
            mail.stop().await;
        }
    }

    /// The state of each delivery of a message, by recipient.
    pub async fn states(&self, sender: &str, message: MessageId) -> BTreeMap<String, String> {
        let tracked = self.look(sender, message).await;
        let states = tracked.deliveries.iter();
        states.map(|d| (d.recipient.to_string(), d.state.as_str().to_owned())).collect()
    }
}

async fn listeners() -> Listeners {
    let free = async || TcpListener::bind(LOOPBACK).await.unwrap();
    Listeners { agencies: free().await, admin: free().await }
}

async fn mail_server(installation: &Installation) -> MailSink {
    let server = installation.ca.issue_server(&["localhost"]).unwrap();
    let tls = pki::server_config(&server.certificate_pem, &server.key_pem, None).unwrap();
    MailSink::start(LOOPBACK, tls, mail_sink::Behaviour::default(), None).await.unwrap()
}

async fn agency_server(installation: &Installation, clock: &Clock) -> WebhookReceiver {
    let server = installation.ca.issue_server(&["localhost"]).unwrap();
    let authority = Some(installation.ca.certificate_pem());
    let tls = pki::server_config(&server.certificate_pem, &server.key_pem, authority).unwrap();
    let keys = &installation.keys;
    let kid = &keys.keys.iter().find(|key| key.purpose == KeyPurpose::Webhooks).unwrap().kid;
    let key = keys.find(kid, KeyPurpose::Webhooks).unwrap();
    WebhookReceiver::start(LOOPBACK, tls, key, clock.clone(), None).await.unwrap()
}

fn address_of(server: &WebhookReceiver) -> WebhookAddress {
    WebhookAddress {
        url: format!("https://localhost:{}/portcullis", server.address().port()),
        allow: ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap()).into(),
    }
}
