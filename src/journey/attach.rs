//! Attach: each attachment streams through digest, type check, scanner and encryption into a file and is
//! never held whole, unless a copy goes by mail. [`Viewed`] → [`Attached`]. A refusal answers without reading on
//! and leaves no file.

use async_trait::async_trait;
use bytes::Bytes;
use zeroize::Zeroizing;

use super::{Code, Fault, Gateway, Refusal, Stop, inspect::Inspection, view::Viewed};
use crate::{
    crypto::{
        digest::Digest,
        segments::{AttachmentKey, Sealer},
    },
    message::AttachmentHead,
    schema,
    store::{SealedAttachment, StoredFile},
};

/// Where the attachments come from: the parts of the request after the first.
#[async_trait]
pub trait AttachmentSource: Send {
    /// Goes on to the next part. `false` after the last.
    async fn next_part(&mut self) -> Result<bool, Broken>;

    /// The next bytes of the present part. `None` at its end.
    async fn next_bytes(&mut self) -> Result<Option<Bytes>, Broken>;
}

/// The request broke off, or is no multipart after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The connection ended early.
    #[error("the request broke off")]
    Off,
    /// The body is not what its media type says.
    #[error("the request's body is not what its media type says")]
    Form,
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Off => Self::Failed(Fault::Broken),
            Broken::Form => {
                Refusal::new(Code::BadRequest, "send multipart/form-data as RFC 7578 describes").into()
            }
        }
    }
}

/// A post without attachments.
pub struct NoAttachments;

#[async_trait]
impl AttachmentSource for NoAttachments {
    async fn next_part(&mut self) -> Result<bool, Broken> {
        Ok(false)
    }

    async fn next_bytes(&mut self) -> Result<Option<Bytes>, Broken> {
        Ok(None)
    }
}

/// A message whose attachments are encrypted and durable.
pub struct Attached {
    pub(super) viewed: Viewed,
    /// In the order of the message's list.
    pub(super) attachments: Vec<Attachment>,
}

/// One encrypted attachment.
pub(super) struct Attachment {
    pub(super) head: AttachmentHead,
    pub(super) key: AttachmentKey,
    pub(super) file: StoredFile,
    /// Its plaintext, only while mail is still to be made from it.
    pub(super) plaintext: Option<Zeroizing<Vec<u8>>>,
}

impl Attachment {
    pub(super) fn stored(&self) -> SealedAttachment {
        SealedAttachment { file: self.file.clone() }
    }
}

pub(super) async fn attach(
    gateway: &Gateway,
    viewed: Viewed,
    source: &mut dyn AttachmentSource,
) -> Result<Attached, Stop> {
    let heads = viewed.routed.envelope().attachments.clone();
    check_declared(gateway, &heads)?;
    let keep = viewed.routed.mails();
    let mut attachments = Vec::with_capacity(heads.len());
    for (index, head) in heads.iter().enumerate() {
        let part = match source.next_part().await {
            Ok(true) => one(gateway, index, head, keep, source).await,
            Ok(false) => Err(missing(index, heads.len()).into()),
            Err(broken) => Err(broken.into()),
        };
        match part {
            Ok(attachment) => attachments.push(attachment),
            Err(stop) => {
                discard(gateway, attachments).await;
                return Err(stop);
            }
        }
    }
    let stop = match source.next_part().await {
        Ok(false) => return Ok(Attached { viewed, attachments }),
        Ok(true) => one_more(heads.len()).into(),
        Err(broken) => broken.into(),
    };
    discard(gateway, attachments).await;
    Err(stop)
}

fn one_more(listed: usize) -> Refusal {
    let detail = format!("the message lists {listed} attachments; send one part for each and no more");
    Refusal::new(Code::AttachmentCount, detail)
}

/// Refuses by the declared lengths before anything is read.
pub(super) fn check_declared(gateway: &Gateway, heads: &[AttachmentHead]) -> Result<(), Refusal> {
    let most = gateway.limits.attachments;
    if heads.len() > most {
        return Err(Refusal::new(Code::AttachmentCount, format!("send at most {most} attachments")));
    }
    let (one, all) = (gateway.limits.attachment_bytes, gateway.limits.pack_bytes);
    let too_large = heads.iter().position(|head| head.bytes > one);
    if let Some(index) = too_large {
        let fix = format!("one attachment may have {one} bytes");
        let place = format!("/attachments/{index}/bytes");
        let fault =
            schema::Fault::new(place, "attachment_too_large", "the attachment is too large", fix.clone());
        return Err(Refusal::with(Code::AttachmentTooLarge, fix, vec![fault]));
    }
    if heads.iter().map(|head| head.bytes).fold(0, u64::saturating_add) > all {
        return Err(Refusal::new(
            Code::AttachmentTooLarge,
            format!("all attachments together may have {all} bytes"),
        ));
    }
    Ok(())
}

fn missing(index: usize, listed: usize) -> Refusal {
    let fix = "send one part for each attachment that the message lists, in their order";
    let place = format!("/attachments/{index}");
    let fault = schema::Fault::new(place, "attachment_missing", "no part came for this attachment", fix);
    Refusal::with(
        Code::AttachmentCount,
        format!("the message lists {listed} attachments; {fix}"),
        vec![fault],
    )
}

async fn one(
    gateway: &Gateway,
    index: usize,
    head: &AttachmentHead,
    keep: bool,
    source: &mut dyn AttachmentSource,
) -> Result<Attachment, Stop> {
    let mut inspection = Inspection::begin(gateway, index, head).await?;
    let mut sealer = Sealer::new(index, &gateway.random)?;
    let mut file = gateway.files.create().await?;
    let mut digest = Digest::default();
    let mut bytes = 0u64;
    // With its whole length reserved the buffer never moves, and leaves no plaintext behind.
    let mut plaintext =
        keep.then(|| Zeroizing::new(Vec::with_capacity(usize::try_from(head.bytes).unwrap_or(0))));
    while let Some(chunk) = source.next_bytes().await? {
        bytes += chunk.len() as u64;
        if bytes > head.bytes {
            return Err(wrong(index, "bytes", "more bytes came than the message says").into());
        }
        digest.update(&chunk);
        inspection.push(&chunk).await?;
        if let Some(kept) = &mut plaintext {
            kept.extend_from_slice(&chunk);
        }
        file.append(&sealer.push(&chunk)?).await?;
    }
    if bytes != head.bytes {
        return Err(wrong(index, "bytes", "fewer bytes came than the message says").into());
    }
    if digest.finish_hex() != head.sha256 {
        return Err(wrong(index, "sha256", "the digest is another one than the message says").into());
    }
    inspection.finish().await?;
    let (lines, key) = sealer.finish()?;
    file.append(&lines).await?;
    Ok(Attachment { head: head.clone(), key, file: file.finish().await?, plaintext })
}

fn wrong(index: usize, member: &str, message: &str) -> Refusal {
    let fix = "give length and SHA-256 of the attachment as it is sent";
    let place = format!("/attachments/{index}/{member}");
    Refusal::with(
        Code::AttachmentDigest,
        fix,
        vec![schema::Fault::new(place, "attachment_digest", message, fix)],
    )
}

/// Removes the files of a message that does not go on. One that stays behind is swept later.
async fn discard(gateway: &Gateway, attachments: Vec<Attachment>) {
    for attachment in attachments {
        let _ = gateway.files.remove(&attachment.file.name).await;
    }
}
