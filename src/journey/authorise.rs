//! Authorise: may this sender send it, may each recipient receive it, and by which law?
//! [`Validated`] → [`Authorised`]. All or nothing: one refused recipient refuses the message.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Code, Gateway, Refusal, Stop,
    accept::Caller,
    addressed,
    learn::{self, Case},
    validate::{Validated, day_in_the_united_kingdom},
};
use crate::{
    directory::Directory,
    ledger::event::DecidedOn,
    message::{Agency, AgencyId, CaseFacts, Envelope, Fact},
    policy::{Addressed, Ask, Claims, Decision, Prepared},
    schema,
};

/// A message whose every recipient is permitted.
pub struct Authorised {
    pub(super) validated: Validated,
    /// One for each recipient, in their order.
    pub(super) permits: Vec<Permit>,
    /// What the message adds to the case.
    pub(super) facts: Vec<Fact>,
    pub(super) directory: Arc<Directory>,
    pub(super) decided_on: DecidedOn,
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
    let About { case, facts, version } = about(gateway, caller, &directory, &validated).await?;
    let claims = claims(&validated);
    let ask = Ask {
        now: gateway.clock.now(),
        directory: &directory,
        sender: &caller.agency,
        message: &claims,
        case: case.as_ref(),
    };
    let prepared = gateway.policies.prepare(&ask);
    let told_why = may_know_why(&directory, &validated.envelope, case.as_ref());
    let sending = may_send(&prepared, told_why)?;
    // Only who may send it learns who is recorded to receive it.
    addressed::complete(&mut validated, claims.meeting_id, case.as_ref(), ask.now, &gateway.limits)?;
    let permits = decide(&prepared, &sending, &directory, &validated, told_why)?;
    let decided_on = DecidedOn { directory: caller.directory_version, case_facts: version };
    Ok(Authorised { permits, facts, decided_on, directory: directory.clone(), validated })
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
) -> Result<About, Stop> {
    let envelope = &validated.envelope;
    // Its schema lets it be about no case: nothing is looked up, hidden or learnt.
    let Some(case_ref) = &envelope.case_ref else { return Ok(About::default()) };
    let known = gateway.store.case(case_ref).await?;
    let version = known.as_ref().map_or(0, |case| case.version);
    let case = visible_case(directory, envelope, known)?;
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
fn visible_case(
    directory: &Directory,
    envelope: &Envelope,
    case: Option<CaseFacts>,
) -> Result<Case, Refusal> {
    let opens = envelope.message_type.opens_case();
    let sender = &envelope.sender.agency_id;
    match case {
        Some(case) if may_know(directory, sender, &case) => Ok(Case::Known(Box::new(case))),
        Some(case) if opens => Ok(Case::Hidden(Box::new(case))),
        None if opens => Ok(Case::Unknown),
        _ => {
            let fix = "use the case_ref of a case that your agency has an open relation to";
            let fault = schema::Fault::new("/case_ref", "case_not_known", "no such case is known", fix);
            Err(Refusal::with(Code::CaseNotKnown, fix, vec![fault]))
        }
    }
}

/// Whether the agency has an open relation to the case: in its circle, or its co-ordination unit.
pub(super) fn may_know(directory: &Directory, agency: &AgencyId, case: &CaseFacts) -> bool {
    case.in_circle(agency) || directory.coordinates(agency, case.area)
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

/// What the policies look at.
fn claims(validated: &Validated) -> Claims {
    let envelope = &validated.envelope;
    let mappa = validated.accepted.json.pointer("/body/mappa");
    let meeting = validated.accepted.json.pointer("/body/meeting/meeting_id");
    Claims {
        message_type: envelope.message_type,
        area: envelope.area,
        case_ref: envelope.case_ref.clone(),
        purpose: envelope.purpose,
        lead_agency: learn::lead_agency(mappa),
        shared_supervision: learn::shared_supervision(mappa),
        meeting_id: meeting.and_then(|id| id.as_str()?.parse().ok()),
        justified: written(envelope.justification.as_deref()),
    }
}

fn written(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// Asks for the sender.
fn may_send(prepared: &Prepared<'_>, told_why: bool) -> Result<Decision, Refusal> {
    let sending = prepared.may_send();
    if sending.is_allowed() {
        return Ok(sending);
    }
    let detail = "your agency may not send this message; see the rule";
    Err(Refusal::with(Code::NotPermitted, detail, explained(&sending, "/sender/agency_id", told_why)))
}

/// Asks for every recipient, and gives either all permits or all faults.
fn decide(
    prepared: &Prepared<'_>,
    sending: &Decision,
    directory: &Directory,
    validated: &Validated,
    told_why: bool,
) -> Result<Vec<Permit>, Refusal> {
    let (mut permits, mut faults, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
    for (index, recipient) in validated.envelope.recipients.iter().enumerate() {
        let place = addressed::place(validated, index);
        let naming = |fault| addressed::naming(validated, &recipient.agency_id, fault);
        let Some(agency) = directory.agency(&recipient.agency_id) else {
            let fix = "use an agency_id that GET /v1/agencies lists";
            let text = "no such agency is in the directory";
            strangers.push(naming(schema::Fault::new(place, "unknown_recipient", text, fix)));
            continue;
        };
        let justified = written(recipient.justification.as_deref());
        let decision = prepared.may_receive(&Addressed { agency, justified });
        if decision.is_allowed() {
            permits.push(Permit::of(agency.clone(), &[sending, &decision]));
        } else {
            faults.extend(explained(&decision, &place, told_why).into_iter().map(naming));
        }
    }
    if faults.is_empty() && strangers.is_empty() {
        return Ok(permits);
    }
    let code = if faults.is_empty() { Code::UnknownRecipient } else { Code::NotPermitted };
    strangers.append(&mut faults);
    Err(Refusal::with(code, "mend or leave out the recipients that are named, and post again", strangers))
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
