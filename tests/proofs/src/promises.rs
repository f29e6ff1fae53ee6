//! The promises: what the policies may at most allow, and what has to stay possible.
//!
//! A promise is a permit with `@promise`, in the same language as the policies, so that whoever answers for
//! those can read and add to these. A permit with `@still` names a promise and shows that it is not kept by
//! refusing everything. The head of `promises/everyone.cedar` says how they are written.

use std::path::Path;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};

use crate::rules::{RulesFault, cedar_files};

/// All promises, in the order of files and of ids within one.
pub struct Promises(pub Vec<Promise>);

/// One promise.
pub struct Promise {
    /// Its name, unique.
    pub id: String,
    /// The sentence that is proved.
    pub sentence: String,
    /// The rules it comes from.
    pub source: String,
    /// The law behind it.
    pub legal_basis: String,
    /// Actions in its scope, by name, that it says nothing about.
    pub exempt: Vec<String>,
    /// The most that may be allowed.
    pub bound: Policy,
    /// What has to stay possible.
    pub still: Vec<Still>,
}

/// Something that has to stay possible under a promise.
pub struct Still {
    /// In words.
    pub text: String,
    /// The requests of which at least one has to be allowed.
    pub example: Policy,
}

/// What is wrong with a promise.
#[derive(Debug, thiserror::Error)]
pub enum PromiseFault {
    /// The files cannot be read.
    #[error(transparent)]
    Unreadable(#[from] RulesFault),
    /// A file is wrong.
    #[error("promises, `{file}`: {says}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        says: String,
    },
}

impl Promises {
    /// Those that come with this crate, from `promises/`.
    ///
    /// # Errors
    /// None while the tests pass.
    pub fn shipped() -> Result<Self, PromiseFault> {
        let files: Vec<_> =
            SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self::from_texts(&files)
    }

    /// Every `*.cedar` file of a folder.
    ///
    /// # Errors
    /// The first fault found.
    pub fn read(dir: &Path) -> Result<Self, PromiseFault> {
        let mut files = cedar_files(dir)?;
        files.sort();
        Self::from_texts(&files)
    }

    /// From name and text of each file.
    ///
    /// # Errors
    /// The first fault found.
    pub fn from_texts(files: &[(String, String)]) -> Result<Self, PromiseFault> {
        let mut promises: Vec<Promise> = Vec::new();
        let mut still = Vec::new();
        for (file, text) in files {
            let parsed: PolicySet = text.parse().map_err(|told| fault(file, &told))?;
            for policy in in_order(&parsed) {
                if policy.effect() != Effect::Permit {
                    return Err(fault(file, &"a promise is a permit: the most that may be allowed"));
                }
                match policy.annotation("still") {
                    Some(of) => still.push((file, of.to_owned(), example(file, &policy)?)),
                    None => promises.push(promise(file, &policy)?),
                }
            }
        }
        for (file, of, one) in still {
            let named = promises.iter_mut().find(|promise| promise.id == of);
            named.ok_or_else(|| fault(file, &format!("@still names no promise: `{of}`")))?.still.push(one);
        }
        match promises.iter().enumerate().find(|(n, one)| promises.iter().take(*n).any(|p| p.id == one.id)) {
            None => Ok(Self(promises)),
            Some((_, twice)) => Err(fault("*.cedar", &format!("two promises are called `{}`", twice.id))),
        }
    }
}

/// The policies as they stand in the file: Cedar numbers them `policy0`, `policy1` and so on.
fn in_order(set: &PolicySet) -> Vec<Policy> {
    let mut all: Vec<_> = set.policies().cloned().collect();
    all.sort_by_key(|policy| {
        let id = policy.id().to_string();
        (id.len(), id)
    });
    all
}

fn promise(file: &str, policy: &Policy) -> Result<Promise, PromiseFault> {
    let id = said(file, policy, "id")?;
    let exempt = policy.annotation("exempt").unwrap_or_default();
    Ok(Promise {
        sentence: said(file, policy, "promise")?,
        source: said(file, policy, "source")?,
        legal_basis: said(file, policy, "legal_basis")?,
        exempt: exempt.split_whitespace().map(str::to_owned).collect(),
        bound: policy.new_id(PolicyId::new(&id)),
        still: Vec::new(),
        id,
    })
}

fn example(file: &str, policy: &Policy) -> Result<Still, PromiseFault> {
    Ok(Still { text: said(file, policy, "text")?, example: policy.new_id(PolicyId::new("still")) })
}

fn said(file: &str, policy: &Policy, annotation: &str) -> Result<String, PromiseFault> {
    let text = policy.annotation(annotation).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| {
        let name = policy.annotation("id").or_else(|| policy.annotation("still")).unwrap_or("one of them");
        fault(file, &format!("`{name}` has no @{annotation}"))
    })
}

fn fault(file: &str, says: &dyn ToString) -> PromiseFault {
    PromiseFault::Malformed { file: file.into(), says: says.to_string() }
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../promises/", $name)))),+]
    };
}

/// Name and text of each file in `promises/`. A test finds one that is missing here.
const SHIPPED: &[(&str, &str)] = shipped![
    "associates.cedar",
    "board.cedar",
    "content.cedar",
    "everyone.cedar",
    "exchange.cedar",
    "facts.cedar",
    "minutes.cedar",
    "notices.cedar",
];
