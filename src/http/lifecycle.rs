//! How the answer to a message says that the version of its schema is on its way out.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::{Timestamp, fmt::rfc2822};

use crate::schema::Deprecation;

/// RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// RFC 8594.
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// Adds `Deprecation`, `Sunset` and a `Link` to the newer version; nothing if there is nothing to say.
/// All three come from the catalogue, nothing from the message.
pub fn tell(deprecation: Option<&Deprecation>, headers: &mut HeaderMap) {
    let Some(deprecation) = deprecation else { return };
    let link = format!("</v1/schemas/{}>; rel=\"successor-version\"", deprecation.successor);
    let told = [
        (DEPRECATION, Some(format!("@{}", deprecation.since.as_second()))),
        (SUNSET, deprecation.ends.and_then(http_date)),
        (header::LINK, Some(link)),
    ];
    for (name, text) in told {
        if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.append(name, value);
        }
    }
}

/// `Sat, 01 Jan 2028 00:00:00 GMT` (RFC 9110 section 5.6.7).
fn http_date(at: Timestamp) -> Option<String> {
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()
}
