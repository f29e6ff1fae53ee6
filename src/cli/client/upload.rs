//! A message with attachments as `multipart/form-data` (RFC 7578): the part `message` first, then one
//! part for each attachment in the order in which the message lists them.

use std::path::PathBuf;

use bytes::Bytes;
use reqwest::{
    Body,
    multipart::{Form, Part},
};

use super::ClientFault;

/// An attachment on its way to the gateway.
pub enum Upload {
    /// From memory.
    Bytes(Bytes),
    /// From a file, read while it is sent.
    File(PathBuf),
}

pub(super) async fn form(message: Bytes, attachments: Vec<Upload>) -> Result<Form, ClientFault> {
    let length = message.len() as u64;
    let mut form =
        Form::new().part("message", typed(Part::stream_with_length(message, length), "application/json")?);
    for attachment in attachments {
        let part = match attachment {
            Upload::Bytes(bytes) => {
                let length = bytes.len() as u64;
                Part::stream_with_length(bytes, length)
            }
            Upload::File(path) => from_file(path).await?,
        };
        // Name and media type stand in the message; in a part's header a proxy could read them.
        form = form.part("attachment", typed(part, "application/octet-stream")?);
    }
    Ok(form)
}

async fn from_file(path: PathBuf) -> Result<Part, ClientFault> {
    let read = async {
        let file = tokio::fs::File::open(&path).await?;
        let length = file.metadata().await?.len();
        Ok(Part::stream_with_length(Body::from(file), length))
    };
    read.await.map_err(|source| ClientFault::File { path, source })
}

fn typed(part: Part, media_type: &str) -> Result<Part, ClientFault> {
    part.mime_str(media_type).map_err(ClientFault::Unreachable)
}
