//! The rules of an information request (D5).

use super::{Findings, Look as _, Rule, Say, Severity::Warn, Subject};

pub(super) const RULES: &[Rule] = &[Rule { id: "V77", says: &[&QUESTION_ID_TWICE], check: question_ids }];

const QUESTION_ID_TWICE: Say = Say {
    code: "question_id_twice",
    severity: Warn,
    message: "two questions have the same id, so that an answer could belong to either",
    fix: "give each of `questions` an `id` of its own",
    source: "Portcullis",
};

/// V77: what is answered can be held against what was asked.
fn question_ids(message: &Subject<'_>, found: &mut Findings<'_>) {
    let questions = message.list("body.questions");
    for (index, question) in questions.iter().enumerate() {
        let Some(id) = question.text("id") else { continue };
        if questions.iter().take(index).any(|earlier| earlier.text("id") == Some(id)) {
            found.add(&QUESTION_ID_TWICE, format!("/body/questions/{index}/id"));
        }
    }
}
