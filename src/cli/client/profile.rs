//! Who calls, and with which files: the folder that `init` and `demo` make, or files named one by one.

use std::{
    io,
    path::{Path, PathBuf},
};

use reqwest::Url;
use zeroize::Zeroizing;

use crate::{
    cli::Exit,
    crypto::{jwk::PrivateJwk, keyring::PublishedKeys},
    message::AgencyId,
};

/// The arguments that say who calls.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Who calls")]
pub struct Identity {
    /// A folder made by `init` or `demo`
    #[arg(long, value_name = "DIR", env = "PORTCULLIS_DIR")]
    pub dir: Option<PathBuf>,
    /// The agency to call as
    #[arg(long = "as", value_name = "AGENCY", visible_alias = "agency", env = "PORTCULLIS_AS")]
    pub agency: Option<AgencyId>,
    /// The gateway's address [default: DIR/gateway.url, or https://localhost:8443]
    #[arg(long, value_name = "URL", env = "PORTCULLIS_URL")]
    pub url: Option<String>,
    /// The agency's TLS certificate, PEM [default: in DIR]
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Its private key, PEM [default: in DIR]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The authority that signs the gateway's certificate, PEM [default: in DIR]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The agency's private decryption key, JWK [default: in DIR]
    #[arg(long, value_name = "FILE")]
    pub enc_key: Option<PathBuf>,
    /// The gateway's public keys, JWKS [default: in DIR, or asked of the gateway]
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
}

/// Everything that a call needs. It has no `Debug`.
pub struct Profile {
    /// Who calls.
    pub agency_id: AgencyId,
    /// The gateway, `https`.
    pub url: Url,
    /// The only authority that the gateway's certificate may come from, PEM.
    pub ca: Vec<u8>,
    /// The client certificate, PEM.
    pub certificate: Vec<u8>,
    /// Its private key, PEM.
    pub key: Zeroizing<Vec<u8>>,
    /// Opens what was sealed to the agency. `None` for one that only sends.
    pub private_jwk: Option<PrivateJwk>,
    /// The gateway's public keys. `None`: ask it, and trust its TLS certificate for them.
    pub jwks: Option<PublishedKeys>,
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileFault {
    /// Nobody said who calls.
    #[error("say who calls: `--as AGENCY`")]
    NoAgency,
    /// Neither a folder nor this file was named.
    #[error("name the files: `--dir DIR` of an installation, or `--cert`, `--key` and `--ca` each")]
    NoFiles,
    /// The gateway's address is not one.
    #[error("the gateway's address must be an `https` URL without user name, query or `#`")]
    Url,
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file holds something else. What, is not repeated.
    #[error("{} is not {wanted}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
    },
}

impl ProfileFault {
    /// The exit code that tells it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoAgency | Self::NoFiles | Self::Url => Exit::Usage,
            Self::Unreadable { .. } | Self::Malformed { .. } => Exit::Config,
        }
    }
}

impl Profile {
    /// An agency of an installation: `DIR/agencies/<id>/…`, `DIR/ca.crt`, `DIR/gateway.jwks`,
    /// `DIR/gateway.url`.
    ///
    /// # Errors
    /// A file is missing or wrong; only `enc.jwk`, `gateway.jwks` and `gateway.url` may be absent.
    pub fn of_installation(dir: &Path, agency_id: &AgencyId) -> Result<Self, ProfileFault> {
        let identity =
            Identity { dir: Some(dir.to_owned()), agency: Some(agency_id.clone()), ..Identity::default() };
        Self::load(&identity)
    }

    /// What the arguments say; a file named by itself stands above the one of the folder.
    ///
    /// # Errors
    /// As [`Profile::of_installation`], and if the arguments do not say enough.
    pub fn load(identity: &Identity) -> Result<Self, ProfileFault> {
        let agency_id = identity.agency.clone().ok_or(ProfileFault::NoAgency)?;
        let own = identity.dir.as_ref().map(|dir| dir.join("agencies").join(agency_id.as_str()));
        let needed = |named: &Option<PathBuf>, folder: &Option<PathBuf>, name: &str| {
            let path = named.clone().or_else(|| folder.as_ref().map(|folder| folder.join(name)));
            read(&path.ok_or(ProfileFault::NoFiles)?)
        };
        let certificate = needed(&identity.cert, &own, "tls.crt")?.to_vec();
        let key = needed(&identity.key, &own, "tls.key")?;
        let ca = needed(&identity.ca, &identity.dir, "ca.crt")?.to_vec();
        let private_jwk = optional(&identity.enc_key, &own, "enc.jwk")?;
        let jwks = optional(&identity.jwks, &identity.dir, "gateway.jwks")?;
        Ok(Self {
            url: url(identity)?,
            ca,
            certificate,
            key,
            private_jwk: private_jwk
                .map(|(path, bytes)| json(path, &bytes, "a private P-256 JWK"))
                .transpose()?,
            jwks: jwks.map(|(path, bytes)| json(path, &bytes, "the gateway's JWK set")).transpose()?,
            agency_id,
        })
    }
}

type Found = Option<(PathBuf, Zeroizing<Vec<u8>>)>;

/// A file that was named has to be there; one of the folder need not.
fn optional(named: &Option<PathBuf>, folder: &Option<PathBuf>, name: &str) -> Result<Found, ProfileFault> {
    if let Some(path) = named {
        return Ok(Some((path.clone(), read(path)?)));
    }
    let Some(path) = folder.as_ref().map(|folder| folder.join(name)) else { return Ok(None) };
    match read(&path) {
        Ok(bytes) => Ok(Some((path, bytes))),
        Err(ProfileFault::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ProfileFault> {
    let fault = |source| ProfileFault::Unreadable { path: path.to_owned(), source };
    std::fs::read(path).map(Zeroizing::new).map_err(fault)
}

fn json<T: serde::de::DeserializeOwned>(
    path: PathBuf,
    bytes: &[u8],
    wanted: &'static str,
) -> Result<T, ProfileFault> {
    serde_json::from_slice(bytes).map_err(|_| ProfileFault::Malformed { path, wanted })
}

fn url(identity: &Identity) -> Result<Url, ProfileFault> {
    let text = match (&identity.url, optional(&None, &identity.dir, "gateway.url")?) {
        (Some(text), _) => text.clone(),
        (None, Some((_, bytes))) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        (None, None) => DEFAULT_URL.to_owned(),
    };
    let url = Url::parse(&text).map_err(|_| ProfileFault::Url)?;
    let plain = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    if url.scheme() == "https" && url.has_host() && plain { Ok(url) } else { Err(ProfileFault::Url) }
}

const DEFAULT_URL: &str = "https://localhost:8443";

#[cfg(test)]
mod tests;
