//! What of a directory entry the rules look at: all that is kept of its past.

use serde::{Deserialize, Serialize};

use crate::message::{Agency, AgencyId, AgencyType, Area, Channel, Contact, Status};

/// How an agency stands. No name, no address, no key and no person is in it, so that it can be kept for as
/// long as the decisions that rested on it. A rule that comes to look at more of an entry needs it here too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    #[serde(rename = "type")]
    agency_type: AgencyType,
    status: Status,
    suspended: bool,
    areas: Vec<Area>,
    /// Whether it is reached by e-mail and in no other way.
    mail_only: bool,
    /// Whether the directory names a person there. Which one a message was for the attention of was told
    /// when it was decided.
    has_contact: bool,
}

impl Standing {
    /// What is kept of an entry.
    pub fn of(agency: &Agency) -> Self {
        Self {
            agency_type: agency.agency_type,
            status: agency.status,
            suspended: agency.suspended,
            areas: agency.areas.clone(),
            mail_only: agency.channels == [Channel::Email],
            has_contact: !agency.contacts.is_empty(),
        }
    }

    /// An entry that the rules take for the one that it was.
    pub fn into_agency(self, agency_id: AgencyId) -> Agency {
        let nobody = || Contact { name: String::new(), role: String::new(), email: String::new() };
        Agency {
            agency_id,
            name: String::new(),
            organisation: String::new(),
            agency_type: self.agency_type,
            status: self.status,
            suspended: self.suspended,
            areas: self.areas,
            channels: vec![if self.mail_only { Channel::Email } else { Channel::Mailbox }],
            encryption_keys: Vec::new(),
            require_pq: false,
            mail: None,
            webhook: None,
            tls_spki_sha256: Vec::new(),
            contacts: self.has_contact.then(nobody).into_iter().collect(),
        }
    }
}
