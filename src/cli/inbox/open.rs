//! `portcullis inbox open`: from a sealed copy to a message and its attachments, with every check that a
//! reader has to make: the gateway's signature, the digest of the message, the recipient, the
//! attachments one by one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::json;
use zeroize::Zeroizing;

use super::ledger::{self, At};
use crate::{
    cli::{
        Exit,
        client::{Client, Identity, Profile},
        pki::write_private,
        terminal::{Terminal, labelled},
    },
    crypto::{
        hex,
        jwe::{self, OpenFault},
        jwk::PrivateJwk,
        keyring::PublishedKeys,
        segments::{self, AttachmentKey, SegmentFault},
        sha256,
        smime::safe_file_name,
    },
    journey::statement::{self, Content, StatedView, Statement, StatementFault},
    ledger::Proof,
    message::{AgencyId, DeliveryId},
    policy::Obligation,
};

/// An opened copy whose statement holds. It has no `Debug`.
pub struct OpenedCopy {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// What the gateway states.
    pub statement: Statement,
    /// The message and the keys to its attachments.
    pub content: Content,
}

/// Why a copy was not opened, or what it holds is not what the gateway states.
#[derive(Debug, thiserror::Error)]
pub enum CopyFault {
    /// It does not open.
    #[error(transparent)]
    Unopened(#[from] OpenFault),
    /// It opened, and does not hold.
    #[error(transparent)]
    Statement(#[from] StatementFault),
}

/// Why an attachment is not the one that the statement lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentFault {
    /// The statement lists no such attachment.
    #[error("the statement lists no attachment {0}")]
    Unlisted(usize),
    /// The key in the copy is of another kind.
    #[error("the key of attachment {0} is unusable")]
    Key(usize),
    /// It does not open, for this reason.
    #[error("attachment {0} does not open: {1}")]
    Unopened(usize, SegmentFault),
    /// It opens and is another file.
    #[error("attachment {0} is not the file that the statement lists")]
    Digest(usize),
}

/// Opens a collected copy with the agency's private key and checks everything that the statement says
/// about it.
///
/// # Errors
/// What does not hold.
pub fn open_copy(
    sealed: &[u8],
    key: &PrivateJwk,
    keys: &PublishedKeys,
    agency: &AgencyId,
    delivery_id: DeliveryId,
) -> Result<OpenedCopy, CopyFault> {
    let plaintext = jwe::open(sealed, key)?;
    let (statement, content) = statement::check_content(&plaintext, keys, agency, delivery_id)?;
    Ok(OpenedCopy { delivery_id, statement, content })
}

impl OpenedCopy {
    /// How many attachments there are.
    pub fn attachments(&self) -> usize {
        self.statement.attachments.len()
    }

    /// Opens the `number`th attachment, counted from 0, and checks its length and digest.
    ///
    /// # Errors
    /// What does not hold.
    pub fn open_attachment(
        &self,
        number: usize,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, AttachmentFault> {
        let stated = self.statement.attachments.get(number).ok_or(AttachmentFault::Unlisted(number))?;
        let carried = self.content.attachments.get(number).ok_or(AttachmentFault::Unlisted(number))?;
        let key = AttachmentKey::from_k(&carried.key.k).filter(|_| carried.key.kty == "oct");
        let key = key.ok_or(AttachmentFault::Key(number))?;
        let in_full_text = self.statement.attachment_in_full_text(number);
        let bytes = segments::open(in_full_text, sealed, &key)
            .map_err(|fault| AttachmentFault::Unopened(number, fault))?;
        let same = bytes.len() as u64 == stated.bytes && hex(&sha256(&bytes)) == stated.sha256;
        if same { Ok(bytes) } else { Err(AttachmentFault::Digest(number)) }
    }

    /// The file name for the `number`th attachment: its number, so that names cannot collide, and what
    /// of the sender's name is safe.
    pub fn attachment_name(&self, number: usize) -> String {
        attachment_name(number, &serde_json::from_str(&self.content.message).unwrap_or_default())
    }

    /// What the permission asks of the reader, each with its rule.
    fn duties(&self) -> Vec<String> {
        let stated =
            |obligation: &Obligation| self.statement.obligations.iter().any(|o| o.rule == obligation.rule());
        let told = |obligation: Obligation| format!("{} ({})", obligation.text(), obligation.rule());
        Obligation::ALL.into_iter().filter(stated).map(told).collect()
    }

    /// What the gateway states, and what the ledger says of it, in words.
    pub fn told(&self, ledger: String) -> String {
        let stated = &self.statement;
        let own = stated.recipients.iter().find(|to| to.delivery_id == self.delivery_id);
        let list = |items: Option<&Vec<String>>| items.map(|items| items.join("; ")).unwrap_or_default();
        let others = stated.recipients.iter().filter(|to| to.delivery_id != self.delivery_id);
        let others: Vec<&str> = others.map(|to| to.agency_id.as_str()).collect();
        let view = stated.view.as_ref().map_or_else(|| "the full text".into(), left_out);
        labelled(&[
            ("what", format!("{} {}", stated.message_type.title(), stated.message_id)),
            ("from", stated.sender.agency_id.to_string()),
            ("to", own.map(|to| format!("{}, by {}", to.agency_id, to.channel)).unwrap_or_default()),
            ("also to", if others.is_empty() { "nobody".into() } else { others.join(", ") }),
            ("accepted", format!("{} by {}", stated.accepted_at, stated.gateway)),
            ("by law", list(own.map(|to| &to.legal_basis))),
            ("rules", list(own.map(|to| &to.policies))),
            ("duties", list(Some(&self.duties()))),
            ("text", format!("{view}, {} bytes, attachments: {}", stated.bytes, stated.attachments.len())),
            ("checked", "the gateway's signature, the message's digest, and that it is for you".into()),
            ("ledger", ledger),
        ])
    }
}

/// What a view leaves out, in one sentence.
fn left_out(view: &StatedView) -> String {
    let mut reasons: Vec<String> = view.removed.iter().map(|gap| gap.reason.replace('_', " ")).collect();
    reasons.sort_unstable();
    reasons.dedup();
    format!("{} places were left out ({}); the statement lists them", view.removed.len(), reasons.join(", "))
}

fn attachment_name(number: usize, message: &serde_json::Value) -> String {
    let name = message.pointer(&format!("/attachments/{number}/name")).and_then(|name| name.as_str());
    format!("{number}-{}", safe_file_name(name.unwrap_or_default()))
}

/// A sealed copy and where its attachments are.
struct Found {
    delivery_id: DeliveryId,
    sealed: Vec<u8>,
    /// The folder that the copy lies in; `None`: at the gateway.
    folder: Option<PathBuf>,
}

pub(super) async fn run(
    copy: &str,
    (out, proof): (Option<&Path>, Option<&Path>),
    identity: &Identity,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let profile = Profile::load(identity)?;
    let client = Client::new(&profile)?;
    let found = find(copy, &client).await?;
    let key = profile.private_jwk.as_ref();
    let key =
        key.ok_or_else(|| Exit::Config.because("no private decryption key: name it with `--enc-key FILE`"))?;
    let keys = match profile.jwks {
        Some(keys) => keys,
        None => client.keys().await.context("the gateway's keys, to check the copy with")?.value,
    };
    let opened = open_copy(&found.sealed, key, &keys, client.agency_id(), found.delivery_id)?;
    let at = match (proof, &found.folder) {
        (Some(file), _) => At::File(file),
        (None, None) => At::Gateway(&client),
        (None, Some(_)) => At::None,
    };
    let (ledger, proof) = ledger::word(&opened.statement, at, &keys).await?;
    let out = out.map_or_else(|| PathBuf::from(found.delivery_id.to_string()), Path::to_owned);
    let files = write(&opened, proof.as_ref(), &found, &client, &out).await?;
    if terminal.json() {
        return super::tell_files(
            &files,
            json!({ "statement": opened.statement, "ledger": ledger }),
            terminal,
        );
    }
    terminal.data(&opened.told(ledger))?;
    super::tell_files(&files, json!(null), terminal)
}

async fn find(copy: &str, client: &Client) -> anyhow::Result<Found> {
    let path = Path::new(copy);
    if let (Ok(delivery_id), false) = (copy.parse(), path.exists()) {
        let sealed = client.collect(delivery_id).await?.to_vec();
        return Ok(Found { delivery_id, sealed, folder: None });
    }
    let sealed = fs::read(path).with_context(|| format!("cannot read {copy}"))?;
    // The statement may name several deliveries; which one this copy is for, its file's name tells.
    let named = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
    let delivery_id = named.ok_or_else(|| {
        Exit::Usage.because("name the file like its delivery, as `inbox collect` does: `<delivery>.jwe`")
    })?;
    Ok(Found { delivery_id, sealed, folder: Some(path.parent().unwrap_or(Path::new("")).to_owned()) })
}

/// Writes `message.json`, `statement.jws`, the ledger's `proof.json` and each attachment, readable by their
/// owner only. The message comes last: where it stands, everything does.
async fn write(
    opened: &OpenedCopy,
    proof: Option<&Proof>,
    found: &Found,
    client: &Client,
    out: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let mut files = Vec::new();
    let mut save = |name: String, bytes: &[u8]| {
        let path = out.join(name);
        write_private(&path, bytes).with_context(|| path.display().to_string())?;
        files.push(path);
        anyhow::Ok(())
    };
    for number in 0..opened.attachments() {
        let sealed = match &found.folder {
            Some(folder) => {
                let path = folder.join(format!("{}.att{number}", found.delivery_id));
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?
            }
            None => collected(client, found.delivery_id, number, out).await?,
        };
        save(opened.attachment_name(number), &opened.open_attachment(number, &sealed)?)?;
    }
    if let Some(proof) = proof {
        save("proof.json".into(), &serde_json::to_vec_pretty(proof)?)?;
    }
    save("statement.jws".into(), opened.content.statement.as_bytes())?;
    save("message.json".into(), opened.content.message.as_bytes())?;
    Ok(files)
}

/// Collects a sealed attachment by way of a file beside the opened ones, where the next call goes on if the
/// connection breaks.
async fn collected(
    client: &Client,
    delivery_id: DeliveryId,
    number: usize,
    out: &Path,
) -> anyhow::Result<Vec<u8>> {
    let path = out.join(format!("{delivery_id}.att{number}"));
    client.save_attachment(delivery_id, number, &path).await?;
    let sealed = fs::read(&path).and_then(|sealed| fs::remove_file(&path).map(|()| sealed));
    sealed.with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests;
