//! SMTP commands as values (RFC 5321 section 4.1).
//!
//! In: one line without its line end. Out: the command, or the reply that tells what is wrong with it.
//! Whether a command may come now is the session's question.

/// A well-formed command.
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(super) enum Command {
    Ehlo,
    Helo,
    StartTls,
    Mail {
        /// Empty for a report.
        from: String,
        /// What the client says the mail will weigh, in bytes (RFC 1870).
        bytes: Option<u64>,
    },
    Rcpt {
        to: String,
    },
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
    Help,
}

/// Reads a command, or gives the reply to a line that is none.
pub(super) fn parse(line: &[u8]) -> Result<Command, &'static str> {
    let line = std::str::from_utf8(line).ok().filter(|line| is_printable(line)).ok_or(UNKNOWN)?;
    let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
    match verb.to_ascii_uppercase().as_str() {
        "EHLO" | "HELO" if argument.trim().is_empty() => Err("501 say who you are"),
        "EHLO" => Ok(Command::Ehlo),
        "HELO" => Ok(Command::Helo),
        "STARTTLS" => alone(argument, Command::StartTls),
        "MAIL" => mail(argument),
        "RCPT" => rcpt(argument),
        "DATA" => alone(argument, Command::Data),
        "RSET" => alone(argument, Command::Rset),
        "QUIT" => alone(argument, Command::Quit),
        "NOOP" => Ok(Command::Noop),
        "VRFY" => Ok(Command::Vrfy),
        "HELP" => Ok(Command::Help),
        _ => Err(UNKNOWN),
    }
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn alone(argument: &str, command: Command) -> Result<Command, &'static str> {
    if argument.trim().is_empty() { Ok(command) } else { Err("501 5.5.4 this command takes no argument") }
}

fn mail(argument: &str) -> Result<Command, &'static str> {
    let (from, parameters) = path(argument, "FROM:")?;
    if !from.is_empty() && !is_address(from) {
        return Err("501 5.1.7 not a sender address");
    }
    let mut bytes = None;
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
            ("SIZE", value) if value.len() <= 20 && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                bytes = Some(value.parse().map_err(|_| BAD_PARAMETER)?);
            }
            ("BODY", "7BIT" | "8BITMIME") => {}
            ("SIZE" | "BODY", _) => return Err(BAD_PARAMETER),
            _ => return Err(UNKNOWN_PARAMETER),
        }
    }
    Ok(Command::Mail { from: from.into(), bytes })
}

fn rcpt(argument: &str) -> Result<Command, &'static str> {
    let (to, parameters) = path(argument, "TO:")?;
    // RFC 5321 section 4.1.1.3: the one recipient that needs no domain.
    if !is_address(to) && !to.eq_ignore_ascii_case("postmaster") {
        return Err("501 5.1.3 not a recipient address");
    }
    if !parameters.trim().is_empty() {
        return Err(UNKNOWN_PARAMETER);
    }
    Ok(Command::Rcpt { to: to.into() })
}

/// The address between the angle brackets, and the parameters after them.
fn path<'a>(argument: &'a str, keyword: &str) -> Result<(&'a str, &'a str), &'static str> {
    let (start, rest) = argument.split_at_checked(keyword.len()).ok_or(BAD_PATH)?;
    let inner = rest.strip_prefix('<').filter(|_| start.eq_ignore_ascii_case(keyword)).ok_or(BAD_PATH)?;
    let (path, parameters) = inner.split_at_checked(closing(inner).ok_or(BAD_PATH)?).ok_or(BAD_PATH)?;
    let parameters = parameters.strip_prefix('>').ok_or(BAD_PATH)?;
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(BAD_PATH);
    }
    // A source route is read and left aside (RFC 5321 section 4.1.1.3).
    let address = match path.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(BAD_PATH)?.1,
        None => path,
    };
    Ok((address, parameters))
}

/// Where the first angle bracket stands that is not inside a quoted string.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' => return !quoted,
            _ => {}
        }
        false
    })
}

/// Two parts of the lengths that RFC 5321 section 4.5.3.1 allows, without spaces outside quotes.
fn is_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
        let plain = !local.contains([' ', '"', '<', '@']);
        (1..=64).contains(&local.len())
            && (1..=255).contains(&domain.len())
            && (quoted || plain)
            && !domain.contains([' ', '"', '<'])
    })
}

const UNKNOWN: &str = "500 5.5.2 command not recognised";
const BAD_PATH: &str = "501 5.5.4 not a path in angle brackets";
const BAD_PARAMETER: &str = "501 5.5.4 parameter with a value that makes no sense";
const UNKNOWN_PARAMETER: &str = "555 5.5.4 parameter not recognised";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from(address: &str) -> Result<Command, &'static str> {
        Ok(Command::Mail { from: address.into(), bytes: None })
    }

    #[test]
    fn paths_are_read_as_the_standard_writes_them() {
        assert_eq!(parse(b"MAIL FROM:<a@b.example>"), from("a@b.example"));
        assert_eq!(parse(b"mail from:<> BODY=8BITMIME"), from(""));
        assert_eq!(parse(b"MAIL FROM:<@x,@y:a@b.example>"), from("a@b.example"));
        assert_eq!(parse(b"MAIL FROM:<\"a > b\\\"@\"@c.example>"), from("\"a > b\\\"@\"@c.example"));
        assert_eq!(parse(b"RCPT TO:<Postmaster>"), Ok(Command::Rcpt { to: "Postmaster".into() }));
        let sized = Command::Mail { from: "a@b".into(), bytes: Some(12) };
        assert_eq!(parse(b"MAIL FROM:<a@b> SIZE=12 body=7bit"), Ok(sized));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for line in [
            "MAIL FROM: <a@b>",
            "MAIL FROM:a@b",
            "MAIL FROM:<a@b",
            "MAIL FROM:<a@b>x",
            "MAIL FROM:<a b@c>",
            "MAIL FROM:<@b>",
            "MAIL TO:<a@b>",
            "MAIL",
            "RCPT TO:<>",
            "RCPT TO:<a>",
            "MAIL FROM:<a@b> SIZE=-1",
            "MAIL FROM:<a@b> SIZE=",
            "MAIL FROM:<a@b> BODY=BINARYMIME",
        ] {
            assert!(parse(line.as_bytes()).is_err_and(|reply| reply.starts_with("501")), "{line}");
        }
        assert_eq!(parse(b"MAIL FROM:<a@b> SMTPUTF8"), Err(UNKNOWN_PARAMETER));
        assert_eq!(parse(b"RCPT TO:<a@b> NOTIFY=SUCCESS"), Err(UNKNOWN_PARAMETER));
    }

    #[test]
    fn a_command_with_a_bare_line_end_in_it_is_none() {
        assert_eq!(parse(b"NOOP\nQUIT"), Err(UNKNOWN));
        assert_eq!(parse(b"NOOP\rQUIT"), Err(UNKNOWN));
        assert_eq!(parse(b"NOOP x"), Ok(Command::Noop));
        assert!(parse(b"DATA x").is_err());
    }

    proptest! {
        #[test]
        fn no_line_makes_it_fail(line in "(MAIL FROM:|RCPT TO:|)[<>@\":\\\\ a=SIZE0-9]{0,40}") {
            let _ = parse(line.as_bytes());
        }
    }
}
