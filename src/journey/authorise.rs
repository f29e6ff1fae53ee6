//! Authorise: may this sender send it, may each recipient receive it, and by which law?
//! [`Validated`] → [`Authorised`]. All or nothing: one refused recipient refuses the message. Only a
//! correction and a recall go to all who may have them (P30): a bar stops them for one recipient, and
//! the sender is told.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Code, Gateway, Refusal, Stop,
    accept::Caller,
    addressed, claims,
    learn::{self, Case},
    relation::{earlier, is_related, mends},
    validate::{Validated, day_in_the_united_kingdom},
};
use crate::{
    directory::Directory,
    ledger::event::DecidedOn,
    message::{Agency, CaseFacts, Envelope, Fact},
    policy::{Ask, Decision, Prepared},
    schema,
    store::Tracked,
};

pub(super) use super::relation::may_know;

/// A message whose every recipient is permitted.
pub struct Authorised {
    pub(super) validated: Validated,
    /// One for each recipient that gets it, in their order.
    pub(super) permits: Vec<Permit>,
    /// What the message adds to the case.
    pub(super) facts: Vec<Fact>,
    pub(super) directory: Arc<Directory>,
    pub(super) decided_on: DecidedOn,
    /// SHA-256 of the policy set that decided, hex.
    pub(super) policy_set: String,
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
}

pub(super) async fn authorise(
    gateway: &Gateway,
    caller: &Caller,
    mut validated: Validated,
) -> Result<Authorised, Stop> {
    let directory = gateway.directory();
    if gateway.areas.get(validated.envelope.area).is_none_or(|area| area.audit_key.is_none()) {
        return Err(Refusal::new(Code::AreaNotServed, "send to the gateway of the message's area").into());
    }
    let earlier = earlier(gateway, &validated).await?;
    let About { case, facts, version } =
        about(gateway, caller, &directory, &validated, earlier.as_ref()).await?;
    let prior = earlier.map(|earlier| earlier.deliveries.into_iter().map(|to| to.recipient).collect());
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
    let left_out = claims.prior.as_ref().map_or(0, |prior| prior.left_out);
    let sending = may_send(&prepared, told_why, left_out)?;
    // Only who may send it learns who is recorded to receive it.
    addressed::complete(&mut validated, claims.meeting_id, case.as_ref(), ask.now, &gateway.limits)?;
    let prepared = prepared.announce(validated.envelope.recipients.iter().map(|to| &to.agency_id));
    let (permits, skipped) = decide(&prepared, &sending, &directory, &validated, told_why)?;
    let decided_on = DecidedOn { directory: caller.directory_version, case_facts: version };
    validated.warnings.extend(skipped);
    let policy_set = policies.sha256_hex().to_owned();
    Ok(Authorised { permits, facts, decided_on, policy_set, directory: directory.clone(), validated })
}

/// What the decision may look at.
#[derive(Default)]
struct About {
    /// The case as its sender may know it, with what the message adds.
    case: Option<CaseFacts>,
    /// What the message adds.
    facts: Vec<Fact>,
    /// The version of what was known before; 0 where that is nothing.
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
    let known = gateway.store.case(case_ref).await?;
    let version = known.as_ref().map_or(0, |case| case.version);
    let related = match &known {
        Some(case) => earlier.is_some() || is_related(gateway, directory, envelope, case).await?,
        None => false,
    };
    let case = visible_case(envelope, known, related)?;
    let body = validated.accepted.json.get("body");
    let today = day_in_the_united_kingdom(gateway.clock.now());
    let carried = |case: &Case| learn::carried_by(directory, envelope, body, case, today);
    let facts = carried(&case);
    if let Case::Known(case) = &case {
        learn::hold(gateway, caller, directory, case, &facts).await?;
    }
    let case = match &case {
        Case::Known(case) => CaseFacts::with(Some(case), case_ref, &facts),
        // Decided as if nobody had opened it: that it is there shows in no answer.
        Case::Hidden(_) => CaseFacts::with(None, case_ref, &carried(&Case::Unknown)),
        Case::Unknown => CaseFacts::with(None, case_ref, &facts),
    };
    Ok(About { case, facts, version })
}

/// The case as this sender may know it. Without an open relation it is an unknown case, and only a
/// message that may open a case goes on.
fn visible_case(envelope: &Envelope, case: Option<CaseFacts>, related: bool) -> Result<Case, Refusal> {
    let opens = envelope.message_type.opens_case();
    match case {
        Some(case) if related => Ok(Case::Known(Box::new(case))),
        Some(case) if opens => Ok(Case::Hidden(Box::new(case))),
        None if opens => Ok(Case::Unknown),
        _ => {
            let fix = "use the case_ref of a case that your agency has an open relation to";
            let fault = schema::Fault::new("/case_ref", "case_not_known", "no such case is known", fix);
            Err(Refusal::with(Code::CaseNotKnown, fix, vec![fault]))
        }
    }
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

/// Asks for the sender. `left_out`: how many got the message that this one mends and are not named.
fn may_send(prepared: &Prepared<'_>, told_why: bool, left_out: usize) -> Result<Decision, Refusal> {
    let sending = prepared.may_send();
    if sending.is_allowed() {
        return Ok(sending);
    }
    let detail = "your agency may not send this message; see the rule";
    let mut faults = explained(&sending, "/sender/agency_id", told_why);
    if left_out > 0 {
        faults.push(incomplete(left_out));
    }
    Err(Refusal::with(Code::NotPermitted, detail, faults))
}

/// Asks for every recipient, and gives either all permits or all faults. For what mends an earlier
/// message, a recipient that a bar stops is passed over with a warning.
fn decide(
    prepared: &Prepared<'_>,
    sending: &Decision,
    directory: &Directory,
    validated: &Validated,
    told_why: bool,
) -> Result<(Vec<Permit>, Vec<schema::Fault>), Refusal> {
    let envelope = &validated.envelope;
    let (mut permits, mut skipped) = (Vec::new(), Vec::new());
    let (mut faults, mut strangers) = (Vec::new(), Vec::new());
    for (index, recipient) in envelope.recipients.iter().enumerate() {
        let place = addressed::place(validated, index);
        let naming = |fault| addressed::naming(validated, &recipient.agency_id, fault);
        let Some(agency) = directory.agency(&recipient.agency_id) else {
            strangers.push(naming(stranger(place)));
            continue;
        };
        let to = claims::addressed(agency, recipient);
        let decision = prepared.may_receive(&to);
        let sees = prepared.may_see_victims(&to);
        if decision.is_allowed() && prepared.has_victim_data() && !sees.is_allowed() {
            let fix = "leave victim data out";
            faults.push(naming(schema::Fault::new(place, "P29", "victim data", fix)));
            continue;
        }
        if decision.is_allowed() {
            permits.push(Permit::of(agency.clone(), &[sending, &decision]));
            continue;
        }
        let told = explained(&decision, &place, told_why).into_iter().map(naming);
        let passed_over = mends(envelope.message_type) && decision.is_barred();
        if passed_over { skipped.extend(told) } else { faults.extend(told) }
    }
    if permits.is_empty() {
        faults.append(&mut skipped); // Nobody is left to receive it.
    }
    if faults.is_empty() && strangers.is_empty() {
        return Ok((permits, skipped));
    }
    let code = if faults.is_empty() { Code::UnknownRecipient } else { Code::NotPermitted };
    strangers.append(&mut faults);
    Err(Refusal::with(code, "mend or leave out the recipients that are named, and post again", strangers))
}

fn stranger(place: String) -> schema::Fault {
    let fix = "use an agency_id that GET /v1/agencies lists";
    schema::Fault::new(place, "unknown_recipient", "no such agency is in the directory", fix)
}

/// How many got the message and are not named: the sender has them in its own outbox (P30).
fn incomplete(left_out: usize) -> schema::Fault {
    let told = format!("{left_out} of those who got the message are missing from the list");
    let fix = "name every recipient of that message; its tracking lists them";
    schema::Fault::new("/recipients", "recipients_missing", told, fix)
}

impl Permit {
    fn of(agency: Agency, decisions: &[&Decision]) -> Self {
        let grounds = || decisions.iter().flat_map(|decision| &decision.grounds);
        // Sets: one law often carries several rules, and the order is the same every time.
        let policies: BTreeSet<&str> = grounds().map(|ground| ground.rule.as_str()).collect();
        let laws: BTreeSet<&str> = grounds().map(|ground| ground.legal_basis.as_str()).collect();
        let owned = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
        Self { agency, policies: owned(policies), legal_basis: owned(laws) }
    }
}

/// The faults of a refusal: one for each deciding rule with its law; to those who may know, also
/// what was looked at and is missing.
pub(super) fn explained(decision: &Decision, place: &str, told_why: bool) -> Vec<schema::Fault> {
    let mut faults: Vec<schema::Fault> = decision
        .grounds
        .iter()
        .map(|ground| {
            let text = ground.text.clone().unwrap_or_else(|| "a rule forbids it".into());
            let fix = format!("rule {} rests on {}", ground.rule, ground.legal_basis);
            schema::Fault::new(place, ground.rule.clone(), text, fix)
        })
        .collect();
    if faults.is_empty() {
        let mut message = "no rule permits it".to_owned();
        if told_why && !decision.missing.is_empty() {
            let looked_at: BTreeSet<String> = decision
                .missing
                .iter()
                .map(|missing| format!("{}: {}", missing.ground.rule, missing.lacks))
                .collect();
            message =
                format!("no rule permits it ({})", looked_at.into_iter().collect::<Vec<_>>().join("; "));
        }
        let fix = "ask the area's co-ordination unit; what no rule permits is refused";
        faults.push(schema::Fault::new(place, "default_deny", message, fix));
    }
    faults
}
