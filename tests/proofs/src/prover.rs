//! The proofs themselves: a promise for each action in its scope, and the policies for themselves.
//!
//! In: rules, a promise, a solver. Out: a [`Proof`]. A promise that says nothing, or that is kept
//! because nothing is possible any more, is a failure like one that is broken.

use std::{collections::BTreeMap, time::Instant};

use cedar_policy::{Policy, PolicySet, RequestEnv};
use cedar_policy_symcc::{CompiledPolicy, CompiledPolicySet, Env};

use crate::{Counterexample, Promise, Proof, Rules, Solver, SolverFault, Still, Verdict, rules::policy_set};

/// Rules and a solver, ready for one promise after another.
pub struct Prover<'r> {
    rules: &'r Rules,
    environments: Vec<RequestEnv>,
    solver: Solver,
    /// The policies that bear on an action, compiled for it.
    sets: BTreeMap<String, CompiledPolicySet>,
    /// Whether nothing is allowed of an action.
    dead: BTreeMap<String, bool>,
    /// The actions of which a promise says that they are never allowed.
    never: Vec<String>,
}

/// What was found about one promise so far.
#[derive(Default)]
struct Findings {
    proofs: usize,
    counterexamples: Vec<Counterexample>,
    empty: Vec<String>,
    needs_permits: bool,
}

type Found = Result<Findings, SolverFault>;

impl<'r> Prover<'r> {
    /// Nothing is asked yet.
    pub fn new(rules: &'r Rules, solver: Solver) -> Self {
        let environments = rules.environments();
        Self { rules, environments, solver, sets: BTreeMap::new(), dead: BTreeMap::new(), never: Vec::new() }
    }

    /// What the solver was asked so far.
    pub fn asked(&self) -> usize {
        self.solver.asked()
    }

    /// The actions that the promises asked about so far rule out altogether.
    pub fn ruled_out(&self) -> &[String] {
        &self.never
    }

    /// Does the promise hold for every action in its scope, say something about each, and leave possible
    /// what has to stay so?
    pub fn promise(&mut self, promise: &Promise) -> Proof {
        let source = format!("{}; {}", promise.source, promise.legal_basis);
        self.entry(&promise.id, &promise.sentence, &source, |prover| prover.about(promise))
    }

    /// Cedar skips a policy that errs, a bar too. The validator has found every attribute that may be
    /// absent; what is left is arithmetic.
    pub fn no_policy_errs(&mut self) -> Proof {
        let sentence = "No policy errs, whatever is asked with complete entities that fit the schema.";
        self.entry("no-error", sentence, "design 6", |prover| {
            let mut found = Findings::default();
            for (environment, policy) in prover.applications() {
                let compiled = prover.compile(&policy, &environment)?;
                found.proofs += 1;
                if let Some(env) = prover.solver.erring(&compiled)? {
                    found.counterexamples.push(Counterexample::of_error(prover.rules, &env, &policy));
                }
            }
            Ok(found)
        })
    }

    /// A policy that no request can match is a mistake: somebody believes that it does something.
    pub fn every_policy_applies(&mut self) -> Proof {
        let sentence = "Every policy applies to some request.";
        self.entry("no-idle-policy", sentence, "design 6", |prover| {
            let mut applies: BTreeMap<String, bool> = BTreeMap::new();
            for (environment, policy) in prover.applications() {
                let id = policy.id().to_string();
                if applies.get(&id) != Some(&true) {
                    let compiled = prover.compile(&policy, &environment)?;
                    applies.insert(id, !prover.solver.idle(&compiled)?);
                }
            }
            let idle = applies.iter().filter(|(_, applies)| !**applies);
            let empty = idle.map(|(id, _)| format!("`{id}` applies to no request")).collect();
            Ok(Findings { proofs: applies.len(), empty, ..Findings::default() })
        })
    }

    /// The set does not keep its promises by refusing everything. What a promise rules out altogether
    /// (see [`Prover::ruled_out`]) need not be possible.
    pub fn every_action_is_possible(&mut self, ruled_out: &[String]) -> Proof {
        let sentence = "Every action is allowed to somebody, but those that a promise rules out.";
        self.entry("possible", sentence, "design 6", |prover| {
            let mut found = Findings::default();
            for environment in prover.environments.clone() {
                let action = name(&environment);
                if ruled_out.contains(&action) {
                    continue;
                }
                found.proofs += 1;
                if prover.is_dead(&environment)? {
                    found.empty.push(format!("`{action}` is allowed to nobody"));
                }
            }
            Ok(found)
        })
    }

    fn about(&mut self, promise: &Promise) -> Found {
        let mut found = Findings::default();
        let scope = self.scope(&promise.bound);
        for name in &promise.exempt {
            if !scope.iter().any(|environment| self::name(environment) == *name) {
                found.empty.push(format!("@exempt names `{name}`, which is not in its scope"));
            }
        }
        let mut never = true;
        for environment in &scope {
            if !promise.exempt.contains(&name(environment)) {
                never &= self.about_action(promise, environment, &mut found)?;
            }
        }
        if found.proofs == 0 {
            found.empty.push("no action is in its scope".to_owned());
        }
        if promise.still.is_empty() && !never {
            found.empty.push("it has no @still: it may be kept by refusing everything".to_owned());
        }
        for still in &promise.still {
            if !self.is_possible(still)? {
                found.empty.push(format!("no longer possible: {}", still.text));
            }
        }
        Ok(found)
    }

    /// Whether the promise rules the action out altogether.
    fn about_action(
        &mut self,
        promise: &Promise,
        environment: &RequestEnv,
        found: &mut Findings,
    ) -> Result<bool, SolverFault> {
        let set = self.set(environment)?;
        let bound = self.compile(&promise.bound, environment)?.into_compiled_policyset();
        found.proofs += 1;
        if self.solver.allows_all(&bound)? {
            found.empty.push(format!("it says nothing about `{}`", name(environment)));
        }
        if !self.bars_suffice(environment, &bound, found)?
            && let Some(env) = self.solver.beyond(&set, &bound)?
        {
            found.counterexamples.push(Counterexample::of_allowed(self.rules, &env));
        }
        // Only where nothing is allowed can it matter whether the promise wants it so.
        let never = self.is_dead(environment)? && self.solver.refuses_all(&bound)?;
        if never {
            self.never.push(name(environment));
        }
        Ok(never)
    }

    /// Whether the bars alone keep the promise. Whatever the policies allow, the same bars beside a permit
    /// for everything allow too, so this is a proof as well, and found several times faster, since the
    /// solver need not think about the permits. Where it failed once, it is not tried for that promise
    /// again.
    fn bars_suffice(
        &mut self,
        environment: &RequestEnv,
        bound: &CompiledPolicySet,
        found: &mut Findings,
    ) -> Result<bool, SolverFault> {
        if found.needs_permits {
            return Ok(false);
        }
        let bars = self.rules.bars(environment.action());
        let bars = self.compile_set(&bars, environment)?;
        let suffice = self.solver.implies(&bars, bound)?;
        found.needs_permits = !suffice;
        Ok(suffice)
    }

    /// Whether the policies refuse whatever is asked about this action.
    fn is_dead(&mut self, environment: &RequestEnv) -> Result<bool, SolverFault> {
        let action = name(environment);
        if let Some(dead) = self.dead.get(&action) {
            return Ok(*dead);
        }
        let set = self.set(environment)?;
        let dead = self.solver.refuses_all(&set)?;
        self.dead.insert(action, dead);
        Ok(dead)
    }

    fn is_possible(&mut self, still: &Still) -> Result<bool, SolverFault> {
        for environment in self.scope(&still.example) {
            let set = self.set(&environment)?;
            let example = self.compile(&still.example, &environment)?.into_compiled_policyset();
            if let Some(env) = self.solver.within(&set, &example)? {
                return self.agrees(&env).map(|()| true);
            }
        }
        Ok(false)
    }

    /// Cedar's evaluator, which the gateway uses, has to allow what the solver says is allowed.
    fn agrees(&self, env: &Env) -> Result<(), SolverFault> {
        if Counterexample::of_allowed(self.rules, env).confirmed {
            return Ok(());
        }
        Err(SolverFault::Undecided("Cedar does not allow what the solver says it allows".to_owned()))
    }

    /// Every policy with every environment that it bears on.
    fn applications(&self) -> Vec<(RequestEnv, Policy)> {
        let bearing = |environment: &RequestEnv| {
            let policies = self.rules.bearing_on(environment.action());
            policies.into_iter().map(|policy| (environment.clone(), policy.clone())).collect::<Vec<_>>()
        };
        self.environments.iter().flat_map(bearing).collect()
    }

    fn scope(&self, policy: &Policy) -> Vec<RequestEnv> {
        let takes_in = |environment: &&RequestEnv| self.rules.takes_in(policy, environment.action());
        self.environments.iter().filter(takes_in).cloned().collect()
    }

    fn set(&mut self, environment: &RequestEnv) -> Result<CompiledPolicySet, SolverFault> {
        let action = name(environment);
        if let Some(set) = self.sets.get(&action) {
            return Ok(set.clone());
        }
        let policies = policy_set(self.rules.bearing_on(environment.action()));
        let set = self.compile_set(&policies, environment)?;
        self.sets.insert(action, set.clone());
        Ok(set)
    }

    fn compile_set(
        &self,
        policies: &PolicySet,
        environment: &RequestEnv,
    ) -> Result<CompiledPolicySet, SolverFault> {
        CompiledPolicySet::compile(policies, environment, &self.rules.schema)
            .map_err(|told| SolverFault::Undecided(told.to_string()))
    }

    fn compile(&self, policy: &Policy, environment: &RequestEnv) -> Result<CompiledPolicy, SolverFault> {
        CompiledPolicy::compile(policy, environment, &self.rules.schema)
            .map_err(|told| SolverFault::Undecided(format!("`{}`: {told}", policy.id())))
    }

    fn entry(
        &mut self,
        id: &str,
        sentence: &str,
        source: &str,
        look: impl FnOnce(&mut Self) -> Found,
    ) -> Proof {
        let start = Instant::now();
        let (proofs, verdict) = match look(self) {
            Err(fault) => (0, Verdict::Undecided { why: fault.to_string() }),
            Ok(found) => (found.proofs, verdict(found)),
        };
        Proof {
            id: id.to_owned(),
            sentence: sentence.to_owned(),
            source: source.to_owned(),
            proofs,
            took_ms: start.elapsed().as_millis(),
            verdict,
        }
    }
}

fn verdict(found: Findings) -> Verdict {
    if !found.counterexamples.is_empty() {
        Verdict::Broken { counterexamples: found.counterexamples }
    } else if !found.empty.is_empty() {
        Verdict::Empty { what: found.empty }
    } else {
        Verdict::Proved
    }
}

fn name(environment: &RequestEnv) -> String {
    environment.action().id().unescaped().to_owned()
}
