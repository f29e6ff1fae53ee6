//! Push: a sealed copy to an agency's own server, as Standard Webhooks lays down.
//!
//! In: an agency, the address that the directory has for it now, a delivery and its sealed copy. Out:
//! how the attempt ended. It reads no answer beyond its status, follows no redirect, uses no proxy and
//! repeats nothing by itself.
//!
//! # Codes
//!
//! | code | what happened | outcome |
//! |---|---|---|
//! | `http_<status>` | the server answered; [`Outcome`] by status, see `webhook/outcome.rs` | |
//! | `bad_url` | the address is no `https` URL, or holds a password | later |
//! | `forbidden_address` | the server is in a network that this agency's may not be in | later |
//! | `resolve` | its name could not be resolved | later |
//! | `connect` | it could not be reached | later |
//! | `tls` | TLS failed on either side: wrong name, expired, foreign authority, or the gateway's certificate was refused | later |
//! | `timeout` | the attempt took longer than `webhook.timeout` | later |
//! | `lost` | the connection broke after the push was begun: it may have arrived. A server that refuses the gateway's certificate and hangs up before its alert is read looks the same | later |
//!
//! The list is closed. Whatever an operator can mend is `Later`: the schedule gives days for it.

mod guard;
mod outcome;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, Response, Url, header, redirect::Policy};
use rustls::ClientConfig;

use self::guard::Guard;
use super::{ChannelFault, Outcome, tls};
use crate::{
    clock::Clock,
    config,
    crypto::key_file::KeyFiles,
    message::{AgencyId, DeliveryId},
};

/// Signs with the gateway's Ed25519 keys for webhooks and with no others: one signature, or two while a key
/// is replaced. A closure, so that the keys stay in their ring.
pub type Signer = Arc<dyn Fn(&[u8]) -> Vec<[u8; 64]> + Send + Sync>;

/// Pushes to agencies' servers. Connections are kept and used again.
pub struct WebhookChannel {
    config: config::Webhook,
    signer: Signer,
    clock: Clock,
    doors: RwLock<Arc<Doors>>,
}

/// The ways to the outside. One connection serves all agencies that the same rule of addresses holds
/// for, so there is one door for those with nothing listed in `webhook.allow` and one for each other.
struct Doors {
    common: Door,
    listed: HashMap<AgencyId, Door>,
}

/// A client and the rule that its resolver keeps.
struct Door {
    client: Client,
    guard: Guard,
}

impl WebhookChannel {
    /// Reads the files that the settings name. `clock` dates the pushes.
    pub fn new(config: &config::Webhook, signer: Signer, clock: Clock) -> Result<Self, ChannelFault> {
        let doors = RwLock::new(Arc::new(Doors::open(config)?));
        Ok(Self { config: config.clone(), signer, clock, doors })
    }

    /// Reads the files again: pushes from now on show the new certificate and trust the new
    /// authorities, over new connections. Those under way end as they began. Where a file is at fault
    /// everything stays as it was.
    pub fn reload(&self) -> Result<(), ChannelFault> {
        let doors = Arc::new(Doors::open(&self.config)?);
        *self.doors.write().unwrap_or_else(PoisonError::into_inner) = doors;
        Ok(())
    }

    /// One attempt. `body` is the sealed copy; `delivery_id` is the same on each attempt, so that the
    /// server knows a repeat. The wait is bounded by `webhook.timeout`.
    pub async fn push(&self, agency: &AgencyId, url: &str, delivery_id: DeliveryId, body: String) -> Outcome {
        let Some(url) = address(url) else { return Outcome::later(outcome::BAD_URL) };
        let doors = self.doors.read().unwrap_or_else(PoisonError::into_inner).clone();
        let door = doors.listed.get(agency).unwrap_or(&doors.common);
        // A client asks its resolver about names only.
        if guard::literal(&url).is_some_and(|address| !door.guard.permits(address)) {
            return Outcome::later(outcome::FORBIDDEN_ADDRESS);
        }
        let now = self.clock.now();
        let (id, at) = (delivery_id.to_string(), now.as_second().to_string());
        let signed = (self.signer)(format!("{id}.{at}.{body}").as_bytes());
        // A list with spaces between (Standard Webhooks): a server takes any one that it can verify.
        let signatures: Vec<_> = signed.iter().map(|one| format!("v1a,{}", STANDARD.encode(one))).collect();
        let request = door
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/jose+json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signatures.join(" "))
            .body(body);
        match request.send().await {
            Err(fault) => Outcome::later(outcome::of_fault(&fault)),
            Ok(answer) => {
                let outcome = outcome::of_answer(answer.status(), answer.headers(), now);
                use_up(answer).await;
                outcome
            }
        }
    }
}

impl Doors {
    fn open(config: &config::Webhook) -> Result<Self, ChannelFault> {
        let keys = KeyFiles::new(config.passphrase.as_ref())?;
        let mut tls = tls::client_config(&config.ca, &config.client_certificate, &config.client_key, &keys)?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let door = |guard: Guard| Door::open(config.timeout, &tls, guard);
        let listed = config.allow.iter().map(|(agency, networks)| {
            let guard = Guard::new(networks.clone());
            Ok::<_, ChannelFault>((agency.clone(), door(guard)?))
        });
        Ok(Self { common: door(Guard::default())?, listed: listed.collect::<Result<_, _>>()? })
    }
}

impl Door {
    fn open(timeout: Duration, tls: &ClientConfig, guard: Guard) -> Result<Self, ChannelFault> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .dns_resolver(guard.clone())
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent("portcullis")
            .timeout(timeout)
            .pool_max_idle_per_host(IDLE_PER_SERVER_MAX)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(ChannelFault::Http)?;
        Ok(Self { client, guard })
    }
}

/// The address, if it can be pushed to. A password in it would be sent along and logged by others.
fn address(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let bare = url.username().is_empty() && url.password().is_none();
    (url.scheme() == "https" && url.has_host() && bare).then_some(url)
}

/// Reads what little a sound server says, so that its connection can be used again. More than that is
/// left unread: then the connection ends. The outcome is settled already.
async fn use_up(mut answer: Response) {
    let reading = async {
        let mut bytes = 0_usize;
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes = bytes.saturating_add(chunk.len());
            if bytes > ANSWER_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(ANSWER, reading).await;
}

const ANSWER_BYTES_MAX: usize = 4096;
/// How long the rest of an answer is waited for.
const ANSWER: Duration = Duration::from_millis(500);
const IDLE_PER_SERVER_MAX: usize = 4;
/// Shorter than the 60 s or more after which usual servers close: a push should not meet that moment.
const IDLE: Duration = Duration::from_secs(45);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_https_address_without_a_password_is_pushed_to() {
        for good in ["https://a.example/hook?x=1", "https://203.0.113.7:8443/", "https://[2001:db8::1]/"] {
            assert!(address(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/hook",
            "http://a.example/",
            "https://",
            "ftp://a.example/",
            "https://u@a/",
            "https://:p@a/",
        ] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }
}
