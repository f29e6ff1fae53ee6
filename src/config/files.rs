//! `[tls]`, `[keys]`, `[store]` and `[directory]`: the files and folders that the gateway works with.
//!
//! In: paths as written. Out: paths that can be opened from anywhere. What stands in the files is
//! read by the rooms that need it: no secret ever passes through here, and `Debug` shows paths only.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Deserializer};

use super::{environment::Environment, jwk, value};

/// `[tls]`: the gateway's own certificate and whom it trusts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The gateway's certificate with its chain, PEM.
    #[serde(deserialize_with = "value::path")]
    pub certificate: PathBuf,
    /// Its private key, PEM.
    #[serde(deserialize_with = "value::path")]
    pub key: PathBuf,
    /// The authorities that sign the agencies' client certificates, PEM.
    #[serde(deserialize_with = "value::path")]
    pub client_ca: PathBuf,
    /// The lists of certificates that these authorities revoked, PEM; none: nobody revokes.
    #[serde(deserialize_with = "value::optional_path")]
    pub crls: Option<PathBuf>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: "tls/gateway.crt".into(),
            key: "tls/gateway.key".into(),
            client_ca: "tls/agencies-ca.crt".into(),
            crls: None,
        }
    }
}

/// `[keys]`: one private key for each purpose (design §5).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// Signs transfer statements. Ed25519, PKCS#8 PEM.
    #[serde(deserialize_with = "value::path")]
    pub statements: PathBuf,
    /// Signs webhook deliveries. Ed25519, PKCS#8 PEM.
    #[serde(deserialize_with = "value::path")]
    pub webhooks: PathBuf,
    /// Signs the ledger's checkpoints. Ed25519, PKCS#8 PEM.
    #[serde(deserialize_with = "value::path")]
    pub checkpoints: PathBuf,
    /// The certificate that mail is signed under, PEM.
    #[serde(deserialize_with = "value::path")]
    pub smime_certificate: PathBuf,
    /// Its private key, PKCS#8 PEM.
    #[serde(deserialize_with = "value::path")]
    pub smime_key: PathBuf,
    /// What the private keys of all sections are encrypted under, those that are; none: none is.
    #[serde(deserialize_with = "passphrase")]
    pub passphrase: Option<Passphrase>,
    /// The JOSE name of HPKE with X-Wing in agencies' keys and in the headers of copies sealed to them.
    #[serde(deserialize_with = "algorithm")]
    pub post_quantum_alg: String,
    /// How long after its announcement an agency's new key is first sealed to.
    #[serde(deserialize_with = "value::duration::<_, 0, 2_592_000_000>")]
    pub delay: Duration,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            statements: "keys/statements.pem".into(),
            webhooks: "keys/webhooks.pem".into(),
            checkpoints: "keys/checkpoints.pem".into(),
            smime_certificate: "keys/smime.crt".into(),
            smime_key: "keys/smime.pem".into(),
            passphrase: None,
            post_quantum_alg: "HPKE-10-KE".into(),
            delay: Duration::from_secs(24 * 3600),
        }
    }
}

/// Where the passphrase is. The passphrase itself never passes through the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passphrase {
    /// The first line of a file, which can be a credential of systemd.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
}

fn passphrase<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Passphrase>, D::Error> {
    let wanted = "the path of a file, \"credential:<name>\" or \"env:<VARIABLE>\"";
    value::checked(from, wanted, |text| {
        let is_name = |name: &&str| !name.is_empty() && !name.contains(['=', '\0']);
        let place = match text.strip_prefix("env:") {
            Some(name) => Passphrase::Variable(Some(name).filter(is_name)?.to_owned()),
            None => {
                Passphrase::File(Some(text).filter(|text| !text.is_empty() && !text.contains('\0'))?.into())
            }
        };
        Some(Some(place))
    })
}

fn algorithm<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    value::checked(from, "the name of a JOSE algorithm such as \"HPKE-10-KE\"", |text| {
        jwk::is_algorithm_name(text).then(|| text.to_owned())
    })
}

/// `[store]`: where messages and the ledger are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The data folder.
    #[serde(deserialize_with = "value::path")]
    pub path: PathBuf,
    /// Connections that read. There is one writer, whatever this says.
    #[serde(deserialize_with = "value::number::<_, _, 1, 64>")]
    pub readers: usize,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: "data".into(), readers: 4 }
    }
}

/// `[directory]`: the files about agencies, areas and permissions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// Agencies to begin with; later ones live in the store. Read by [`super::load_agencies`].
    #[serde(deserialize_with = "value::path")]
    pub agencies: PathBuf,
    /// The areas. Read by [`super::Areas::load`].
    #[serde(deserialize_with = "value::path")]
    pub areas: PathBuf,
    /// The folder of Cedar policies.
    #[serde(deserialize_with = "value::path")]
    pub policies: PathBuf,
}

impl Default for Directory {
    fn default() -> Self {
        Self { agencies: "agencies.toml".into(), areas: "areas.toml".into(), policies: "policies".into() }
    }
}

/// Makes a written path one that can be opened: `credential:<name>` is a file in systemd's folder
/// of credentials, a relative path starts at the folder of the file of settings. The error says what
/// is wanted.
pub(super) fn resolve(
    path: &mut PathBuf,
    folder: &Path,
    environment: &Environment,
) -> Result<(), &'static str> {
    let name = path.to_str().and_then(|text| text.strip_prefix("credential:"));
    *path = match name {
        None => folder.join(&*path),
        // A name with a slash would reach out of the folder.
        Some(name) if name.is_empty() || name.starts_with('.') || name.contains('/') => {
            return Err("want the name of a credential after `credential:`, without `/`");
        }
        Some(name) => match environment.credentials() {
            Some(credentials) => credentials.join(name),
            None => {
                return Err("CREDENTIALS_DIRECTORY is not set: start the gateway under systemd with \
                            `LoadCredential=`, or write a path");
            }
        },
    };
    Ok(())
}
