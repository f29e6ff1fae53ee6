//! `portcullis.toml` and `areas.toml` of an installation: the shipped files with some values set, so
//! that every comment stays.

use toml::Value;

use super::InstallFault;
use crate::message::{Area, EncryptionKey};

/// A commented TOML file of `[sections]` with one setting on each line.
pub(super) struct Settings(String);

impl Settings {
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Sets one value: in place of the line `key = …`, or of the line `# key = …` that shows it left
    /// out.
    pub fn set(&mut self, section: &str, key: &str, value: &Value) -> Result<(), InstallFault> {
        let (head, shown, hidden) = (format!("[{section}]"), format!("{key} = "), format!("# {key} = "));
        let mut inside = false;
        let mut done = false;
        let mut text = String::with_capacity(self.0.len());
        for line in self.0.lines() {
            if line.starts_with('[') {
                inside = line == head;
            }
            if inside && !done && (line.starts_with(&shown) || line.starts_with(&hidden)) {
                text.push_str(&format!("{key} = {}", inline(value)));
                done = true;
            } else {
                text.push_str(line);
            }
            text.push('\n');
        }
        self.0 = text;
        if done { Ok(()) } else { Err(InstallFault::Form("a setting that the shipped file does not have")) }
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A value on one line, as a table in a section must be.
fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let entries = table.iter().map(|(key, value)| format!("{} = {}", quoted(key), inline(value)));
            let entries: Vec<String> = entries.collect();
            if entries.is_empty() { "{}".into() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::String(text) => quoted(text),
        plain => plain.to_string(),
    }
}

/// A basic string (TOML 1.0): JSON's escapes are among those of TOML.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// The areas with the audit keys of some of them.
pub(super) fn areas(text: &str, keys: &[(Area, EncryptionKey)]) -> Result<String, InstallFault> {
    let mut text = text.to_owned();
    for (area, key) in keys {
        let line = format!("code = \"{area}\"\n");
        if !text.contains(&line) {
            return Err(InstallFault::Form("an area that the shipped file does not have"));
        }
        let key = Value::try_from(key).map_err(|_| InstallFault::Form("an audit key"))?;
        text = text.replacen(&line, &format!("{line}audit_key = {}\n", inline(&key)), 1);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_set_in_its_own_section_and_every_comment_stays() {
        let mut settings = Settings::of("# top\n[a]\n# why\nkey = 1\n[b]\n# why not\n# key = \"x\"\n");
        settings.set("b", "key", &Value::String("it's \"so\"".into())).unwrap();
        settings.set("a", "key", &Value::Integer(7)).unwrap();
        assert!(settings.set("b", "other", &Value::Integer(7)).is_err());
        assert!(settings.set("c", "key", &Value::Integer(7)).is_err());
        let table: toml::Table = settings.text().parse().unwrap();
        assert_eq!(table["a"]["key"].as_integer(), Some(7));
        assert_eq!(table["b"]["key"].as_str(), Some("it's \"so\""));
        assert_eq!(settings.text().matches('#').count(), 3);
    }

    #[test]
    fn tables_stand_on_one_line() {
        let mut table = toml::Table::new();
        table.insert("kent-mh-trust".into(), Value::Array(vec![Value::String("127.0.0.1/32".into())]));
        let text = format!("allow = {}", inline(&Value::Table(table.clone())));
        assert_eq!(text.lines().count(), 1);
        assert_eq!(text.parse::<toml::Table>().unwrap()["allow"], Value::Table(table));
    }
}
