//! Every member of every schema is shown by a sample that is accepted: a member that nobody has
//! filled in once has not been thought through.

use std::collections::BTreeSet;

use portcullis::schema::strict;
use serde_json::{Value, json};

use crate::{
    samples,
    walk::{Place, places, root},
};

#[test]
fn every_member_of_the_schemas_is_shown_by_a_sample() {
    let mut shown = BTreeSet::new();
    for (_, bytes) in [samples("accepted"), samples("made-by-gateway")].concat() {
        let message = strict::parse(&bytes, 64).unwrap();
        let message_type = message["type"].as_str().unwrap_or("receipt");
        visit(&root(&format!("{message_type}/1.0.json")), &message, &mut shown);
    }
    let members = places().into_iter().filter(|place| !place.condition).flat_map(|place| {
        let members: Vec<Place> = place.members().map(|(_, member)| member).collect();
        members
    });
    let missing: Vec<String> = members
        .filter(|member| member.schema.get("not") != Some(&json!({})) && !shown.contains(&member.name()))
        .map(|member| member.name())
        .collect();
    assert!(missing.is_empty(), "no accepted sample has\n{}", missing.join("\n"));
}

fn visit(place: &Place, value: &Value, shown: &mut BTreeSet<String>) {
    if let Some(block) = place.target().flatten() {
        visit(&block, value, shown);
    }
    for (name, member) in place.members() {
        if let Some(inner) = value.get(name) {
            shown.insert(member.name());
            visit(&member, inner, shown);
        }
    }
    let items = place.within().into_iter().find(|inner| inner.pointer == format!("{}/items", place.pointer));
    for (item, entry) in
        items.iter().flat_map(|item| value.as_array().into_iter().flatten().map(move |e| (item, e)))
    {
        visit(item, entry, shown);
    }
}
