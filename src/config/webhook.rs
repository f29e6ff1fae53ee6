//! `[webhook]`: how messages are pushed to agencies' own servers.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Keys, Passphrase, Tls, document::Document, fault::ConfigFault, network::Network, value};
use crate::message::AgencyId;

/// `[webhook]`, with what was left out filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The authorities that sign the certificates of agencies' servers, PEM. No others are trusted.
    pub ca: PathBuf,
    /// The certificate that the gateway shows them, PEM.
    pub client_certificate: PathBuf,
    /// Its private key, PEM.
    pub client_key: PathBuf,
    /// What that key is encrypted under, if it is: `keys.passphrase`.
    pub passphrase: Option<Passphrase>,
    /// For the whole attempt, from the look-up of the name to the end of the answer.
    pub timeout: Duration,
    /// Networks that an agency's server may be in although they are private or loopback.
    pub allow: BTreeMap<AgencyId, Vec<Network>>,
}

/// `[webhook]` as written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    #[serde(deserialize_with = "value::path")]
    ca: PathBuf,
    #[serde(deserialize_with = "value::optional_path")]
    client_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "value::optional_path")]
    client_key: Option<PathBuf>,
    #[serde(deserialize_with = "value::duration::<_, 100, 120_000>")]
    timeout: Duration,
    allow: BTreeMap<AgencyId, Vec<Network>>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            ca: "tls/agencies-ca.crt".into(),
            client_certificate: None,
            client_key: None,
            timeout: Duration::from_secs(15),
            allow: BTreeMap::new(),
        }
    }
}

impl Written {
    /// Fills in what was left out: the gateway shows the certificate that it also serves under.
    pub fn finish(self, tls: &Tls, keys: &Keys, document: &Document<'_>) -> Result<Webhook, ConfigFault> {
        let (client_certificate, client_key) = match (self.client_certificate, self.client_key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (None, None) => (tls.certificate.clone(), tls.key.clone()),
            (Some(_), None) => {
                let wanted = "want `client_key` beside it: a certificate is of no use without its key";
                return Err(document.bad_value(&["webhook", "client_certificate"], wanted));
            }
            (None, Some(_)) => {
                let wanted =
                    "want `client_certificate` beside it: a key is of no use without its certificate";
                return Err(document.bad_value(&["webhook", "client_key"], wanted));
            }
        };
        let Self { ca, timeout, allow, .. } = self;
        let passphrase = keys.passphrase.clone();
        Ok(Webhook { ca, client_certificate, client_key, passphrase, timeout, allow })
    }
}
