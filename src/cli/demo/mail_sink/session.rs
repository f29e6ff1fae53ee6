//! One SMTP session: which command may come when, and what is answered.
//!
//! In: a connection. Out: mails into the shared collection. Commands may come ahead of their replies
//! (RFC 2920), but nothing that came before TLS counts after it.

use std::{borrow::Cow, io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::{
    AfterData, ReceivedMail, Shared, StartTls,
    command::{Command, parse},
    wire::{Line, Mail, Wire},
};
use crate::cli::demo::collected::NotKept;

/// Serves a connection to its end.
pub(super) async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut plain = Wire::new(stream);
    plain.reply(&format!("220 {NAME} ESMTP")).await?;
    if let End::StartTls = Session::new(shared, false).converse(&mut plain).await? {
        let handshake = shared.tls.accept(plain.into_stream());
        let stream = tokio::time::timeout(HANDSHAKE, handshake).await??;
        // Everything that was said before is forgotten (RFC 3207 section 4.2).
        Session::new(shared, true).converse(&mut Wire::new(stream)).await?;
    }
    Ok(())
}

/// How a conversation ended.
enum End {
    Closed,
    StartTls,
}

/// What comes after a command.
enum Step {
    Say(Cow<'static, str>),
    TakeMail,
    StartTls,
    Quit,
}

struct Session<'a> {
    shared: &'a Shared,
    over_tls: bool,
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
    faults: u32,
}

impl<'a> Session<'a> {
    fn new(shared: &'a Shared, over_tls: bool) -> Self {
        Self { shared, over_tls, greeted: false, from: None, to: Vec::new(), faults: 0 }
    }

    async fn converse<S>(mut self, wire: &mut Wire<S>) -> io::Result<End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while let Some(line) = wire.line(COMMAND_LINE_BYTES_MAX).await? {
            match self.step(&line) {
                Step::Say(reply) => wire.reply(&reply).await?,
                Step::Quit => {
                    wire.reply("221 2.0.0 goodbye").await?;
                    break;
                }
                // Commands sent along in clear could have been put there by anyone (CVE-2011-0411).
                Step::StartTls if wire.has_more() => {
                    wire.reply("421 4.7.0 nothing may follow STARTTLS").await?;
                    break;
                }
                Step::StartTls => {
                    wire.reply("220 2.0.0 go ahead").await?;
                    return Ok(End::StartTls);
                }
                Step::TakeMail => {
                    wire.reply("354 end with a dot on a line by itself").await?;
                    match self.take_mail(wire).await? {
                        Some(reply) => wire.reply(reply).await?,
                        None => return Ok(End::Closed),
                    }
                }
            }
            if self.faults >= FAULTS_MAX {
                wire.reply("421 4.7.0 too many errors").await?;
                break;
            }
        }
        wire.close().await?;
        Ok(End::Closed)
    }

    fn step(&mut self, line: &Line) -> Step {
        let answer = match line {
            Line::TooLong => Err("500 5.5.2 line too long"),
            Line::Whole(line) => parse(line).and_then(|command| self.obey(command)),
        };
        answer.unwrap_or_else(|reply| {
            self.faults += 1;
            Step::Say(reply.into())
        })
    }

    fn obey(&mut self, command: Command) -> Result<Step, &'static str> {
        match command {
            Command::Ehlo => Ok(Step::Say(self.greet(true).into())),
            Command::Helo => Ok(Step::Say(self.greet(false).into())),
            Command::StartTls => self.start_tls(),
            Command::Mail { from, bytes } => self.mail(from, bytes),
            Command::Rcpt { to } => self.rcpt(to),
            Command::Data if self.from.is_none() => Err(OUT_OF_ORDER),
            Command::Data if self.to.is_empty() => Err("554 5.5.1 no valid recipients"),
            Command::Data => Ok(Step::TakeMail),
            Command::Rset => {
                self.forget();
                Ok(Step::Say("250 2.0.0 forgotten".into()))
            }
            Command::Noop => Ok(Step::Say("250 2.0.0 here".into())),
            Command::Quit => Ok(Step::Quit),
            Command::Vrfy => Ok(Step::Say("252 2.5.0 send some mail and see".into())),
            Command::Help => Ok(Step::Say("214 2.0.0 see RFC 5321".into())),
        }
    }

    fn greet(&mut self, extended: bool) -> String {
        self.forget();
        self.greeted = true;
        if !extended {
            return format!("250 {NAME}");
        }
        let (starttls, bytes_max) = self.shared.behave(|b| (b.starttls, b.mail_bytes_max));
        let offer = if starttls == StartTls::Required && !self.over_tls { "250-STARTTLS\r\n" } else { "" };
        format!(
            "250-{NAME}\r\n{offer}250-PIPELINING\r\n250-SIZE {bytes_max}\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
        )
    }

    fn start_tls(&mut self) -> Result<Step, &'static str> {
        if self.over_tls || !self.greeted {
            return Err(OUT_OF_ORDER);
        }
        match self.shared.behave(|b| b.starttls) {
            StartTls::Required => Ok(Step::StartTls),
            StartTls::Absent => Err("502 5.5.1 not offered"),
        }
    }

    fn mail(&mut self, from: String, bytes: Option<u64>) -> Result<Step, &'static str> {
        let (starttls, bytes_max) = self.shared.behave(|b| (b.starttls, b.mail_bytes_max));
        if !self.over_tls && starttls == StartTls::Required {
            return Err("530 5.7.0 must issue a STARTTLS command first");
        }
        if !self.greeted || self.from.is_some() {
            return Err(OUT_OF_ORDER);
        }
        if bytes.is_some_and(|bytes| usize::try_from(bytes).map_or(true, |bytes| bytes > bytes_max)) {
            return Err("552 5.3.4 mail larger than SIZE allows");
        }
        self.from = Some(from);
        Ok(Step::Say("250 2.1.0 sender noted".into()))
    }

    fn rcpt(&mut self, to: String) -> Result<Step, &'static str> {
        if self.from.is_none() {
            return Err(OUT_OF_ORDER);
        }
        if self.to.len() >= RECIPIENTS_MAX {
            return Err("452 4.5.3 too many recipients");
        }
        // Refusals on demand are no fault of the client's and are not counted as such.
        if let Some(reply) = self.shared.behave(|behaviour| {
            if behaviour.next_rcpts_451 > 0 {
                behaviour.next_rcpts_451 -= 1;
                return Some("451 4.3.0 try again later");
            }
            let unknown = behaviour.unknown_recipients.iter().any(|known| known.eq_ignore_ascii_case(&to));
            unknown.then_some("550 5.1.1 no such mailbox here")
        }) {
            return Ok(Step::Say(reply.into()));
        }
        self.to.push(to);
        Ok(Step::Say("250 2.1.5 recipient noted".into()))
    }

    /// Reads the mail and gives the reply to it, or `None` where the connection ends without one.
    async fn take_mail<S>(&mut self, wire: &mut Wire<S>) -> io::Result<Option<&'static str>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let bytes_max = self.shared.behave(|b| b.mail_bytes_max);
        let bytes = match wire.mail(bytes_max).await? {
            None => return Ok(None),
            Some(Mail::Refused(reply)) => {
                self.forget();
                return Ok(Some(reply));
            }
            Some(Mail::Whole(bytes)) => bytes,
        };
        let after_data = self.shared.behave(|b| b.after_data);
        if after_data == AfterData::DropAndClose {
            return Ok(None);
        }
        let mail = ReceivedMail {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            bytes: bytes.into(),
            over_tls: self.over_tls,
        };
        let reply = match self.shared.keep(mail).await {
            Ok(()) => "250 2.0.0 kept",
            Err(NotKept::Full) => "452 4.3.1 the sink is full",
            Err(NotKept::Save(_)) => "451 4.3.0 the mail could not be written",
        };
        Ok((after_data == AfterData::Reply).then_some(reply))
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// A name that exists nowhere (RFC 2606).
const NAME: &str = "sink.invalid";
const OUT_OF_ORDER: &str = "503 5.5.1 not now";
/// Twice what RFC 5321 section 4.5.3.1.4 asks for; it leaves room for parameters.
const COMMAND_LINE_BYTES_MAX: usize = 1024;
/// RFC 5321 section 4.5.3.1.8: no fewer.
const RECIPIENTS_MAX: usize = 100;
const FAULTS_MAX: u32 = 20;
const HANDSHAKE: Duration = Duration::from_secs(10);
