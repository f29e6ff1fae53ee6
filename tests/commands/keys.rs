//! A running gateway takes up a new key at SIGHUP, and explains a certificate that it refuses: the real
//! program, the real signal, the real log.

use portcullis::{cli::pki::DevelopmentCa, crypto::certificate};
use rustix::process::Signal;

use super::*;
use crate::hangup::Process;

/// `portcullis key …` on the installation.
async fn key(process: &Process, arguments: &[&str]) -> Ended {
    let settings = process.made.settings().to_str().unwrap().to_owned();
    let mut line = vec!["key".to_owned()];
    line.extend(arguments.iter().map(|word| (*word).to_owned()));
    line.extend(["--config".to_owned(), settings]);
    let run = move || crate::policy::command(&line.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_sighup_a_new_key_signs_and_the_set_shows_both() {
    let mut process = Process::start().await;
    let before = key(&process, &["show"]).await.well().data;
    assert_eq!(before.matches("in force").count(), 4, "{before}");
    let new = key(&process, &["rotate", "statements"]).await.well().data.trim().to_owned();
    assert!(!before.contains(&new));
    process.signal(Signal::HUP);
    let told = process.says("keys: others are in force").await;
    assert!(told.contains("statements"), "{told}");
    process.says("policies: read again").await;
    let after = key(&process, &["show"]).await.well().data;
    assert_eq!((after.matches("in force").count(), after.lines().count()), (4, 6), "{after}");
    assert!(after.contains(&new), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_certificate_is_explained_to_the_operator() {
    let mut process = Process::start().await;
    let stranger = DevelopmentCa::new(Clock::system(), Random::system()).unwrap();
    let own = stranger.issue_client(&"kent-police".parse().unwrap()).unwrap();
    let folder = process.place.path("area/agencies/kent-police");
    fs::write(folder.join("tls.crt"), &own.certificate_pem).unwrap();
    fs::write(folder.join("tls.key"), own.key_pem.as_bytes()).unwrap();
    let (message, _) = process.place.referral();
    assert_eq!(process.place.run("kent-police", &["explain", &message]).await.exit, Exit::Unavailable);
    let told = process.says("a client certificate is refused").await;
    let described = certificate::describe_pem(own.certificate_pem.as_bytes()).unwrap();
    for word in [
        // An authority of the same name with another key.
        "signature",
        "CN=kent-police",
        &described.serial,
        &described.spki_sha256,
        &described.not_before.to_string(),
        &described.not_after.to_string(),
    ] {
        assert!(told.contains(word), "{word} is not in {told}");
    }
}
