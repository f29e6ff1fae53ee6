//! What the stories stand on.

mod area;
mod gateway;
mod http;
mod mail;
mod messages;
mod watch;

pub use area::Area;
pub use gateway::{Builder, TestGateway};
pub use http::{Door, Reply};
pub use mail::{SIGNER, message_json, opened_mail, part};
pub use messages::{
    CO_ORDINATOR, Case, MINUTES, Message, NOTIFICATION, PACK, PAPERS, REFERRAL, SMALL_MINUTES, STATISTICS,
    papers, set,
};
pub use watch::{PATIENCE, until};
