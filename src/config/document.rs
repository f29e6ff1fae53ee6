//! A TOML document that remembers where everything stood.
//!
//! In: a text, and settings of the environment laid over it. Out: a value of the wanted type, or a
//! fault that names the line. All files of settings are read through here, so that a misspelt key
//! gets the same answer in each of them.

use std::{fs, ops::Range, path::Path};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer, Error},
};

use super::{
    environment::Setting,
    fault::{ConfigFault, Place},
};

/// The whole of a file's text.
pub(super) fn read_file(path: &Path) -> Result<String, ConfigFault> {
    fs::read_to_string(path).map_err(|source| ConfigFault::Unreadable { path: path.to_owned(), source })
}

/// A parsed text.
pub(super) struct Document<'t> {
    path: &'t Path,
    text: &'t str,
    tree: DeTable<'t>,
    /// Name and beginning of each variable that was laid over the text.
    variables: Vec<(String, usize)>,
}

impl<'t> Document<'t> {
    /// Parses a text that stands in `path`.
    pub fn parse(text: &'t str, path: &'t Path) -> Result<Self, ConfigFault> {
        match DeTable::parse(text) {
            Ok(tree) => Ok(Self { path, text, tree: tree.into_inner(), variables: Vec::new() }),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let place = Place::Line { path: path.to_owned(), line: line(text, at) };
                Err(ConfigFault::Syntax { place, what: error.message().to_owned() })
            }
        }
    }

    /// Lays settings of the environment over what the file says.
    pub fn override_with(&mut self, settings: &'t [Setting]) -> Result<(), ConfigFault> {
        for setting in settings {
            self.variables.push((setting.name.clone(), setting.start));
            let span = setting.start..setting.start;
            let Some(value) = setting.value() else {
                return Err(ConfigFault::BadValue {
                    key: setting.levels.join("."),
                    place: self.place(span.start),
                    wanted: "want UTF-8 text".to_owned(),
                });
            };
            insert(&mut self.tree, &setting.levels, Spanned::new(span, value));
        }
        Ok(())
    }

    /// Gives each table in the list `list` the members of the table `defaults` that its table
    /// `member` lacks.
    pub fn inherit(&mut self, defaults: &str, list: &str, member: &'static str) {
        let Some(defaults) = self.tree.get(defaults).and_then(|value| value.get_ref().as_table()) else {
            return;
        };
        let defaults = defaults.clone();
        let Some(DeValue::Array(elements)) = self.tree.get_mut(list).map(Spanned::get_mut) else { return };
        for element in elements.iter_mut() {
            let span = element.span();
            let DeValue::Table(table) = element.get_mut() else { continue };
            let empty = || Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
            let inner = table.entry(Spanned::new(span.clone(), member.into())).or_insert_with(empty);
            let DeValue::Table(inner) = inner.get_mut() else { continue };
            for (key, value) in &defaults {
                inner.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }

    /// The document as a value.
    pub fn read<T: Deserialize<'t>>(&self) -> Result<T, ConfigFault> {
        let root = Spanned::new(0..self.text.len(), self.tree.clone());
        T::deserialize(Deserializer::from(root)).map_err(|error| self.explain(&error))
    }

    /// A fault about a value that can be read but must not stand there. `key` is the way to it:
    /// `["agency", "3", "mail"]`; the line is that of the last step that exists.
    pub fn bad_value(&self, key: &[&str], wanted: impl Into<String>) -> ConfigFault {
        let mut at = 0;
        let mut value: Option<&DeValue<'_>> = None;
        for step in key {
            let next = match value {
                None => self.tree.get(*step),
                Some(DeValue::Table(table)) => table.get(*step),
                Some(DeValue::Array(list)) => step.parse().ok().and_then(|i: usize| list.get(i)),
                Some(_) => None,
            };
            let Some(next) = next else { break };
            at = next.span().start;
            value = Some(next.get_ref());
        }
        let key = key.iter().fold(String::new(), |path, step| joined(&path, step));
        ConfigFault::BadValue { key, place: self.place(at), wanted: wanted.into() }
    }

    /// Says in our words what serde found.
    fn explain(&self, error: &Error) -> ConfigFault {
        let span = error.span().unwrap_or(0..0);
        let place = self.place(span.start);
        let key = find(&self.tree, &span, "").unwrap_or_default();
        let message = error.message();
        // serde puts the keys and values that it met into its messages and keeps no other record of
        // them. What it wanted stands last and is ours, so it is looked for from the end.
        if let Some(rest) = message.strip_prefix("unknown field `") {
            let (name, known) = rest
                .rsplit_once("`, expected ")
                .unwrap_or_else(|| (rest.strip_suffix("`, there are no fields").unwrap_or(rest), ""));
            return ConfigFault::UnknownKey { key: name.to_owned(), place, known: quoted(known) };
        }
        if let Some(name) = message.strip_prefix("missing field `") {
            let key = joined(&key, name.trim_end_matches('`'));
            return ConfigFault::Missing { key, place };
        }
        let wanted = match message.rsplit_once(", expected ") {
            Some((_, wanted)) => format!("want {wanted}"),
            None => message.to_owned(),
        };
        ConfigFault::BadValue { key, place, wanted }
    }

    fn place(&self, at: usize) -> Place {
        let variable = self.variables.iter().rev().find(|(_, start)| *start <= at);
        match variable {
            Some((name, _)) => Place::Variable(name.clone()),
            None => Place::Line { path: self.path.to_owned(), line: line(self.text, at) },
        }
    }
}

fn insert<'t>(table: &mut DeTable<'t>, levels: &'t [String], value: Spanned<DeValue<'t>>) {
    let Some((first, rest)) = levels.split_first() else { return };
    let span = value.span();
    let key = Spanned::new(span.clone(), first.as_str().into());
    if rest.is_empty() {
        table.insert(key, value);
        return;
    }
    // Another span than the value's, so that a fault about the table is not told of its member.
    let empty = || Spanned::new(span.start..span.start + 1, DeValue::Table(DeTable::new()));
    let inner = table.entry(key).or_insert_with(empty);
    if inner.get_ref().as_table().is_none() {
        // The file has something else there. It is the variable that asks for a table.
        *inner = empty();
    }
    if let DeValue::Table(inner) = inner.get_mut() {
        insert(inner, rest, value);
    }
}

/// The way to what has this span: members first, since a table may have the span of its first one.
fn find(table: &DeTable<'_>, span: &Range<usize>, above: &str) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let path = joined(above, key.get_ref());
        find_in(value, span, &path).or_else(|| (key.span() == *span).then_some(path))
    })
}

fn find_in(value: &Spanned<DeValue<'_>>, span: &Range<usize>, path: &str) -> Option<String> {
    let inside = match value.get_ref() {
        DeValue::Table(table) => find(table, span, path),
        DeValue::Array(list) => {
            list.iter().enumerate().find_map(|(i, item)| find_in(item, span, &joined(path, &i.to_string())))
        }
        _ => None,
    };
    inside.or_else(|| (value.span() == *span).then(|| path.to_owned()))
}

fn joined(above: &str, key: &str) -> String {
    if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
