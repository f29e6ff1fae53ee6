//! What policies look at. Building an attribute that none of them mentions is time for nothing, and
//! sets of agencies are what an entity is dear for.

use std::collections::HashSet;

use cedar_policy::RestrictedExpression as Value;

/// Every text that stands in some policies, the names of attributes among them. It has more than those,
/// never less: whatever way an attribute can be asked for, its name has to stand there. One that is
/// left out by it cannot be missed.
#[derive(Default)]
pub(super) struct LookedAt {
    texts: HashSet<Box<str>>,
}

impl LookedAt {
    /// What a policy looks at, in Cedar's JSON form.
    pub fn by(policy: &serde_json::Value) -> Self {
        let mut looked_at = Self::default();
        looked_at.read(policy);
        looked_at
    }

    /// Whether this text stands anywhere in them.
    pub fn at(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    fn read(&mut self, json: &serde_json::Value) {
        match json {
            serde_json::Value::String(text) => self.note(text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            serde_json::Value::Object(members) => members.iter().for_each(|(name, member)| {
                self.note(name);
                self.read(member);
            }),
            _ => {}
        }
    }

    fn note(&mut self, text: &str) {
        // `has a.b` may stand as one text.
        self.texts.extend(text.split('.').map(Into::into));
    }
}

impl<'l> FromIterator<&'l LookedAt> for LookedAt {
    fn from_iter<I: IntoIterator<Item = &'l LookedAt>>(parts: I) -> Self {
        Self { texts: parts.into_iter().flat_map(|part| &part.texts).cloned().collect() }
    }
}

/// The attributes of one entity, or of a request's context. With `None` all are taken.
pub(super) struct Attributes<'l> {
    looked_at: Option<&'l LookedAt>,
    taken: Vec<(String, Value)>,
}

impl<'l> Attributes<'l> {
    pub fn new(looked_at: Option<&'l LookedAt>) -> Self {
        Self { looked_at, taken: Vec::new() }
    }

    /// One that is always there. It is built only if some policy looks at it.
    pub fn with(self, name: &str, build: impl FnOnce() -> Value) -> Self {
        self.with_stated(name, Some(build))
    }

    /// One that may be absent.
    pub fn with_stated(mut self, name: &str, build: Option<impl FnOnce() -> Value>) -> Self {
        let wanted = self.looked_at.is_none_or(|looked_at| looked_at.at(name));
        if let Some(build) = build.filter(|_| wanted) {
            self.taken.push((name.to_owned(), build()));
        }
        self
    }

    pub fn taken(self) -> Vec<(String, Value)> {
        self.taken
    }
}
