//! `PUT /v1/designations/{id}` and `PUT /v1/approvals/{id}`: what gives an agency, in one case and up to
//! a moment, what it otherwise may not have. Names and reasons are sealed into the ledger and kept
//! nowhere else.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Members, told};
use crate::{
    http::{App, mailbox::id, problem::Problem},
    journey::{Caller, learn},
    message::{ApprovalId, DesignationId},
};

/// The co-ordination unit designates an associate for one case (P22).
pub async fn designation(
    State(app): State<App>,
    caller: Caller,
    Path(designation): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let designation_id: DesignationId = id(&designation)?;
    let made = async {
        let (case_ref, mut members) = Members::read(&app, &body, DESIGNATION)?.of_case()?;
        members.own("designation_id", json!(designation_id))?;
        let officer = members.text("officer", NAME_MAX)?;
        let made = members.into_record()?;
        learn::designate(&app.gateway, &caller, &case_ref, made, &officer).await.map(|()| case_ref)
    };
    let case_ref = told(&app, &caller, made.await).await?;
    Ok(axum::Json(json!({ "designation_id": designation_id, "case_ref": case_ref })).into_response())
}

const DESIGNATION: &str =
    "send {case_ref, agency_id, ra_agency, officer: a name, reason: a code, start, expiry: RFC 3339 times}";

/// A written authority; who may give which is the rules' to say.
pub async fn approval(
    State(app): State<App>,
    caller: Caller,
    Path(approval): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let approval_id: ApprovalId = id(&approval)?;
    let given = async {
        let (case_ref, mut members) = Members::read(&app, &body, APPROVAL)?.of_case()?;
        members.own("approval_id", json!(approval_id))?;
        members.own("by", json!(caller.agency.agency_id))?;
        let reason = members.text("reason", REASON_MAX)?;
        let approval = members.into_record()?;
        learn::approve(&app.gateway, &caller, &case_ref, approval, &reason).await.map(|()| case_ref)
    };
    let case_ref = told(&app, &caller, given.await).await?;
    Ok(axum::Json(json!({ "approval_id": approval_id, "case_ref": case_ref })).into_response())
}

const APPROVAL: &str = "send {kind: minutes_release, exec_summary, cat4 or smb, case_ref, to: an agency_id, \
                        meeting_id or message_id, reason: a text, until: an RFC 3339 time}";

/// As long as a name in a message.
const NAME_MAX: usize = 200;
/// As long as a justification in a message.
const REASON_MAX: usize = 4000;
