//! `/v1/agencies/me/keys`: an agency publishes, proves, lists and revokes its own encryption keys.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{App, problem::Problem};
use crate::{
    journey::{
        Caller, Refusal, Stop,
        agency_keys::{self, malformed},
    },
    message::{AgencyKey, EncryptionKey},
    schema::strict,
};

/// `GET /v1/agencies/me/keys`: every key of the caller's, and how far each has come.
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let now = app.gateway.clock.now();
    let keys = agency_keys::list(&app.gateway, &caller.agency.agency_id).await?;
    let keys: Vec<Value> = keys.iter().map(|key| shown(key, now)).collect();
    Ok(axum::Json(json!({ "keys": keys })).into_response())
}

/// `GET /v1/agencies/me/keys/{kid}`: one of them.
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(kid): Path<String>,
) -> Result<Response, Problem> {
    let key = agency_keys::show(&app.gateway, &caller, &kid).await?;
    Ok(axum::Json(shown(&key, app.gateway.clock.now())).into_response())
}

/// `PUT /v1/agencies/me/keys/{kid}`: publishes a key; the answer is a challenge.
pub async fn publish(
    State(app): State<App>,
    caller: Caller,
    Path(kid): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let published = async {
        let key = wanted(&app, &kid, &body)?;
        agency_keys::publish(&app.gateway, &caller, key).await
    };
    let published = told(&app, &caller, published.await).await?;
    let mut answer = shown(&published.key, app.gateway.clock.now());
    answer["challenge"] = published.asked.map_or(Value::Null, |asked| {
        let (by, voucher) = asked.voucher.map_or((Value::Null, Value::Null), |(kid, jwe)| (json!(kid), jwe));
        json!({ "canary": asked.canary, "voucher": voucher, "voucher_kid": by, "until": asked.until })
    });
    Ok(axum::Json(answer).into_response())
}

/// `POST /v1/agencies/me/keys/{kid}/proof`: the challenge, opened.
pub async fn prove(
    State(app): State<App>,
    caller: Caller,
    Path(kid): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let proven = async {
        let json = object(&app, &body, PROOF)?;
        // The text of this error could repeat a secret; the form says enough.
        let proof = Deserialize::deserialize(Value::Object(json)).map_err(|_| form(PROOF))?;
        agency_keys::prove(&app.gateway, &caller, &kid, &proof).await
    };
    let key = told(&app, &caller, proven.await).await?;
    Ok(axum::Json(shown(&key, app.gateway.clock.now())).into_response())
}

/// `POST /v1/agencies/me/keys/{kid}/revoke`: nothing is sealed to it from here on.
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(kid): Path<String>,
) -> Result<Response, Problem> {
    let revoked = agency_keys::revoke(&app.gateway, &caller, &kid).await;
    let key = told(&app, &caller, revoked).await?;
    Ok(axum::Json(shown(&key, app.gateway.clock.now())).into_response())
}

/// A refusal about a key has its event in the ledger.
async fn told<T>(app: &App, caller: &Caller, outcome: Result<T, Stop>) -> Result<T, Problem> {
    match outcome {
        Ok(done) => Ok(done),
        Err(stop) => Err(agency_keys::refused(&app.gateway, caller, stop).await.into()),
    }
}

fn shown(key: &AgencyKey, now: Timestamp) -> Value {
    let mut jwk = json!(key.key);
    if let Some(members) = jwk.as_object_mut() {
        members.retain(|name, _| !name.starts_with("valid_"));
        members.insert("use".into(), json!("enc"));
    }
    json!({
        "kid": key.key.kid, "state": key.state(now), "sha256": key.sha256, "key": jwk,
        "published_at": key.published_at, "proven_at": key.proven_at, "announced_at": key.announced_at,
        "valid_from": key.key.valid_from, "valid_until": key.key.valid_until, "revoked_at": key.revoked_at,
    })
}

/// Reads the key that is to be published. Each fault has its place, none repeats a value.
fn wanted(app: &App, kid: &str, body: &[u8]) -> Result<EncryptionKey, Refusal> {
    if !is_name(kid) {
        let fix =
            "a name has 1 to 64 letters, digits, `-`, `_`, `.` or `~` and begins with a letter or digit";
        return Err(malformed("/key/kid", "name", "not a name for a key", fix));
    }
    let mut members = object(app, body, KEY)?;
    let Some(Value::Object(mut jwk)) = members.remove("key") else { return Err(form(KEY)) };
    let (valid_from, valid_until) = (time(&mut members, "valid_from")?, time(&mut members, "valid_until")?);
    if !members.is_empty() {
        return Err(form(KEY));
    }
    if jwk.contains_key("d") || jwk.contains_key("priv") || jwk.contains_key("k") {
        let fix = "make a new key pair, keep its private half to yourself, and publish the public half";
        return Err(malformed("/key", "private", "this is a private key: nobody else may have it", fix));
    }
    if jwk.remove("use").is_some_and(|word| word != "enc") {
        let fix = "leave `use` out, or say `enc`: keys that sign are not registered here";
        return Err(malformed("/key/use", "use", "not a key for encryption", fix));
    }
    if jwk.remove("kid").is_some_and(|named| named != kid) {
        let fix = "leave `kid` out: the path names the key";
        return Err(malformed("/key/kid", "name", "not the name in the path", fix));
    }
    let mut text = |member: &str| match jwk.remove(member) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(malformed(&format!("/key/{member}"), "format", "not a text", KEY)),
    };
    let (kty, crv, alg) = (text("kty")?, text("crv")?, text("alg")?);
    let (x, y, public) = (text("x")?, text("y")?, text("pub")?);
    if !jwk.is_empty() {
        return Err(malformed("/key", "member", "a member that no public key of these kinds has", KEY));
    }
    // To a key for ECDH-ES its algorithm is a remark, which says nothing more than its kind does.
    let alg = if kty != "AKP" && alg == crate::crypto::jwe::ALG { String::new() } else { alg };
    Ok(EncryptionKey { kid: kid.to_owned(), kty, alg, crv, x, y, public, valid_from, valid_until })
}

/// Names stand in paths and headers as they are.
fn is_name(kid: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let begins = kid.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    begins && kid.len() <= 64 && kid.bytes().all(plain)
}

fn time(members: &mut Map<String, Value>, member: &str) -> Result<Option<Timestamp>, Refusal> {
    match members.remove(member) {
        None | Some(Value::Null) => Ok(None),
        Some(text) => text.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| {
            let fix = "write an RFC 3339 time such as `2026-11-20T09:30:00Z`, or leave it out";
            malformed(&format!("/{member}"), "format", "not a time", fix)
        }),
    }
}

fn object(app: &App, body: &[u8], wanted: &'static str) -> Result<Map<String, Value>, Refusal> {
    match strict::parse(body, app.gateway.limits.message_depth) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(form(wanted)),
    }
}

fn form(wanted: &'static str) -> Refusal {
    malformed("", "format", "not such an object", wanted)
}

const KEY: &str =
    "send {key: a public JWK (kty, crv, x, y; or kty, alg, pub), valid_from?, valid_until?: RFC 3339 times}";
const PROOF: &str = "send {canary: the `secret` that was sealed to the new key, voucher?: the one that was sealed to the key in force}";
