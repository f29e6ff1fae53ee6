//! The verbs. [`submit`] is the inbound half of a message's journey, on one screen; the outbound half
//! is [`deliver`], [`acknowledge`] and [`expire`].
//!
//! A type per stage: each stage takes what the one before gave, so the compiler keeps the order, and
//! plaintext cannot reach the disk because [`crate::store::Store::record`] takes only what
//! [`seal`] makes.

pub mod accept;
pub mod acknowledge;
mod addressed;
mod asked;
pub mod attach;
pub mod authorise;
pub mod certificates;
mod claims;
mod decide;
pub mod deliver;
pub mod expire;
mod explained;
mod gateway;
mod inspect;
pub mod keys;
pub mod learn;
mod mail;
mod mending;
pub mod prove;
pub mod record;
mod refusal;
mod refusal_rate;
mod relation;
pub mod reload;
pub mod replay;
pub mod report;
pub mod route;
pub mod seal;
pub mod statement;
pub mod validate;
pub mod view;

use crate::{ledger::event::Event, message::AgencyId};
pub use accept::{Caller, Posted};
pub use attach::{AttachmentSource, Broken, NoAttachments};
pub use explained::{Answered, Explanation, Recorded};
pub use gateway::{Gateway, Parts, Signals};
pub use record::Answer;

pub use refusal::{Code, Fault, Refusal, Stop};
pub use refusal_rate::tell_uncounted;

/// Takes one posted message through every stage to its 202.
///
/// What a crash right after each line would mean stands beside it. A refusal at any stage stores
/// nothing but its event in the ledger; a fault of ours stores nothing at all.
pub async fn submit(
    gateway: &Gateway,
    caller: &Caller,
    posted: Posted,
    attachments: &mut dyn AttachmentSource,
) -> Result<Answer, Stop> {
    let mut known = refusal::Known::of(caller);
    let outcome = async {
        let accepted = match accept::accept(gateway, caller, posted, &mut known).await? {
            accept::Arrival::New(accepted) => *accepted, //                 nothing on disk
            accept::Arrival::Repeat(answer) => return Ok(answer),
        };
        let deprecation = accepted.deprecation.clone();
        let validated = validate::validate(gateway, accepted)?; //           nothing on disk
        let authorised = authorise::authorise(gateway, caller, validated, &mut known, false).await?; // nothing on disk
        let policy_set = authorised.policy_set.clone();
        let routed = route::route(gateway, authorised)?; //                  nothing on disk
        let viewed = view::view(gateway, routed)?; //                        nothing on disk
        let attached = attach::attach(gateway, viewed, attachments).await?; // ciphertext in files that nothing refers to: swept
        let sealed = seal::seal(gateway, attached).await?; //                the same, and sealed mails
        let answer = record::record(gateway, sealed, &policy_set).await?; // everything, or nothing
        Ok(Answer { deprecation, ..answer })
    }
    .await;
    match outcome {
        Err(Stop::Refused(refusal)) => Err(Stop::Refused(refusal::refused(gateway, &known, refusal).await?)),
        other => other,
    }
}

/// What never became a message (another media type, too large, no multipart) is refused like one.
pub async fn stopped_at_the_door(gateway: &Gateway, caller: &Caller, stop: Stop) -> Stop {
    let refusal = match stop {
        Stop::Refused(refusal) => refusal,
        failed => return failed,
    };
    let known = refusal::Known::of(caller);
    refusal::refused(gateway, &known, refusal).await.map_or_else(Stop::Failed, Stop::Refused)
}

/// A call that sets facts, or looks at those of a case, and is refused.
pub async fn fact_refused(gateway: &Gateway, caller: &Caller, stop: Stop) -> Stop {
    let refusal = match stop {
        Stop::Refused(refusal) => refusal,
        failed => return failed,
    };
    let known = refusal::Known::of(caller);
    let refused = refusal::refused_as(gateway, &known, refusal, Event::FactRefused).await;
    refused.map_or_else(Stop::Failed, Stop::Refused)
}

/// A caller that is no agency of the directory, or a suspended one, tried to post.
pub async fn stranger(gateway: &Gateway, claimed: Option<&AgencyId>, refusal: Refusal) -> Stop {
    let known = match claimed {
        Some(agency) if refusal.code == Code::Suspended => refusal::Known::suspended(agency),
        claimed => refusal::Known::stranger(claimed),
    };
    refusal::refused(gateway, &known, refusal).await.map_or_else(Stop::Failed, Stop::Refused)
}

/// Everything up to view, and what the list of attachments alone decides, without keeping anything but
/// the event `message.checked`: what would become of this message?
pub async fn check(gateway: &Gateway, caller: &Caller, posted: Posted) -> Result<view::Viewed, Stop> {
    let mut known = refusal::Known::of(caller);
    let outcome = async {
        let accepted = accept::accept_for_check(gateway, caller, posted, &mut known)?;
        let validated = validate::validate(gateway, accepted)?;
        let mut authorised = authorise::authorise(gateway, caller, validated, &mut known, true).await?;
        let explained = authorised.explained.take();
        let routed = route::route(gateway, authorised);
        let viewed = routed.and_then(|routed| view::view(gateway, routed));
        let mut viewed = match viewed {
            Err(Stop::Refused(refusal)) => return Err(Refusal { explained, ..refusal }.into()),
            viewed => viewed?,
        };
        viewed.routed.authorised.explained =
            explained.map(|explained| Box::new(explained.completed(&viewed)));
        attach::check_declared(gateway, &viewed.routed.envelope().attachments)?;
        Ok(viewed)
    }
    .await;
    refusal::checked(gateway, &known, outcome).await
}
