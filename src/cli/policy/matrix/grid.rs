//! The questions of the matrix, asked: who against which relation, with an answer in each field.

use std::collections::BTreeSet;

use crate::{
    message::{AgencyType, MessageType},
    policy::{Decision, Party, Policies, Relation, Scene, When},
};

/// What is asked of which rules.
pub struct Asking<'p> {
    pub policies: &'p Policies,
    pub scene: Scene,
    pub senders: Vec<AgencyType>,
    pub recipients: Vec<Party>,
    /// Of recipients.
    pub relations: Vec<Relation>,
}

/// What a field of the matrix says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    /// The rules that decided, `P15`.
    pub rules: BTreeSet<String>,
    /// The policies that decided, `P15-present`.
    pub policies: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Allowed,
    /// A bar fired.
    Barred,
    /// No rule permits it.
    Unpermitted,
    /// The rules could not be evaluated.
    InDoubt,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Barred => "barred",
            Self::Unpermitted => "unpermitted",
            Self::InDoubt => "in_doubt",
        }
    }
}

impl Answer {
    pub fn of(decision: &Decision) -> Self {
        let outcome = match decision {
            decision if decision.doubt.is_some() => Outcome::InDoubt,
            decision if decision.is_allowed() => Outcome::Allowed,
            decision if decision.is_barred() => Outcome::Barred,
            _ => Outcome::Unpermitted,
        };
        let grounds = || decision.grounds.iter();
        Self {
            outcome,
            rules: grounds().map(|ground| ground.rule.clone()).collect(),
            policies: grounds().map(|ground| ground.id.clone()).collect(),
        }
    }

    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// As the field of a table.
    pub fn cell(&self) -> String {
        let rules = joined(&self.rules);
        match self.outcome {
            Outcome::Allowed => rules,
            Outcome::Barred => format!("✗ {rules}"),
            Outcome::Unpermitted => "–".to_owned(),
            Outcome::InDoubt => format!("! {rules}"),
        }
    }
}

/// One recipient's row.
pub struct Row {
    pub party: Party,
    /// One for each relation.
    pub answers: Vec<Answer>,
    /// Whether copies keep victim data: one for each relation, where it was asked.
    pub victims: Vec<Option<Answer>>,
}

/// What recipients are told about what one type of agency sends.
pub struct Grid {
    pub relations: Vec<Relation>,
    pub rows: Vec<Row>,
}

impl<'p> Asking<'p> {
    /// The same about another type of message.
    pub fn about(&self, message_type: MessageType) -> Asking<'p> {
        Asking {
            policies: self.policies,
            scene: Scene { message_type, ..self.scene },
            senders: self.senders.clone(),
            recipients: self.recipients.clone(),
            relations: self.relations.clone(),
        }
    }

    /// May this agency send it, standing so?
    pub fn send(&self, party: Party, relation: Relation) -> Answer {
        Answer::of(&self.scene.may_send(self.policies, party, relation))
    }

    /// Those that may send it in some relation when nothing is out of the ordinary: what is, may stop the
    /// sender alone, and recipients are asked about all the same. Where nobody may, as of what the gateway
    /// makes itself, it is the first of those that were asked for.
    pub fn able(&self) -> Vec<AgencyType> {
        let scene = Scene { when: When::Ordinary, ..self.scene };
        let relations = sending(scene.message_type);
        let may = |party: Party| {
            relations.iter().any(|held| scene.may_send(self.policies, party, *held).is_allowed())
        };
        let able = self
            .senders
            .iter()
            .copied()
            .filter(|sender| parties(&[*sender], scene.category).into_iter().any(may));
        let able: Vec<AgencyType> = able.collect();
        if able.is_empty() { self.senders.first().copied().into_iter().collect() } else { able }
    }

    /// May this agency receive it from that type of agency, and keep victim data?
    pub fn receive(&self, from: AgencyType, to: Party, relation: Relation) -> (Answer, Option<Answer>) {
        let received = self.scene.may_receive(self.policies, from, to, relation);
        (Answer::of(&received.decision), received.victims.as_ref().map(Answer::of))
    }

    /// Every recipient in every relation.
    pub fn grid(&self, from: AgencyType) -> Grid {
        let relations = self.receiving();
        let row = |party: &Party| {
            let (answers, victims) =
                relations.iter().map(|relation| self.receive(from, *party, *relation)).unzip();
            Row { party: *party, answers, victims }
        };
        let rows = self.recipients.iter().map(row).collect();
        Grid { relations, rows }
    }

    /// The relations of a recipient that make sense for this type.
    pub fn receiving(&self) -> Vec<Relation> {
        let message_type = self.scene.message_type;
        let fits = |relation: &Relation| match relation {
            Relation::OwnAgency => false,
            Relation::ReceivingLead => message_type == MessageType::Transfer,
            Relation::GotIt => mends(message_type),
            _ => true,
        };
        self.relations.iter().copied().filter(fits).collect()
    }
}

/// The relations of a sender that make sense for this type.
pub fn sending(message_type: MessageType) -> Vec<Relation> {
    let fits = |relation: &Relation| match relation {
        Relation::OwnAgency | Relation::ReceivingLead | Relation::Released | Relation::AttendedReleased => {
            false
        }
        Relation::GotIt => mends(message_type),
        _ => true,
    };
    Relation::ALL.iter().copied().filter(fits).collect()
}

fn mends(message_type: MessageType) -> bool {
    matches!(message_type, MessageType::Correction | MessageType::Recall)
}

/// A row for each type, and one more for each that can be designated (P22, P23).
pub fn parties(types: &[AgencyType], category: u8) -> Vec<Party> {
    let mut parties = Vec::new();
    for agency_type in types.iter().copied() {
        parties.push(Party { agency_type, designated: false });
        let like_associate =
            agency_type == AgencyType::Other || agency_type == AgencyType::Rsl && category == 4;
        if like_associate {
            parties.push(Party { agency_type, designated: true });
        }
    }
    parties
}

pub fn name(party: Party) -> String {
    let designated = if party.designated { ", designated" } else { "" };
    format!("{}{designated}", party.agency_type)
}

pub fn joined(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Does the same for each item, on all cores: the matrix asks tens of thousands of questions.
pub fn for_each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let hands = std::thread::available_parallelism().map_or(1, usize::from);
    let work = &work;
    std::thread::scope(|scope| {
        let parts = items.chunks(items.len().div_ceil(hands).max(1));
        let parts: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>())).collect();
        let done = parts.into_iter().map(|part| part.join());
        done.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
