//! The gateway's API from an agency's side: what `send`, `inbox` and `track` use, and the
//! demonstration and the story tests with them.
//!
//! In: a [`Profile`], messages, ids. Out: an [`Answer`], typed and as the bytes that came, or a
//! [`ClientFault`]. Connections are mutual TLS to the one authority of the profile; no redirect is
//! followed and nothing is posted twice.

mod calls;
mod fault;
mod profile;
mod save;
mod upload;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header::HeaderMap};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde::de::DeserializeOwned;

pub use calls::InboxPage;
pub use fault::{ClientFault, Problem, ProblemDocument};
pub use profile::{Identity, Profile, ProfileFault};
pub use upload::Upload;
pub use wire::{
    Acknowledgement, Approved, Attempt, CaseStated, Delivery, Designated, Explained, Inbox, InboxItem,
    MeetingRecorded, Notice, Outbox, OutboxItem, Receipt, ReceiptRecipient, Tracking, Verdict, WhoAmI,
    Withheld, left_out,
};

use crate::message::AgencyId;

/// Calls to one gateway as one agency. Cloning it shares its connections. It has no `Debug`.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    agency_id: AgencyId,
}

/// A good answer.
pub struct Answer<T> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, byte for byte.
    pub bytes: Bytes,
    /// What the body says.
    pub value: T,
}

impl<T> Answer<T> {
    /// Whether it repeats the answer to an earlier post of the same message.
    pub fn replayed(&self) -> bool {
        self.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
    }
}

impl Client {
    /// A client for this profile. Nothing is dialled yet.
    ///
    /// # Errors
    /// [`ClientFault::Identity`] if the certificate, key or authority is unusable.
    pub fn new(profile: &Profile) -> Result<Self, ClientFault> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(profile)?)
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")));
        // A proxy of the environment cannot reach the loopback of this machine.
        if is_loopback(&profile.url) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(ClientFault::Unreachable)?;
        Ok(Self { http, base: profile.url.clone(), agency_id: profile.agency_id.clone() })
    }

    /// Who calls.
    pub fn agency_id(&self) -> &AgencyId {
        &self.agency_id
    }

    /// The address of the path of these segments; each is encoded, so that an id stays one.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Fails for addresses without a host only, which no profile has.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.http.request(method, self.url(segments))
    }

    fn get(&self, segments: &[&str]) -> RequestBuilder {
        self.request(Method::GET, segments)
    }
}

/// Sends, and tells good answers from the others.
async fn send(request: RequestBuilder) -> Result<Response, ClientFault> {
    let response = request.send().await.map_err(ClientFault::Unreachable)?;
    if response.status().is_success() { Ok(response) } else { Err(ClientFault::of(response).await) }
}

async fn bytes(request: RequestBuilder) -> Result<Bytes, ClientFault> {
    send(request).await?.bytes().await.map_err(ClientFault::Unreachable)
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<Answer<T>, ClientFault> {
    let response = send(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.map_err(ClientFault::Unreachable)?;
    let value =
        serde_json::from_slice(&bytes).map_err(|_| ClientFault::Foreign { status: status.as_u16() })?;
    Ok(Answer { status, headers, bytes, value })
}

/// TLS 1.3 and 1.2 with the profile's certificate, trusting its authority and no other.
fn tls(profile: &Profile) -> Result<ClientConfig, ClientFault> {
    let certificates = |pem: &[u8], file| {
        let read = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        read.ok().filter(|list| !list.is_empty()).ok_or(ClientFault::Identity(file))
    };
    let mut roots = RootCertStore::empty();
    for authority in certificates(&profile.ca, "the authority's certificate")? {
        roots.add(authority).map_err(|_| ClientFault::Identity("the authority's certificate"))?;
    }
    let own = certificates(&profile.certificate, "the client certificate")?;
    let key =
        PrivateKeyDer::from_pem_slice(&profile.key).map_err(|_| ClientFault::Identity("the client key"))?;
    let provider = std::sync::Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(ClientFault::Tls)?
        .with_root_certificates(roots)
        .with_client_auth_cert(own, key)
        .map_err(ClientFault::Tls)?;
    // HTTP/2 first: it can answer an upload before its end, which a refusal needs.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For calls without a body of note; uploads and long polls have their own.
const TIMEOUT: Duration = Duration::from_secs(60);
