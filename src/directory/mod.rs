//! Who is who: the agencies as one immutable snapshot with a version. A decision is good only while
//! the version stands; a change makes a new snapshot.

mod registration;
mod standing;

use std::collections::HashMap;

use crate::{
    message::{Agency, AgencyId, AgencyType, Area},
    schema::rules::Agencies,
};

pub use registration::mail_certificate_fits;
pub use standing::Standing;

/// A snapshot of the directory.
#[derive(Debug, Default)]
pub struct Directory {
    version: u64,
    agencies: HashMap<AgencyId, Agency>,
}

impl Directory {
    /// A snapshot of these agencies. `version` is the store's number of the latest change.
    pub fn new(version: u64, agencies: impl IntoIterator<Item = Agency>) -> Self {
        let agencies = agencies.into_iter().map(|agency| (agency.agency_id.clone(), agency)).collect();
        Self { version, agencies }
    }

    /// The number of the latest change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// One agency.
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies.get(id)
    }

    /// Every agency, in no order.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// Whether the agency is the co-ordination unit of this area.
    pub fn coordinates(&self, agency: &AgencyId, area: Area) -> bool {
        self.agency(agency)
            .is_some_and(|a| a.agency_type == AgencyType::Coord && a.serves(area) && !a.suspended)
    }

    /// The agency that a TLS client certificate with this subject public key (SHA-256, lower-case
    /// hex) may speak for.
    pub fn may_speak_for(&self, id: &AgencyId, spki_sha256: &str) -> bool {
        self.agency(id).is_some_and(|agency| agency.tls_spki_sha256.iter().any(|known| known == spki_sha256))
    }
}

impl Agencies for Directory {
    fn kind(&self, agency_id: &str) -> Option<AgencyType> {
        let id: AgencyId = agency_id.parse().ok()?;
        Some(self.agency(&id)?.agency_type)
    }
}
