//! Proofs about the policies: what they promise holds for every message, agency and case there can be, not
//! only for those that a test thought of.
//!
//! In: a policy set with its schema (`config/policies`), and the promises (`promises/*.cedar`): permits that
//! say in their own words the most that the policies may ever allow. Out: a [`Report`]; for each promise
//! that does not hold, a request that is allowed and should not be. Cedar's symbolic compiler turns both
//! into formulas, and the solver cvc5 looks for a request that is allowed by the policies and not by the
//! promise. If there is none, that is a proof.
//!
//! What is proved is what `cedar-policy` evaluates, for requests and entities that fit the schema and are
//! complete; the gateway refuses when an entity is missing or a policy errs (`src/policy`). Not proved is
//! what the gateway puts into those entities: that a designation counts between its start and its expiry
//! only, that a meeting belongs to its case, that an agency is in the directory under its true type. Sending
//! and receiving are separate questions, and a message goes only if both are allowed.
//!
//! This crate is not part of the gateway and does not depend on it.

mod counterexample;
mod promises;
mod prove;
mod prover;
mod report;
mod rules;
mod solver;

pub use counterexample::Counterexample;
pub use promises::{Promise, PromiseFault, Promises, Still};
pub use prove::prove;
pub use prover::Prover;
pub use report::{Proof, Report, Verdict};
pub use rules::{Rules, RulesFault};
pub use solver::{Solver, SolverFault};
