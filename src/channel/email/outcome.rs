//! What a reply, or the lack of one, means.

use super::connection::{Fault, Stage};
use crate::channel::Outcome;

/// The outcome of an attempt that ended in `stage`.
pub(super) fn of_fault(stage: Stage, fault: &Fault) -> Outcome {
    match fault {
        Fault::Refused { code, enhanced } => of_reply(stage, *code, enhanced.as_deref()),
        Fault::Broken if stage == Stage::Content => Outcome::later(LOST),
        Fault::Broken => Outcome::later("smtp_broken"),
        Fault::Resolve => Outcome::later("resolve"),
        Fault::Connect => Outcome::later("connect"),
        Fault::StartTlsMissing => Outcome::later("starttls_missing"),
        Fault::Tls => Outcome::later("tls"),
        Fault::EightBitMissing => Outcome::later("eight_bit_missing"),
    }
}

/// The outcome of a reply other than 2yz (RFC 5321 section 4.2.1).
///
/// A 5yz is final only where it speaks of this recipient or this mail. Before `RCPT` it speaks of the
/// gateway (its address, name or network is not welcome), and so does, at any time, one about
/// authentication (RFC 4954 section 6) and, at `RCPT`, one about policy (RFC 3463, X.7.*: "relay access
/// denied"). Those are for the operator to mend, and the schedule gives days for it. One exception: a
/// relay that refuses the size at `MAIL` speaks of the mail.
fn of_reply(stage: Stage, code: u16, enhanced: Option<&str>) -> Outcome {
    let name = format!("smtp_{code}");
    let is_policy = enhanced.is_some_and(|enhanced| enhanced.starts_with("5.7."));
    let is_final = match (stage, code) {
        (_, 530 | 534 | 535 | 538) => false,
        (Stage::Sender, 552) => true,
        (Stage::Greeting | Stage::Sender, _) => false,
        (Stage::Recipient | Stage::Data, 500..=599) => !is_policy,
        (Stage::Content, 500..=599) => true,
        _ => false,
    };
    if is_final { Outcome::never(name) } else { Outcome::later(name) }
}

const LOST: &str = "smtp_lost";
pub(super) const TIMEOUT: &str = "timeout";

#[cfg(test)]
mod tests {
    use super::*;

    const STAGES: [Stage; 5] =
        [Stage::Greeting, Stage::Sender, Stage::Recipient, Stage::Data, Stage::Content];

    #[test]
    fn a_4yz_is_never_final() {
        for stage in STAGES {
            for code in [421, 450, 451, 452, 454, 455] {
                assert_eq!(of_reply(stage, code, Some("4.3.0")), Outcome::later(format!("smtp_{code}")));
            }
        }
    }

    #[test]
    fn a_5yz_is_final_where_it_speaks_of_the_recipient_or_the_mail() {
        for (stage, code, enhanced) in [
            (Stage::Recipient, 550, Some("5.1.1")),
            (Stage::Recipient, 550, None),
            (Stage::Recipient, 553, None),
            (Stage::Data, 554, Some("5.5.1")),
            (Stage::Content, 550, None),
            (Stage::Content, 552, Some("5.3.4")),
            (Stage::Content, 554, Some("5.7.1")),
            (Stage::Sender, 552, Some("5.3.4")),
        ] {
            assert_eq!(of_reply(stage, code, enhanced), Outcome::never(format!("smtp_{code}")), "{stage:?}");
        }
    }

    #[test]
    fn a_5yz_about_the_gateway_waits_for_the_operator() {
        for (stage, code, enhanced) in [
            (Stage::Greeting, 554, None),
            (Stage::Greeting, 550, Some("5.7.1")),
            (Stage::Sender, 550, Some("5.1.8")),
            (Stage::Sender, 553, None),
            (Stage::Recipient, 554, Some("5.7.1")),
            (Stage::Recipient, 550, Some("5.7.0")),
        ] {
            assert_eq!(of_reply(stage, code, enhanced), Outcome::later(format!("smtp_{code}")), "{stage:?}");
        }
        for stage in STAGES {
            for code in [530, 534, 535, 538] {
                assert_eq!(of_reply(stage, code, None), Outcome::later(format!("smtp_{code}")));
            }
        }
    }

    #[test]
    fn a_mail_without_an_answer_may_have_arrived() {
        assert_eq!(of_fault(Stage::Content, &Fault::Broken), Outcome::later("smtp_lost"));
        assert_eq!(of_fault(Stage::Data, &Fault::Broken), Outcome::later("smtp_broken"));
    }
}
