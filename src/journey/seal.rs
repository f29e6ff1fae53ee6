//! Seal: one transfer statement and one ciphertext for each view, one key wrap or mail for each
//! recipient. [`Attached`] → [`Sealed`]. Plaintext ends here and is wiped.

mod content;
mod events;
mod state;

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    Fault, Gateway, Stop,
    attach::{Attached, Attachment},
    learn, mail,
    route::{Route, Way},
    view::{View, Viewed},
};
use crate::{
    crypto::{
        jwe::{self, Form, Wrap},
        jwk::RecipientKey,
        jws,
    },
    ledger::{
        asked::Asked,
        event::{Basis, DecidedOn},
    },
    message::{AgencyId, DeliveryId, Envelope, Fact},
    schema,
    store::{NewCopy, NewDelivery, NewView, Sealed, StoredFile},
};

pub(super) use events::{seal_for_audit, seal_for_auditors};

/// `typ` of a sealed copy's protected header.
const SEALED_TYP: &str = "portcullis-sealed+jwe";
/// `cty` of a sealed copy's protected header.
const SEALED_CTY: &str = "application/portcullis-sealed+json";

/// What is to be sealed, whoever made it: an agency's post or the gateway's own report.
pub(super) struct Sealing<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) sha256: [u8; 32],
    pub(super) json: &'a Value,
    pub(super) schema_version: &'a str,
    pub(super) routes: &'a [Route],
    /// The first is that of the full text; every route has one.
    pub(super) views: &'a [View],
    pub(super) attachments: Vec<Attachment>,
    pub(super) warnings: &'a [schema::Fault],
    pub(super) facts: Vec<Fact>,
    /// Whose claim the message belongs to; nobody's where it is about the case itself.
    pub(super) claimant: Option<AgencyId>,
    pub(super) decided_on: DecidedOn,
    /// What the rules were asked; nothing about the gateway's own reports.
    pub(super) asked: Option<Arc<Asked>>,
    pub(super) policy_set: &'a str,
    pub(super) reports: Option<DeliveryId>,
}

impl Sealing<'_> {
    /// The bytes that the readers of a view get.
    pub(super) fn bytes_of<'v>(&'v self, view: &'v View) -> &'v [u8] {
        view.gapped.as_ref().map_or(self.bytes.as_slice(), |gapped| gapped.bytes.as_slice())
    }

    /// The same as JSON.
    pub(super) fn json_of(&self, view: &View) -> Result<Cow<'_, Value>, Fault> {
        view.gapped.as_ref().map_or(Ok(Cow::Borrowed(self.json)), |gapped| gapped.json().map(Cow::Owned))
    }

    /// The attachments that are part of a view, in order.
    pub(super) fn attachments_of<'v>(&'v self, view: &'v View) -> impl Iterator<Item = &'v Attachment> {
        let numbered = self.attachments.iter().enumerate();
        numbered.filter(|(number, _)| view.has_attachment(*number)).map(|(_, attachment)| attachment)
    }

    /// The view that each route's recipient reads, by its number, in the order of the routes.
    fn view_of_each_route(&self) -> Result<Vec<usize>, Fault> {
        let view_of = |route| self.views.iter().position(|view| view.readers.contains(&route));
        let views = (0..self.routes.len()).map(view_of).collect::<Option<_>>();
        views.ok_or(Fault::Impossible("each recipient has its view"))
    }
}

pub(super) async fn seal(gateway: &Gateway, attached: Attached) -> Result<Sealed, Stop> {
    let Attached { viewed: Viewed { routed, views }, attachments } = attached;
    let (authorised, routes) = (routed.authorised, routed.routes);
    let accepted = authorised.validated.accepted;
    let sealing = Sealing {
        envelope: &authorised.validated.envelope,
        sha256: accepted.sha256,
        bytes: accepted.bytes,
        json: &accepted.json,
        schema_version: accepted.schema_version,
        routes: &routes,
        views: &views,
        attachments,
        warnings: &authorised.validated.warnings,
        facts: authorised.facts,
        claimant: authorised.claimant,
        decided_on: authorised.decided_on,
        asked: Some(authorised.asked),
        policy_set: &authorised.policy_set,
        reports: None,
    };
    Ok(seal_views(gateway, sealing).await?)
}

/// Seals each view for its readers.
pub(super) async fn seal_views(gateway: &Gateway, mut sealing: Sealing<'_>) -> Result<Sealed, Fault> {
    let at = gateway.clock.now();
    let envelope = sealing.envelope;
    let deliveries = sealing
        .routes
        .iter()
        .map(|_| Ok(DeliveryId::new(at, gateway.random.bytes()?)))
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut stated: Vec<_> =
        sealing.views.iter().map(|view| state::state(gateway, &sealing, view, &deliveries, at)).collect();
    let accepted = events::accepted(gateway, &sealing, &deliveries, &stated, at)?;
    let statements = stated
        .iter_mut()
        .map(|stated| state::signed(gateway, stated, &accepted.commitment))
        .collect::<Result<Vec<_>, _>>()?;
    let view_of = sealing.view_of_each_route()?;
    let receipt = state::receipt(&sealing, &view_of, &deliveries, at, &statements)?;

    // Mail first: it needs the plaintext of the attachments, which is wiped with it.
    let mut mails = mail::seal_all(gateway, &mut sealing, &view_of, &deliveries, &statements, at).await?;
    let (views, mut wraps) = seal_for_systems(gateway, &sealing, &statements)?;
    drop(std::mem::take(&mut sealing.bytes));

    let mut entries = vec![accepted];
    entries.extend(events::views_made(gateway, &sealing, &statements, at)?);
    for fact in &sealing.facts {
        let case_ref = envelope.case_ref.as_ref().ok_or(Fault::Impossible("a fact is about a case"))?;
        entries.push(learn::changed(
            gateway,
            case_ref,
            sealing.claimant.as_ref(),
            &envelope.sender.agency_id,
            Some(envelope),
            fact,
            Basis::default(),
        )?);
    }
    Ok(Sealed {
        message_id: envelope.message_id,
        sender: envelope.sender.agency_id.clone(),
        message_type: envelope.message_type,
        schema_version: sealing.schema_version.to_owned(),
        area: envelope.area,
        case_ref: envelope.case_ref.clone(),
        claimant: sealing.claimant,
        accepted_at: at,
        submission_sha256: sealing.sha256,
        receipt,
        views,
        attachments: sealing.attachments.iter().map(Attachment::stored).collect(),
        deliveries: copies(sealing.routes, &deliveries, &mut wraps, &mut mails)?,
        facts: sealing.facts,
        decided_on: sealing.decided_on,
        reports: sealing.reports,
        entries,
    })
}

/// What each recipient gets, in the order of the routes.
fn copies(
    routes: &[Route],
    deliveries: &[DeliveryId],
    wraps: &mut [Option<(usize, Wrap)>],
    mails: &mut impl Iterator<Item = StoredFile>,
) -> Result<Vec<NewDelivery>, Fault> {
    let copies = routes.iter().zip(deliveries).zip(wraps).map(|((route, delivery_id), wrap)| {
        let copy = match &route.way {
            Way::Jwe { .. } => wrap.take().map(|(view, wrap)| NewCopy::Jwe { view, wrap }),
            Way::Mail { .. } => mails.next().map(NewCopy::Mail),
        };
        let copy = copy.ok_or(Fault::Impossible("each route has its copy"))?;
        let recipient = route.permit.agency.agency_id.clone();
        Ok(NewDelivery { delivery_id: *delivery_id, recipient, channel: route.way.channel(), copy })
    });
    copies.collect()
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|_| Fault::Impossible("a statement is JSON"))
}

/// The wrap of each route that goes to a system, with the number of its ciphertext.
type Wraps = Vec<Option<(usize, Wrap)>>;

/// One ciphertext for each view that a system reads, and one key wrap for each such reader.
fn seal_for_systems(
    gateway: &Gateway,
    sealing: &Sealing<'_>,
    statements: &[String],
) -> Result<(Vec<NewView>, Wraps), Fault> {
    let aad = format!(r#"{{"message_id":"{}"}}"#, sealing.envelope.message_id);
    let form = Form { typ: SEALED_TYP, cty: SEALED_CTY, aad: &aad, apu: &gateway.name };
    let mut views = Vec::new();
    let mut wraps: Wraps = sealing.routes.iter().map(|_| None).collect();
    for (view, statement) in sealing.views.iter().zip(statements) {
        let (readers, keys): (Vec<usize>, Vec<&RecipientKey>) = view
            .readers
            .iter()
            .filter_map(|reader| Some((*reader, jwe_key(sealing.routes.get(*reader)?)?)))
            .unzip();
        if keys.is_empty() {
            continue;
        }
        let content = content::content(statement, sealing.bytes_of(view), sealing.attachments_of(view))?;
        let (ciphertext, made) = jwe::seal(content, &form, &keys, &gateway.random)?;
        for (reader, wrap) in readers.into_iter().zip(made) {
            if let Some(place) = wraps.get_mut(reader) {
                *place = Some((views.len(), wrap));
            }
        }
        let withheld = view.gapped.as_ref().map(|gapped| gapped.withheld.clone()).unwrap_or_default();
        views.push(NewView { ciphertext, withheld });
    }
    Ok((views, wraps))
}

fn jwe_key(route: &Route) -> Option<&RecipientKey> {
    match &route.way {
        Way::Jwe { key, .. } => Some(key),
        Way::Mail { .. } => None,
    }
}
