//! The nouns: identifiers, agencies, the envelope, kinds of message, facts. No input or output
//! happens here.

mod agency;
mod agency_key;
mod envelope;
mod facts;
mod grant;
mod id;
mod kind;
pub mod time;

pub use agency::{
    Agency, AgencyType, Channel, Contact, EncryptionKey, MailBox, SmimeProfile, Status, Webhook,
};
pub use agency_key::{AgencyKey, Challenge, KeyState, Voucher};
pub use envelope::{AttachmentHead, Envelope, Marking, Recipient, Sender};
pub use facts::{CaseFacts, CaseStatement, ExitScope, Fact, InviteReason, Invitee, MeetingFacts};
pub use grant::{Approval, ApprovalKind, Designation};
pub use id::{
    AgencyId, ApprovalId, Area, CaseRef, DeliveryId, DesignationId, EventId, Malformed, MeetingId, MessageId,
};
pub use kind::{MessageType, Purpose};
