//! The installation as a value: what the demonstration and the tests go on working with.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::Serialize;
use toml::Value;

use super::{InstallFault, embedded, folder::Folder, parties::Maker, settings};
use crate::{
    cli::{
        client::{Profile, ProfileFault},
        pki::DevelopmentCa,
    },
    clock::Clock,
    config::{Areas, Config, Environment, Keys, Network, Passphrase, read_agencies},
    crypto::{key_file::KeyFiles, keyring::PublishedKeys, random::Random},
    message::{Agency, AgencyId, Area, EncryptionKey, Webhook},
};

/// What is wanted.
pub struct Options {
    /// The gateway's name, in the form of a DNS name.
    pub gateway_name: String,
    /// The directory without keys, which are added. `None`: the sample that the program brings.
    pub agencies: Option<Vec<Agency>>,
    /// Where everything is.
    pub addresses: Addresses,
    /// Whether some agencies get encryption keys of the other kinds than the baseline, P-256: X25519 and
    /// X-Wing.
    pub all_key_kinds: bool,
    /// The file with the passphrase that the gateway's private keys are encrypted under; `None`: they are not.
    pub passphrase: Option<PathBuf>,
}

impl Default for Options {
    /// The sample directory, on the usual ports of this machine.
    fn default() -> Self {
        Self {
            gateway_name: super::DEFAULT_NAME.to_owned(),
            agencies: None,
            addresses: Addresses::default(),
            all_key_kinds: false,
            passphrase: None,
        }
    }
}

/// Where the gateway listens, and where it finds others.
#[derive(Clone)]
pub struct Addresses {
    /// Where agencies call.
    pub agencies: SocketAddr,
    /// Where health checks and metrics are.
    pub admin: SocketAddr,
    /// What agencies call it; `None`: `https://localhost` with the port of `agencies`.
    pub url: Option<String>,
    /// Who takes mail; `None`: the shipped default. Its certificate is the development authority's.
    pub mail: Option<Relay>,
    /// Servers of agencies, in place of those of the directory.
    pub webhooks: BTreeMap<AgencyId, WebhookAddress>,
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            agencies: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            url: None,
            mail: None,
            webhooks: BTreeMap::new(),
        }
    }
}

/// A mail relay.
#[derive(Clone)]
pub struct Relay {
    /// Its name or address, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// An agency's server.
#[derive(Clone)]
pub struct WebhookAddress {
    /// An `https` address.
    pub url: String,
    /// The private or loopback networks that it may be in.
    pub allow: Vec<Network>,
}

/// An installation that was just made. It has no `Debug`: it can issue certificates.
pub struct Installation {
    /// Its folder.
    pub dir: PathBuf,
    /// The gateway's name.
    pub gateway_name: String,
    /// What agencies call it.
    pub url: String,
    /// The directory, with keys and certificates.
    pub agencies: Vec<Agency>,
    /// The gateway's public keys.
    pub keys: PublishedKeys,
    /// The authority behind all certificates: it can issue more, for a mail sink or a receiver.
    pub ca: DevelopmentCa,
    /// The file with the passphrase to the gateway's private keys, where they are encrypted.
    pub passphrase: Option<PathBuf>,
}

/// Makes an installation in an empty folder. Takes a second or so: each agency with mail gets an RSA
/// key.
///
/// # Errors
/// The folder is not empty or cannot be written, a name or address cannot stand in the settings, or
/// there is no randomness.
pub fn install(
    dir: &Path,
    clock: &Clock,
    random: &Random,
    options: Options,
) -> Result<Installation, InstallFault> {
    let folder = Folder::begin(dir)?;
    let ca = DevelopmentCa::new(clock.clone(), random.clone())?;
    folder.public("ca.crt", ca.certificate_pem())?;
    folder.private("ca/ca.key", ca.key_pem()?.as_bytes())?;
    let algorithms = Keys::default();
    let post_quantum_alg = options.all_key_kinds.then_some(algorithms.post_quantum_alg.as_str());
    let passphrase = options.passphrase.clone().map(Passphrase::File);
    let files = KeyFiles::new(passphrase.as_ref())?;
    let maker = Maker { folder: &folder, ca: &ca, clock, random, files: &files, post_quantum_alg };
    let keys = maker.gateway(&options.gateway_name)?;
    let mut agencies = match options.agencies {
        Some(agencies) => agencies,
        None => read_agencies(embedded::AGENCIES, Path::new("config/agencies.toml"))?,
    };
    agencies.iter_mut().try_for_each(|agency| maker.agency(agency))?;
    let served: BTreeSet<Area> = agencies.iter().flat_map(|agency| agency.areas.iter().copied()).collect();
    let audited = served.into_iter().map(|area| maker.auditors(area).map(|key| (area, key)));
    write_areas(&folder, &audited.collect::<Result<Vec<_>, _>>()?)?;
    for (name, text) in embedded::policy_files() {
        folder.public(&format!("policies/{name}"), text)?;
    }
    let mut made = Installation {
        dir: dir.to_owned(),
        gateway_name: options.gateway_name,
        url: String::new(),
        agencies,
        keys,
        ca,
        passphrase: options.passphrase,
    };
    made.readdress(&options.addresses)?;
    Ok(made)
}

impl Installation {
    /// The file that `serve` is given.
    pub fn settings(&self) -> PathBuf {
        self.dir.join("portcullis.toml")
    }

    /// Everything that a call as this agency needs.
    ///
    /// # Errors
    /// There is no such agency, or its files were changed.
    pub fn profile(&self, agency: &AgencyId) -> Result<Profile, ProfileFault> {
        Profile::of_installation(&self.dir, agency)
    }

    /// Writes `portcullis.toml`, `agencies.toml` and `gateway.url` again, for other addresses: servers
    /// on free ports are known only once they run, and they need certificates to run. To be done
    /// before `serve` begins, which reads the directory once.
    ///
    /// # Errors
    /// An address cannot stand in the settings, or a file cannot be written.
    pub fn readdress(&mut self, addresses: &Addresses) -> Result<(), InstallFault> {
        for (id, webhook) in &addresses.webhooks {
            let agency = self.agencies.iter_mut().find(|agency| &agency.agency_id == id);
            let agency = agency.ok_or_else(|| InstallFault::NoSuchAgency(id.clone()))?;
            agency.webhook = Some(Webhook { url: webhook.url.clone() });
        }
        let default_url = || format!("https://localhost:{}", addresses.agencies.port());
        self.url = addresses.url.clone().unwrap_or_else(default_url);
        let folder = Folder::existing(&self.dir);
        folder.public("gateway.url", format!("{}\n", self.url))?;
        folder.public("agencies.toml", directory(&self.agencies)?)?;
        let text = written(&self.gateway_name, self.passphrase.as_deref(), addresses)?;
        // Read back as `serve` will: better to fail now than there.
        Config::read(&text, &self.settings(), &Environment::empty())?;
        folder.public("portcullis.toml", text)
    }

    /// Takes the wait away that `keys.delay` puts before an agency's new key: for the demonstration, where
    /// nothing is at stake. To be done after [`Installation::readdress`].
    ///
    /// # Errors
    /// The settings cannot be read or written.
    pub fn without_key_delay(&self) -> Result<(), InstallFault> {
        let path = self.settings();
        let text = std::fs::read_to_string(&path).map_err(|source| InstallFault::Write { path, source })?;
        let mut file = settings::Settings::of(&text);
        file.set("keys", "delay", &Value::String("0s".into()))?;
        Folder::existing(&self.dir).public("portcullis.toml", file.text())
    }
}

fn written(name: &str, passphrase: Option<&Path>, addresses: &Addresses) -> Result<String, InstallFault> {
    let mut file = settings::Settings::of(embedded::SETTINGS);
    for (section, key, value) in [
        ("gateway", "name", name),
        ("gateway", "profile", "development"),
        ("listen", "agencies", &addresses.agencies.to_string()),
        ("listen", "admin", &addresses.admin.to_string()),
        ("tls", "client_ca", "ca.crt"),
        ("keys", "smime_key", "keys/smime.key"),
        ("webhook", "ca", "ca.crt"),
        ("webhook", "client_certificate", "tls/gateway-client.crt"),
        ("webhook", "client_key", "tls/gateway-client.key"),
        ("mail", "ca", "ca.crt"),
    ] {
        file.set(section, key, &Value::String(value.to_owned()))?;
    }
    if let Some(passphrase) = passphrase {
        let path = passphrase.to_str().ok_or(InstallFault::Form("the path of the passphrase"))?;
        file.set("keys", "passphrase", &Value::String(path.to_owned()))?;
    }
    if let Some(relay) = &addresses.mail {
        file.set("mail", "host", &Value::String(relay.host.clone()))?;
        file.set("mail", "port", &Value::Integer(relay.port.into()))?;
    }
    let networks = |webhook: &WebhookAddress| {
        Value::Array(webhook.allow.iter().map(|network| Value::String(network.to_string())).collect())
    };
    let allow = addresses.webhooks.iter().filter(|(_, webhook)| !webhook.allow.is_empty());
    let allow: toml::Table = allow.map(|(id, webhook)| (id.to_string(), networks(webhook))).collect();
    file.set("webhook", "allow", &Value::Table(allow))?;
    Ok(file.text().to_owned())
}

fn write_areas(folder: &Folder, keys: &[(Area, EncryptionKey)]) -> Result<(), InstallFault> {
    let text = settings::areas(embedded::AREAS, keys)?;
    Areas::read(&text, Path::new("areas.toml"))?;
    folder.public("areas.toml", text)
}

/// `agencies.toml` with keys and certificates.
fn directory(agencies: &[Agency]) -> Result<String, InstallFault> {
    #[derive(Serialize)]
    struct File<'a> {
        agency: &'a [Agency],
    }
    let text =
        toml::to_string(&File { agency: agencies }).map_err(|_| InstallFault::Form("the directory"))?;
    read_agencies(&text, Path::new("agencies.toml"))?;
    Ok(format!("{DIRECTORY_HEAD}\n{text}"))
}

const DIRECTORY_HEAD: &str = "\
# The directory that this gateway begins with: `serve` reads it into an empty store, where the directory
# lives from then on. Keys and certificates here are public; their private halves are in `agencies/`.
";
