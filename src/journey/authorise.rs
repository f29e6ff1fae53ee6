//! Authorise: may this sender send it, may each recipient receive it, and by which law?
//! [`Validated`] → [`Authorised`]. Here stands what the decision may look at, and who is told why; the
//! answers themselves are taken in `decide.rs`.

use std::sync::Arc;

use super::{
    Code, Gateway, Refusal, Stop,
    accept::Caller,
    asked::Asking,
    claims,
    decide::decide,
    explained::{self, Explanation},
    learn, mending,
    refusal::Known,
    relation::{self, Kept},
    validate::{Validated, day_in_the_united_kingdom},
};
use crate::{
    directory::Directory,
    ledger::{asked::Asked, event::DecidedOn},
    message::{Agency, AgencyId, CaseFacts, Envelope, Fact},
    policy::{Ask, Obligation},
    schema,
    store::Tracked,
};

/// A message whose every recipient is permitted.
pub struct Authorised {
    pub(super) validated: Validated,
    /// One for each recipient that gets it, in their order.
    pub(super) permits: Vec<Permit>,
    /// What the message adds to the case.
    pub(super) facts: Vec<Fact>,
    /// Whose claim it belongs to; nobody's where it is about the case itself.
    pub(super) claimant: Option<AgencyId>,
    pub(super) directory: Arc<Directory>,
    pub(super) decided_on: DecidedOn,
    /// What the rules were asked, for the event.
    pub(super) asked: Arc<Asked>,
    /// SHA-256 of the policy set that decided, hex.
    pub(super) policy_set: String,
    /// Whether each recipient has a view of its own, see [`claims::goes_apart`].
    pub(super) apart: bool,
    /// Why, for people. Only where somebody asked.
    pub(super) explained: Option<Box<Explanation>>,
}

/// One recipient's permission.
#[derive(Clone)]
pub struct Permit {
    /// Who.
    pub agency: Agency,
    /// The rules that allow it, such as `P15`.
    pub policies: Vec<String>,
    /// The law that they rest on.
    pub legal_basis: Vec<String>,
    /// What the permission requires besides.
    pub obligations: Vec<Obligation>,
}

/// `explain`: whether the answer is to tell why, for each recipient; a check asks for that.
pub(super) async fn authorise(
    gateway: &Gateway,
    caller: &Caller,
    mut validated: Validated,
    known: &mut Known,
    explain: bool,
) -> Result<Authorised, Stop> {
    let directory = gateway.directory();
    if gateway.areas.get(validated.envelope.area).is_none_or(|area| area.audit_key.is_none()) {
        return Err(Refusal::new(Code::AreaNotServed, "send to the gateway of the message's area").into());
    }
    let earlier = mending::earlier(gateway, &validated).await?;
    let About { case, kept, seen } = about(gateway, caller, &directory, &validated, earlier.as_ref()).await?;
    let prior =
        earlier.as_ref().map(|earlier| earlier.deliveries.iter().map(|to| to.recipient.clone()).collect());
    let prior = prior.map(|recipients| claims::prior(recipients, &validated.envelope));
    let claims = claims::claims(&directory, &validated, prior);
    let ask = Ask {
        now: gateway.clock.now(),
        directory: &directory,
        sender: &caller.agency,
        message: &claims,
        case: case.as_ref(),
    };
    let policies = gateway.policies();
    let prepared = policies.prepare(&ask);
    let told_why = may_know_why(&directory, &validated.envelope, case.as_ref());
    let mut asking = Asking::new(&ask, policies.sha256_hex(), &seen.facts, seen.version, told_why);
    let decided = decide(prepared, &ask, &mut validated, told_why, &gateway.limits, &mut asking);
    // Also of what is refused now, or further down the road.
    let (asked, answers) = asking.finish(&validated.envelope);
    let asked = Arc::new(asked);
    known.asked = Some(asked.clone());
    let facts_used = explained::Facts {
        policies: &policies,
        now: ask.now,
        case: ask.case,
        meeting: claims.meeting_id,
        told_why,
    };
    let explained = explain.then(|| Box::new(explained::explain(&facts_used, answers)));
    let (permits, skipped) = match decided {
        Ok(decided) => decided,
        Err(refusal) => return Err(Refusal { explained, ..refusal }.into()),
    };
    let withheld = earlier.as_ref().and_then(|earlier| mending::tells_what_was_withheld(&validated, earlier));
    if let Some(refusal) = withheld {
        return Err(Refusal { explained, ..refusal }.into());
    }
    let decided_on = DecidedOn { directory: caller.directory_version, case_facts: kept.version };
    validated.warnings.extend(skipped);
    let policy_set = policies.sha256_hex().to_owned();
    let apart = claims::goes_apart(&claims, case.as_ref(), earlier.as_ref());
    let directory = directory.clone();
    let Kept { facts, claimant, .. } = kept;
    Ok(Authorised {
        permits,
        facts,
        claimant,
        decided_on,
        asked,
        policy_set,
        apart,
        explained,
        directory,
        validated,
    })
}

/// What the decision may look at.
#[derive(Default)]
struct About {
    /// The case as its sender may know it, with what the message adds.
    case: Option<CaseFacts>,
    /// What the message adds, and to what.
    kept: Kept,
    /// What of this the decision looks at.
    seen: Seen,
}

/// What a decision looks at: of a case that its sender may not know, nothing, as if nobody had opened it.
#[derive(Default)]
struct Seen {
    /// What the message adds, for all that its sender is told.
    facts: Vec<Fact>,
    /// The version of what it is added to; 0 where that is nothing.
    version: u64,
}

async fn about(
    gateway: &Gateway,
    caller: &Caller,
    directory: &Directory,
    validated: &Validated,
    earlier: Option<&Tracked>,
) -> Result<About, Stop> {
    let envelope = &validated.envelope;
    // Its schema lets it be about no case: nothing is looked up, hidden or learnt.
    let Some(case_ref) = &envelope.case_ref else { return Ok(About::default()) };
    let standing = relation::standing(gateway, directory, envelope, case_ref, earlier).await?;
    let known = standing.known.as_ref();
    if known.is_none() && !envelope.message_type.opens_case() {
        return Err(unknown_case().into());
    }
    let body = validated.accepted.json.get("body");
    let today = day_in_the_united_kingdom(gateway.clock.now());
    // Decided as if nobody had opened a case that the sender may not know: that it is there shows in no answer.
    let facts = learn::carried_by(directory, envelope, body, known, today);
    if let Some(case) = known {
        learn::hold(gateway, caller, directory, case, &facts).await?;
    }
    let case = CaseFacts::with(known, case_ref, &facts);
    let seen = Seen { version: known.map_or(0, |case| case.version), facts: facts.clone() };
    let may_lead = standing.may_take_the_lead(&envelope.sender.agency_id);
    let as_lead = learn::as_lead(envelope, body, today).filter(|_| may_lead);
    Ok(About { case, kept: standing.keeps(envelope, facts, as_lead), seen })
}

/// Without an open relation a case is an unknown case, and only a message that may open one goes on.
fn unknown_case() -> Refusal {
    let fix = "use the case_ref of a case that your agency has an open relation to";
    let fault = schema::Fault::new("/case_ref", "case_not_known", "no such case is known", fix);
    Refusal::with(Code::CaseNotKnown, fix, vec![fault])
}

/// Who is told the grounds of a decision and what is missing: the area's co-ordination unit and the
/// case's lead agency (design §6). A message about no case has grounds only in the area and the
/// directory.
fn may_know_why(directory: &Directory, envelope: &Envelope, case: Option<&CaseFacts>) -> bool {
    let sender = &envelope.sender.agency_id;
    match case {
        Some(case) => case.lead.as_ref() == Some(sender) || directory.coordinates(sender, case.area),
        None => envelope.case_ref.is_none() && directory.coordinates(sender, envelope.area),
    }
}
