//! One connection to the relay: dial, greet, encrypt, hand a mail over.

use std::time::Duration;

use lettre::{
    Address,
    transport::smtp::{
        self,
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Ehlo, Mail, Rcpt},
        extension::{ClientId, MailBodyParameter, MailParameter, RcptParameter},
        response::{Response, Severity},
    },
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::clear::ClearThenTls;
use crate::message::DeliveryId;

/// How far an attempt has come: what a reply, or the lack of one, is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Up to EHLO under TLS: about the gateway and the relay.
    Greeting,
    /// `MAIL`: about the gateway's address, and the size of the mail.
    Sender,
    /// `RCPT`: about the recipient.
    Recipient,
    /// `DATA`: about all that was said before.
    Data,
    /// The mail itself. From here on it may have arrived.
    Content,
}

/// Why a mail was not handed over.
#[derive(Debug)]
pub(super) enum Fault {
    Resolve,
    Connect,
    StartTlsMissing,
    Tls,
    EightBitMissing,
    /// The connection ended, or what came was no reply.
    Broken,
    /// A reply other than 2yz, with its enhanced status code if it bears one (RFC 2034).
    Refused {
        code: u16,
        enhanced: Option<String>,
    },
}

/// What is handed over.
pub(super) struct Submission<'a> {
    pub(super) from: &'a Address,
    pub(super) to: &'a Address,
    pub(super) envelope_id: DeliveryId,
    /// The mail without its last line end, which the end of `DATA` supplies.
    pub(super) bytes: &'a [u8],
}

/// Where to dial and what to expect there.
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: TlsParameters,
    pub(super) helo: ClientId,
}

impl Relay {
    /// A connection under TLS, greeted. Nothing but the gateway's own name goes out in clear.
    pub(super) async fn dial(&self) -> Result<Connection, Fault> {
        let found = lookup_host((self.host.as_str(), self.port)).await.map_err(|_| Fault::Resolve)?;
        let stream = TcpStream::connect(&*found.collect::<Vec<_>>()).await.map_err(|_| Fault::Connect)?;
        // Commands are small and wait for their replies.
        let _ = stream.set_nodelay(true);
        let stream = Box::new(ClearThenTls::new(stream));
        let mut smtp =
            AsyncSmtpConnection::connect_with_transport(stream, &self.helo).await.map_err(fault)?;
        if !smtp.can_starttls() {
            part(smtp);
            return Err(Fault::StartTlsMissing);
        }
        smtp.starttls(self.tls.clone(), &self.helo).await.map_err(|error| match fault(error) {
            refused @ Fault::Refused { .. } => refused,
            _ => Fault::Tls,
        })?;
        // lettre keeps only some of what the relay offers, so it is asked again.
        let offers = Offers::read(&smtp.command(Ehlo::new(self.helo.clone())).await.map_err(fault)?);
        Ok(Connection { smtp, offers })
    }
}

/// What the relay offers, of what is made use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Offers {
    /// Mails that are not ASCII (RFC 6152).
    eight_bit: bool,
    /// A look at the size before the mail comes (RFC 1870).
    size: bool,
    /// Delivery reports on demand (RFC 3461).
    reports: bool,
}

impl Offers {
    fn read(ehlo: &Response) -> Self {
        // The first line is the relay's name.
        let has = |wanted: &str| {
            let mut lines = ehlo.message().skip(1);
            lines.any(|line| line.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(wanted)))
        };
        Self { eight_bit: has("8BITMIME"), size: has("SIZE"), reports: has("DSN") }
    }
}

/// A connection under TLS between two mails.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    offers: Offers,
}

impl Connection {
    /// Whether the relay is still there.
    pub(super) async fn answers(&mut self) -> bool {
        timeout(NOOP, self.smtp.test_connected()).await.unwrap_or(false)
    }

    /// Hands a mail over and gives the code of the reply to it. `stage` tells where it ended.
    pub(super) async fn hand_over(&mut self, mail: &Submission<'_>, stage: &mut Stage) -> Result<u16, Fault> {
        *stage = Stage::Sender;
        let parameters = self.mail_parameters(mail)?;
        self.smtp.command(Mail::new(Some(mail.from.clone()), parameters)).await.map_err(fault)?;
        *stage = Stage::Recipient;
        let parameters = if self.offers.reports { vec![rcpt("NOTIFY", "SUCCESS,FAILURE")] } else { vec![] };
        self.smtp.command(Rcpt::new(mail.to.clone(), parameters)).await.map_err(fault)?;
        *stage = Stage::Data;
        self.smtp.command(Data).await.map_err(fault)?;
        *stage = Stage::Content;
        let code = self.smtp.message(mail.bytes).await.map_err(fault)?.code();
        // A reply that asks for more, where there is no more, confirms nothing.
        if code.severity == Severity::PositiveCompletion { Ok(code.into()) } else { Err(Fault::Broken) }
    }

    fn mail_parameters(&self, mail: &Submission<'_>) -> Result<Vec<MailParameter>, Fault> {
        let mut parameters = Vec::new();
        if !mail.bytes.is_ascii() {
            if !self.offers.eight_bit {
                return Err(Fault::EightBitMissing);
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if self.offers.size {
            parameters.push(MailParameter::Size(mail.bytes.len().saturating_add(2)));
        }
        if self.offers.reports {
            // A report brings back the mail's head only.
            for (keyword, value) in [("RET", "HDRS".to_owned()), ("ENVID", mail.envelope_id.to_string())] {
                parameters.push(MailParameter::Other { keyword: keyword.into(), value: Some(value) });
            }
        }
        Ok(parameters)
    }

    /// Takes leave without keeping anyone waiting for it.
    pub(super) fn part(self) {
        part(self.smtp);
    }
}

fn part(mut smtp: AsyncSmtpConnection) {
    tokio::spawn(async move {
        let _ = timeout(QUIT, smtp.abort()).await;
    });
}

fn rcpt(keyword: &str, value: &str) -> RcptParameter {
    RcptParameter::Other { keyword: keyword.into(), value: Some(value.into()) }
}

fn fault(error: smtp::Error) -> Fault {
    match error.status() {
        Some(code) => Fault::Refused { code: code.into(), enhanced: enhanced(&error) },
        None => Fault::Broken,
    }
}

/// The enhanced status code at the head of the reply's text, such as `5.1.1` (RFC 3463).
fn enhanced(error: &smtp::Error) -> Option<String> {
    let text = std::error::Error::source(error)?.to_string();
    let word = text.split_ascii_whitespace().next()?;
    let digits = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (word.split('.').count() == 3 && word.split('.').all(digits)).then(|| word.to_owned())
}

const NOOP: Duration = Duration::from_secs(2);
const QUIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_read_without_regard_to_case_and_never_from_the_name() {
        let offers = |text: &str| Offers::read(&text.parse().unwrap());
        let all = "250-relay.example greets\r\n250-SIZE 100\r\n250-8BitMime\r\n250 dsn\r\n";
        assert_eq!(offers(all), Offers { eight_bit: true, size: true, reports: true });
        let none = "250-DSN SIZE\r\n250-SIZED\r\n250 X-DSN DSN\r\n";
        assert_eq!(offers(none), Offers { eight_bit: false, size: false, reports: false });
    }
}
