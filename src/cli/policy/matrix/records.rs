//! The matrix for programs: one JSON object on each line, for each combination and for each policy.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::grid::{Answer, Asking, for_each, parties, sending};
use crate::{
    cli::terminal::Terminal,
    message::{AgencyType, MessageType},
    policy::{Listed, Party, Relation},
};

/// How often each policy decided.
type Decided = BTreeMap<String, u64>;

/// Prints every combination for these types, then every policy.
pub fn print(asking: &Asking, types: &[MessageType], terminal: &mut Terminal) -> anyhow::Result<()> {
    let listed = asking.policies.listed();
    let laws: BTreeMap<&str, &str> =
        listed.iter().map(|one| (one.ground.id.as_str(), one.ground.legal_basis.as_str())).collect();
    let mut decided = Decided::new();
    for message_type in types {
        let mut records = Records { laws: &laws, lines: String::new(), decided: Decided::new() };
        of_type(&asking.about(*message_type), &mut records);
        terminal.raw(records.lines.as_bytes())?;
        for (policy, times) in records.decided {
            *decided.entry(policy).or_default() += times;
        }
    }
    for one in &listed {
        terminal.value(&policy(one, decided.get(&one.ground.id).copied().unwrap_or(0)))?;
    }
    Ok(())
}

fn of_type(asking: &Asking, records: &mut Records) {
    for party in parties(&asking.senders, asking.scene.category) {
        for relation in sending(asking.scene.message_type) {
            let asked = json!({ "ask": "send", "sender": party.agency_type.as_str(),
                "designated": party.designated, "relation": relation.as_str() });
            records.add(asking, asked, &asking.send(party, relation), None);
        }
    }
    let senders = asking.able();
    for (sender, answers) in senders.iter().zip(for_each(&senders, |sender| received(asking, *sender))) {
        for (party, relation, (answer, victims)) in answers {
            let ask = if relation == Relation::OwnAgency { "own_agency" } else { "receive" };
            let asked = json!({ "ask": ask, "sender": sender.as_str(), "recipient": party.agency_type.as_str(),
                "designated": party.designated, "relation": relation.as_str() });
            records.add(asking, asked, &answer, victims.as_ref());
        }
    }
}

type Asked = (Party, Relation, (Answer, Option<Answer>));

fn received(asking: &Asking, sender: AgencyType) -> Vec<Asked> {
    let relations = asking.receiving();
    let own = asking.relations.contains(&Relation::OwnAgency);
    let mut asked = Vec::new();
    for party in &asking.recipients {
        let itself = (own && party.agency_type == sender).then_some(Relation::OwnAgency);
        for relation in relations.iter().copied().chain(itself) {
            asked.push((*party, relation, asking.receive(sender, *party, relation)));
        }
    }
    asked
}

struct Records<'l> {
    laws: &'l BTreeMap<&'l str, &'l str>,
    lines: String,
    decided: Decided,
}

impl Records<'_> {
    fn add(&mut self, asking: &Asking, mut asked: Value, answer: &Answer, victims: Option<&Answer>) {
        for policy in answer.policies.iter().chain(victims.into_iter().flat_map(|victims| &victims.policies))
        {
            *self.decided.entry(policy.clone()).or_default() += 1;
        }
        let scene = asking.scene;
        if let Some(members) = asked.as_object_mut() {
            members.insert("message_type".into(), json!(scene.message_type.as_str()));
            members.insert("category".into(), json!(scene.category));
            members.insert("level".into(), json!(scene.level));
            members.insert("approved".into(), json!(scene.approved));
            members.insert("when".into(), json!(scene.when.as_str()));
            members.insert("verdict".into(), json!(answer.outcome.as_str()));
            members.insert("policies".into(), json!(answer.policies));
            members.insert("legal_basis".into(), json!(self.laws(answer)));
            if let Some(victims) = victims {
                members.insert("victim_data".into(), json!(victims.is_allowed()));
                members.insert("victim_data_policies".into(), json!(victims.policies));
            }
        }
        self.lines.push_str(&asked.to_string());
        self.lines.push('\n');
    }

    fn laws(&self, answer: &Answer) -> Vec<&str> {
        let mut laws: Vec<&str> =
            answer.policies.iter().filter_map(|policy| self.laws.get(policy.as_str()).copied()).collect();
        laws.sort_unstable();
        laws.dedup();
        laws
    }
}

fn policy(listed: &Listed, decided: u64) -> Value {
    let ground = &listed.ground;
    let mut record = json!({ "ask": "policy", "id": ground.id, "rule": ground.rule,
        "effect": if listed.permits { "permit" } else { "forbid" }, "text": ground.text,
        "legal_basis": ground.legal_basis, "source": ground.source, "decided": decided });
    if decided == 0
        && let Some(members) = record.as_object_mut()
    {
        members.insert("why_never".into(), json!(why_never(listed)));
    }
    record
}

fn why_never(listed: &Listed) -> &'static str {
    let about_messages =
        |action: &String| ["send_", "receive_", "see_victims_"].iter().any(|verb| action.starts_with(verb));
    if listed.actions.iter().any(about_messages) {
        "in none of the combinations above; see --when, --level, --category and --approved"
    } else {
        "not about messages: it decides about meetings, facts and approvals"
    }
}
