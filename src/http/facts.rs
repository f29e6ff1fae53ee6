//! `PUT /v1/meetings/{id}`: the co-ordination unit records who is invited, confirmed, present, and who
//! holds an action.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{App, mailbox::id, problem::Problem};
use crate::{
    journey::{self, Caller, Code, Refusal, learn},
    message::{CaseRef, MeetingFacts, MeetingId},
    schema::{Fault, strict},
};

/// Takes the whole record; the latest replaces the one before.
pub async fn meeting(
    State(app): State<App>,
    caller: Caller,
    Path(meeting): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let meeting_id: MeetingId = id(&meeting)?;
    let most = app.gateway.limits.recipients;
    let recorded = async {
        let (case_ref, meeting) = read(&body, meeting_id, app.gateway.limits.message_depth)?;
        if meeting.agencies().len() > most {
            let fix = format!("name at most {most} agencies");
            let fault = Fault::new("/invited", "max_items", "too many agencies", fix.clone());
            return Err(Refusal::with(Code::Facts, fix, vec![fault]).into());
        }
        learn::record_meeting(&app.gateway, &caller, &case_ref, meeting).await.map(|()| case_ref)
    };
    let case_ref = match recorded.await {
        Ok(case_ref) => case_ref,
        Err(stop) => return Err(journey::fact_refused(&app.gateway, &caller, stop).await.into()),
    };
    Ok(axum::Json(json!({ "meeting_id": meeting_id, "case_ref": case_ref })).into_response())
}

const FORM: &str =
    "send {case_ref, date, level, invited: [{agency_id, reason}], confirmed, attended, action_owners}";

fn read(body: &[u8], meeting_id: MeetingId, depth: usize) -> Result<(CaseRef, MeetingFacts), Refusal> {
    let refuse = |pointer: &str, message: String| {
        let fault = Fault::new(pointer, "format", message, FORM);
        Refusal::with(Code::Facts, FORM, vec![fault])
    };
    let mut json = strict::parse(body, depth).map_err(|fault| refuse("", fault.to_string()))?;
    let members = json.as_object_mut().ok_or_else(|| refuse("", "not an object".into()))?;
    let case_ref = members.remove("case_ref").and_then(|text| text.as_str()?.parse().ok());
    let case_ref =
        case_ref.ok_or_else(|| refuse("/case_ref", "no case_ref such as `46-2026-7K3M9Q2F`".into()))?;
    members.insert("meeting_id".into(), json!(meeting_id));
    // The text of this error could repeat a value; the form says enough.
    let meeting =
        MeetingFacts::deserialize(json).map_err(|_| refuse("", "not a record of a meeting".into()))?;
    Ok((case_ref, meeting))
}
