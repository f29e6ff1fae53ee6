//! The environment, handed in: settings that stand above the file, and the folder of credentials.
//!
//! In: variables. Out: those of the form `PORTCULLIS_<SECTION>__<KEY>` as settings, two underscores
//! between levels: `PORTCULLIS_LIMITS__MESSAGE_BYTES=2097152`. A variable without two underscores
//! (`PORTCULLIS_CONFIG`, or what Kubernetes makes of a service's name) is none of them. This file
//! does not know which settings exist.

use std::{collections::BTreeMap, env, ffi::OsString, path::PathBuf};

use toml::de::{DeTable, DeValue};

const PREFIX: &str = "PORTCULLIS_";

/// The variables that the process was started with, or that a test made up.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self(env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect())
    }

    /// No variables: the file alone speaks.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Where systemd puts the credentials of a unit (`LoadCredential=`, systemd.exec(5)).
    pub(super) fn credentials(&self) -> Option<PathBuf> {
        self.0.get("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// The settings among the variables. Their texts are laid one behind another from `start`, each
    /// behind so many spaces, so that a span in a parsed value tells which variable it came from.
    pub(super) fn settings(&self, start: usize) -> Vec<Setting> {
        let mut settings: Vec<Setting> = Vec::new();
        let mut start = start;
        for (name, value) in &self.0 {
            let Some(levels) = name.strip_prefix(PREFIX).filter(|rest| rest.contains("__")) else {
                continue;
            };
            let levels = levels.split("__").map(str::to_ascii_lowercase).collect();
            let setting = Setting { start, levels, name: name.clone(), value: padded(start, value) };
            start += setting.value.as_ref().map_or(0, |text| text.len() - setting.start) + 1;
            settings.push(setting);
        }
        settings
    }
}

impl<N: Into<String>, V: Into<OsString>, const LENGTH: usize> From<[(N, V); LENGTH]> for Environment {
    fn from(variables: [(N, V); LENGTH]) -> Self {
        variables.into_iter().collect()
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// `value` as the one entry of a document, so far from its beginning. None if it is not UTF-8.
fn padded(start: usize, value: &OsString) -> Option<String> {
    Some(format!("{}v={}", " ".repeat(start), value.to_str()?))
}

/// One setting that stands in a variable.
pub(super) struct Setting {
    /// The variable.
    pub name: String,
    /// Section and key, in lower case.
    pub levels: Vec<String>,
    /// Where its span begins.
    pub start: usize,
    /// The padded document. None if the variable is not UTF-8.
    value: Option<String>,
}

impl Setting {
    /// Its value: a number, a truth value, a list, a table or a quoted text is read as TOML, all
    /// else is the text itself, so that nobody has to quote an address twice.
    pub fn value(&self) -> Option<DeValue<'_>> {
        let padded = self.value.as_deref()?;
        let plain = padded.get(self.start + "v=".len()..)?;
        Some(as_toml(padded).unwrap_or(DeValue::String(plain.into())))
    }
}

fn as_toml(padded: &str) -> Option<DeValue<'_>> {
    let mut table = DeTable::parse(padded).ok()?.into_inner();
    let value = table.remove("v")?.into_inner();
    // A line break in the variable may have begun a second entry: then it is a text.
    let whole = table.is_empty() && !matches!(value, DeValue::Float(_) | DeValue::Datetime(_));
    whole.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(value: &str) -> Vec<Setting> {
        Environment::from([("PORTCULLIS_A__B", value)]).settings(100)
    }

    #[test]
    fn values_are_toml_where_they_look_like_it_and_text_otherwise() {
        for (value, kind) in [
            ("12", "integer"),
            ("true", "boolean"),
            ("[\"0s\", \"5s\"]", "array"),
            ("{ a = 1 }", "table"),
            ("\"12\"", "string"),
            ("0.0.0.0:8443", "string"),
            ("5m", "string"),
            ("", "string"),
            ("1\nc = 2", "string"),
            ("2026-01-01", "string"),
        ] {
            assert_eq!(only(value)[0].value().unwrap().type_str(), kind, "{value}");
        }
    }

    #[test]
    fn only_names_with_two_underscores_are_settings() {
        let environment = Environment::from([
            ("PORTCULLIS_CONFIG", "a"),
            ("PORTCULLIS_SERVICE_HOST", "10.0.0.1"),
            ("PATH", "a"),
            ("PORTCULLIS_LIMITS__PAGE", "7"),
            ("PORTCULLIS_MAIL__HOST", "a"),
        ]);
        let names: Vec<_> = environment.settings(0).into_iter().map(|setting| setting.levels).collect();
        assert_eq!(names, [["limits", "page"], ["mail", "host"]]);
    }
}
