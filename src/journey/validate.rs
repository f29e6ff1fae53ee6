//! Validate: the JSON Schema of its type and version. [`Accepted`] → [`Validated`]. The semantic
//! rules V* of the domain join here.

use serde::Deserialize as _;

use super::{Code, Fault, Gateway, Refusal, Stop, accept::Accepted};
use crate::{message::Envelope, schema};

/// A message that its schema accepts, with its envelope read.
pub struct Validated {
    pub(super) accepted: Accepted,
    pub(super) envelope: Envelope,
}

pub(super) fn validate(gateway: &Gateway, accepted: Accepted) -> Result<Validated, Stop> {
    let faults = gateway
        .schemas
        .faults(accepted.message_type, accepted.schema_version, &accepted.json)
        .ok_or(Fault::Impossible("an accepted message has a schema"))?;
    if !faults.is_empty() {
        let url = format!("GET /v1/schemas/{}/{}.json", accepted.message_type, accepted.schema_version);
        return Err(Refusal::with(
            Code::Schema,
            format!("mend what is listed; the schema is at {url}"),
            faults,
        )
        .into());
    }
    let envelope = Envelope::deserialize(&accepted.json)
        .map_err(|_| Fault::Impossible("an envelope that meets the schema cannot be read"))?;
    check_envelope(gateway, &envelope)?;
    Ok(Validated { accepted, envelope })
}

/// What a schema cannot say about an envelope.
fn check_envelope(gateway: &Gateway, envelope: &Envelope) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    let most = gateway.limits.recipients;
    if envelope.recipients.len() > most {
        let fix = format!("name at most {most} recipients");
        faults.push(schema::Fault::new("/recipients", "max_items", "too many recipients", fix));
    }
    for (index, recipient) in envelope.recipients.iter().enumerate() {
        let twice =
            envelope.recipients[..index].iter().any(|earlier| earlier.agency_id == recipient.agency_id);
        if twice {
            let place = format!("/recipients/{index}/agency_id");
            faults.push(schema::Fault::new(
                place,
                "unique",
                "this agency is named twice",
                "name each recipient once",
            ));
        }
    }
    if envelope.case_ref.area() != envelope.area {
        let fix = "use a case_ref of the message's own area";
        faults.push(schema::Fault::new("/case_ref", "area", "the case_ref names another area", fix));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::with(Code::Schema, "mend what is listed", faults)) }
}
