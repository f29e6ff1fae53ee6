//! The past as a decision saw it: the directory at its version, the case's facts at theirs with the
//! message's own on top, the claims.

use std::sync::Arc;

use crate::{
    directory::Directory,
    journey::Fault,
    ledger::asked::{Asked, AskedFor},
    message::{Agency, AgencyId, CaseFacts},
    policy::{Addressed, Ask, Claims},
    store::Store,
};

/// Why a decision cannot be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreproducible {
    /// The store does not know that version of the directory.
    Directory,
    /// The store does not know that version of the case's facts.
    Facts,
    /// The sender or a recipient is not in that version of the directory.
    Agency,
    /// The same policies on the same facts say something else than the event: a fault of the replay, or
    /// of what was recorded.
    Answer,
}

/// What a decision looked at.
pub(super) struct Then {
    directory: Arc<Directory>,
    sender: Agency,
    claims: Claims,
    case: Option<CaseFacts>,
    recipients: Vec<Agency>,
}

impl Then {
    /// The question as it was asked.
    pub fn ask(&self, asked: &Asked) -> Ask<'_> {
        Ask {
            now: asked.at,
            directory: &self.directory,
            sender: &self.sender,
            message: &self.claims,
            case: self.case.as_ref(),
        }
    }

    pub fn sender(&self) -> &Agency {
        &self.sender
    }

    /// The recipients as they were asked for.
    pub fn recipients<'t>(&'t self, asked: &'t Asked) -> impl Iterator<Item = (&'t AskedFor, Addressed<'t>)> {
        asked.recipients.iter().zip(&self.recipients).map(|(to, agency)| {
            let AskedFor { justified, strict_necessity, attention, .. } = *to;
            (to, Addressed { agency, justified, strict_necessity, attention })
        })
    }
}

/// Restores what decisions looked at. The directory changes seldom: the last one is kept.
pub(super) struct Past<'s> {
    store: &'s dyn Store,
    directory: Option<Arc<Directory>>,
}

impl<'s> Past<'s> {
    pub fn new(store: &'s dyn Store) -> Self {
        Self { store, directory: None }
    }

    pub async fn restore(
        &mut self,
        sender: &AgencyId,
        asked: &Asked,
    ) -> Result<Result<Then, Unreproducible>, Fault> {
        let Some(directory) = self.directory(asked.decided_on.directory).await? else {
            return Ok(Err(Unreproducible::Directory));
        };
        let known = |id: &AgencyId| directory.agency(id).cloned();
        let recipients: Option<Vec<_>> = asked.recipients.iter().map(|to| known(&to.agency_id)).collect();
        let (Some(sender), Some(recipients)) = (known(sender), recipients) else {
            return Ok(Err(Unreproducible::Agency));
        };
        let Some(case) = self.case(asked).await? else { return Ok(Err(Unreproducible::Facts)) };
        Ok(Ok(Then { directory, sender, claims: asked.claims.claims(), case, recipients }))
    }

    async fn directory(&mut self, version: u64) -> Result<Option<Arc<Directory>>, Fault> {
        if self.directory.as_ref().is_none_or(|held| held.version() != version) {
            self.directory = self.store.directory_at(version).await?.map(Arc::new);
        }
        Ok(self.directory.clone())
    }

    /// The case as it would have stood with the message's own facts; `None` where it cannot be restored.
    /// Version 0: nobody had opened it, for all that the sender was to know. The version of a claim leads to
    /// what was claimed.
    async fn case(&self, asked: &Asked) -> Result<Option<Option<CaseFacts>>, Fault> {
        let Some(case_ref) = asked.claims.case_ref() else { return Ok(Some(None)) };
        let version = asked.decided_on.case_facts;
        let before = match version {
            0 => None,
            version => match self.store.case_at(case_ref, version).await? {
                Some(case) => Some(case),
                None => return Ok(None),
            },
        };
        Ok(Some(CaseFacts::with(before.as_ref(), case_ref, &asked.facts)))
    }
}
