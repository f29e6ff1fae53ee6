//! What a call of the API sets, or sees, of a case's facts. Every change is repeatable: what holds
//! already is not written again.

use serde_json::json;

use super::{belongs_elsewhere, changed};
use crate::{
    directory::Directory,
    journey::{Code, Fault, Gateway, Refusal, Stop, accept::Caller, acknowledge, decide, relation, seal},
    ledger::event::{Basis, Entry, Event},
    message::{
        AgencyId, AgencyType, Approval, ApprovalKind, CaseFacts, CaseRef, CaseStatement, Designation, Fact,
        MeetingFacts,
    },
    policy::{Decision, FactAct},
    schema,
    store::{FactChange, Learned},
};

/// The co-ordination unit records a meeting (`PUT /v1/meetings/{id}`).
pub async fn record_meeting(
    gateway: &Gateway,
    caller: &Caller,
    case_ref: &CaseRef,
    meeting: MeetingFacts,
) -> Result<(), Stop> {
    let directory = gateway.directory();
    let case = known(gateway, &directory, caller, case_ref).await?;
    let now = gateway.clock.now();
    let decision = gateway.policies().may_record_meeting(&directory, &caller.agency, &case, &meeting, now);
    if !decision.is_allowed() {
        let faults = decide::faults_of(&decision, "", true);
        let detail = "only the area's co-ordination unit records meetings; name known agencies, each guest with a reason";
        return Err(Refusal::with(Code::Facts, detail, faults).into());
    }
    write(gateway, caller, &case, Fact::Meeting(meeting), "/meeting_id", basis(&decision), |_, _| Ok(None))
        .await
}

/// The co-ordination unit confirms or changes what holds about a case (`PUT /v1/cases/{ref}`).
pub async fn state_case(
    gateway: &Gateway,
    caller: &Caller,
    case_ref: &CaseRef,
    stated: CaseStatement,
) -> Result<(), Stop> {
    let directory = gateway.directory();
    let case = known(gateway, &directory, caller, case_ref).await?;
    let act = FactAct::State { lead: stated.lead.as_ref() };
    let detail = "only the area's co-ordination unit states what holds about a case";
    let basis = permitted(gateway, &directory, caller, &case, act, detail)?;
    let fault = if stated == CaseStatement::default() {
        Some(("", "min_properties", "nothing is stated"))
    } else if stated.purposes.as_ref().is_some_and(std::collections::BTreeSet::is_empty) {
        Some(("/purposes", "min_items", "a case serves at least one purpose of s.325(2)"))
    } else if stated.category.is_some_and(|category| !(1..=4).contains(&category)) {
        Some(("/category", "maximum", "none of the categories that the law knows"))
    } else {
        None
    };
    if let Some((pointer, code, message)) = fault {
        let fix = "state purposes (a, aa, b, c), category (1 to 4), lead, convicted or foreign_national";
        let fault = schema::Fault::new(pointer, code, message, fix);
        return Err(Refusal::with(Code::Facts, fix, vec![fault]).into());
    }
    let CaseStatement { purposes, category, lead, convicted, foreign_national } = stated;
    let by = caller.agency.agency_id.clone();
    let fact = Fact::CaseStated { by, purposes, category, lead, convicted, foreign_national };
    write(gateway, caller, &case, fact, "", basis, |_, _| Ok(None)).await
}

/// The co-ordination unit designates an associate (`PUT /v1/designations/{id}`, P22). The officer's name
/// goes into the ledger alone, sealed to the area's audit key. The same designation under another
/// officer is no change; it needs an id of its own.
pub async fn designate(
    gateway: &Gateway,
    caller: &Caller,
    case_ref: &CaseRef,
    made: Designation,
    officer: &str,
) -> Result<(), Stop> {
    let directory = gateway.directory();
    let case = known(gateway, &directory, caller, case_ref).await?;
    let detail = "only the area's co-ordination unit designates: an associate or landlord, with the responsible \
                  authority's officer, for at most 366 days";
    let basis = permitted(gateway, &directory, caller, &case, FactAct::Designate(&made), detail)?;
    let same_body = |known: &&Designation| known.designation_id == made.designation_id;
    if case.designations.iter().find(same_body).is_some_and(|known| known.agency_id != made.agency_id) {
        return Err(another("/agency_id", "this id is another agency's designation").into());
    }
    let event = |gateway: &Gateway, basis| {
        let aad = format!(r#"{{"designation_id":"{}"}}"#, made.designation_id);
        let told = json!({ "officer": officer, "ra_agency": made.ra_agency });
        let audit = seal::seal_for_audit(gateway, case.area, &aad, &told)?;
        let by = caller.agency.agency_id.clone();
        let designation = made.clone();
        Ok(Some(Event::DesignationMade { case_ref: case_ref.clone(), by, designation, audit, basis }))
    };
    let fact = Fact::Designated(made.clone());
    write(gateway, caller, &case, fact, "/designation_id", basis, event).await
}

/// A written authority is given (`PUT /v1/approvals/{id}`, P17, P18, P27, P32). Its reason goes into the
/// ledger alone, sealed to the area's audit key. It is taken back by the same with an earlier end.
pub async fn approve(
    gateway: &Gateway,
    caller: &Caller,
    case_ref: &CaseRef,
    approval: Approval,
    reason: &str,
) -> Result<(), Stop> {
    let directory = gateway.directory();
    // The board approves about cases of its area that it is told of without belonging to their circle.
    let by_the_board = approval.kind == ApprovalKind::Smb
        && caller.agency.agency_type == AgencyType::Smb
        && caller.agency.serves(case_ref.area());
    let case = if by_the_board {
        gateway.store.case(case_ref).await?.ok_or_else(unknown_case)?
    } else {
        known(gateway, &directory, caller, case_ref).await?
    };
    let detail = "this approval is another agency's to give, or names no meeting of the case";
    let basis = permitted(gateway, &directory, caller, &case, FactAct::Approve(&approval), detail)?;
    if approval.meeting_id.is_some_and(|id| case.meeting(id).is_none()) {
        let fix = "name a recorded meeting of the case";
        let fault = schema::Fault::new("/meeting_id", "unknown_meeting", "no such meeting of the case", fix);
        return Err(Refusal::with(Code::Facts, fix, vec![fault]).into());
    }
    let known = case.approvals.iter().find(|known| known.approval_id == approval.approval_id);
    // Else one could take back, by its id, what another gave.
    if known.is_some_and(|known| {
        (known.kind, &known.by, &known.to) != (approval.kind, &approval.by, &approval.to)
    }) {
        return Err(another("/approval_id", "this id is another approval's").into());
    }
    let event = |gateway: &Gateway, basis| {
        let aad = format!(r#"{{"approval_id":"{}"}}"#, approval.approval_id);
        let audit = seal::seal_for_audit(gateway, case.area, &aad, &json!({ "reason": reason }))?;
        Ok(Some(Event::ApprovalMade { case_ref: case_ref.clone(), approval: approval.clone(), audit, basis }))
    };
    let fact = Fact::Approved { approval: approval.clone() };
    write(gateway, caller, &case, fact, "/approval_id", basis, event).await
}

/// What holds about a case, and for the co-ordination unit who claimed something under its reference without
/// belonging to it (`GET /v1/cases/{ref}`). The look leaves its event first.
pub async fn read_case(
    gateway: &Gateway,
    caller: &Caller,
    case_ref: &CaseRef,
) -> Result<(CaseFacts, Vec<AgencyId>), Stop> {
    let directory = gateway.directory();
    let case = known(gateway, &directory, caller, case_ref).await?;
    let detail = "the area's co-ordination unit and the circle of the case see what holds about it";
    permitted(gateway, &directory, caller, &case, FactAct::Read, detail)?;
    let view = if case.claimant.is_some() { "claim" } else { "case" };
    let claimants = if directory.coordinates(&caller.agency.agency_id, case_ref.area()) {
        gateway.store.claimants(case_ref).await?
    } else {
        Vec::new()
    };
    acknowledge::viewed(gateway, caller, view, vec![case_ref.to_string()]).await?;
    Ok((case, claimants))
}

/// One answer for a case that is not there and for one that the caller may not know.
async fn known(
    gateway: &Gateway,
    directory: &Directory,
    caller: &Caller,
    case_ref: &CaseRef,
) -> Result<CaseFacts, Stop> {
    let case = relation::known_to(gateway, directory, &caller.agency.agency_id, case_ref).await?;
    case.ok_or_else(|| unknown_case().into())
}

/// The answer about a case that is not there for the caller.
pub fn unknown_case() -> Refusal {
    Refusal::new(Code::CaseNotKnown, "name a case that your agency has an open relation to")
}

fn permitted(
    gateway: &Gateway,
    directory: &Directory,
    caller: &Caller,
    case: &CaseFacts,
    act: FactAct<'_>,
    detail: &str,
) -> Result<Basis, Refusal> {
    let fix = "use an agency_id that GET /v1/agencies lists";
    let unknown = "no such agency is in the directory";
    let strangers = act.names().into_iter().filter(|(_, id)| directory.agency(id).is_none());
    let strangers: Vec<_> = strangers
        .map(|(member, _)| schema::Fault::new(format!("/{member}"), "unknown_agency", unknown, fix))
        .collect();
    if !strangers.is_empty() {
        return Err(Refusal::with(Code::Facts, "name agencies of the directory", strangers));
    }
    let decision = gateway.policies().may_act(directory, &caller.agency, case, act, gateway.clock.now());
    if decision.is_allowed() {
        return Ok(basis(&decision));
    }
    Err(Refusal::with(Code::Facts, detail, decide::faults_of(&decision, "", true)))
}

fn basis(decision: &Decision) -> Basis {
    let grounds = || decision.grounds.iter();
    Basis {
        policies: grounds().map(|ground| ground.rule.clone()).collect(),
        legal_basis: grounds().map(|ground| ground.legal_basis.clone()).collect(),
    }
}

fn another(pointer: &str, message: &str) -> Refusal {
    let fix = "give a new one an id of its own";
    Refusal::with(Code::Facts, fix, vec![schema::Fault::new(pointer, "unique", message, fix)])
}

/// Writes one fact with its events, unless it holds already. `pointer` is the member that bears the id.
async fn write(
    gateway: &Gateway,
    caller: &Caller,
    case: &CaseFacts,
    fact: Fact,
    pointer: &str,
    basis: Basis,
    event: impl FnOnce(&Gateway, Basis) -> Result<Option<Event>, Fault>,
) -> Result<(), Stop> {
    let facts = vec![fact];
    if CaseFacts::with(Some(case), &case.case_ref, &facts).as_ref() == Some(case) {
        return Ok(());
    }
    let mut entries = Vec::new();
    let (by, claimant) = (&caller.agency.agency_id, case.claimant.as_ref());
    for fact in &facts {
        entries.push(changed(gateway, &case.case_ref, claimant, by, None, fact, basis.clone())?);
    }
    if let Some(event) = event(gateway, basis)? {
        entries.push(Entry::new(&event, gateway.clock.now(), Some(case.area), &gateway.random)?);
    }
    let change = FactChange {
        case_ref: case.case_ref.clone(),
        claimant: case.claimant.clone(),
        expected: case.version,
        facts,
        entries,
    };
    match gateway.store.learn(change).await? {
        Learned::Learned => {
            gateway.signals.unsequenced.notify_one();
            Ok(())
        }
        Learned::Stale => Err(Fault::FactsChanged.into()),
        Learned::OtherCase => Err(belongs_elsewhere(Code::Facts, pointer).into()),
    }
}
