//! Replay: other rules on past decisions. In: the events of decisions, the facts and the directory as they
//! stood then, and a draft of the policies. Out: every answer that the draft would have given otherwise,
//! before anybody publishes it.
//!
//! One answer is about one message and one recipient: may this go from this sender to that agency, sending
//! and receiving taken together; and, where there is victim data, may that agency have it (P29). A refused
//! or checked message counts like an accepted one.
//!
//! It proves itself on the way. Where the policies in force are those that decided, they are asked again
//! as well, and have to say what the event says. A decision for which they do not, or whose facts cannot be
//! restored, is told as not reproducible and counts for nothing else.
//!
//! What it cannot see: events that were erased; refusals beyond the rate, which are only counted; messages
//! that were refused before the rules were asked (a bad schema, a case that is not known); calls that set
//! facts, the meeting of an invitation among them. Agencies that no directory knew are not asked for.
//! Channels do not count: what a recipient could not be reached by is the directory's matter and not the
//! rules'. It writes nothing, and holds one round of events in memory.

mod answers;
mod change;
mod then;

use jiff::Timestamp;
use serde::Deserialize;

use super::Fault;
use crate::{
    ledger::asked::Asked,
    message::{AgencyId, EventId, MessageId},
    policy::Policies,
    store::{Span, Store, StoreFault},
};

pub use change::{Change, Question, What};
pub use then::Unreproducible;

/// The rules to hold against each other.
pub struct Rules<'a> {
    /// Those that somebody means to publish.
    pub draft: &'a Policies,
    /// Those in force, if they can be read.
    pub in_force: Option<&'a Policies>,
}

/// What is told while the replay goes on, in the order of the ledger.
pub enum Told {
    /// The draft gives another answer.
    Change(Change),
    /// The replay does not give the answer that was given.
    NotReproducible {
        /// The event.
        event_id: EventId,
        /// The message, if it could be read.
        message_id: Option<MessageId>,
        /// Why.
        why: Unreproducible,
    },
}

/// What came of it. Answers are counted for each recipient, decisions for each event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Decisions that were read and asked again.
    pub decisions: u64,
    /// Answers that stay, with the same policies deciding.
    pub unchanged: u64,
    /// Answers that were yes and would be no.
    pub newly_refused: u64,
    /// Answers that were no and would be yes.
    pub newly_allowed: u64,
    /// The same answer on other grounds.
    pub rule_changed: u64,
    /// Decisions that the replay cannot restore.
    pub not_reproducible: u64,
    /// Decisions by other policies than those in force: not asked again by those who decided.
    pub unproved: u64,
    /// Events that were erased.
    pub erased: u64,
    /// Messages about which the rules were never asked.
    pub undecided: u64,
    /// Refusals that were counted and not told one by one.
    pub uncounted: u64,
}

impl Summary {
    /// How many answers change.
    pub fn changes(&self) -> u64 {
        self.newly_refused + self.newly_allowed + self.rule_changed
    }

    fn count(&mut self, what: Option<What>) {
        *match what {
            None => &mut self.unchanged,
            Some(What::NewlyRefused) => &mut self.newly_refused,
            Some(What::NewlyAllowed) => &mut self.newly_allowed,
            Some(What::RuleChanged) => &mut self.rule_changed,
        } += 1;
    }
}

/// An event of a decision, as far as a replay reads it.
#[derive(Deserialize)]
struct Decision {
    id: EventId,
    at: Timestamp,
    #[serde(rename = "type")]
    kind: String,
    sender: AgencyId,
    #[serde(default)]
    message_id: Option<MessageId>,
    #[serde(default)]
    asked: Option<Asked>,
    #[serde(default)]
    uncounted: u64,
}

/// How many events are read at once.
const ROUND: usize = 500;

/// Asks the draft about every decision of the span.
pub async fn replay(
    store: &dyn Store,
    rules: &Rules<'_>,
    span: Span,
    tell: &mut dyn FnMut(Told),
) -> Result<Summary, Fault> {
    let mut summary = Summary::default();
    let mut past = then::Past::new(store);
    let mut after = 0;
    loop {
        let round = store.decisions(after, span, ROUND).await?;
        let Some(last) = round.last() else { return Ok(summary) };
        after = last.key;
        for decided in round {
            let Some(event) = decided.event else {
                summary.erased += 1;
                continue;
            };
            let decision: Decision = serde_json::from_slice(&event).map_err(|_| UNREADABLE)?;
            again(&mut past, rules, &decision, &mut summary, tell).await?;
        }
    }
}

async fn again(
    past: &mut then::Past<'_>,
    rules: &Rules<'_>,
    decision: &Decision,
    summary: &mut Summary,
    tell: &mut dyn FnMut(Told),
) -> Result<(), Fault> {
    summary.uncounted += decision.uncounted;
    let Some(asked) = &decision.asked else {
        summary.undecided += 1;
        return Ok(());
    };
    summary.decisions += 1;
    let in_force = rules.in_force.filter(|rules| rules.sha256_hex() == asked.policy_set);
    if in_force.is_none() {
        summary.unproved += 1;
    }
    let compared = match past.restore(&decision.sender, asked).await? {
        Ok(then) if in_force.is_some_and(|rules| !answers::of(rules, &then, asked).are_those_of(asked)) => {
            Err(Unreproducible::Answer)
        }
        Ok(then) => Ok(change::compare(decision, asked, &then, &answers::of(rules.draft, &then, asked))),
        Err(why) => Err(why),
    };
    match compared {
        Ok(answers) => {
            for (what, change) in answers {
                summary.count(what);
                change.into_iter().for_each(|change| tell(Told::Change(change)));
            }
        }
        Err(why) => {
            summary.not_reproducible += 1;
            tell(Told::NotReproducible { event_id: decision.id, message_id: decision.message_id, why });
        }
    }
    Ok(())
}

const UNREADABLE: StoreFault = StoreFault::Corrupt("an event of a decision");
