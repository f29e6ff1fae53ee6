//! What the policies that a table names say of themselves, and text that fits a screen.

use std::collections::BTreeSet;

use crate::policy::Policies;

/// How wide running text gets: a screen of 100 columns is common, and 80 break it nowhere badly.
pub const WIDTH: usize = 96;

/// Each of these policies with its sentence, its law and its source.
pub fn of(policies: &Policies, named: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for listed in policies.listed().iter().filter(|listed| named.contains(&listed.ground.id)) {
        let ground = &listed.ground;
        let verb = if listed.permits { "" } else { "✗ " };
        text.push_str(&format!("\n{verb}{}\n", ground.id));
        if let Some(sentence) = &ground.text {
            text.push_str(&wrapped(sentence, "  "));
        }
        text.push_str(&wrapped(&format!("law: {}", ground.legal_basis), "  "));
        text.push_str(&wrapped(&format!("source: {}", ground.source), "  "));
    }
    text
}

/// Lines of words that begin with this indent.
pub fn wrapped(words: &str, indent: &str) -> String {
    let mut text = String::new();
    let mut line = indent.to_owned();
    for word in words.split_whitespace() {
        let empty = line.trim().is_empty();
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = format!("{indent}{word}");
        } else {
            line.push_str(if empty { "" } else { " " });
            line.push_str(word);
        }
    }
    text.push_str(&line);
    text.push('\n');
    text
}
