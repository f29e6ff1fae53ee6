//! Decide: the rules' answers about one message, and what they mean for it. All or nothing: one refused
//! recipient refuses the message. Only a correction and a recall go to all who may have them (P30): a bar
//! stops them for one recipient, and the sender is told.

use std::collections::BTreeSet;

use super::{
    Code, Refusal, addressed, asked::Asking, authorise::Permit, claims, mending::mends, validate::Validated,
};
use crate::{
    config::Limits,
    directory::Directory,
    message::Agency,
    policy::{Addressed, Ask, Decision, Obligation, Prepared},
    schema,
};

/// Asks for the sender, finds the recipients where it left them out, and asks for each of them.
pub(super) fn decide(
    prepared: Prepared<'_>,
    ask: &Ask<'_>,
    validated: &mut Validated,
    told_why: bool,
    limits: &Limits,
    asking: &mut Asking<'_>,
) -> Result<(Vec<Permit>, Vec<schema::Fault>), Refusal> {
    let left_out = ask.message.prior.as_ref().map_or(0, |prior| prior.left_out);
    let sending = may_send(&prepared, told_why, left_out, asking)?;
    // Only who may send it learns who is recorded to receive it.
    addressed::complete(validated, ask.message.meeting_id, ask.case, ask.now, limits)?;
    let prepared = prepared.announce(validated.envelope.recipients.iter().map(|to| &to.agency_id));
    may_receive(&prepared, &sending, ask.directory, validated, told_why, asking)
}

/// Asks for the sender. `left_out`: how many got the message that this one mends and are not named.
fn may_send(
    prepared: &Prepared<'_>,
    told_why: bool,
    left_out: usize,
    asking: &mut Asking<'_>,
) -> Result<Decision, Refusal> {
    let sending = prepared.may_send();
    asking.sent(&sending);
    if sending.is_allowed() {
        return Ok(sending);
    }
    let detail = "your agency may not send this message; see the rule";
    let mut faults = faults_of(&sending, "/sender/agency_id", told_why);
    if left_out > 0 {
        faults.push(incomplete(left_out));
    }
    Err(Refusal::with(Code::NotPermitted, detail, faults))
}

/// Asks for every recipient, and gives either all permits or all faults. For what mends an earlier
/// message, a recipient that a bar stops is passed over with a warning; not one for whom the sender only
/// left out a word, since a correction that is written in full reaches it.
fn may_receive(
    prepared: &Prepared<'_>,
    sending: &Decision,
    directory: &Directory,
    validated: &Validated,
    told_why: bool,
    asking: &mut Asking<'_>,
) -> Result<(Vec<Permit>, Vec<schema::Fault>), Refusal> {
    let envelope = &validated.envelope;
    let (mut permits, mut skipped) = (Vec::new(), Vec::new());
    let (mut faults, mut strangers) = (Vec::new(), Vec::new());
    for (index, recipient) in envelope.recipients.iter().enumerate() {
        let place = addressed::place(validated, index);
        let naming = |fault| addressed::naming(validated, &recipient.agency_id, fault);
        let Some(agency) = directory.agency(&recipient.agency_id) else {
            asking.met_a_stranger(&place);
            strangers.push(naming(stranger(place)));
            continue;
        };
        let to = claims::addressed(agency, recipient, envelope);
        match permit(prepared, sending, &to, &place, asking) {
            Ok(permit) => permits.push(permit),
            Err(decision) => {
                let told = faults_of(&decision, &place, told_why).into_iter().map(naming);
                let passed_over = mends(envelope.message_type) && is_out_of_reach(&decision);
                if passed_over { skipped.extend(told) } else { faults.extend(told) }
            }
        }
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

/// Whether a bar stops the recipient that no word of the sender lifts.
fn is_out_of_reach(decision: &Decision) -> bool {
    let lifted = |rule: &str| LIFTED_BY_A_WORD.contains(&rule);
    decision.is_barred() && decision.grounds.iter().any(|ground| !lifted(&ground.rule))
}

/// The justification of each recipient (P4), and why health data is strictly necessary for it (P31).
const LIFTED_BY_A_WORD: [&str; 2] = ["P4", "P31"];

/// One recipient's permission with what it requires, or why there is none.
fn permit(
    prepared: &Prepared<'_>,
    sending: &Decision,
    to: &Addressed<'_>,
    place: &str,
    asking: &mut Asking<'_>,
) -> Result<Permit, Decision> {
    let claims = prepared.claims();
    let receiving = prepared.may_receive(to);
    let seeing = claims.victim_data.then(|| prepared.may_see_victims(to));
    asking.received(to, place, &receiving, seeing.as_ref());
    if !receiving.is_allowed() {
        return Err(receiving);
    }
    let mut decisions = vec![sending.clone(), receiving];
    let mut obligations = Obligation::of(claims);
    if let Some(seeing) = seeing {
        match (seeing.is_allowed(), seeing.doubt) {
            (true, _) => decisions.push(seeing),
            (false, None) => obligations.push(Obligation::WithoutVictims),
            (false, Some(_)) => return Err(seeing),
        }
    }
    Ok(Permit::of(to.agency.clone(), &decisions, obligations))
}

fn stranger(place: String) -> schema::Fault {
    let fix = "use an agency_id that GET /v1/agencies lists";
    schema::Fault::new(place, "unknown_recipient", "no such agency is in the directory", fix).by_permission(
        "P2",
        "CJA 2003 s.325(4), (4A)",
        "domain P2, P34",
    )
}

/// How many got the message and are not named: the sender has them in its own outbox (P30).
fn incomplete(left_out: usize) -> schema::Fault {
    let told = format!("{left_out} of those who got the message are missing from the list");
    let fix = "name every recipient of that message; its tracking lists them";
    schema::Fault::new("/recipients", "recipients_missing", told, fix).by_permission(
        "P30",
        "DPA 2018 s.38(5)(c)",
        "domain P30; domain §10",
    )
}

impl Permit {
    fn of(agency: Agency, decisions: &[Decision], obligations: Vec<Obligation>) -> Self {
        let grounds = || decisions.iter().flat_map(|decision| &decision.grounds);
        // Sets: one law often carries several rules, and the order is the same every time.
        let policies: BTreeSet<&str> = grounds().map(|ground| ground.rule.as_str()).collect();
        let laws: BTreeSet<&str> = grounds().map(|ground| ground.legal_basis.as_str()).collect();
        let owned = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
        Self { agency, policies: owned(policies), legal_basis: owned(laws), obligations }
    }
}

/// The faults of a refusal: one for each deciding rule with its law; to those who may know, also
/// what was looked at and is missing.
pub(super) fn faults_of(decision: &Decision, place: &str, told_why: bool) -> Vec<schema::Fault> {
    let mut faults: Vec<schema::Fault> = decision
        .grounds
        .iter()
        .map(|ground| {
            let text = ground.text.clone().unwrap_or_else(|| "a rule forbids it".into());
            let fix = format!("rule {} rests on {}", ground.rule, ground.legal_basis);
            schema::Fault::new(place, ground.rule.clone(), text, fix).by_permission(
                ground.rule.clone(),
                ground.legal_basis.clone(),
                ground.source.clone(),
            )
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
        let mut fault = schema::Fault::new(place, "default_deny", message, fix);
        // The law of the permits that there are for this type of message; it tells nothing of the case.
        let laws: BTreeSet<&str> =
            decision.missing.iter().map(|missing| missing.ground.legal_basis.as_str()).collect();
        fault.legal_basis =
            (!laws.is_empty()).then(|| laws.into_iter().collect::<Vec<_>>().join("; ").into());
        faults.push(fault);
    }
    faults
}
