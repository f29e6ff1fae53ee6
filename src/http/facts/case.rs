//! `/v1/cases/{ref}`: what holds about a case, and what the co-ordination unit states about it.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Members, told};
use crate::{
    http::{App, problem::Problem},
    journey::{Caller, Refusal, learn},
    message::{AgencyId, CaseFacts, CaseRef, CaseStatement, MeetingFacts},
};

/// `PUT /v1/cases/{ref}`: the co-ordination unit confirms or changes what holds. What is absent stays.
pub async fn state(
    State(app): State<App>,
    caller: Caller,
    Path(case_ref): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let stated = async {
        let case_ref = named(&case_ref)?;
        let stated: CaseStatement = Members::read(&app, &body, FORM)?.into_record()?;
        learn::state_case(&app.gateway, &caller, &case_ref, stated).await.map(|()| case_ref)
    };
    let case_ref = told(&app, &caller, stated.await).await?;
    Ok(axum::Json(json!({ "case_ref": case_ref })).into_response())
}

const FORM: &str =
    "send {purposes: [a, aa, b or c], category: 1 to 4, lead: an agency_id, convicted, foreign_national}";

/// `GET /v1/cases/{ref}`: what holds, for the co-ordination unit and the circle.
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(case_ref): Path<String>,
) -> Result<Response, Problem> {
    let shown = async { learn::read_case(&app.gateway, &caller, &named(&case_ref)?).await };
    let (case, claimants) = told(&app, &caller, shown.await).await?;
    let headers = [(axum::http::header::CACHE_CONTROL, "no-store")];
    Ok((headers, axum::Json(document(&case, &claimants))).into_response())
}

/// A malformed reference names no case: the answer is the one about a case that is not known.
fn named(case_ref: &str) -> Result<CaseRef, Refusal> {
    case_ref.parse().map_err(|_| learn::unknown_case())
}

/// `claimants`: who claimed something under the reference without belonging to the case; for the unit alone.
fn document(case: &CaseFacts, claimants: &[AgencyId]) -> Value {
    let meeting = |meeting: &MeetingFacts| {
        json!({
            "meeting_id": meeting.meeting_id,
            "date": meeting.date,
            "level": meeting.level,
            "invited": meeting.invited,
            "confirmed": meeting.confirmed,
            "attended": meeting.attended,
            "action_owners": meeting.action_owners,
            "minuted": case.minuted.contains(&meeting.meeting_id),
        })
    };
    let mut document = json!({
        "case_ref": case.case_ref,
        "area": case.area,
        "purposes": case.purposes,
        "category": case.category,
        "level": case.level,
        "left": case.left,
        "lead": case.lead,
        "proposed_lead": case.proposed_lead,
        "shared_supervision": case.shared_supervision,
        "opened_by": case.openers,
        "convicted": case.convicted,
        "foreign_national": case.foreign_national,
        "meetings": case.meetings.iter().map(meeting).collect::<Vec<_>>(),
        "designations": case.designations,
        "approvals": case.approvals,
    });
    if !claimants.is_empty() {
        document["claimed_by"] = json!(claimants);
    }
    document
}
