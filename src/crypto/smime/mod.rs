//! S/MIME (RFC 8551): a mail entity, signed by the gateway, sealed to one recipient.
//!
//! In: the entity that the recipient is to see ([`Entity`] builds it safely), the gateway's
//! [`SigningIdentity`], the recipient's [`RecipientCertificate`], neutral outer headers. Out: the bytes
//! of a mail that an ordinary mail program opens. It sends nothing and knows no permissions.
//!
//! ```text
//! outer mail, application/pkcs7-mime; smime-type=[auth]enveloped-data  mail.rs
//!   EnvelopedData or AuthEnvelopedData                                 enveloped.rs
//!     the content key for the recipient                                recipient_info.rs
//!     application/pkcs7-mime; smime-type=signed-data                   mail.rs
//!       SignedData, SHA-256 with RSA or ECDSA P-256                    signed.rs
//!         multipart/mixed: note, message.json, message.txt, …          mime.rs
//! ```
//!
//! | profile | content key | content | which programs open it |
//! |---|---|---|---|
//! | `compat` | RSA PKCS#1 v1.5 | AES-256-CBC | ordinary mail programs |
//! | `oaep-gcm` | RSAES-OAEP, SHA-256 | AES-256-GCM | few so far; OpenSSL does |
//! | `ecdh-gcm` | ECDH P-256, X9.63 with SHA-256, AES-256 wrap | AES-256-GCM | few so far; OpenSSL does |

mod certificate;
mod cms;
mod content;
mod der;
mod enveloped;
mod header;
mod identity;
mod mail;
mod mime;
mod oid;
mod recipient;
mod recipient_info;
mod signed;
mod transfer;
#[cfg(test)]
mod wycheproof;

use jiff::Timestamp;

use super::random::{NoRandom, Random};

pub use certificate::CertificateFault;
pub use content::{Content, Sink};
pub use enveloped::envelope;
pub use header::{is_deceptive, is_device, safe_file_name};
pub use identity::SigningIdentity;
pub use mail::{OuterHeaders, sealed_mail};
pub use mime::{Boundary, Entity};
pub use recipient::RecipientCertificate;
pub use signed::{SignedData, sign};

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

/// Signs `entity`, seals it to `recipient` as its profile says and puts the outer mail around it.
///
/// Both certificates must be valid at `at`, which is also the signing time, and name the addresses in
/// `headers`: asked first, so that a fault costs nothing. The entity is written twice, once for its
/// digest and once through both encodings into the buffer where it is encrypted: for n bytes that is
/// about 1.4n of plaintext beside what the entity borrows, erased on return, whatever the outcome. The
/// mail itself is about 1.9n long, since base64 is applied twice.
///
/// # Errors
/// A certificate that does not fit, a header that cannot be written safely, no randomness, or a refusal
/// of the cryptographic library.
pub fn seal_mail(
    entity: &dyn Content,
    signer: &SigningIdentity,
    recipient: &RecipientCertificate,
    headers: &OuterHeaders<'_>,
    at: Timestamp,
    random: &Random,
) -> Result<Vec<u8>, SmimeFault> {
    headers.check()?;
    signer.fits(headers.from, at).map_err(SmimeFault::Signer)?;
    recipient.fits(headers.to, at).map_err(SmimeFault::Recipient)?;
    let inner = mail::SignedEntity(sign(entity, signer, at)?);
    sealed_mail(headers, recipient.profile(), &envelope(&inner, recipient, random)?)
}
