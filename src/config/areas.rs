//! `areas.toml`: the MAPPA areas that this gateway serves, their audit keys and timing rules.
//!
//! In: the file. Out: [`Areas`]. An area that is not in the file is not served; one without an audit
//! key is served in name only, since the ledger could not keep a justification that its auditors can
//! read (design §7). The timing rules are warnings about lateness, never reasons to refuse.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{
    document::{self, Document},
    fault::ConfigFault,
    jwk::{is_p256, name_private_half},
    value,
};
use crate::message::{Area, EncryptionKey};

/// The areas of the file, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Areas(BTreeMap<Area, AreaProfile>);

impl Areas {
    /// Reads the file.
    ///
    /// # Errors
    /// The first fault found: an unknown or repeated code, an unknown key, an unusable audit key.
    pub fn load(path: &Path) -> Result<Self, ConfigFault> {
        Self::read(&document::read_file(path)?, path)
    }

    /// Reads a text that stands, or might stand, in the file `path`.
    ///
    /// # Errors
    /// As [`Areas::load`].
    pub fn read(text: &str, path: &Path) -> Result<Self, ConfigFault> {
        let mut document = Document::parse(text, path)?;
        // First as written: a fault in `[defaults]` is that table's and not the first area's.
        let _: Written = document.read().map_err(name_private_half)?;
        document.inherit("defaults", "area", "thresholds");
        let written: Written = document.read()?;
        let mut areas = BTreeMap::new();
        for (i, profile) in written.area.into_iter().enumerate() {
            if areas.contains_key(&profile.area) {
                let wanted = "want each area once: this code stood further up already";
                return Err(document.bad_value(&["area", &i.to_string(), "code"], wanted));
            }
            areas.insert(profile.area, profile);
        }
        Ok(Self(areas))
    }

    /// What the file says about an area. None if the gateway does not serve it.
    pub fn get(&self, area: Area) -> Option<&AreaProfile> {
        self.0.get(&area)
    }

    /// All areas in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &AreaProfile> {
        self.0.values()
    }

    /// The areas that the gateway cannot accept messages for until they have an audit key.
    pub fn without_audit_key(&self) -> impl Iterator<Item = &AreaProfile> {
        self.iter().filter(|profile| profile.audit_key.is_none())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, rename = "defaults")]
    _defaults: Thresholds,
    area: Vec<AreaProfile>,
}

/// One area.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaProfile {
    /// Its code.
    #[serde(rename = "code")]
    pub area: Area,
    /// Its name for people.
    pub name: String,
    /// The police forces whose areas it joins; two in London.
    pub police: Vec<String>,
    /// The public key that justifications and persons in the ledger are sealed to (design §7). Its
    /// private half is with the area's auditors.
    #[serde(default, deserialize_with = "audit_key")]
    pub audit_key: Option<EncryptionKey>,
    /// When something counts as late.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// What the area takes more seriously than the rules do: a rule's code to the severity that it
    /// has here. Lower than the rule's own has no effect.
    #[serde(default)]
    pub severities: BTreeMap<String, Severity>,
}

/// What follows when a message does not meet a rule (domain §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is noted.
    Info,
    /// The message goes on, and sender and co-ordinator are warned.
    Warn,
    /// The message is refused.
    Reject,
}

/// When something counts as late in an area (domain §2.5). Where a rule has no confirmed national
/// source its figure is a default that the area may set otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// T1: a custodial case is referred so many months before the expected release.
    #[serde(deserialize_with = "value::number::<_, _, 1, 24>")]
    pub late_referral_months: u8,
    /// V30: so many weeks before the expected release a referral is very late.
    #[serde(deserialize_with = "value::number::<_, _, 1, 52>")]
    pub very_late_referral_weeks: u8,
    /// V31: a risk assessment counts as old after so many months.
    #[serde(deserialize_with = "value::number::<_, _, 1, 60>")]
    pub risk_tool_months: u8,
    /// T2: a `dwp_notice` for somebody in custody goes so many weeks before the planned release.
    #[serde(deserialize_with = "value::number::<_, _, 1, 52>")]
    pub dwp_notice_weeks: u8,
    /// T3: papers reach those attending so many working days before the meeting.
    #[serde(deserialize_with = "value::number::<_, _, 0, 60>")]
    pub papers_working_days: u8,
    /// T4: minutes of a level 2 meeting go out within so many working days.
    #[serde(deserialize_with = "value::number::<_, _, 1, 60>")]
    pub minutes_level_2_working_days: u8,
    /// T4: minutes of a level 3 meeting go out within so many working days.
    #[serde(deserialize_with = "value::number::<_, _, 1, 60>")]
    pub minutes_level_3_working_days: u8,
    /// T5: a level 2 case is reviewed at least every so many days.
    #[serde(deserialize_with = "value::number::<_, _, 1, 366>")]
    pub review_level_2_days: u16,
    /// T5: a level 3 case is reviewed at least every so many days.
    #[serde(deserialize_with = "value::number::<_, _, 1, 366>")]
    pub review_level_3_days: u16,
    /// T6: the first level 2 or 3 meeting is held within so many working days of the referral.
    #[serde(deserialize_with = "value::number::<_, _, 1, 120>")]
    pub first_meeting_working_days: u8,
    /// T7: a youth offending team or hospital notifies within so many days of sentence or admission.
    #[serde(deserialize_with = "value::number::<_, _, 1, 60>")]
    pub notification_days: u8,
    /// T8: a stage of a serious further offence notice is returned within so many days.
    #[serde(deserialize_with = "value::number::<_, _, 1, 60>")]
    pub sfo_return_days: u8,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            late_referral_months: 6,
            very_late_referral_weeks: 6,
            risk_tool_months: 12,
            dwp_notice_weeks: 6,
            papers_working_days: 5,
            minutes_level_2_working_days: 10,
            minutes_level_3_working_days: 5,
            review_level_2_days: 84,
            review_level_3_days: 42,
            first_meeting_working_days: 20,
            notification_days: 3,
            sfo_return_days: 5,
        }
    }
}

fn audit_key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<EncryptionKey>, D::Error> {
    let key = EncryptionKey::deserialize(from)?;
    is_p256(&key).map_err(D::Error::custom)?;
    Ok(Some(key))
}
