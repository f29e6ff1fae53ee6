//! What the ledger shows to every agency: checkpoint, tiles, and proofs for those who know a
//! commitment.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::{App, problem::Problem};
use crate::journey::{Caller, Stop, acknowledge, prove};

/// The latest signed checkpoint (C2SP tlog-checkpoint).
pub async fn checkpoint(State(app): State<App>, _caller: Caller) -> Result<Response, Problem> {
    let checkpoint = app.gateway.store.checkpoint().await.map_err(Stop::from)?;
    let checkpoint = checkpoint.ok_or_else(acknowledge::nothing_here)?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, checkpoint.note).into_response())
}

/// A tile (C2SP tlog-tiles); one that was served never changes.
pub async fn tile(
    State(app): State<App>,
    _caller: Caller,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let tile = prove::tile(&app.gateway, &path).await?.ok_or_else(acknowledge::nothing_here)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "max-age=31536000, immutable"),
    ];
    Ok((headers, tile).into_response())
}

/// The proof for a commitment: for a recipient, whose statement names it.
pub async fn proof(
    State(app): State<App>,
    _caller: Caller,
    Path(commitment): Path<String>,
) -> Result<Response, Problem> {
    let commitment = unhex(&commitment).ok_or_else(acknowledge::nothing_here)?;
    let proof = prove::proof(&app.gateway, commitment).await?.ok_or_else(acknowledge::nothing_here)?;
    Ok(axum::Json(proof).into_response())
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
