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
pub use mail::message_json;
pub use messages::{CO_ORDINATOR, Case, MINUTES, Message, NOTIFICATION, PACK, PAPERS, REFERRAL, papers, set};
pub use watch::{PATIENCE, until};
