//! The schema files that validate, as they are.

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};

use super::problem::Problem;
use crate::{
    crypto::{hex, sha256},
    journey::{Caller, acknowledge},
    schema::catalog,
};

/// Which there are.
pub async fn catalogue(caller: Caller) -> Result<Response, Problem> {
    file(caller, Path("catalog.json".into())).await
}

/// One of them.
pub async fn file(_caller: Caller, Path(path): Path<String>) -> Result<Response, Problem> {
    let text = catalog::file(&path).ok_or_else(acknowledge::nothing_here)?;
    let etag = format!("\"{}\"", hex(&sha256(text.as_bytes())[..16]));
    let headers = [(header::CONTENT_TYPE, "application/schema+json".to_owned()), (header::ETAG, etag)];
    Ok((headers, text).into_response())
}
