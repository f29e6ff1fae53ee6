//! The house keeps its own rules: which room may import from which, and how large a file may grow.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod registry;
mod secrets;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rooms, top first: each imports only from those after it.
const ROOMS: [&str; 16] = [
    "cli",
    "http",
    "console",
    "worker",
    "journey",
    "channel",
    "store",
    "ledger",
    "policy",
    "directory",
    "schema",
    "crypto",
    "config",
    "message",
    "clock",
    "telemetry",
];

/// Rooms that stand side by side at the bottom and need nobody.
const SIDE_BY_SIDE: [&str; 2] = ["clock", "telemetry"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn room_of(path: &Path) -> Option<usize> {
    let first = path
        .strip_prefix(src())
        .unwrap()
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap()
        .to_owned();
    ROOMS.iter().position(|room| *room == first.trim_end_matches(".rs"))
}

/// The rooms that a file names after `crate::`, grouped imports included.
fn imports(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (place, _) in text.match_indices("crate::") {
        let rest = &text[place + "crate::".len()..];
        let named = match rest.strip_prefix('{') {
            Some(group) => top_level(group),
            None => vec![word(rest)],
        };
        found.extend(named);
    }
    found
}

fn word(text: &str) -> &str {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default()
}

/// The first words of the members of a `{…}` group, without those of the groups inside.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (1, 0, Vec::new());
    for (place, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && letter == ',') {
            found.push(word(group[start..place].trim_start()));
            start = place + 1;
        }
        if depth == 0 {
            break;
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn each_room_imports_only_from_rooms_below_it() {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let Some(own) = room_of(&path) else { continue };
        // Tests inside a room may look where they like.
        let text = fs::read_to_string(&path).unwrap();
        for named in imports(&text) {
            let Some(other) = ROOMS.iter().position(|room| *room == named) else { continue };
            let sideways = SIDE_BY_SIDE.contains(&ROOMS[own]) && SIDE_BY_SIDE.contains(&named);
            if other < own && !sideways {
                wrong.push(format!("{} imports from {named}", path.strip_prefix(src()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_lists_the_rooms_in_their_order() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let listed: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let expected: Vec<&str> = ROOMS.into_iter().filter(|room| listed.contains(room)).collect();
    assert_eq!(listed, expected);
}

#[test]
fn only_crypto_and_the_ledger_name_the_cryptographic_libraries() {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    for path in files {
        let inside = path.strip_prefix(src()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        // rustls and rcgen take their provider by name; that is no use of a primitive.
        let uses = text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("use aws_lc_rs")
                || line.starts_with("use ring")
                || line.starts_with("use hpke")
                || line.contains(" ring::digest")
        });
        let allowed = ["crypto", "ledger"].iter().any(|room| inside.starts_with(room))
            // A development key is made once, never used to seal.
            || inside.starts_with("cli");
        assert!(!uses || allowed, "{} names a cryptographic library", inside.display());
    }
}

/// There each call says what guards it.
#[test]
fn only_the_table_of_calls_makes_routes() {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    for path in files {
        let inside = path.strip_prefix(src()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let routes = [".route(", ".route_service(", ".nest(", ".nest_service(", ".fallback_service("]
            .iter()
            .any(|maker| text.contains(maker));
        assert_eq!(routes, inside == Path::new("http/calls.rs"), "{} makes routes", inside.display());
    }
}

#[test]
fn half_of_the_files_are_short() {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    let mut lengths: Vec<usize> =
        files.iter().map(|path| fs::read_to_string(path).unwrap().lines().count()).collect();
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] < 250, "the median is {}", lengths[lengths.len() / 2]);
}
