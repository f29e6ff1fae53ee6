//! `portcullis key list | publish | prove | revoke`: an agency's own encryption keys, over the same calls that
//! its system makes.
//!
//! In: a file with the agency's private key, which never leaves this machine. Out: its public half at the
//! gateway, and the gateway's challenge opened.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    cli::{
        Exit,
        client::{Answer, Client, Identity, Profile},
        pki,
        terminal::{Table, Terminal, labelled, printable},
    },
    config,
    crypto::{
        jwe,
        jwk::{KeyKind, PrivateJwk, RecipientKey},
        random::Random,
    },
};

/// What is published.
#[derive(clap::Args)]
pub struct Wanted {
    /// The agency's new private key, JWK; it is made if it is not there, and stays on this machine
    pub file: PathBuf,
    /// Its name, if it has to be made: one that the agency never used
    #[arg(long)]
    pub kid: Option<String>,
    /// Its kind, if it has to be made
    #[arg(long, value_enum, default_value = "p256")]
    pub kind: Kind,
    /// Not to be sealed to before this moment
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Not to be sealed to from this moment on
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    /// Who calls.
    #[command(flatten)]
    pub identity: Identity,
}

/// The kinds of encryption key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// On the curve P-256
    P256,
    /// X25519
    X25519,
    /// X-Wing, quantum-safe, under the shipped name of its profile
    XWing,
}

pub(super) async fn list(identity: &Identity, terminal: &mut Terminal) -> anyhow::Result<()> {
    let answer = Client::new(&Profile::load(identity)?)?.own_keys().await?;
    if terminal.json() {
        return Ok(terminal.raw(&answer.bytes)?);
    }
    let mut table = Table::new(["kid", "state", "from", "until", "sha256"]);
    for key in answer.value["keys"].as_array().into_iter().flatten() {
        table.row(["kid", "state", "valid_from", "valid_until", "sha256"].map(|member| word(key, member)));
    }
    terminal.data(&table.rendered())?;
    Ok(())
}

pub(super) async fn publish(wanted: &Wanted, random: &Random, terminal: &mut Terminal) -> anyhow::Result<()> {
    let client = Client::new(&Profile::load(&wanted.identity)?)?;
    if !wanted.file.exists() {
        make(wanted, random)?;
        terminal.say(&format!("a new private key is in {}", wanted.file.display()));
    }
    let key = read(&wanted.file)?;
    let answer = client.publish_key(&key.public(), wanted.from, wanted.until).await?;
    show(&answer, terminal)?;
    let file = wanted.file.display();
    if !answer.value["challenge"].is_null() {
        terminal.say(&format!(
            "not in use: show within the hour that you can open with it: portcullis key prove {file}"
        ));
    }
    Ok(())
}

pub(super) async fn prove(file: &Path, identity: &Identity, terminal: &mut Terminal) -> anyhow::Result<()> {
    let profile = Profile::load(identity)?;
    let (client, key) = (Client::new(&profile)?, read(file)?);
    let known = client.own_key(&key.kid).await?.value;
    let time = |member: &str| known[member].as_str().and_then(|text| text.parse().ok());
    // To publish again is to be asked again: no challenge has to be kept.
    let asked = client.publish_key(&key.public(), time("valid_from"), time("valid_until")).await?.value;
    let proof = answer_to(&asked, &key, profile.private_jwk.as_ref())?;
    let vouched = !proof["voucher"].is_null();
    let answer = client.prove_key(&key.kid, &proof).await?;
    show(&answer, terminal)?;
    terminal.say(match vouched {
        true => "announced; keep the key before it until nothing waits that was sealed to it",
        false => {
            "proven, and not in use: no key in force vouched for it (--enc-key). Have the operator compare its \
             sha256 with you by telephone and approve it"
        }
    });
    Ok(())
}

pub(super) async fn revoke(kid: &str, identity: &Identity, terminal: &mut Terminal) -> anyhow::Result<()> {
    let client = Client::new(&Profile::load(identity)?)?;
    show(&client.revoke_key(kid).await?, terminal)?;
    terminal.say(
        "revoked: what waited under it is withdrawn, and its senders are asked to send it again; \
         portcullis key list shows which of your keys is in force",
    );
    Ok(())
}

/// The sealed parts of a challenge.
#[derive(Deserialize)]
struct Opened {
    part: String,
    secret: Zeroizing<String>,
    kid: String,
    sha256: String,
}

/// The proof for what `PUT /v1/agencies/me/keys/{kid}` asked: the canary opened with the new key, and the
/// voucher with the one in force, if that is the one at hand.
///
/// # Errors
/// A part does not open, or is about another key than the new one: then somebody else published one.
pub fn answer_to(asked: &Value, new: &PrivateJwk, in_force: Option<&PrivateJwk>) -> anyhow::Result<Value> {
    let challenge = &asked["challenge"];
    if challenge.is_null() {
        return Err(Exit::Failed.because("nothing is asked: the key was announced before"));
    }
    let sha256 = RecipientKey::new(&new.public())?.fingerprint();
    let secret = |part: &str, key: &PrivateJwk| -> anyhow::Result<String> {
        let opened = jwe::open(challenge[part].to_string().as_bytes(), key);
        let opened = opened.map_err(|_| Exit::Verification.because(format!("the {part} does not open")))?;
        let opened: Opened = serde_json::from_slice(&opened)
            .map_err(|_| Exit::Verification.because(format!("the {part} holds no challenge")))?;
        if (opened.part.as_str(), &opened.kid, &opened.sha256) != (part, &new.kid, &sha256) {
            return Err(Exit::Verification.because(format!("the {part} is about another key than yours")));
        }
        Ok(opened.secret.to_string())
    };
    let vouches = in_force.filter(|key| challenge["voucher_kid"] == key.kid.as_str());
    let voucher = vouches.map(|key| secret("voucher", key)).transpose()?;
    Ok(json!({ "canary": secret("canary", new)?, "voucher": voucher }))
}

fn make(wanted: &Wanted, random: &Random) -> anyhow::Result<()> {
    let kid = wanted.kid.as_deref().ok_or_else(|| Exit::Usage.because("name the new key: --kid NAME"))?;
    let profile = config::Keys::default().post_quantum_alg;
    let kind = match wanted.kind {
        Kind::P256 => KeyKind::P256,
        Kind::X25519 => KeyKind::X25519,
        Kind::XWing => KeyKind::XWing(&profile),
    };
    let key = Zeroizing::new(serde_json::to_vec_pretty(&PrivateJwk::generate_as(kind, kid, random)?)?);
    pki::write_private(&wanted.file, &key).with_context(|| wanted.file.display().to_string())
}

fn read(file: &Path) -> anyhow::Result<PrivateJwk> {
    let bytes = std::fs::read(file).map(Zeroizing::new);
    let bytes = bytes.with_context(|| format!("cannot read {}", file.display()))?;
    let unusable = || Exit::Config.because(format!("{} is not a private JWK", file.display()));
    serde_json::from_slice(&bytes).map_err(|_| unusable())
}

fn show(answer: &Answer<Value>, terminal: &mut Terminal) -> anyhow::Result<()> {
    if terminal.json() {
        return Ok(terminal.raw(&answer.bytes)?);
    }
    let lines = ["kid", "state", "sha256", "valid_from", "valid_until"];
    let lines: Vec<_> = lines.into_iter().map(|member| (member, word(&answer.value, member))).collect();
    terminal.data(&labelled(&lines))?;
    Ok(())
}

fn word(key: &Value, member: &str) -> String {
    key[member].as_str().map_or_else(|| "-".into(), printable)
}
