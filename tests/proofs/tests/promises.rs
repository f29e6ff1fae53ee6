//! Every promise holds of the policies that are shipped. Needs cvc5; `tests/run` installs it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by them")]

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use portcullis_proofs::{Promises, Report, Solver, prove};
use support::shipped;

#[test]
fn every_promise_holds() {
    let rules = shipped(|_, _| {});
    let promises = Promises::shipped().unwrap();
    let report: Report = prove(&rules, &promises, Solver::start_all().unwrap(), |_| {});
    let failed: String = report.proofs.iter().filter(|p| !p.holds()).map(|p| p.rendered()).collect();
    assert!(report.holds(), "{failed}");
    println!("{}", report.summary());
}

#[test]
fn every_file_of_promises_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("promises");
    let ids = |promises: &Promises| promises.0.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>();
    assert!(fs::read_dir(&folder).unwrap().count() > 0);
    assert_eq!(ids(&Promises::read(&folder).unwrap()), ids(&Promises::shipped().unwrap()));
}

#[test]
fn a_promise_without_a_sentence_is_refused() {
    let text = r#"@id("silent") permit(principal, action, resource);"#.to_owned();
    let told = Promises::from_texts(&[("silent.cedar".into(), text)]).err().unwrap().to_string();
    assert_eq!(told, "promises, `silent.cedar`: `silent` has no @promise");
}
