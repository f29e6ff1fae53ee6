//! What the rules look at in a message: who and what it names, and which kinds of data it holds. No
//! narrative leaves this file, only ids, codes and flags.

use serde_json::Value;

use super::{learn, mending, validate::Validated};
use crate::{
    directory::Directory,
    message::{Agency, AgencyId, AgencyType, CaseFacts, Envelope, MessageType, Purpose, Recipient},
    policy::{Addressed, Claims, Prior},
    schema::victims,
    store::Tracked,
};

/// What the policies look at in the message.
pub(super) fn claims(directory: &Directory, validated: &Validated, prior: Option<Prior>) -> Claims {
    let envelope = &validated.envelope;
    let json = &validated.accepted.json;
    let body = json.get("body").unwrap_or(&Value::Null);
    let mappa = body.get("mappa");
    let stated = |name: &str| body.get(name).and_then(Value::as_str);
    let ids = [Some(envelope.message_id), envelope.resends];
    Claims {
        message_type: envelope.message_type,
        message_ids: ids.into_iter().flatten().collect(),
        area: envelope.area,
        case_ref: envelope.case_ref.clone(),
        purpose: envelope.purpose,
        category: category(mappa),
        lead_agency: learn::lead_agency(mappa),
        shared_supervision: learn::shared_supervision(mappa),
        meeting_id: body.pointer("/meeting/meeting_id").and_then(|id| id.as_str()?.parse().ok()),
        justified: written(envelope.justification.as_deref()),
        non_mappa: body.get("non_mappa") == Some(&Value::Bool(true)),
        released: present(body.get("requester")) && present(body.get("released_by")),
        tells_level: ["category", "level_current", "level_proposed"]
            .iter()
            .any(|name| present(mappa.and_then(|mappa| mappa.get(name)))),
        victim_data: victims::are_told_of(&validated.schema_file(), json)
            || envelope.attachments.iter().any(|attachment| attachment.contains_victim_data),
        health_data: holds_health_data(directory, body, false)
            || attached(json, |file| owned_by_health_body(directory, file)),
        receiving_area: stated("receiving_area").and_then(|area| area.parse().ok()),
        receiving_lead: stated("receiving_lead_agency").and_then(|id| id.parse().ok()),
        jobcentre: body.pointer("/jobcentre/agency_id").and_then(|id| id.as_str()?.parse().ok()),
        prior,
    }
}

/// One recipient as the message addresses it. Where one justification stands for all, so may one note on
/// why health data is strictly necessary (domain §10 on P4 and P31): computed recipients have no note of
/// their own.
pub(super) fn addressed<'a>(agency: &'a Agency, recipient: &Recipient, envelope: &Envelope) -> Addressed<'a> {
    let for_all = envelope.strict_necessity.as_deref().filter(|_| envelope.message_type.justified_once());
    let named = |name: &str| agency.contacts.iter().any(|contact| contact.name.trim() == name.trim());
    Addressed {
        agency,
        justified: written(recipient.justification.as_deref()),
        strict_necessity: written(recipient.strict_necessity.as_deref()) || written(for_all),
        attention: recipient.attention.as_deref().is_some_and(named),
    }
}

/// Whether nobody is to learn from a copy who else got one: each recipient of a request for information
/// and of a category 4 message has a view of its own (design §5). Category 4 is what the rules take for it
/// (P32): by the message, its purpose, or the category or a purpose of its case. `mended`: the message that this
/// one corrects or recalls. All who got that one are named, so what mends one that went apart goes apart like
/// it, whatever it calls itself; and so does what mends a mending, which may reach back to one.
pub(super) fn goes_apart(claims: &Claims, case: Option<&CaseFacts>, mended: Option<&Tracked>) -> bool {
    claims.message_type == MessageType::InfoRequest
        || mended.is_some_and(mending::goes_apart)
        || claims.category == Some(4)
        || matches!(claims.purpose, Some(Purpose::Aa | Purpose::C))
        || case.is_some_and(|case| {
            case.category == Some(4)
                || case.purposes.contains(&Purpose::Aa)
                || case.purposes.contains(&Purpose::C)
        })
}

/// What is known of the message that is corrected or recalled, held against the recipients.
pub(super) fn prior(recipients: Vec<AgencyId>, envelope: &Envelope) -> Prior {
    let named = |id: &AgencyId| envelope.recipients.iter().any(|to| &to.agency_id == id);
    let left_out = recipients.iter().filter(|id| !named(id)).count();
    Prior { recipients, left_out }
}

fn category(mappa: Option<&Value>) -> Option<u8> {
    mappa?.get("category")?.as_u64()?.try_into().ok()
}

fn written(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

fn present(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null())
}

fn attached(json: &Value, holds: impl Fn(&Value) -> bool) -> bool {
    json.get("attachments").and_then(Value::as_array).is_some_and(|files| files.iter().any(holds))
}

/// Members in which `owner_agency` is who does something and not whose data it is.
const TASKS: &[&str] = &["actions", "previous_actions", "open_actions"];

/// Whether any block belongs to a health body, or tells of a hospital (P31). In a plan each step names
/// who takes it; only the plan itself is owned.
fn holds_health_data(directory: &Directory, value: &Value, in_plan: bool) -> bool {
    match value {
        Value::Object(members) => {
            (!in_plan && owned_by_health_body(directory, value))
                || members.iter().any(|(name, value)| match name.as_str() {
                    "hospital" => value.is_object(),
                    "rmp" => {
                        owned_by_health_body(directory, value) || holds_health_data(directory, value, true)
                    }
                    name if TASKS.contains(&name) => false,
                    _ => holds_health_data(directory, value, in_plan),
                })
        }
        Value::Array(items) => items.iter().any(|item| holds_health_data(directory, item, in_plan)),
        _ => false,
    }
}

fn owned_by_health_body(directory: &Directory, block: &Value) -> bool {
    let Some(owner) = block.get("owner_agency").and_then(Value::as_str) else { return false };
    let owner: Option<AgencyId> = owner.parse().ok();
    owner.and_then(|owner| directory.agency(&owner)).is_some_and(|owner| {
        matches!(
            owner.agency_type,
            AgencyType::NhsTrust
                | AgencyType::Icb
                | AgencyType::Lhb
                | AgencyType::Nhse
                | AgencyType::HealthAuth
        )
    })
}
