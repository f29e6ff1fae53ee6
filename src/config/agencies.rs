//! `agencies.toml`: the directory to begin with.
//!
//! In: a file of `[[agency]]` tables, members as in [`Agency`]. Out: the agencies, each sound by
//! itself and beside the others. `init`, `demo` and `agency import` put them into the store, where
//! the directory lives from then on.

use std::{collections::HashSet, path::Path};

use serde::Deserialize;

use super::{
    document::{self, Document},
    fault::ConfigFault,
    jwk::{can_be_sealed_to, name_private_half},
    value,
};
use crate::message::{Agency, AgencyType, Channel, Status};

/// Reads the file.
///
/// # Errors
/// The first fault found: an unknown key, an agency that stands there twice, or one that cannot be
/// reached in a way that it claims.
pub fn load_agencies(path: &Path) -> Result<Vec<Agency>, ConfigFault> {
    read_agencies(&document::read_file(path)?, path)
}

/// Reads a text that stands, or might stand, in the file `path`.
///
/// # Errors
/// As [`load_agencies`].
pub fn read_agencies(text: &str, path: &Path) -> Result<Vec<Agency>, ConfigFault> {
    let document = Document::parse(text, path)?;
    let written: Written = document.read().map_err(name_private_half)?;
    let mut ids = HashSet::new();
    let mut certificates = HashSet::new();
    for (i, agency) in written.agency.iter().enumerate() {
        let at = i.to_string();
        let wrong = |key: &str, wanted: &str| Err(document.bad_value(&["agency", &at, key], wanted));
        if let Some((key, wanted)) = fault(agency) {
            return wrong(key, wanted);
        }
        if !ids.insert(&agency.agency_id) {
            return wrong("agency_id", "want each agency once: this id stood further up already");
        }
        if !agency.tls_spki_sha256.iter().all(|hash| certificates.insert(hash)) {
            let wanted = "want each certificate once: a certificate tells which agency is calling";
            return wrong("tls_spki_sha256", wanted);
        }
    }
    Ok(written.agency)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    agency: Vec<Agency>,
}

/// The first member of an agency that cannot stand, and what is wanted there.
fn fault(agency: &Agency) -> Option<(&'static str, &'static str)> {
    let fault = if agency.agency_id.is_reserved() {
        ("agency_id", "want another id: the gateway itself sends under this one")
    } else if agency.name.trim().is_empty() {
        ("name", "want a name for people")
    } else if agency.organisation.trim().is_empty() {
        ("organisation", "want the name of the body that the agency belongs to")
    } else if !statuses(agency.agency_type).contains(&agency.status) {
        ("status", "want the status that section 325 gives to this type of agency")
    } else if agency.areas.is_empty() || repeats(&agency.areas) {
        ("areas", "want at least one area, and each once")
    } else if agency.channels.is_empty() || repeats(&agency.channels) {
        ("channels", "want at least one of `mailbox`, `webhook`, `email`, and each once")
    } else if !agency.encryption_keys.iter().all(can_be_sealed_to) {
        (
            "encryption_keys",
            "want public keys with `kid`: P-256 (`x`, `y`), X25519 (`x`) or X-Wing (`alg`, `pub`)",
        )
    } else if !agency.tls_spki_sha256.iter().all(|hash| is_sha256(hash)) {
        ("tls_spki_sha256", "want SHA-256 hashes in lower-case hex, 64 characters each")
    } else if !agency.contacts.iter().all(|contact| value::is_mail_address(&contact.email)) {
        ("contacts", "want a mail address for each contact")
    } else {
        return unreachable_by(agency);
    };
    Some(fault)
}

/// A channel that the agency claims and that cannot work.
fn unreachable_by(agency: &Agency) -> Option<(&'static str, &'static str)> {
    if agency.is_abroad() {
        // P12: nothing is delivered outside the United Kingdom.
        return Some((
            "channels",
            "want servers in the United Kingdom: no name ends in another country's code",
        ));
    }
    let claims = |channel| agency.channels.contains(&channel);
    match &agency.mail {
        None if claims(Channel::Email) => {
            return Some(("channels", "want a `mail` table beside the channel `email`"));
        }
        Some(mail) if !value::is_mail_address(&mail.address) => {
            return Some(("mail", "want a mail address in `address`"));
        }
        _ => {}
    }
    match &agency.webhook {
        None if claims(Channel::Webhook) => {
            Some(("channels", "want a `webhook` table beside the channel `webhook`"))
        }
        Some(webhook) if !is_webhook_url(&webhook.url) => {
            Some(("webhook", "want an `https` address in `url`, without user name, password or `#`"))
        }
        _ => None,
    }
}

/// How an agency of this type stands towards section 325 unless its area says otherwise.
pub fn usual_status(agency_type: AgencyType) -> Status {
    statuses(agency_type).first().copied().unwrap_or(Status::Associate)
}

/// How an agency of this type may stand towards section 325. A wrong status would open doors: only
/// responsible authorities see victim data. Whether a body of subsection (6) co-operates by duty or
/// as an associate is for the area to say (domain §1.3, foundation trusts and landlords).
fn statuses(agency_type: AgencyType) -> &'static [Status] {
    match agency_type {
        AgencyType::Police | AgencyType::Probation | AgencyType::Prison => &[Status::Ra],
        AgencyType::Coord => &[Status::Coord],
        AgencyType::Smb | AgencyType::Lay => &[Status::Board],
        AgencyType::Court => &[Status::Court],
        AgencyType::Other => &[Status::Associate],
        AgencyType::Yot
        | AgencyType::Dwp
        | AgencyType::Nhse
        | AgencyType::LaEdu
        | AgencyType::LaCsc
        | AgencyType::LaAsc
        | AgencyType::LaHousing
        | AgencyType::LaPh
        | AgencyType::Rsl
        | AgencyType::HealthAuth
        | AgencyType::Icb
        | AgencyType::Lhb
        | AgencyType::NhsTrust
        | AgencyType::EmProvider
        | AgencyType::Immigration => &[Status::Dtc, Status::Associate],
    }
}

fn is_webhook_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    })
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn repeats<T: PartialEq>(list: &[T]) -> bool {
    list.iter().enumerate().any(|(i, item)| list.iter().take(i).any(|earlier| earlier == item))
}
