//! The door as a stranger to our client sees it: any headers, any body, any TLS.

use std::sync::Arc;

use bytes::Bytes;
use portcullis::journey::Code;
use reqwest::{Method, StatusCode, header::HeaderMap};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use serde_json::Value;

/// An answer, whatever it is.
#[derive(Debug)]
pub struct Reply {
    /// Its version of HTTP.
    pub version: reqwest::Version,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The problem document of this code and status, checked for what all of them have.
    pub fn problem(&self, code: Code, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{text}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:portcullis:problem:{}", code.as_str()), "{text}");
        assert_eq!(problem["title"], code.title());
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        problem
    }

    /// The pointer and code of each fault.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |fault: &Value, member: &str| fault[member].as_str().unwrap_or_default().to_owned();
        let faults = self.json()["errors"].as_array().cloned().unwrap_or_default();
        faults.iter().map(|fault| (text(fault, "pointer"), text(fault, "code"))).collect()
    }

    /// Everything that a caller can tell apart: not the time, and not the number of the ledger's event.
    pub fn distinguishable(&self) -> (StatusCode, HeaderMap, Value) {
        let (mut headers, mut body) = (self.headers.clone(), self.json());
        headers.remove("date");
        if let Some(members) = body.as_object_mut() {
            members.remove("reference");
        }
        (self.status, headers, body)
    }
}

/// A way to call.
pub struct Door {
    base: String,
    http: reqwest::Client,
}

impl Door {
    /// Calls with these TLS settings.
    pub fn new(base: String, tls: ClientConfig) -> Self {
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        Self { base, http }
    }

    /// TLS settings with the authority, and perhaps a certificate and key, all PEM.
    pub fn tls(ca: &[u8], own: Option<(&[u8], &[u8])>) -> ClientConfig {
        let mut tls = Self::tls_of(ca, own, aws_lc_rs::default_provider(), &[&TLS13, &TLS12]);
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        tls
    }

    /// The same with a provider and versions, and without a protocol.
    pub fn tls_of(
        ca: &[u8],
        own: Option<(&[u8], &[u8])>,
        provider: CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let chain = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().unwrap();
        let mut roots = RootCertStore::empty();
        chain(ca).into_iter().for_each(|authority| roots.add(authority).unwrap());
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key).unwrap();
                builder.with_client_auth_cert(chain(certificate), key).unwrap()
            }
        }
    }

    /// A request to go on with.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Posts a message as JSON.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> Reply {
        let request = self.request(Method::POST, "/v1/messages").header("content-type", "application/json");
        Self::send(request.body(body)).await.unwrap()
    }

    /// Has a message checked.
    pub async fn check(&self, body: impl Into<reqwest::Body>) -> Reply {
        let request = self.request(Method::POST, "/v1/messages/check");
        Self::send(request.header("content-type", "application/json").body(body)).await.unwrap()
    }

    /// Posts a message with these parts.
    pub async fn post_form(&self, form: reqwest::multipart::Form) -> Reply {
        Self::send(self.request(Method::POST, "/v1/messages").multipart(form)).await.unwrap()
    }

    /// Gets.
    pub async fn get(&self, path: &str) -> Reply {
        Self::send(self.request(Method::GET, path)).await.unwrap()
    }

    /// Sends and reads the whole answer.
    pub async fn send(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (version, status, headers) = (response.version(), response.status(), response.headers().clone());
        Ok(Reply { version, status, headers, body: response.bytes().await? })
    }
}
