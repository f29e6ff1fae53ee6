use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use clap::{CommandFactory as _, error::ErrorKind};

use super::*;
use crate::message::CaseRef;

/// What a command wrote.
#[derive(Clone, Default)]
pub(super) struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a command line and gives its end, its data and its talk.
pub(super) fn portcullis(arguments: &[&str]) -> (Exit, String, String) {
    let (data, talk) = (Screen::default(), Screen::default());
    let line = std::iter::once("portcullis").chain(arguments.iter().copied());
    let exit =
        run_on(line, |json| Terminal::new(json, Box::new(data.clone()), Box::new(talk.clone()))).unwrap();
    (exit, data.text(), talk.text())
}

fn refused(arguments: &[&str]) -> ErrorKind {
    CommandLine::try_parse_from(std::iter::once("portcullis").chain(arguments.iter().copied()))
        .err()
        .unwrap()
        .kind()
}

#[test]
fn the_command_line_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command_is_understood_with_its_arguments() {
    let delivery = "019ab000-0000-7000-8000-0000000000d1";
    for arguments in [
        &["init", "DIR", "--name", "kent.example", "--listen", "0.0.0.0:9000"][..],
        &["case", "new", "--area", "46"],
        &["schema", "list"],
        &["schema", "show", "referral/1.0", "--resolved"],
        &["schema", "example", "minutes", "--minimal"],
        &["schema", "docs", "DIR"],
        &["send", "m.json", "--attach", "a.pdf", "--attach", "b.pdf", "--dir", "DIR", "--as", "kent-police"],
        &[
            "send",
            "-",
            "--cert",
            "c",
            "--key",
            "k",
            "--ca",
            "a",
            "--url",
            "https://x",
            "--agency",
            "kent-yot",
        ],
        &["inbox", "list", "--wait", "30", "--json", "--as", "kent-mappa"],
        &["inbox", "collect", delivery, "--out", "in"],
        &["inbox", "open", delivery, "--enc-key", "enc.jwk", "--jwks", "gateway.jwks"],
        &["inbox", "ack", delivery, "--dir", "DIR", "--as", "kent-mappa"],
        &["--json", "track"],
        &["track", delivery],
    ] {
        let line = std::iter::once("portcullis").chain(arguments.iter().copied());
        assert!(CommandLine::try_parse_from(line).is_ok(), "{arguments:?}");
    }
}

#[test]
fn what_is_no_id_is_refused_before_anything_is_dialled() {
    assert_eq!(refused(&["inbox", "ack", "../keys"]), ErrorKind::ValueValidation);
    assert_eq!(refused(&["track", "1", "--as", "kent-police"]), ErrorKind::ValueValidation);
    assert_eq!(refused(&["case", "new", "--area", "48"]), ErrorKind::ValueValidation);
    assert_eq!(refused(&["track", "--as", "Kent Police"]), ErrorKind::ValueValidation);
    assert_eq!(refused(&["send"]), ErrorKind::MissingRequiredArgument);
    assert_eq!(refused(&["post"]), ErrorKind::InvalidSubcommand);
}

#[test]
fn a_new_case_has_a_reference_of_its_area_and_year() {
    let (exit, data, talk) = portcullis(&["case", "new", "--area", "46"]);
    assert_eq!((exit, talk.as_str()), (Exit::Ok, ""));
    let case: CaseRef = data.trim_end().parse().unwrap();
    assert_eq!(case.area().to_string(), "46");
    let (_, again, _) = portcullis(&["--json", "case", "new", "--area", "46"]);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_ne!(again["case_ref"].as_str().unwrap(), case.as_str());
    let clock = crate::clock::ManualClock::new("2026-12-31T23:59:59Z".parse().unwrap()).clock();
    let case = case::new("01".parse().unwrap(), &clock, &Random::system()).unwrap();
    assert!(case.as_str().starts_with("01-2026-"));
}

#[test]
fn each_end_has_its_own_exit_code() {
    let nowhere = tempfile::tempdir().unwrap();
    let dir = nowhere.path().to_str().unwrap();
    // Nobody said who calls.
    assert_eq!(portcullis(&["inbox", "list", "--dir", dir]).0, Exit::Usage);
    // There is no such installation.
    let (exit, data, talk) = portcullis(&["inbox", "list", "--dir", dir, "--as", "kent-police"]);
    assert_eq!((exit, data.as_str()), (Exit::Config, ""));
    assert!(talk.starts_with("error: cannot read ") && talk.contains("tls.crt"), "{talk}");
    // An error from below keeps its code under whatever was said around it.
    let deep = anyhow::Error::from(send::ReceiptFault::OtherMessage).context("accepted, but");
    assert_eq!(Exit::of(&deep), Exit::Verification);
    assert_eq!(Exit::of(&anyhow::anyhow!("anything")), Exit::Failed);
    assert_eq!(Exit::of(&Exit::Refused.because("no")), Exit::Refused);
}
