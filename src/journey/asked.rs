//! Writes down what the rules are asked about a message and what they say, while it is being authorised.
//! In: the question, and each answer as it comes. Out: the [`Asked`] of the message's event.
//!
//! It decides nothing. What an event may keep is [`crate::ledger::asked`]'s to say; here stands who may be
//! told which policy decided.

use std::collections::BTreeSet;

use super::{
    claims,
    explained::{Answers, Party},
};
use crate::{
    directory::Directory,
    ledger::asked::{Asked, AskedFor, Claimed, DecidedOn, Said, kept},
    message::{AgencyId, Envelope, Fact},
    policy::{Addressed, Ask, Decision},
};

/// What is being asked.
pub(super) struct Asking<'a> {
    directory: &'a Directory,
    sender: &'a AgencyId,
    /// Whether the sender may know the grounds of a decision.
    told_why: bool,
    asked: Asked,
    /// The same for people.
    answers: Answers,
}

impl<'a> Asking<'a> {
    /// `facts` are the message's own that count in its decision, `case_facts` the version of those that
    /// the case had before, as far as the sender may know.
    pub fn new(ask: &Ask<'a>, policy_set: &str, facts: &[Fact], case_facts: u64, told_why: bool) -> Self {
        let directory = ask.directory;
        let known = |id: &AgencyId| directory.agency(id).is_some();
        let asked = Asked {
            at: ask.now,
            policy_set: policy_set.to_owned(),
            decided_on: DecidedOn { directory: directory.version(), case_facts },
            claims: Claimed::of(ask.message, &known),
            facts: facts.iter().map(|fact| kept(fact, &known)).collect(),
            // Until the answer comes.
            sending: Said { allowed: false, by: Vec::new() },
            recipients: Vec::new(),
            unknown_recipients: 0,
        };
        Self { directory, sender: &ask.sender.agency_id, told_why, asked, answers: Answers::default() }
    }

    /// The answer about the sender.
    pub fn sent(&mut self, decision: &Decision) {
        self.asked.sending = self.said(decision);
        self.answers.sender = party("/sender/agency_id", self.sender, decision);
    }

    /// A recipient that the directory does not know, so that nothing could be asked.
    pub fn met_a_stranger(&mut self, place: &str) {
        self.answers.recipients.push(Party { pointer: place.into(), asked: None });
    }

    /// The answers about a recipient; `victims` where the message holds victim data.
    pub fn received(
        &mut self,
        to: &Addressed,
        place: &str,
        receiving: &Decision,
        victims: Option<&Decision>,
    ) {
        // What the receipt will name: why it may have it, and why it may have what it tells of victims.
        let mut named = receiving.clone();
        named
            .grounds
            .extend(victims.filter(|_| receiving.is_allowed()).into_iter().flat_map(|d| d.grounds.clone()));
        self.answers.recipients.push(party(place, &to.agency.agency_id, &named));
        let receiving = Some(self.said(receiving));
        let victims = victims.map(|decision| self.said(decision));
        self.asked.recipients.push(AskedFor { receiving, victims, ..unasked(to) });
    }

    /// What goes into the event. Recipients that were not asked for, because the sender may not send the
    /// message to anybody, stand there without an answer.
    pub fn finish(mut self, envelope: &Envelope) -> (Asked, Answers) {
        let named = envelope.recipients.iter();
        let known = named.filter_map(|to| Some((self.directory.agency(&to.agency_id)?, to)));
        let known: Vec<_> =
            known.map(|(agency, to)| unasked(&claims::addressed(agency, to, envelope))).collect();
        self.asked.unknown_recipients = envelope.recipients.len().saturating_sub(known.len());
        if self.asked.recipients.is_empty() {
            self.asked.recipients = known;
        }
        (self.asked, self.answers)
    }

    /// A refusal's rule and text are told to every sender, of a permit the rule alone.
    fn said(&self, decision: &Decision) -> Said {
        let by = if decision.is_allowed() && !self.told_why { rules(decision) } else { ids(decision) };
        Said { allowed: decision.is_allowed(), by }
    }
}

fn party(place: &str, agency: &AgencyId, decision: &Decision) -> Party {
    Party { pointer: place.into(), asked: Some((agency.clone(), decision.clone())) }
}

fn unasked(to: &Addressed) -> AskedFor {
    AskedFor {
        agency_id: to.agency.agency_id.clone(),
        justified: to.justified,
        strict_necessity: to.strict_necessity,
        attention: to.attention,
        receiving: None,
        victims: None,
    }
}

/// The policies that decided, by id.
pub(super) fn ids(decision: &Decision) -> Vec<String> {
    decision.grounds.iter().map(|ground| ground.id.clone()).collect()
}

/// The rules that these belong to, each once.
pub(super) fn rules(decision: &Decision) -> Vec<String> {
    let rules: BTreeSet<&str> = decision.grounds.iter().map(|ground| ground.rule.as_str()).collect();
    rules.into_iter().map(str::to_owned).collect()
}
