//! S/MIME (RFC 8551): a mail entity, signed by the gateway, sealed to one recipient.
//!
//! In: the entity that the recipient is to see ([`Entity`] builds it safely), the gateway's
//! [`SigningIdentity`], the recipient's [`RecipientCertificate`], neutral outer headers. Out: the bytes
//! of a mail that an ordinary mail program opens. It sends nothing, knows no permissions, and makes only
//! the profile `compat`; `oaep-gcm` and `ecdh-gcm` have their place in `certificate` and `cms`.
//!
//! ```text
//! outer mail, application/pkcs7-mime; smime-type=enveloped-data        mail.rs
//!   EnvelopedData, AES-256-CBC, key under RSA PKCS#1 v1.5              cms.rs
//!     application/pkcs7-mime; smime-type=signed-data                   mail.rs
//!       SignedData, SHA-256 with RSA or ECDSA P-256                    cms.rs
//!         multipart/mixed: note, message.json, message.txt, …          mime.rs
//! ```

mod certificate;
mod cms;
mod der;
mod header;
mod identity;
mod mail;
mod mime;
mod oid;
mod transfer;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::random::{NoRandom, Random};

pub use certificate::{CertificateFault, RecipientCertificate};
pub use cms::{envelope, sign};
pub use header::{is_deceptive, is_device, safe_file_name};
pub use identity::SigningIdentity;
pub use mail::{OuterHeaders, sealed_mail};
pub use mime::{Boundary, Entity};

/// Why no mail was made. Nothing of the message stands in it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub enum SmimeFault {
    /// The named header has a character or a form that no mail header may have.
    #[error("the mail header `{0}` cannot be written safely")]
    Header(&'static str),
    /// The gateway's own certificate does not fit: renew it, or correct the sender address.
    #[error("the gateway's mail certificate does not fit")]
    Signer(#[source] CertificateFault),
    /// The recipient's certificate does not fit: ask the agency for a new one.
    #[error("the recipient's mail certificate does not fit")]
    Recipient(#[source] CertificateFault),
    /// No random bytes, so no key.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    /// The cryptographic library refused.
    #[error("the cryptographic library refused to {0}")]
    Library(&'static str),
}

/// Signs `entity`, seals it to `recipient` and puts the outer mail around it.
///
/// Both certificates must be valid at `at`, which is also the signing time, and name the addresses in
/// `headers`: asked first, so that a fault costs nothing. For an entity of n bytes at most about 3n of
/// plaintext are in memory at once, all of them erased on return, whatever the outcome; the mail itself
/// is about 1.9n long, since base64 is applied twice.
pub fn seal_mail(
    entity: Zeroizing<Vec<u8>>,
    signer: &SigningIdentity,
    recipient: &RecipientCertificate,
    headers: &OuterHeaders<'_>,
    at: Timestamp,
    random: &Random,
) -> Result<Vec<u8>, SmimeFault> {
    headers.check()?;
    signer.fits(headers.from, at).map_err(SmimeFault::Signer)?;
    recipient.fits(headers.to, at).map_err(SmimeFault::Recipient)?;
    let signed = sign(&entity, signer, at)?;
    drop(entity);
    let inner = mail::signed_entity(&signed);
    drop(signed);
    sealed_mail(headers, &envelope(inner, recipient, random)?)
}
