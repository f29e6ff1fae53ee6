//! Mail: a sealed mail to the relay, by SMTP over verified TLS.
//!
//! In: an address, a delivery and its finished mail. Out: how the attempt ended. It makes no mail,
//! reads none, looks up no recipient's server (the relay does) and says nothing of weight before TLS
//! stands: where the relay offers none, nothing is sent.
//!
//! It drives lettre's connection command by command and not its transport: only so is it known which
//! command a reply belongs to (a 554 to the greeting is the operator's matter, a 554 to the mail is
//! not), and an attempt that is broken off by the clock takes its connection with it. lettre's pool
//! would hand that connection on in the middle of its transaction.
//!
//! # Codes
//!
//! | code | what happened | outcome |
//! |---|---|---|
//! | `smtp_<code>` | the relay answered; [`Outcome`] by command and code, see `email/outcome.rs` | |
//! | `bad_address` | the recipient's address is none, or not in ASCII | later |
//! | `bad_mail` | the mail holds a CR or LF by itself, which RFC 5321 section 2.3.8 forbids | never |
//! | `resolve` | the relay's name could not be resolved | later |
//! | `connect` | the relay could not be reached | later |
//! | `starttls_missing` | the relay offers no TLS | later |
//! | `tls` | TLS failed: wrong name, expired, foreign authority, talk before the handshake | later |
//! | `timeout` | the attempt took longer than `mail.timeout`, before the mail was begun | later |
//! | `eight_bit_missing` | the mail is not ASCII and the relay takes no other (RFC 6152) | later |
//! | `smtp_broken` | the relay broke off, or spoke no SMTP, before the mail was begun | later |
//! | `smtp_lost` | no answer to the mail: it may have arrived. Twice is better than never, and the same Message-ID tells | later |
//!
//! The list is closed.

mod clear;
mod connection;
mod outcome;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    Address,
    transport::smtp::{
        client::{Certificate, CertificateStore, TlsParameters, TlsVersion},
        extension::ClientId,
    },
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use self::{
    connection::{Connection, Fault, Relay, Stage, Submission},
    outcome::{TIMEOUT, of_fault},
};
use super::{ChannelFault, Outcome, install_tls_provider, tls};
use crate::{config, message::DeliveryId};

/// Hands mails to the relay. At most `mail.connections` are under way at once; idle connections are
/// used again.
pub struct EmailChannel {
    relay: Relay,
    from: Address,
    timeout: Duration,
    hands: Semaphore,
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl EmailChannel {
    /// Reads the file that the settings name, and calls [`install_tls_provider`]. Without
    /// `mail.ca` the relay's certificate must be of a public authority (Mozilla's list as of the
    /// build); with it, of that authority and no other.
    pub fn new(config: &config::Mail) -> Result<Self, ChannelFault> {
        let helo = match config.helo.parse() {
            Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(config.helo.clone()),
        };
        Ok(Self {
            relay: Relay { host: config.host.clone(), port: config.port, tls: tls_parameters(config)?, helo },
            from: address(&config.from).ok_or(ChannelFault::From)?,
            timeout: config.timeout,
            hands: Semaphore::new(usize::try_from(config.connections).unwrap_or(usize::MAX)),
            idle: Mutex::default(),
        })
    }

    /// One attempt at one recipient. `envelope_id` goes along where the relay can make delivery
    /// reports (RFC 3461), so that a report names the delivery; it is asked for one on success and on
    /// failure. The mail arrives byte for byte if it ends in CR LF, and with one added otherwise.
    /// The wait is bounded by `mail.timeout`, once a connection is free.
    pub async fn send(&self, to: &str, envelope_id: DeliveryId, mail: Vec<u8>) -> Outcome {
        let Some(to) = address(to) else { return Outcome::later("bad_address") };
        if has_bare_line_end(&mail) {
            return Outcome::never("bad_mail");
        }
        // It is closed by nobody; if it were, the mail would go without waiting its turn.
        let _hand = self.hands.acquire().await;
        // SMTP ends a mail with CR LF, dot, CR LF: the first of them is the mail's own last line end.
        let bytes = mail.strip_suffix(b"\r\n").unwrap_or(&mail);
        let submission = Submission { from: &self.from, to: &to, envelope_id, bytes };
        let mut stage = Stage::Greeting;
        match timeout(self.timeout, self.attempt(&submission, &mut stage)).await {
            Ok(Ok(code)) => Outcome::delivered(format!("smtp_{code}")),
            Ok(Err(fault)) => of_fault(stage, &fault),
            Err(_) if stage == Stage::Content => of_fault(stage, &Fault::Broken),
            Err(_) => Outcome::later(TIMEOUT),
        }
    }

    async fn attempt(&self, submission: &Submission<'_>, stage: &mut Stage) -> Result<u16, Fault> {
        let mut connection = match self.idle_connection().await {
            Some(connection) => connection,
            None => self.relay.dial().await?,
        };
        let result = connection.hand_over(submission, stage).await;
        if result.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), connection));
        } else {
            connection.part();
        }
        result
    }

    /// A connection that was left by an earlier mail and still answers.
    async fn idle_connection(&self) -> Option<Connection> {
        loop {
            let (since, mut connection) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < IDLE && connection.answers().await {
                return Some(connection);
            }
            connection.part();
        }
    }
}

fn tls_parameters(config: &config::Mail) -> Result<TlsParameters, ChannelFault> {
    install_tls_provider();
    let mut builder =
        TlsParameters::builder(config.server_name.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    builder = match &config.ca {
        None => builder.certificate_store(CertificateStore::WebpkiRoots),
        Some(path) => {
            let pem = tls::read(path)?;
            // lettre takes a file without a certificate in it for an authority that signs nothing.
            tls::certificates(&pem, path)?;
            let authority = Certificate::from_pem(&pem).map_err(ChannelFault::Smtp)?;
            builder.certificate_store(CertificateStore::None).add_root_certificate(authority)
        }
    };
    builder.build_rustls().map_err(ChannelFault::Smtp)
}

/// The address, if it can stand in an SMTP command as it is. Addresses in other alphabets would need
/// SMTPUTF8 (RFC 6531) at every relay on the way.
fn address(text: &str) -> Option<Address> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte));
    plain.then(|| text.parse().ok()).flatten()
}

/// Whether a CR or LF stands by itself. A relay that takes it for a line end could be made to see the
/// end of the mail, and commands after it, where others see text (SMTP smuggling).
fn has_bare_line_end(mail: &[u8]) -> bool {
    let mut before = 0;
    for &byte in mail {
        if (byte == b'\n') != (before == b'\r') {
            return true;
        }
        before = byte;
    }
    before == b'\r'
}

/// Shorter than the 100 s or so after which usual relays close an idle connection.
const IDLE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_cr_or_lf_is_found_wherever_it_stands() {
        for good in ["", "a", "\r\n", "a\r\n", "\r\n\r\na\r\nb"] {
            assert!(!has_bare_line_end(good.as_bytes()), "{good:?}");
        }
        for bad in ["\n", "\r", "a\n", "a\r", "\r\r\n", "\r\n\n", "a\rb", "a\n.\nb", "a\r\n.\n"] {
            assert!(has_bare_line_end(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn an_address_holds_nothing_that_could_end_the_command() {
        assert!(address("team@housing.kent.example").is_some());
        for bad in ["", "a", "a@", "a b@c.example", "a@c.example>", "a@c.example\r\nDATA", "ä@c.example"] {
            assert!(address(bad).is_none(), "{bad:?}");
        }
    }
}
