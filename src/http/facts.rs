//! Facts, by those who may set them (design §4): meetings, cases, designations, approvals. Each call
//! takes the whole record; the latest replaces the one before, and the same again changes nothing.

mod case;
mod grant;

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{App, mailbox::id, problem::Problem};
use crate::{
    journey::{self, Caller, Code, Refusal, Stop, learn},
    message::{CaseRef, MeetingFacts, MeetingId},
    schema::{Fault, strict},
};

pub use case::{show, state};
pub use grant::{approval, designation};

/// `PUT /v1/meetings/{id}`: the co-ordination unit records who is invited, confirmed, present, and who
/// holds an action.
pub async fn meeting(
    State(app): State<App>,
    caller: Caller,
    Path(meeting): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let meeting_id: MeetingId = id(&meeting)?;
    let most = app.gateway.limits.recipients;
    let recorded = async {
        let (case_ref, mut members) = Members::read(&app, &body, MEETING)?.of_case()?;
        members.own("meeting_id", json!(meeting_id))?;
        let meeting: MeetingFacts = members.into_record()?;
        if meeting.agencies().len() > most {
            let fix = format!("name at most {most} agencies");
            let fault = Fault::new("/invited", "max_items", "too many agencies", fix.clone());
            return Err(Refusal::with(Code::Facts, fix, vec![fault]).into());
        }
        learn::record_meeting(&app.gateway, &caller, &case_ref, meeting).await.map(|()| case_ref)
    };
    let case_ref = told(&app, &caller, recorded.await).await?;
    Ok(axum::Json(json!({ "meeting_id": meeting_id, "case_ref": case_ref })).into_response())
}

const MEETING: &str =
    "send {case_ref, date, level, invited: [{agency_id, reason}], confirmed, attended, action_owners}";

/// A refusal of a fact has its event in the ledger.
async fn told<T>(app: &App, caller: &Caller, outcome: Result<T, Stop>) -> Result<T, Problem> {
    match outcome {
        Ok(done) => Ok(done),
        Err(stop) => Err(journey::fact_refused(&app.gateway, caller, stop).await.into()),
    }
}

/// The members of a record as they came, and the form that is wanted.
struct Members {
    members: Map<String, Value>,
    form: &'static str,
}

impl Members {
    fn read(app: &App, body: &[u8], form: &'static str) -> Result<Self, Refusal> {
        let json = strict::parse(body, app.gateway.limits.message_depth)
            .map_err(|fault| malformed("", fault.to_string(), form))?;
        match json {
            Value::Object(members) => Ok(Self { members, form }),
            _ => Err(malformed("", "not an object", form)),
        }
    }

    /// Takes the case out.
    fn of_case(mut self) -> Result<(CaseRef, Self), Refusal> {
        let case_ref = self.members.remove("case_ref").and_then(|text| text.as_str()?.parse().ok());
        let missing = || self.malformed("/case_ref", "no case_ref such as `46-2026-7K3M9Q2F`");
        Ok((case_ref.ok_or_else(missing)?, self))
    }

    /// Takes a text out that is not blank and has at most so many characters.
    fn text(&mut self, member: &str, most: usize) -> Result<String, Refusal> {
        let text = match self.members.remove(member) {
            Some(Value::String(text)) => text.trim().to_owned(),
            _ => String::new(),
        };
        if text.is_empty() || text.chars().count() > most {
            let message = format!("no text of 1 to {most} characters");
            return Err(self.malformed(&format!("/{member}"), message));
        }
        Ok(text)
    }

    /// Sets what the call itself tells: the id of the path, or who calls. A body that tells it too is
    /// refused, so that the two cannot differ.
    fn own(&mut self, member: &str, value: Value) -> Result<(), Refusal> {
        match self.members.insert(member.into(), value) {
            None => Ok(()),
            Some(_) => Err(self.malformed(&format!("/{member}"), "the call itself tells this")),
        }
    }

    fn into_record<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        // The text of this error could repeat a value; the form says enough.
        let form = self.form;
        T::deserialize(Value::Object(self.members)).map_err(|_| malformed("", "not such a record", form))
    }

    fn malformed(&self, pointer: &str, message: impl Into<String>) -> Refusal {
        malformed(pointer, message, self.form)
    }
}

fn malformed(pointer: &str, message: impl Into<String>, form: &'static str) -> Refusal {
    Refusal::with(Code::Facts, form, vec![Fault::new(pointer, "format", message.into(), form)])
}
