//! The nouns: identifiers, agencies, the envelope, kinds of message. No input or output happens here.

mod agency;
mod id;

pub use agency::{
    Agency, AgencyType, Channel, Contact, EncryptionKey, MailBox, SmimeProfile, Status, Webhook,
};
pub use id::{AgencyId, Area, CaseRef, DeliveryId, EventId, Malformed, MeetingId, MessageId};
