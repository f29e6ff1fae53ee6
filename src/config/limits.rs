//! `[limits]`: everything has a bound (design §10). The bounds are shown in errors and in OpenAPI.

use std::time::Duration;

use serde::Deserialize;

use super::{document::Document, fault::ConfigFault, value};

/// `[limits]`: the bounds of what callers may ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The JSON of one message.
    #[serde(deserialize_with = "value::number::<_, _, 4_096, 16_777_216>")]
    pub message_bytes: usize,
    /// Objects and lists inside one another; the root counts as 1 (domain §10).
    #[serde(deserialize_with = "value::number::<_, _, 8, 128>")]
    pub message_depth: usize,
    /// One attachment.
    #[serde(deserialize_with = "value::number::<_, _, 1_024, 1_073_741_824>")]
    pub attachment_bytes: u64,
    /// All attachments of one message.
    #[serde(deserialize_with = "value::number::<_, _, 1_024, 4_294_967_296>")]
    pub pack_bytes: u64,
    /// Attachments of one message, counted.
    #[serde(deserialize_with = "value::number::<_, _, 1, 256>")]
    pub attachments: usize,
    /// Recipients of one message.
    #[serde(deserialize_with = "value::number::<_, _, 1, 256>")]
    pub recipients: usize,
    /// All parts of a mail together, before they are encoded.
    #[serde(deserialize_with = "value::number::<_, _, 65_536, 104_857_600>")]
    pub mail_bytes: u64,
    /// Entries of one page of a list.
    #[serde(deserialize_with = "value::number::<_, _, 1, 1_000>")]
    pub page: usize,
    /// Open connections of all agencies.
    #[serde(deserialize_with = "value::number::<_, _, 1, 65_536>")]
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    #[serde(deserialize_with = "value::number::<_, _, 1, 1_024>")]
    pub requests_per_connection: u32,
    /// Posts with attachments at once.
    #[serde(deserialize_with = "value::number::<_, _, 1, 256>")]
    pub large_uploads: usize,
    /// From the connection to the end of the TLS handshake.
    #[serde(deserialize_with = "value::duration::<_, 100, 60_000>")]
    pub handshake_timeout: Duration,
    /// From the first byte of a request to the end of its headers.
    #[serde(deserialize_with = "value::duration::<_, 100, 60_000>")]
    pub header_timeout: Duration,
    /// From the headers to the answer; not for uploads and long polls.
    #[serde(deserialize_with = "value::duration::<_, 100, 600_000>")]
    pub request_timeout: Duration,
    /// The same for a post with attachments.
    #[serde(deserialize_with = "value::duration::<_, 1_000, 86_400_000>")]
    pub upload_timeout: Duration,
    /// The longest `wait` of a look into the inbox.
    #[serde(deserialize_with = "value::duration::<_, 1_000, 300_000>")]
    pub long_poll_max: Duration,
    /// Refusals of one agency that get a ledger event each; the rest of the minute is counted in one.
    #[serde(deserialize_with = "value::number::<_, _, 1, 10_000>")]
    pub refusal_events_per_minute: u32,
    /// Calls of `POST /v1/messages/check` by one agency.
    #[serde(deserialize_with = "value::number::<_, _, 1, 10_000>")]
    pub checks_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 1 << 20,
            message_depth: 64,
            attachment_bytes: 100 << 20,
            pack_bytes: 200 << 20,
            attachments: 32,
            recipients: 64,
            mail_bytes: 13 << 20,
            page: 200,
            connections: 1024,
            requests_per_connection: 64,
            large_uploads: 8,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(600),
            long_poll_max: Duration::from_secs(60),
            refusal_events_per_minute: 30,
            checks_per_minute: 60,
        }
    }
}

impl Limits {
    /// What no single setting can say.
    pub(super) fn check(&self, document: &Document<'_>) -> Result<(), ConfigFault> {
        if self.pack_bytes < self.attachment_bytes {
            return Err(document.bad_value(
                &["limits", "pack_bytes"],
                "want at least `limits.attachment_bytes`: the largest attachment must fit into a pack",
            ));
        }
        if self.upload_timeout < self.request_timeout {
            return Err(document.bad_value(
                &["limits", "upload_timeout"],
                "want at least `limits.request_timeout`: an upload takes longer than other requests",
            ));
        }
        Ok(())
    }
}
