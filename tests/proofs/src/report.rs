//! What came out, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::Counterexample;

/// Everything that was tried.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Which solver answered.
    pub solver: String,
    /// One entry for each promise and each check of the policies themselves.
    pub proofs: Vec<Proof>,
    /// How many questions the solver answered.
    pub questions: usize,
    /// How long all of it took, in milliseconds.
    pub took_ms: u128,
}

/// One promise and what became of it.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// Its name.
    pub id: String,
    /// The sentence that is proved.
    pub sentence: String,
    /// Where it comes from: rules and law.
    pub source: String,
    /// How many actions it was proved for, one proof each; of a check of the policies, how many proofs.
    pub proofs: usize,
    /// In milliseconds.
    pub took_ms: u128,
    /// What came out.
    pub verdict: Verdict,
}

/// What came out of one promise.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum Verdict {
    /// It holds, whatever is asked.
    Proved,
    /// It does not.
    Broken {
        /// A request for each action over which it breaks.
        counterexamples: Vec<Counterexample>,
    },
    /// It would say nothing: everything is refused, or the promise allows everything.
    Empty {
        /// What is empty.
        what: Vec<String>,
    },
    /// No answer.
    Undecided {
        /// Why.
        why: String,
    },
}

impl Report {
    /// Whether all of it holds.
    pub fn holds(&self) -> bool {
        self.proofs.iter().all(Proof::holds)
    }

    /// How many single proofs there are in it.
    pub fn proved(&self) -> usize {
        self.proofs.iter().filter(|proof| proof.holds()).map(|proof| proof.proofs).sum()
    }

    /// One line: how many, how long, by whom.
    pub fn summary(&self) -> String {
        let failed = self.proofs.iter().filter(|proof| !proof.holds()).count();
        format!(
            "proofs: {} promises hold, {failed} fail; {} proofs, {} questions in {:.1} s, by {}",
            self.proofs.len() - failed,
            self.proved(),
            self.questions,
            self.took_ms as f64 / 1000.0,
            self.solver,
        )
    }

    /// All of it as a table with a line for each promise, what is wrong, and the summary.
    pub fn rendered(&self) -> String {
        let mut text = String::new();
        for proof in &self.proofs {
            text.push_str(&proof.rendered());
        }
        text.push('\n');
        text.push_str(&self.summary());
        text.push('\n');
        text
    }
}

impl Proof {
    pub(crate) fn undecided(id: &str, sentence: &str, why: &str) -> Self {
        Self {
            id: id.to_owned(),
            sentence: sentence.to_owned(),
            source: String::new(),
            proofs: 0,
            took_ms: 0,
            verdict: Verdict::Undecided { why: why.to_owned() },
        }
    }

    /// Whether it holds.
    pub fn holds(&self) -> bool {
        matches!(self.verdict, Verdict::Proved)
    }

    /// What came out, in one word.
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Proved => "proved",
            Verdict::Broken { .. } => "BROKEN",
            Verdict::Empty { .. } => "EMPTY",
            Verdict::Undecided { .. } => "UNDECIDED",
        }
    }

    /// A few lines: the verdict, the sentence, and what is wrong.
    pub fn rendered(&self) -> String {
        let mut text = format!(
            "{:<10}{:<20}{:>4} in {:>5} ms  {}\n",
            self.word(),
            self.id,
            self.proofs,
            self.took_ms,
            self.source
        );
        wrap(&mut text, &self.sentence);
        match &self.verdict {
            Verdict::Proved => {}
            Verdict::Broken { counterexamples } => {
                for example in counterexamples.iter().take(SHOWN_MAX) {
                    text.push_str(&example.rendered());
                }
                if let Some(more) = counterexamples.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
                    let _ = writeln!(text, "{INDENT}and for {more} more actions");
                }
            }
            Verdict::Empty { what } => what.iter().for_each(|what| wrap(&mut text, what)),
            Verdict::Undecided { why } => wrap(&mut text, why),
        }
        text
    }
}

/// Adds a text in lines of bounded width, indented.
fn wrap(text: &mut String, words: &str) {
    let mut width = 0;
    for word in words.split_whitespace() {
        if width > 0 && width + word.chars().count() > WIDTH {
            text.push('\n');
            width = 0;
        }
        text.push_str(if width == 0 { INDENT } else { " " });
        text.push_str(word);
        width += word.chars().count() + 1;
    }
    text.push('\n');
}

pub(crate) const INDENT: &str = "          ";
const WIDTH: usize = 95;
/// Counterexamples that are printed; JSON has all.
const SHOWN_MAX: usize = 2;
