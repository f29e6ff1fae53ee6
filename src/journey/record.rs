//! Record: one transaction, and the answer that it makes true. [`Sealed`] → [`Answer`].

use super::{Fault, Gateway, Stop, accept};
use crate::{
    message::MessageId,
    schema::Deprecation,
    store::{Recorded, Sealed},
    telemetry::Word,
};

/// The 202: what the sender gets, now and for every repeat.
pub struct Answer {
    /// The receipt, JSON.
    pub receipt: Vec<u8>,
    /// Whether an earlier post was meant.
    pub replayed: bool,
    /// The message.
    pub message_id: MessageId,
    /// Whether the version of its schema is on its way out.
    pub deprecation: Option<Deprecation>,
}

impl Answer {
    pub(super) fn repeat(message_id: MessageId, receipt: Vec<u8>) -> Self {
        Self { receipt, replayed: true, message_id, deprecation: None }
    }
}

/// `policy_set`: the set that decided. Once another one is in force nothing is recorded under it any more,
/// as under a directory or facts that moved on (design §3): a long upload must not outlast a tightened rule.
pub(super) async fn record(gateway: &Gateway, sealed: Sealed, policy_set: &str) -> Result<Answer, Stop> {
    // Held until the transaction is durable, so that no other set comes into force in between.
    let _in_force = gateway.in_force.read().await;
    if gateway.policies().sha256_hex() != policy_set {
        return Err(Fault::FactsChanged.into());
    }
    let (message_id, message_type, receipt) =
        (sealed.message_id, sealed.message_type, sealed.receipt.clone());
    match gateway.store.record(sealed).await? {
        Recorded::Recorded => {
            gateway.wake();
            gateway.metrics.accepted.get_or_create(&Word { word: message_type.as_str() }).inc();
            tracing::info!(%message_id, "message accepted");
            Ok(Answer { receipt, replayed: false, message_id, deprecation: None })
        }
        Recorded::Repeat(earlier) => Ok(Answer::repeat(message_id, earlier)),
        Recorded::Conflict => Err(accept::conflict().into()),
        Recorded::Stale => {
            gateway.refresh_directory().await?;
            Err(Fault::FactsChanged.into())
        }
    }
}
