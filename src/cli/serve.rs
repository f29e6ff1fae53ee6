//! `portcullis serve`: wires all parts by hand, in order and by name, and takes them down again.

pub mod files;
mod reload;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    channel::{
        Channels, email::EmailChannel, install_tls_provider, scanner::Scanner, webhook::WebhookChannel,
    },
    clock::Clock,
    config::{Areas, Config, load_agencies},
    crypto::random::Random,
    directory,
    http::{self, App, server, trust::Trust},
    journey::{self, Gateway, Parts},
    ledger::event::{Entry, Event},
    message::{Agency, AgencyKey},
    schema::Schemas,
    store::{
        Files, Store,
        sqlite::{SqliteOptions, SqliteStore},
    },
    worker::{self, sequencer::Sequencer},
};

pub use files::keys_are_usable;
pub use reload::Reloader;

/// `portcullis serve`
#[derive(clap::Args)]
#[command(after_help = SIGNALS)]
pub struct Arguments {
    /// The settings
    #[arg(long, value_name = "FILE", default_value = "config/portcullis.toml")]
    pub config: PathBuf,
}

const SIGNALS: &str = "\
Signals:
  SIGTERM, SIGINT  let what is under way end; a second one ends at once
  SIGHUP           read the policies in `directory.policies` again. A sound set takes the place of the
                   old one between two decisions, and the ledger says so first (`policies.changed`). A
                   set with a fault is refused: the log says which file, policy and why, and the old
                   one stays in force. The same for the keys (`key.rotated`; see `portcullis key`), for
                   the files of [tls], which are also read whenever they change, and for those of
                   [webhook]. Other settings need a restart.

Under systemd: ExecReload=/bin/kill -HUP $MAINPID
Try a set first: portcullis check, portcullis policy matrix --policies DIR";

/// A gateway that runs in this process.
pub struct Running {
    /// Where agencies connect.
    pub agencies: SocketAddr,
    /// Where the operator looks.
    pub admin: SocketAddr,
    /// The parts, for whoever runs it.
    pub gateway: Arc<Gateway>,
    /// Reads again what may change while it runs.
    pub reloader: Reloader,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
}

/// Listeners that are bound already, so that a caller can choose free ports.
pub struct Listeners {
    /// For agencies.
    pub agencies: TcpListener,
    /// For the operator.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds what the configuration names.
    pub async fn bind(config: &Config) -> anyhow::Result<Self> {
        let bind = async |address: SocketAddr, key: &str| {
            TcpListener::bind(address).await.with_context(|| format!("{key}: {address} cannot be bound"))
        };
        Ok(Self {
            agencies: bind(config.listen.agencies, "listen.agencies").await?,
            admin: bind(config.listen.admin, "listen.admin").await?,
        })
    }
}

/// Starts everything. On return agencies can connect.
pub async fn start(
    config: Config,
    listeners: Listeners,
    clock: Clock,
    random: Random,
) -> anyhow::Result<Running> {
    start_with(Schemas::embedded()?, config, listeners, clock, random).await
}

/// The same with other schemas than those of this program: a story about a version to come.
pub async fn start_with(
    schemas: Schemas,
    config: Config,
    listeners: Listeners,
    clock: Clock,
    random: Random,
) -> anyhow::Result<Running> {
    install_tls_provider();
    let gateway = Arc::new(gateway(schemas, &config, clock.clone(), random).await?);
    introduce(&gateway, &config).await?;
    let channels = Arc::new(channels(&config, &gateway, clock)?);
    let sequencer = Sequencer::load(gateway.clone()).await.context("the ledger cannot be continued")?;
    // Before the files are read: what changes meanwhile is read once more.
    let stamps = files::Stamps::of(&config.tls);
    let refused = gateway.metrics.handshakes_refused.clone();
    let trust = Arc::new(Trust::new(&files::tls(&config)?, refused)?);
    let mut running = Running {
        agencies: listeners.agencies.local_addr()?,
        admin: listeners.admin.local_addr()?,
        gateway: gateway.clone(),
        reloader: Reloader::new(gateway.clone(), &config, trust.clone(), channels.clone()),
        stop: CancellationToken::new(),
        tasks: Vec::new(),
    };
    // The workers stop after the front door: what was accepted last still gets its leaf.
    let closed = running.open_doors(&config, listeners, trust);
    running.watch_certificates(stamps, &config, &closed);
    running.start_workers(gateway, channels, sequencer, &config, &closed);
    Ok(running)
}

impl Running {
    /// Starts both listeners. The token that it gives is cancelled when the agencies' one has drained.
    fn open_doors(&mut self, config: &Config, listeners: Listeners, trust: Arc<Trust>) -> CancellationToken {
        let (stop, draining, closed) =
            (self.stop.clone(), CancellationToken::new(), CancellationToken::new());
        let app = App {
            gateway: self.gateway.clone(),
            long_poll_max: config.limits.long_poll_max,
            request_timeout: config.limits.request_timeout,
            upload_timeout: config.limits.upload_timeout,
            large_uploads: Arc::new(tokio::sync::Semaphore::new(config.limits.large_uploads)),
            draining: draining.clone(),
        };
        let (router, rules) = (http::routes(app.clone()), rules(config));
        let (drained, gateway) = (closed.clone(), self.gateway.clone());
        self.spawn(async move {
            let long_polls_end = async {
                stop.cancelled().await;
                draining.cancel();
            };
            let serving =
                server::serve_agencies(listeners.agencies, trust, gateway, router, rules, stop.clone());
            tokio::join!(long_polls_end, serving);
            drained.cancel();
            Ok(())
        });
        let (router, until) = (http::admin::routes(app), closed.clone());
        self.spawn(async move { Ok(server::serve_admin(listeners.admin, router, until).await?) });
        closed
    }

    fn start_workers(
        &mut self,
        gateway: Arc<Gateway>,
        channels: Arc<Channels>,
        sequencer: Sequencer,
        config: &Config,
        closed: &CancellationToken,
    ) {
        let plan = Arc::new(config.delivery.clone());
        let deliveries = worker::deliveries(gateway.clone(), channels, plan.clone(), closed.clone());
        let janitor = worker::janitor(gateway.clone(), plan, closed.clone());
        let directory = worker::directory(gateway, closed.clone());
        let sequencing = worker::sequencer::run(sequencer, config.ledger.clone(), closed.clone());
        self.spawn(async {
            deliveries.await;
            Ok(())
        });
        self.spawn(async {
            janitor.await;
            Ok(())
        });
        self.spawn(async {
            directory.await;
            Ok(())
        });
        self.spawn(async { sequencing.await.context("the sequencer stopped; so does the gateway") });
    }

    /// Starts what looks after certificates: those of `[tls]` when they change, and the ends of all.
    fn watch_certificates(&mut self, stamps: files::Stamps, config: &Config, closed: &CancellationToken) {
        let (reloader, late) = (self.reloader.clone(), self.reloader.clone());
        let watching = reloader.watch_tls(stamps, closed.clone());
        self.spawn(async {
            watching.await;
            Ok(())
        });
        let config = config.clone();
        let own = move || {
            late.warn_of_late_crls();
            files::own_certificates(&config)
        };
        let forecast = worker::certificates(self.gateway.clone(), own, closed.clone());
        self.spawn(async {
            forecast.await;
            Ok(())
        });
    }

    /// Tells everything to stop: what is under way ends first.
    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Waits until everything has stopped. A part that died takes the others with it.
    pub async fn ended(mut self) -> anyhow::Result<()> {
        let mut first_fault = Ok(());
        for task in std::mem::take(&mut self.tasks) {
            if let Err(fault) = task.await.context("a part of the gateway died").and_then(|ended| ended) {
                self.stop.cancel();
                first_fault = first_fault.and(Err(fault));
            }
        }
        first_fault
    }

    /// Stops and waits.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.begin_stop();
        self.ended().await
    }

    fn spawn(&mut self, part: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        // Whatever ends first, by fault or by panic, ends the rest.
        let ends_the_rest = self.stop.clone().drop_guard();
        self.tasks.push(tokio::spawn(async move {
            let _guard = ends_the_rest;
            part.await
        }));
    }
}

/// The store of an installation that has run before: a mistyped path must not become an empty store.
pub fn existing_store(config: &Config) -> anyhow::Result<SqliteStore> {
    let path = &config.store.path;
    if !path.join("portcullis.db").exists() {
        bail!("there is no store in {}; has `portcullis serve` run with these settings?", path.display());
    }
    let files = Files::open(path.join("sealed"), Random::system())?;
    Ok(SqliteStore::open(path, files, &SqliteOptions::default())?)
}

async fn gateway(schemas: Schemas, config: &Config, clock: Clock, random: Random) -> anyhow::Result<Gateway> {
    let files = Files::open(config.store.path.join("sealed"), random.clone()).context("store.path")?;
    let store = SqliteStore::open(
        &config.store.path,
        files.clone(),
        &SqliteOptions { readers: config.store.readers, ..SqliteOptions::default() },
    )
    .context("store.path")?;
    let mut keys = files::keyring(config)?;
    keys.smime
        .fits(&config.mail.from, clock.now())
        .context("keys.smime_certificate must be valid and name the address `mail.from`")?;
    // A key that was replaced while nothing ran is known to the ledger before it signs.
    journey::keys::record(&store, &config.gateway.name, &mut keys, &clock, &random).await?;
    let areas = Areas::load(&config.directory.areas)?;
    super::check::severities_are_known(&areas)?;
    let parts = Parts {
        name: config.gateway.name.clone(),
        clock,
        random,
        store: Arc::new(store),
        files,
        schemas,
        policies: super::policy::load(&config.directory.policies)?,
        areas,
        keys,
        post_quantum_alg: config.keys.post_quantum_alg.clone(),
        key_delay: config.keys.delay,
        mail_from: config.mail.from.clone(),
        limits: config.limits.clone(),
        scanner: Scanner::new(&config.scanner),
    };
    if parts.scanner.is_none() {
        tracing::warn!("attachments are not scanned for malware: `scanner.address` is not set");
    }
    Ok(Gateway::new(parts).await?)
}

fn channels(config: &Config, gateway: &Arc<Gateway>, clock: Clock) -> anyhow::Result<Channels> {
    let signer = gateway.clone();
    let sign =
        Arc::new(move |bytes: &[u8]| signer.keys().for_webhooks().map(|key| key.key.sign(bytes)).collect());
    let webhook = WebhookChannel::new(&config.webhook, sign, clock)?;
    let email = Some(EmailChannel::new(&config.mail)?);
    Ok(Channels { webhook, email })
}

/// An empty store learns the agencies of the file; the policy set in force goes into the ledger.
async fn introduce(gateway: &Gateway, config: &Config) -> anyhow::Result<()> {
    if gateway.directory().agencies().next().is_none() {
        let agencies = load_agencies(&config.directory.agencies)?;
        import(&*gateway.store, agencies, "serve", &gateway.clock, &gateway.random).await?;
        gateway.refresh_directory().await?;
    }
    let event = Event::GatewayStarted { policy_set: gateway.policies().sha256_hex().to_owned() };
    let entry = Entry::new(&event, gateway.clock.now(), None, &gateway.random)?;
    gateway.store.note(vec![entry]).await?;
    Ok(())
}

/// Adds or replaces directory entries, each with its event. `by` names the command.
pub async fn import(
    store: &dyn Store,
    agencies: Vec<Agency>,
    by: &'static str,
    clock: &Clock,
    random: &Random,
) -> anyhow::Result<()> {
    let known = store.directory().await?;
    let mut entries = Vec::with_capacity(agencies.len());
    let mut agencies = agencies;
    for agency in &mut agencies {
        check_keys(agency)?;
        // What the agency did with its keys by itself stands above the file.
        AgencyKey::settle(&store.agency_keys(&agency.agency_id).await?, &mut agency.encryption_keys);
        directory::mail_certificate_fits(agency, clock.now()).with_context(|| {
            format!(
                "the S/MIME certificate of {}: see `mail.profile` and `mail.certificate`",
                agency.agency_id
            )
        })?;
        let now = clock.now();
        let had_key = known.agency(&agency.agency_id).is_some_and(|known| known.sealing_key(now).is_some());
        if had_key && agency.sealing_key(now).is_none() {
            bail!(
                "{} would lose its encryption keys; keep them in the file, or suspend it",
                agency.agency_id
            );
        }
        let event = Event::DirectoryChanged {
            agency_id: agency.agency_id.clone(),
            entry: without_people(agency)?,
            by,
        };
        entries.push(Entry::new(&event, clock.now(), None, random)?);
    }
    store.put_agencies(agencies, entries).await?;
    Ok(())
}

/// The entry as the ledger keeps it. Contacts are people.
fn without_people(agency: &Agency) -> anyhow::Result<serde_json::Value> {
    let mut entry = serde_json::to_value(agency)?;
    if let Some(members) = entry.as_object_mut() {
        members.remove("contacts");
    }
    Ok(entry)
}

/// A key that cannot be sealed to is refused when it is registered, not when a message needs it.
fn check_keys(agency: &Agency) -> anyhow::Result<()> {
    use crate::crypto::jwk::RecipientKey;
    for key in &agency.encryption_keys {
        let usable = RecipientKey::new(key).and_then(|key| key.check());
        usable.with_context(|| format!("encryption key `{}` of {}", key.kid, agency.agency_id))?;
    }
    Ok(())
}

fn rules(config: &Config) -> server::Rules {
    server::Rules {
        connections: config.limits.connections,
        handshake_timeout: config.limits.handshake_timeout,
        header_timeout: config.limits.header_timeout,
        streams: config.limits.requests_per_connection,
        drain: config.listen.drain,
    }
}

/// Runs until a signal: the first one drains, a second one ends at once.
pub async fn run(path: &Path) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // First of all: a SIGHUP that nobody listens for ends the process.
    let hangups = signal(SignalKind::hangup())?;
    let config = Config::load(path)?;
    crate::telemetry::log(&config.log.filter, config.log.format == crate::config::LogFormat::Json);
    crate::telemetry::panics_without_values();
    no_core_dumps();
    let listeners = Listeners::bind(&config).await?;
    let running = start(config, listeners, Clock::system(), Random::system()).await?;
    tracing::info!(agencies = %running.agencies, admin = %running.admin, "listening");
    let reloads = tokio::spawn(running.reloader.clone().at_each(hangups));
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = running.stop.clone();
    let waits = tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {}, () = stop.cancelled() => {} }
        tracing::info!("stopping: what is under way ends first");
        stop.cancel();
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(1);
    });
    let ended = running.ended().await;
    waits.abort();
    reloads.abort();
    ended
}

/// A core dump would hold messages and keys.
fn no_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps could not be switched off");
    }
}
