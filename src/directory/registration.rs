//! What an entry must fulfil beyond its form before it comes into the directory.
//!
//! In: an agency as it is to be registered. Out: whether mail could be sealed to it. Its form is checked
//! where it is read (`config/agencies.rs`), which knows nothing of certificates.

use jiff::Timestamp;

use crate::{
    crypto::smime::{CertificateFault, RecipientCertificate},
    message::Agency,
};

/// Whether the agency's S/MIME certificate, if it has one, can be used for its address and its profile at
/// this moment. Routing asks the same for each message: a certificate may end while it stands there.
///
/// # Errors
/// What about the certificate does not fit.
pub fn mail_certificate_fits(agency: &Agency, at: Timestamp) -> Result<(), CertificateFault> {
    let registered = agency.mail.as_ref().filter(|mail| !mail.certificate.trim().is_empty());
    let Some(mail) = registered else { return Ok(()) };
    RecipientCertificate::from_pem(&mail.certificate, mail.profile)?.fits(&mail.address, at)
}
