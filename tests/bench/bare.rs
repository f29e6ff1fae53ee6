//! The ceiling: Cedar alone, with everything ready. Minutes to twelve agencies as thirteen bare calls of
//! `is_authorized`, where entities, requests and policies were built before the clock starts.

use std::{collections::HashSet, fs, hint::black_box, path::Path, str::FromStr as _};

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, Schema,
};
use serde_json::{Value, json};

use crate::known::PRESENT;

/// What the calls need.
pub struct Bare {
    authorizer: Authorizer,
    entities: Entities,
    calls: Vec<(Request, PolicySet)>,
}

impl Bare {
    /// Reads the policies. `bearing`: only those whose scope takes the action in, or all that there are.
    pub fn new(policies: &Path, bearing: bool) -> Self {
        let schema = fs::read_to_string(policies.join("schema.cedarschema")).unwrap();
        let (schema, _) = Schema::from_cedarschema_str(&schema).unwrap();
        let all = read(policies);
        let entities = Entities::from_json_value(entities(), Some(&schema)).unwrap();
        let context = |text: Value, action: &EntityUid| {
            Context::from_json_value(text, Some((&schema, action))).unwrap()
        };
        let mut calls = Vec::new();
        let mut call = |action: &str, agency: String, text: Value| {
            let action = uid("Action", action);
            let set = if bearing { bearing_on(&all, &action, &entities) } else { all.clone() };
            let context = context(text, &action);
            let (who, what) = (uid("Agency", &agency), uid("Message", "message"));
            calls.push((Request::new(who, action, what, context, Some(&schema)).unwrap(), set));
        };
        call("send_minutes", "unit".into(), json!({ "now_ms": 1 }));
        for agency in members() {
            let text = json!({ "now_ms": 1, "justified": true, "strict_necessity": true, "attention": false,
                               "approvals": [] });
            call("receive_minutes", agency, text);
        }
        Self { authorizer: Authorizer::new(), entities, calls }
    }

    /// All thirteen; each has to be allowed.
    pub fn ask(&self) {
        for (request, set) in &self.calls {
            let answer = black_box(self.authorizer.is_authorized(request, set, &self.entities));
            assert_eq!(answer.decision(), Decision::Allow);
        }
    }
}

fn read(policies: &Path) -> PolicySet {
    let files = fs::read_dir(policies).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "cedar"));
    let texts: String = texts.map(|path| fs::read_to_string(path).unwrap()).collect();
    PolicySet::from_str(&texts).unwrap()
}

fn bearing_on(all: &PolicySet, action: &EntityUid, entities: &Entities) -> PolicySet {
    let mut scope: HashSet<&EntityUid> = entities.ancestors(action).unwrap().collect();
    scope.insert(action);
    let bears = all.policies().filter(|policy| match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(only) => only == *action,
        ActionConstraint::In(groups) => groups.iter().any(|group| scope.contains(group)),
    });
    PolicySet::from_policies(bears.cloned()).unwrap()
}

fn members() -> impl Iterator<Item = String> {
    (0..PRESENT).map(|place| format!("member-{place}"))
}

fn entities() -> Value {
    let entity = |kind: &str, id: &str| json!({ "__entity": { "type": kind, "id": id } });
    let all: Vec<Value> = members().map(|id| entity("Agency", &id)).collect();
    let agency = |id: &str, kind: &str, status: &str| {
        json!({ "uid": { "type": "Agency", "id": id },
                "attrs": { "type": entity("AgencyType", kind), "status": entity("Status", status),
                           "suspended": false, "mail_only": false, "has_contact": true },
                "parents": [{ "type": "Area", "id": "46" }, { "type": "Case", "id": "case" }] })
    };
    let mut entities: Vec<Value> = members().map(|id| agency(&id, "POLICE", "ra")).collect();
    entities.push(agency("unit", "COORD", "coord"));
    entities.push(json!({ "uid": { "type": "Message", "id": "message" }, "parents": [],
        "attrs": { "area": entity("Area", "46"), "purpose": entity("Purpose", "a"), "sender": entity("Agency", "unit"),
                   "shared_supervision": [], "justified": true, "non_mappa": false, "released": false,
                   "tells_level": false, "victim_data": true, "health_data": false, "prior_left_out": 0,
                   "case": entity("Case", "case"), "meeting": entity("Meeting", "meeting") } }));
    entities.push(json!({ "uid": { "type": "Case", "id": "case" }, "parents": [],
        "attrs": { "area": entity("Area", "46"), "purposes": [entity("Purpose", "a")], "category": 2, "level": 2,
                   "lead": all[1], "convicted": true, "foreign_national": false, "left": false, "invitees": all,
                   "attended": all, "action_owners": all[..4], "referrers": [], "associates": [] } }));
    entities.push(json!({ "uid": { "type": "Meeting", "id": "meeting" }, "parents": [],
        "attrs": { "invited": all, "confirmed": all, "attended": all, "action_owners": all[..4] } }));
    Value::Array(entities)
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().unwrap(), id.parse().unwrap())
}
