//! What an answer, or the lack of one, means.

use std::{error::Error, io, time::Duration};

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use super::guard::Forbidden;
use crate::channel::Outcome;

/// The outcome by the answer's status (RFC 9110 section 15, Standard Webhooks "Deliverability").
///
/// `Never` is for answers that say something about this very push which no repair of the server's
/// settings takes back: gone for good (410), too large (413), of a kind (415) or a content (422) that
/// the server understood and refused. All others are `Later`: 401, 403, 404 and 400 come from a proxy
/// whose certificate or route is wrong and which is put right within hours; a redirect (3xx) is never
/// followed, because the sealed copy was meant for the address in the directory, and its operator
/// corrects the address; 408, 409, 425, 429 and 5xx speak of the moment.
pub(super) fn of_answer(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Outcome {
    let code = format!("http_{}", status.as_u16());
    match status.as_u16() {
        200..=299 => Outcome::delivered(code),
        410 | 413 | 415 | 422 => Outcome::never(code),
        _ => Outcome::Later { code, retry_after: retry_after(headers, now) },
    }
}

/// The wait that the server asks for (RFC 9110 section 10.2.3), whatever the status, at most a day. A
/// date in the past is no wait; a text that is neither seconds nor a date in today's form (section
/// 5.6.7, IMF-fixdate) is passed over.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than a day.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let until = DateTimeParser::new().parse_timestamp(text).ok()?;
        Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The code for an attempt without an answer.
pub(super) fn of_fault(fault: &reqwest::Error) -> &'static str {
    if any(fault, &|cause| cause.is::<Forbidden>()) {
        FORBIDDEN_ADDRESS
    } else if fault.is_dns() {
        RESOLVE
    } else if fault.is_timeout() {
        TIMEOUT
    } else if is_tls(fault) {
        TLS
    } else if fault.is_connect() {
        CONNECT
    } else {
        LOST
    }
}

/// Whether TLS is at fault. HTTP/2 keeps only kind and text of what it met below; of what is below it,
/// TLS alone complains of invalid data.
fn is_tls(fault: &(dyn Error + 'static)) -> bool {
    any(fault, &|cause| {
        let io = cause.downcast_ref::<io::Error>();
        cause.is::<rustls::Error>() || io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData)
    })
}

/// Whether the error or one of its causes is meant.
fn any(fault: &(dyn Error + 'static), is_meant: &dyn Fn(&(dyn Error + 'static)) -> bool) -> bool {
    // What an `io::Error` wraps is not its source but itself: `source` would step over it.
    let wrapped = fault.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    is_meant(fault)
        || wrapped.is_some_and(|inner| any(inner, is_meant))
        || fault.source().is_some_and(|cause| any(cause, is_meant))
}

pub(super) const BAD_URL: &str = "bad_url";
pub(super) const FORBIDDEN_ADDRESS: &str = "forbidden_address";
const RESOLVE: &str = "resolve";
const CONNECT: &str = "connect";
const TLS: &str = "tls";
const TIMEOUT: &str = "timeout";
const LOST: &str = "lost";
/// The longest wait between two attempts of the schedule (design §10).
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T09:30:00Z";

    fn outcome(status: u16, retry_after: &[&str]) -> Outcome {
        let headers = retry_after.iter().map(|text| (RETRY_AFTER, text.parse().unwrap())).collect();
        of_answer(StatusCode::from_u16(status).unwrap(), &headers, NOW.parse().unwrap())
    }

    #[test]
    fn tls_is_found_below_other_errors() {
        let tls = || rustls::Error::NoCertificatesPresented;
        assert!(is_tls(&tls()));
        assert!(is_tls(&io::Error::other(tls())));
        assert!(is_tls(&io::Error::other(io::Error::other(tls()))));
        assert!(is_tls(&io::Error::new(io::ErrorKind::InvalidData, "received fatal alert")));
        assert!(!is_tls(&io::Error::from(io::ErrorKind::ConnectionReset)));
    }

    #[test]
    fn each_status_has_its_outcome() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(outcome(status, &[]), Outcome::delivered(format!("http_{status}")));
        }
        for status in [410, 413, 415, 422] {
            assert_eq!(outcome(status, &["5"]), Outcome::never(format!("http_{status}")));
        }
        for status in [
            101, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 407, 408, 409, 421, 423, 425,
            426, 429, 431, 451, 500, 501, 502, 503, 504, 507, 599, 999,
        ] {
            assert_eq!(outcome(status, &[]), Outcome::later(format!("http_{status}")));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
        for (text, wanted_s) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("86401", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Fri, 20 Nov 2026 09:45:00 GMT", Some(900)),
            ("Fri, 20 Nov 2026 09:00:00 GMT", Some(0)),
            ("Sun, 22 Nov 2026 09:00:00 GMT", Some(86_400)),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
            ("2026-11-20T09:45:00Z", None),
        ] {
            let code = "http_503".to_owned();
            let retry_after = wanted_s.map(Duration::from_secs);
            assert_eq!(outcome(503, &[text]), Outcome::Later { code, retry_after }, "{text}");
        }
        let asked = Outcome::Later { code: "http_429".into(), retry_after: Some(Duration::from_secs(7)) };
        assert_eq!(outcome(429, &["7"]), asked);
    }
}
