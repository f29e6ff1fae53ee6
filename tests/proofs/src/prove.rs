//! All proofs at once: the promises shared out among the solvers, told in their order.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use crate::{Promise, Promises, Proof, Prover, Report, Rules, Solver};

/// Proves every promise, and of the policies themselves that none can err, that each can apply, and that
/// every action is possible. `told` hears of each proof as soon as it and all before it are done.
pub fn prove(
    rules: &Rules,
    promises: &Promises,
    solvers: Vec<Solver>,
    mut told: impl FnMut(&Proof),
) -> Report {
    let start = Instant::now();
    let solver = solvers.first().map(|solver| solver.version().to_owned()).unwrap_or_default();
    let jobs: Vec<_> =
        promises.0.iter().map(Job::Promise).chain([Job::NoPolicyErrs, Job::EveryPolicyApplies]).collect();
    let mut proofs = Vec::new();
    let provers = share_out(rules, &jobs, solvers, |proof| {
        told(&proof);
        proofs.push(proof);
    });

    if proofs.len() != jobs.len() {
        // A worker ended early. What was not tried must not pass for proved.
        let proof = Proof::undecided("complete", "Everything was tried.", "not everything was tried");
        told(&proof);
        proofs.push(proof);
    }

    // Only now is it known what the promises rule out altogether.
    let ruled_out: Vec<_> = provers.iter().flat_map(Prover::ruled_out).cloned().collect();
    let mut questions = provers.iter().map(Prover::asked).sum();
    if let Some(mut prover) = provers.into_iter().next() {
        let before = prover.asked();
        let proof = prover.every_action_is_possible(&ruled_out);
        questions += prover.asked() - before;
        told(&proof);
        proofs.push(proof);
    }
    Report { proofs, solver, questions, took_ms: start.elapsed().as_millis() }
}

enum Job<'p> {
    Promise(&'p Promise),
    NoPolicyErrs,
    EveryPolicyApplies,
}

impl Job<'_> {
    fn done_by(&self, prover: &mut Prover) -> Proof {
        match self {
            Self::Promise(promise) => prover.promise(promise),
            Self::NoPolicyErrs => prover.no_policy_errs(),
            Self::EveryPolicyApplies => prover.every_policy_applies(),
        }
    }
}

/// Each prover takes the next job until none is left.
fn share_out<'r>(
    rules: &'r Rules,
    jobs: &[Job],
    solvers: Vec<Solver>,
    mut told: impl FnMut(Proof),
) -> Vec<Prover<'r>> {
    let next = AtomicUsize::new(0);
    let (sender, done) = mpsc::channel();
    thread::scope(|scope| {
        let work = |solver| {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || worker(rules, jobs, solver, next, &sender))
        };
        let threads: Vec<_> = solvers.into_iter().map(work).collect();
        drop(sender);
        in_order(&done, &mut told);
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

fn worker<'r>(
    rules: &'r Rules,
    jobs: &[Job],
    solver: Solver,
    next: &AtomicUsize,
    done: &mpsc::Sender<(usize, Proof)>,
) -> Prover<'r> {
    let mut prover = Prover::new(rules, solver);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(job) = jobs.get(number) else { return prover };
        // Fails only if the caller has stopped to listen, and then nobody misses it.
        let _ = done.send((number, job.done_by(&mut prover)));
    }
}

/// Tells each proof after all of a lower number.
fn in_order(done: &mpsc::Receiver<(usize, Proof)>, told: &mut impl FnMut(Proof)) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    while let Ok((number, proof)) = done.recv() {
        early.insert(number, proof);
        while let Some(proof) = early.remove(&next) {
            told(proof);
            next += 1;
        }
    }
}
