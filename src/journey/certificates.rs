//! The forecast of certificates: who has to renew one soon is known before mail or calls stop.
//!
//! In: the certificates of the gateway and of the authorities that it trusts, those for mail in the directory, and the TLS certificates that
//! agencies showed, which the directory knows by their keys alone. Out: an event and a warning for each step
//! of [`STEPS`], once, and a metric for each certificate. It renews nothing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{Fault, Gateway};
use crate::{
    crypto::certificate::{self, Described},
    directory::Directory,
    ledger::event::{Entry, Event},
    message::AgencyId,
    store::{KnownCertificate, SeenCertificate},
};

/// So many days before its end a certificate is told of.
pub const STEPS: [u16; 5] = [1, 7, 14, 30, 90];

/// What a certificate is for: the connection that an agency or the gateway's listener speaks under.
pub const TLS: &str = "tls";
/// The connection that the gateway opens to agencies' servers.
pub const TLS_CLIENT: &str = "tls_client";
/// An authority that one of the gateway's files names, or that stands in the chain of a certificate of its own:
/// when it ends, everybody behind it is shut out.
pub const AUTHORITY: &str = "authority";
/// Mail: an agency's is sealed to, the gateway's signs.
pub const MAIL: &str = "mail";

/// The TLS certificates that agencies showed since the start: as many as the directory lists keys.
#[derive(Default)]
pub struct Seen(Mutex<BTreeMap<(AgencyId, String), Timestamp>>);

impl Seen {
    /// A listed agency showed a certificate with this key, valid until then.
    pub fn note(&self, agency: &AgencyId, spki_sha256: &str, not_after: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = seen.entry((agency.clone(), spki_sha256.to_owned())).or_insert(not_after);
        *latest = not_after.max(*latest);
    }

    fn all(&self) -> Vec<SeenCertificate> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = |((holder, spki), not_after): (&(AgencyId, String), &Timestamp)| SeenCertificate {
            holder: holder.clone(),
            purpose: TLS,
            spki_sha256: spki.clone(),
            not_after: *not_after,
        };
        seen.iter().map(shown).collect()
    }
}

/// A certificate of the gateway's own: what it is for, and what stands in it.
pub type Own = (&'static str, Described);

/// One round: tells what has to be told now, and sets the metrics.
///
/// # Errors
/// The round broke off; what it has told stays told, and the next round goes on.
pub async fn forecast(gateway: &Gateway, own: Vec<Own>) -> Result<(), Fault> {
    let directory = gateway.directory();
    let mut current: Vec<_> =
        own.into_iter().map(|(purpose, own)| seen(AgencyId::gateway(), purpose, own)).collect();
    current.extend(mail(&directory));
    let shown = gateway.seen.all();
    gateway.store.certificates_seen([&current[..], &shown].concat()).await?;
    let known = gateway.store.certificates().await?;
    let in_use: Vec<_> = known.into_iter().filter_map(|known| in_use(known, &current, &directory)).collect();
    gateway.metrics.certificates(in_use.iter().map(|(certificate, _)| {
        (certificate.holder.to_string(), certificate.purpose, key(certificate), certificate.not_after)
    }));
    for (certificate, told) in in_use {
        tell(gateway, certificate, told).await?;
    }
    Ok(())
}

fn seen(holder: AgencyId, purpose: &'static str, described: Described) -> SeenCertificate {
    let Described { spki_sha256, not_after, .. } = described;
    SeenCertificate { holder, purpose, spki_sha256, not_after }
}

/// The certificates that mail is sealed to.
fn mail(directory: &Directory) -> impl Iterator<Item = SeenCertificate> {
    directory.agencies().filter(|agency| !agency.suspended).filter_map(|agency| {
        let pem = &agency.mail.as_ref()?.certificate;
        let described = certificate::describe_pem(pem.as_bytes()).ok()?;
        Some(seen(agency.agency_id.clone(), MAIL, described))
    })
}

/// The certificate with the step that was told last, if it is still in use: one that was replaced or withdrawn
/// may end in peace.
fn in_use(
    known: KnownCertificate,
    current: &[SeenCertificate],
    directory: &Directory,
) -> Option<(SeenCertificate, Option<u16>)> {
    let KnownCertificate { holder, purpose, spki_sha256, not_after, told_days } = known;
    let purpose = [TLS, TLS_CLIENT, MAIL, AUTHORITY].into_iter().find(|word| *word == purpose)?;
    let certificate = SeenCertificate { holder, purpose, spki_sha256, not_after };
    let same = |other: &SeenCertificate| {
        (&other.holder, other.purpose, &other.spki_sha256)
            == (&certificate.holder, certificate.purpose, &certificate.spki_sha256)
    };
    let listed = purpose == TLS && directory.may_speak_for(&certificate.holder, &certificate.spki_sha256);
    (listed || current.iter().any(same)).then_some((certificate, told_days))
}

async fn tell(gateway: &Gateway, certificate: SeenCertificate, told: Option<u16>) -> Result<(), Fault> {
    let now = gateway.clock.now();
    let Some(days) = step(certificate.not_after, now) else { return Ok(()) };
    if told.is_some_and(|told| told <= days) {
        return Ok(());
    }
    let event = Event::CertificateExpiring {
        holder: certificate.holder.clone(),
        purpose: certificate.purpose,
        spki_sha256: certificate.spki_sha256.clone(),
        not_after: certificate.not_after,
        days,
    };
    let entry = Entry::new(&event, now, None, &gateway.random)?;
    let (holder, purpose, not_after) =
        (certificate.holder.clone(), certificate.purpose, certificate.not_after);
    let spki_sha256 = certificate.spki_sha256.clone();
    // Another node may have been faster.
    if gateway.store.certificate_told(certificate, days, entry).await? {
        tracing::warn!(%holder, purpose, %spki_sha256, %not_after, days, "a certificate ends soon: renew it");
        gateway.signals.unsequenced.notify_one();
    }
    Ok(())
}

/// The step that a certificate has reached: the smallest that holds the time that is left.
fn step(not_after: Timestamp, now: Timestamp) -> Option<u16> {
    let left = not_after.duration_since(now).as_secs();
    STEPS.into_iter().find(|days| left <= i64::from(*days) * 24 * 60 * 60)
}

/// Enough of the key to tell two certificates of one holder apart.
fn key(certificate: &SeenCertificate) -> String {
    certificate.spki_sha256.chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_reached_when_so_many_days_are_left_or_fewer() {
        let now = Timestamp::UNIX_EPOCH;
        let end = |hours: i64| now.saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap();
        for (hours, expected) in [
            (91 * 24, None),
            (90 * 24, Some(90)),
            (30 * 24 + 1, Some(90)),
            (30 * 24, Some(30)),
            (14 * 24, Some(14)),
            (7 * 24, Some(7)),
            (24, Some(1)),
            (-5, Some(1)),
        ] {
            assert_eq!(step(end(hours), now), expected, "{hours}");
        }
    }
}
