//! Why a call did not do what was asked, in words for the person at the keyboard.

use std::{fmt::Write as _, path::PathBuf};

use bytes::Bytes;
use reqwest::{Response, header};
use serde::Deserialize;

use super::wire::Explained;
use crate::{
    cli::{Exit, terminal::printable},
    schema::Fault,
};

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ClientFault {
    /// The gateway refused: the caller's doing.
    #[error("{}", .0.document.title)]
    Refused(Box<Problem>),
    /// The gateway does not accept now. Nothing was stored; the same call can be made again.
    #[error("{}", .0.document.title)]
    Unavailable(Box<Problem>),
    /// No answer came. Whether the gateway did what was asked is not known; ask again.
    #[error("the gateway did not answer")]
    Unreachable(#[source] reqwest::Error),
    /// Something answered that is no gateway of ours, or one of another version.
    #[error("this is not an answer of a Portcullis gateway (HTTP status {status})")]
    Foreign {
        /// The status of the answer.
        status: u16,
    },
    /// A file of the profile is not what it should be.
    #[error("{0} is not usable PEM")]
    Identity(&'static str),
    /// TLS refused the certificate or its key.
    #[error("TLS takes no such client certificate and key")]
    Tls(#[source] rustls::Error),
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl ClientFault {
    /// Reads an answer that is none of the good ones.
    pub(super) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after_s = retry_after.and_then(|text| text.parse().ok());
        let is_problem = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/problem+json"));
        let bytes = match response.bytes().await {
            Ok(bytes) => bytes,
            Err(fault) => return Self::Unreachable(fault),
        };
        let read = || serde_json::from_slice(&bytes).ok().filter(|_| is_problem);
        let document = match (read(), status) {
            (Some(document), _) => document,
            // A proxy in between that finds no gateway speaks HTML.
            (None, 502..=504) => ProblemDocument::unavailable(),
            (None, _) => return Self::Foreign { status },
        };
        let problem = Box::new(Problem { status, bytes, document, retry_after_s });
        if (500..600).contains(&status) { Self::Unavailable(problem) } else { Self::Refused(problem) }
    }

    /// The problem document, where the gateway gave one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) | Self::Unavailable(problem) => Some(problem),
            _ => None,
        }
    }

    /// The exit code that tells it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused(_) => Exit::Refused,
            Self::Unavailable(_) | Self::Unreachable(_) => Exit::Unavailable,
            Self::Identity(_) | Self::Tls(_) => Exit::Config,
            Self::Foreign { .. } | Self::File { .. } => Exit::Failed,
        }
    }
}

/// An answer that is none of the good ones.
#[derive(Debug)]
pub struct Problem {
    /// Its status.
    pub status: u16,
    /// Its body, byte for byte.
    pub bytes: Bytes,
    /// What it says.
    pub document: ProblemDocument,
    /// When to try again.
    pub retry_after_s: Option<u64>,
}

/// A problem document (RFC 9457) with the gateway's own members.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProblemDocument {
    /// A stable URI; its last part is the code.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What it is, the same for all of its type.
    pub title: String,
    /// What to do.
    #[serde(default)]
    pub detail: String,
    /// Each fault with its place.
    #[serde(default)]
    pub errors: Vec<Fault>,
    /// The event in the ledger.
    #[serde(default)]
    pub reference: Option<String>,
    /// The answer about the sender of a message that was checked.
    #[serde(default)]
    pub sender: Option<Explained>,
    /// The answer about each of its recipients.
    #[serde(default)]
    pub recipients: Vec<Explained>,
}

impl ProblemDocument {
    /// The code of a refusal: the last part of its type.
    pub fn code(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    fn unavailable() -> Self {
        Self {
            kind: String::new(),
            title: "The gateway cannot be reached through what stands before it".into(),
            detail: "try again later; sending the same message again is safe".into(),
            errors: Vec::new(),
            reference: None,
            sender: None,
            recipients: Vec::new(),
        }
    }
}

impl Problem {
    /// For people: title, detail, each fault with its place and remedy, the reference.
    pub fn rendered(&self, colour: bool) -> String {
        let document = &self.document;
        let word = if self.status < 500 { "refused" } else { "unavailable" };
        let word = if colour { format!("\u{1b}[1;31m{word}\u{1b}[0m") } else { word.to_owned() };
        let mut text = format!("{word}: {}\n", printable(&document.title));
        if !document.detail.is_empty() {
            let _ = writeln!(text, "  {}", printable(&document.detail));
        }
        let pointers: Vec<String> = document.errors.iter().map(place).collect();
        let width =
            pointers.iter().map(|pointer| pointer.chars().count()).filter(|&n| n <= POINTER_CHARS).max();
        let width = width.unwrap_or(0);
        for (pointer, fault) in pointers.iter().zip(&document.errors) {
            let (message, fix) = (printable(&fault.message), printable(&fault.fix));
            let _ = writeln!(text, "  {pointer:<width$}  {message} → {fix}");
        }
        if let Some(seconds) = self.retry_after_s {
            let _ = writeln!(text, "  try again in {seconds} s");
        }
        if let Some(reference) = &document.reference {
            let _ = writeln!(text, "  reference {}", printable(reference));
        }
        text
    }
}

fn place(fault: &Fault) -> String {
    if fault.pointer.is_empty() { "(the whole)".into() } else { printable(&fault.pointer) }
}

/// Longer pointers are not aligned to: they would push every text off the screen.
const POINTER_CHARS: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, json: &str) -> Problem {
        let bytes = Bytes::copy_from_slice(json.as_bytes());
        Problem { status, document: serde_json::from_slice(&bytes).unwrap(), bytes, retry_after_s: None }
    }

    #[test]
    fn a_refusal_tells_every_fault_its_place_and_its_remedy() {
        let refused = problem(
            422,
            r#"{"type":"urn:portcullis:problem:schema","title":"The message does not meet its schema","status":422,
                "detail":"correct every fault and post again","errors":[
                {"pointer":"/body/offender/family_name","code":"required","message":"`family_name` is missing",
                 "fix":"add `family_name`"},
                {"pointer":"/marking","code":"const","message":"not the value that is wanted","fix":"use `true`"},
                {"pointer":"","code":"type","message":"not an object","fix":"send an object"}],
                "reference":"019ab000-0000-7000-8000-00000000000a"}"#,
        );
        assert_eq!(refused.document.code(), "schema");
        let wanted = "\
refused: The message does not meet its schema
  correct every fault and post again
  /body/offender/family_name  `family_name` is missing → add `family_name`
  /marking                    not the value that is wanted → use `true`
  (the whole)                 not an object → send an object
  reference 019ab000-0000-7000-8000-00000000000a
";
        assert_eq!(refused.rendered(false), wanted);
        assert!(refused.rendered(true).starts_with("\u{1b}[1;31mrefused\u{1b}[0m: "));
    }

    #[test]
    fn a_problem_without_details_is_one_line_and_cannot_steer_the_terminal() {
        let bare = problem(503, r#"{"title":"The gateway \u001b[2Jcannot","status":503,"future":1}"#);
        assert_eq!(bare.rendered(false), "unavailable: The gateway \u{fffd}[2Jcannot\n");
    }
}
