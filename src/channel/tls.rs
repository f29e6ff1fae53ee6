//! TLS of the outgoing connections: whom they trust and who they say they are.
//!
//! In: PEM files named in the settings. Out: settings of TLS clients, 1.2 and 1.3, on the aws-lc-rs
//! provider. It dials nobody.

use std::{io, path::Path, path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::crypto::key_file::{KeyFileFault, KeyFiles};

/// Why a channel cannot be opened. The settings or the files that they name are at fault.
#[derive(Debug, thiserror::Error)]
pub enum ChannelFault {
    /// A file is not there or may not be read.
    #[error("cannot read {}: check that the file is there and that the gateway's user may read it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The private key's file cannot be used, or its passphrase is not at hand.
    #[error(transparent)]
    Key(#[from] KeyFileFault),
    /// A file holds something else than what it is named for.
    #[error("{} holds no {wanted} in PEM", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// TLS takes no such certificate, authority or key.
    #[error("TLS takes no such certificate, authority or key")]
    Tls(#[source] rustls::Error),
    /// The HTTP client takes no such settings.
    #[error("the HTTP client could not be made")]
    Http(#[source] reqwest::Error),
    /// The mail client takes no such authority.
    #[error("the mail client takes no such authority")]
    Smtp(#[source] lettre::transport::smtp::Error),
    /// The sender's address is none.
    #[error("`mail.from` is not a mail address in ASCII")]
    From,
}

/// Makes aws-lc-rs the TLS provider of this process, if none has been chosen yet.
///
/// lettre asks the process for its provider and panics where there is none, so `EmailChannel::new`
/// calls this; a program calls it once at its start, before anything else chooses. It may be called
/// any number of times: the first choice stands.
pub fn install_tls_provider() {
    if CryptoProvider::get_default().is_none() {
        // Lost to another thread between the two lines: then a provider is installed all the same.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}

/// Settings of a client that trusts the authorities in `ca` and no others, and that shows the
/// certificate. Names and times are checked by rustls' own verifier.
pub(super) fn client_config(
    ca: &Path,
    certificate: &Path,
    key: &Path,
    keys: &KeyFiles,
) -> Result<ClientConfig, ChannelFault> {
    let mut roots = RootCertStore::empty();
    for root in certificates(&read(ca)?, ca)? {
        roots.add(root).map_err(ChannelFault::Tls)?;
    }
    let chain = certificates(&read(certificate)?, certificate)?;
    let key_der = PrivateKeyDer::from_pem_slice(&keys.read(key)?)
        .map_err(|_| ChannelFault::NotPem { path: key.into(), wanted: "private key" })?;
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(ChannelFault::Tls)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key_der)
        .map_err(ChannelFault::Tls)
}

/// The certificates of a PEM file; at least one.
pub(super) fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, ChannelFault> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(ChannelFault::NotPem { path: path.into(), wanted: "certificate" }),
    }
}

/// A file's bytes: certificates, which are no secret.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, ChannelFault> {
    std::fs::read(path).map_err(|source| ChannelFault::Unreadable { path: path.into(), source })
}
