//! The mail around the sealed content, and the entity around the signed one (RFC 8551 §3).
//!
//! In: CMS objects in DER and the few headers that everybody on the way can read. Out: lines in ASCII
//! with CRLF. The outer headers are not encrypted: nothing personal belongs in them.

use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};

use super::{
    SmimeFault,
    content::{Content, Sink},
    header::{is_address, subject},
    signed::SignedData,
    transfer::{Base64Lines, base64_bytes, push_base64},
};
use crate::message::SmimeProfile;

const SIGNED_HEADERS: &[u8] = b"Content-Type: application/pkcs7-mime; smime-type=signed-data;\r\n \
    name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";

const ENVELOPED_HEADERS: &[u8] = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n \
    name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";

/// RFC 8551 §3.4.2: AuthEnvelopedData has a name of its own.
const AUTH_ENVELOPED_HEADERS: &[u8] =
    b"Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data;\r\n \
    name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";

/// The headers that everybody on the way can read.
pub struct OuterHeaders<'a> {
    /// The gateway's address, as its certificate names it; no display name.
    pub from: &'a str,
    /// The recipient's address, as its certificate names it; no display name.
    pub to: &'a str,
    /// Marking, type and reference, no more (design §5).
    pub subject: &'a str,
    /// When the message was accepted; written in UTC.
    pub date: Timestamp,
    /// `unique@gateway`, without the angle brackets.
    pub message_id: &'a str,
}

impl OuterHeaders<'_> {
    /// Whether they can all be written safely.
    pub(super) fn check(&self) -> Result<(), SmimeFault> {
        self.lines().map(drop)
    }

    fn lines(&self) -> Result<String, SmimeFault> {
        let address = |text, name| if is_address(text) { Ok(text) } else { Err(SmimeFault::Header(name)) };
        let date = rfc2822::to_string(&self.date.to_zoned(TimeZone::UTC));
        Ok(format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}>\r\n\
             Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
            address(self.from, "from")?,
            address(self.to, "to")?,
            subject(self.subject).ok_or(SmimeFault::Header("subject"))?,
            date.map_err(|_| SmimeFault::Header("date"))?,
            address(self.message_id, "message_id")?,
        ))
    }
}

/// The mail around a sealed object, which `profile` tells the kind of. `Auto-Submitted` (RFC 3834 §5)
/// keeps out-of-office replies away.
///
/// # Errors
/// A header that cannot be written safely.
pub fn sealed_mail(
    headers: &OuterHeaders<'_>,
    profile: SmimeProfile,
    sealed_der: &[u8],
) -> Result<Vec<u8>, SmimeFault> {
    let lines = headers.lines()?;
    let kind = match profile {
        SmimeProfile::Compat => ENVELOPED_HEADERS,
        SmimeProfile::OaepGcm | SmimeProfile::EcdhGcm => AUTH_ENVELOPED_HEADERS,
    };
    let mut out = Vec::with_capacity(lines.len() + kind.len() + base64_bytes(sealed_der.len()));
    out.extend_from_slice(lines.as_bytes());
    out.extend_from_slice(kind);
    push_base64(&mut out, sealed_der);
    Ok(out)
}

/// The entity around a SignedData object, which is then sealed.
pub(super) struct SignedEntity<'a>(pub SignedData<'a>);

impl Content for SignedEntity<'_> {
    fn bytes(&self) -> usize {
        SIGNED_HEADERS.len() + base64_bytes(self.0.bytes())
    }

    fn write(&self, out: &mut dyn Sink) {
        out.take(SIGNED_HEADERS);
        let mut lines = Base64Lines::new(out);
        self.0.write(&mut lines);
        lines.finish();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(subject: &str) -> OuterHeaders<'_> {
        OuterHeaders {
            from: "gateway@mappa.example",
            to: "housing@kent.example",
            subject,
            date: "2026-11-20T09:30:00.250Z".parse().unwrap(),
            message_id: "0190a1b2@mappa.example",
        }
    }

    fn sealed(headers: &OuterHeaders<'_>, der: &[u8]) -> Result<Vec<u8>, SmimeFault> {
        sealed_mail(headers, SmimeProfile::Compat, der)
    }

    #[test]
    fn a_mail_says_which_kind_of_envelope_it_is() {
        for profile in [SmimeProfile::OaepGcm, SmimeProfile::EcdhGcm] {
            let mail = sealed_mail(&headers("x"), profile, b"der").unwrap();
            let (other, compat) = (String::from_utf8(mail).unwrap(), sealed(&headers("x"), b"der").unwrap());
            let compat = String::from_utf8(compat).unwrap();
            assert_eq!(other, compat.replace("enveloped-data", "authEnveloped-data"));
        }
    }

    #[test]
    fn the_outer_mail_carries_only_neutral_headers() {
        let mail = sealed(&headers("OFFICIAL-SENSITIVE: MAPPA minutes 7F3K-9Q2M"), b"der").unwrap();
        assert_eq!(
            String::from_utf8(mail).unwrap(),
            "From: gateway@mappa.example\r\nTo: housing@kent.example\r\n\
             Subject: OFFICIAL-SENSITIVE: MAPPA minutes 7F3K-9Q2M\r\nDate: Fri, 20 Nov 2026 09:30:00 +0000\r\n\
             Message-ID: <0190a1b2@mappa.example>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n\
             Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n name=\"smime.p7m\"\r\n\
             Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n\
             ZGVy\r\n"
        );
    }

    #[test]
    fn a_header_that_could_break_out_is_named_and_refused() {
        let good = || headers("x");
        for (bad, name) in [
            (OuterHeaders { from: "a@b\r\nBcc: c@d", ..good() }, "from"),
            (OuterHeaders { to: "a@b, c@d", ..good() }, "to"),
            (OuterHeaders { subject: "a\nb", ..good() }, "subject"),
            (OuterHeaders { message_id: "<a@b>", ..good() }, "message_id"),
        ] {
            assert!(matches!(sealed(&bad, b"der"), Err(SmimeFault::Header(refused)) if refused == name));
        }
    }

    proptest! {
        #[test]
        fn no_subject_adds_a_header_or_a_bare_line_end(subject in any::<String>()) {
            let Ok(mail) = sealed(&headers(&subject), &[7; 200]) else { return Ok(()) };
            let mail = String::from_utf8(mail).unwrap();
            prop_assert!(mail.is_ascii() && !mail.replace("\r\n", "").contains(['\r', '\n', '\0']));
            prop_assert!(mail.split("\r\n").all(|line| line.len() <= 78));
            let (head, body) = mail.split_once("\r\n\r\n").unwrap();
            prop_assert_eq!(head.replace("\r\n ", " ").split("\r\n").count(), 10);
            prop_assert!(body.split("\r\n").all(|line| line.len() <= 76));
        }
    }
}
