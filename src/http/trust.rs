//! Whom the agencies' listener trusts, and the certificate that it shows: replaced while it runs.
//!
//! In: the files of `[tls]` as bytes. Out: the settings of the next handshake, and for those who watch, news
//! that they have changed. Who an agency is, the directory says, not this.

use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::metrics::{counter::Counter, family::Family};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::verifier::Explaining;
use crate::{crypto::certificate, telemetry::Word};

/// The files of `[tls]`. It has no `Debug`.
pub struct TlsFiles {
    /// The gateway's certificate with its chain, PEM.
    pub certificate: Vec<u8>,
    /// Its private key, PEM.
    pub key: Zeroizing<Vec<u8>>,
    /// The authorities of the agencies' certificates, PEM.
    pub client_ca: Vec<u8>,
    /// The lists of revoked certificates, PEM; none where none are configured.
    pub crls: Option<Vec<u8>>,
}

/// The TLS files cannot be used. The source names what is wrong with which.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// No certificate, no key or no list, in PEM.
    #[error("{0} holds no usable PEM")]
    Pem(&'static str),
    /// rustls refused them.
    #[error("the TLS certificate, key or client CA cannot be used")]
    Rustls(#[from] rustls::Error),
    /// The client CA, or a list of revoked certificates, cannot be used.
    #[error("tls.client_ca or tls.crls cannot be used")]
    ClientCa(#[from] rustls::server::VerifierBuilderError),
}

/// What is in force.
pub struct InForce {
    /// The settings of a handshake.
    pub tls: Arc<ServerConfig>,
    /// When the first of the lists of revoked certificates wants to be replaced.
    pub crls_next_update: Option<Timestamp>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl InForce {
    /// Whether this chain would be let in now. The first is the client's own.
    ///
    /// # Errors
    /// The check that it fails.
    pub fn check(&self, chain: &[CertificateDer<'_>]) -> Result<(), rustls::Error> {
        let (own, others) = chain.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
        // The machine's time, as in the handshake itself: rustls asks for it there.
        self.verifier.verify_client_cert(own, others, UnixTime::now()).map(|_| ())
    }
}

/// What is in force now, and news of it.
pub struct Trust {
    in_force: watch::Sender<Arc<InForce>>,
    refused: Family<Word, Counter>,
}

impl Trust {
    /// From the files. `refused` counts refused certificates by the check.
    ///
    /// # Errors
    /// A file cannot be used.
    pub fn new(files: &TlsFiles, refused: Family<Word, Counter>) -> Result<Self, TlsFault> {
        let in_force = watch::Sender::new(Arc::new(settings(files, &refused)?));
        Ok(Self { in_force, refused })
    }

    /// Puts other files in the place of those in force: handshakes from now on keep to them, and open
    /// connections are held against them.
    ///
    /// # Errors
    /// A file cannot be used; everything stays as it was.
    pub fn replace(&self, files: &TlsFiles) -> Result<(), TlsFault> {
        self.in_force.send_replace(Arc::new(settings(files, &self.refused)?));
        Ok(())
    }

    /// What is in force.
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.borrow().clone()
    }

    /// What is in force, and what comes after.
    pub(super) fn watch(&self) -> watch::Receiver<Arc<InForce>> {
        self.in_force.subscribe()
    }
}

/// TLS 1.3 or 1.2 with AEAD suites only, X25519MLKEM768 preferred, a client certificate of the given
/// CA required. Nothing is resumed: a certificate that was withdrawn must not live on in a ticket.
fn settings(files: &TlsFiles, refused: &Family<Word, Counter>) -> Result<InForce, TlsFault> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(&files.client_ca) {
        roots.add(ca.map_err(|_| TlsFault::Pem("tls.client_ca"))?)?;
    }
    let crls = files.crls.as_deref().map(lists).transpose()?.unwrap_or_default();
    let crls_next_update = crls.iter().filter_map(|list| certificate::next_update(list).ok().flatten()).min();
    // With lists, a certificate whose issuer has none is refused: rustls's own default, and ours in doubt. A
    // list past its date still counts: who is on it stays out, and an authority that is late to publish must
    // not cut off everybody. The operator is warned instead.
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .with_crls(crls)
        .build()?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&files.certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsFault::Pem("tls.certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(|_| TlsFault::Pem("tls.key"))?;
    let explaining = Explaining { inner: verifier.clone(), refused: refused.clone() };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(Arc::new(explaining))
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(InForce { tls: Arc::new(config), crls_next_update, verifier })
}

fn lists(pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsFault> {
    let lists = CertificateRevocationListDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    // An empty file would quietly switch the check off.
    lists.ok().filter(|lists| !lists.is_empty()).ok_or(TlsFault::Pem("tls.crls"))
}
