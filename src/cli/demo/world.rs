//! The stage: an installation with invented agencies, the gateway, a mail server, one agency's webhook
//! receiver, and a client for each agency that has a system.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::{
    mail_sink::{self, MailSink},
    webhook_receiver::WebhookReceiver,
};
use crate::{
    cli::{
        client::{Client, Profile},
        init::{self, Addresses, Options, Relay, WebhookAddress},
        pki,
        serve::{self, Listeners, Running},
    },
    clock::Clock,
    config::Config,
    crypto::{keyring::KeyPurpose, random::Random},
    message::{Agency, AgencyId, Channel},
};

/// Everything that takes part.
pub struct World {
    /// Where everything is kept.
    pub dir: PathBuf,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The gateway.
    pub running: Running,
    /// The agencies' mail server.
    pub mail: MailSink,
    /// The mental health trust's own server.
    pub webhook: WebhookReceiver,
    /// The directory.
    pub agencies: Vec<Agency>,
    clients: BTreeMap<AgencyId, (Client, Arc<Profile>)>,
}

/// Any free port of this machine.
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The agency that takes pushes.
pub const PUSHED_TO: &str = "kent-mh-trust";

impl World {
    /// Builds the stage in `dir`, an empty or absent folder.
    pub async fn build(dir: &Path, all_key_kinds: bool) -> anyhow::Result<Self> {
        let (clock, random) = (Clock::system(), Random::system());
        let listeners = Listeners { agencies: bind(8443).await?, admin: bind(9464).await? };
        let mut made = init::install(dir, &clock, &random, Options { all_key_kinds, ..Options::default() })?;
        let server = made.ca.issue_server(&["localhost"])?;
        let keep = |name: &str| -> anyhow::Result<PathBuf> {
            std::fs::create_dir_all(dir.join(name))?;
            Ok(dir.join(name))
        };
        let plain = pki::server_config(&server.certificate_pem, &server.key_pem, None)?;
        let mail =
            MailSink::start(LOOPBACK, plain, mail_sink::Behaviour::default(), Some(keep("mail")?)).await?;
        let mutual =
            pki::server_config(&server.certificate_pem, &server.key_pem, Some(made.ca.certificate_pem()))?;
        let signer = made
            .keys
            .keys
            .iter()
            .find(|key| key.purpose == KeyPurpose::Webhooks)
            .context("no webhook key")?;
        let signer = made.keys.find(&signer.kid, KeyPurpose::Webhooks).context("no webhook key")?;
        let webhook =
            WebhookReceiver::start(LOOPBACK, mutual, signer, clock.clone(), Some(keep("webhook")?)).await?;
        let pushed_to = WebhookAddress {
            url: format!("https://localhost:{}/portcullis", webhook.address().port()),
            allow: ["127.0.0.0/8", "::1/128"]
                .iter()
                .map(|network| network.parse())
                .collect::<Result<_, _>>()?,
        };
        made.readdress(&Addresses {
            agencies: listeners.agencies.local_addr()?,
            admin: listeners.admin.local_addr()?,
            url: None,
            mail: Some(Relay { host: "localhost".into(), port: mail.address().port() }),
            webhooks: BTreeMap::from([(PUSHED_TO.parse()?, pushed_to)]),
        })?;
        made.without_key_delay()?;
        let config = Config::load(&made.settings())?;
        let running = serve::start(config, listeners, clock.clone(), random.clone()).await?;
        let clients = clients(dir, &made.agencies)?;
        Ok(Self {
            dir: dir.to_owned(),
            clock,
            random,
            running,
            mail,
            webhook,
            agencies: made.agencies,
            clients,
        })
    }

    /// The client of an agency that has a system.
    pub fn client(&self, agency: &str) -> anyhow::Result<&Client> {
        Ok(&self.party(agency)?.0)
    }

    /// The keys and certificates of an agency that has a system.
    pub fn profile(&self, agency: &str) -> anyhow::Result<&Arc<Profile>> {
        Ok(&self.party(agency)?.1)
    }

    fn party(&self, agency: &str) -> anyhow::Result<&(Client, Arc<Profile>)> {
        self.clients.get(&agency.parse()?).with_context(|| format!("{agency} has no system"))
    }

    /// Agencies that collect from the inbox or are pushed to.
    pub fn agencies_with_systems(&self) -> impl Iterator<Item = &AgencyId> {
        self.clients.keys()
    }

    /// Takes the stage down.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.running.stop().await?;
        self.webhook.stop().await;
        self.mail.stop().await;
        Ok(())
    }
}

fn clients(dir: &Path, agencies: &[Agency]) -> anyhow::Result<BTreeMap<AgencyId, (Client, Arc<Profile>)>> {
    let with_systems = agencies.iter().filter(|agency| agency.channels.iter().any(|c| *c != Channel::Email));
    with_systems
        .map(|agency| {
            let profile = Profile::of_installation(dir, &agency.agency_id)?;
            Ok((agency.agency_id.clone(), (Client::new(&profile)?, Arc::new(profile))))
        })
        .collect()
}

/// The default port, or a free one if that is taken.
async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
    }
}
