//! The shipped policies, with a mistake planted where a test wants one.

use std::{collections::BTreeMap, fs, path::Path};

use portcullis_proofs::{Promise, Promises, Proof, Prover, Rules, RulesFault, Solver, Verdict};

/// The schema's text, and the policies' by file.
pub type Texts = BTreeMap<String, String>;

/// What is shipped, after `plant` has changed the schema or the files.
pub fn shipped(plant: impl FnOnce(&mut String, &mut Texts)) -> Rules {
    planted(plant).unwrap()
}

/// The same, where the mistake may keep the set from being read.
pub fn planted(plant: impl FnOnce(&mut String, &mut Texts)) -> Result<Rules, RulesFault> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/policies");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Texts =
        names.filter(|name| name.ends_with(".cedar")).map(|name| (name.clone(), read(&name))).collect();
    let mut schema = read("schema.cedarschema");
    plant(&mut schema, &mut files);
    Rules::from_texts(&schema, &files.into_iter().collect::<Vec<_>>())
}

/// Adds a policy.
#[allow(dead_code, reason = "each test binary uses some of these")]
pub fn add(policy: &str) -> impl FnOnce(&mut String, &mut Texts) {
    let policy = policy.to_owned();
    move |_, files| {
        files.insert("careless.cedar".into(), policy);
    }
}

/// Takes out the policy of that id.
#[allow(dead_code, reason = "each test binary uses some of these")]
pub fn drop(id: &str) -> impl FnOnce(&mut String, &mut Texts) {
    let start = format!("@id(\"{id}\")");
    move |_, files| {
        let text = files.values_mut().find(|text| text.contains(&start)).unwrap();
        let from = text.find(&start).unwrap();
        let to = text[from + 1..].find("\n@id(").map_or(text.len(), |to| from + 1 + to);
        text.replace_range(from..to, "");
    }
}

/// Replaces a text that stands in one file, within the policy of that id.
#[allow(dead_code, reason = "each test binary uses some of these")]
pub fn change(id: &str, old: &str, new: &str) -> impl FnOnce(&mut String, &mut Texts) {
    let (start, old, new) = (format!("@id(\"{id}\")"), old.to_owned(), new.to_owned());
    move |_, files| {
        let text = files.values_mut().find(|text| text.contains(&start)).unwrap();
        let from = text.find(&start).unwrap();
        let at = from + text[from..].find(&old).expect("the policy reads differently now");
        text.replace_range(at..at + old.len(), &new);
    }
}

/// What becomes of one promise.
#[allow(dead_code, reason = "each test binary uses some of these")]
pub fn outcome(rules: &Rules, id: &str) -> Proof {
    let promises = Promises::shipped().unwrap();
    let promise: &Promise = promises.0.iter().find(|promise| promise.id == id).unwrap();
    Prover::new(rules, Solver::start().unwrap()).promise(promise)
}

/// The first counterexample, as it is printed; Cedar's evaluator has to confirm it.
#[allow(dead_code, reason = "each test binary uses some of these")]
pub fn counterexample(proof: &Proof) -> String {
    let Verdict::Broken { counterexamples } = &proof.verdict else {
        panic!("not broken: {}", proof.rendered());
    };
    assert!(counterexamples[0].confirmed, "{}", proof.rendered());
    counterexamples[0].rendered()
}
