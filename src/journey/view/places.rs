//! Where a view has gaps, in the full text, and why.

use serde_json::Value;

use super::{Reason, Routed, View, is_without_victims};
use crate::schema::victims;

/// The places of one view.
pub(super) fn of(routed: &Routed, view: &View) -> Vec<(String, Reason)> {
    let Some(&reader) = view.readers.first() else { return Vec::new() };
    let mut places = Vec::new();
    if is_without_victims(routed, reader) {
        let validated = &routed.authorised.validated;
        let marked = victims::marked(&validated.schema_file(), &validated.accepted.json);
        places.extend(marked.into_iter().map(|marked| (marked.pointer, marked.told.into())));
        places.extend(papers(routed).into_iter().map(|place| (place, Reason::VictimAttachment)));
    }
    if routed.authorised.apart {
        places.extend(others(routed, reader).map(|other| (other, Reason::OtherRecipient)));
    }
    places
}

/// The attachments that may tell of victims, and what the contents list of a pack says of them: title and
/// note tell in words what the paper holds.
fn papers(routed: &Routed) -> Vec<String> {
    let validated = &routed.authorised.validated;
    let files = validated.envelope.attachments.iter().enumerate();
    let telling: Vec<u64> =
        files.filter(|(_, file)| file.contains_victim_data).map(|(number, _)| number as u64).collect();
    let listed = validated.accepted.json.pointer("/body/documents").and_then(Value::as_array);
    // A number written in another way than ours, `0.0`, is one of them too: in doubt it is hidden.
    let is_telling = |number: &Value| number.as_u64().is_none_or(|number| telling.contains(&number));
    let tells = |document: &Value| !telling.is_empty() && document.get("attachment").is_some_and(is_telling);
    let listed = listed.into_iter().flatten().enumerate().filter(|(_, document)| tells(document));
    let described = listed.map(|(number, _)| format!("/body/documents/{number}"));
    telling.iter().map(|number| format!("/attachments/{number}")).chain(described).collect()
}

/// The entries of `recipients` that name others than this reader, with why it is necessary for them.
fn others(routed: &Routed, reader: usize) -> impl Iterator<Item = String> {
    let validated = &routed.authorised.validated;
    let own = routed.routes.get(reader).map(|route| route.permit.agency.agency_id.as_str());
    let named = validated.accepted.json.get("recipients").and_then(Value::as_array);
    let is_other = move |entry: &Value| entry.get("agency_id").and_then(Value::as_str) != own;
    named
        .into_iter()
        .flatten()
        .enumerate()
        .filter(move |(_, entry)| is_other(entry))
        .map(|(number, _)| format!("/recipients/{number}"))
}
