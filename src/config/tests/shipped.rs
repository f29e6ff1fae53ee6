//! The files in `config/` say what the code does.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::message::{Area, Channel, EncryptionKey};

/// Each key of a file with its section and the comment above it.
fn documented(text: &str) -> BTreeMap<(String, String), String> {
    let (mut section, mut comment) = (String::new(), String::new());
    let mut keys = BTreeMap::new();
    for line in text.lines() {
        let key = key_of(line.strip_prefix("# ").unwrap_or(line));
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
            comment.clear();
        } else if let Some(key) = key {
            keys.insert((section.clone(), key.to_owned()), std::mem::take(&mut comment));
        } else if let Some(text) = line.strip_prefix('#') {
            comment.push_str(text);
        } else {
            comment.clear();
        }
    }
    keys
}

fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    let sound = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    (sound && !key.is_empty()).then_some(key)
}

/// The keys that the code knows in a section, asked by a key that nobody knows.
fn known(section: &str) -> Vec<String> {
    let text = match section {
        "" => format!("zzz = 1\n{LEAST}"),
        "gateway" => format!("{LEAST}zzz = 1\n"),
        other => format!("{LEAST}[{other}]\nzzz = 1\n"),
    };
    match settings(&text) {
        Err(ConfigFault::UnknownKey { known, .. }) => known,
        other => panic!("{section}: {other:?}"),
    }
}

#[test]
fn the_shipped_settings_are_the_defaults() {
    assert_eq!(settings(SETTINGS).unwrap(), settings(LEAST).unwrap());
}

#[test]
fn each_setting_stands_in_the_shipped_file_with_a_comment_and_no_other_does() {
    let documented = documented(SETTINGS);
    let in_code: BTreeSet<_> = known("")
        .into_iter()
        .flat_map(|section| known(&section).into_iter().map(move |key| (section.clone(), key)))
        .collect();
    assert_eq!(documented.keys().cloned().collect::<BTreeSet<_>>(), in_code);
    for ((section, key), comment) in documented {
        assert!(!comment.is_empty(), "{section}.{key}");
    }
}

#[test]
fn settings_that_are_left_out_show_what_they_are_otherwise() {
    let written: String = SETTINGS
        .lines()
        .map(|line| match line.strip_prefix("# ").filter(|rest| key_of(rest).is_some()) {
            Some(setting) => format!("{setting}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let mut config = settings(&written).unwrap();
    assert_eq!(config.mail.ca.take().unwrap(), Path::new("config/tls/relay-ca.crt"));
    assert_eq!(config.tls.crls.take().unwrap(), Path::new("config/tls/agencies.crl"));
    let passphrase = Some(Passphrase::File("config/keys/passphrase".into()));
    assert_eq!(
        [config.keys.passphrase.take(), config.webhook.passphrase.take()],
        [passphrase.clone(), passphrase]
    );
    assert_eq!(config.scanner.address.take().unwrap().to_string(), "unix:/run/clamav/clamd.ctl");
    assert_eq!(config, settings(LEAST).unwrap());
}

#[test]
fn the_bounds_in_the_comments_are_those_in_the_code() {
    let mut seen = 0;
    for ((section, key), comment) in documented(SETTINGS) {
        let name = if section == "gateway" { "" } else { "name = \"a.example\"\n" };
        let gateway = if name.is_empty() { "" } else { "[gateway]\n" };
        let text = format!("{gateway}{name}[{section}]\n{key} = false\n");
        let ConfigFault::BadValue { wanted, .. } = settings(&text).unwrap_err() else { panic!("{text}") };
        if let Some((_, bounds)) = wanted.split_once(" from ") {
            assert!(comment.contains(bounds), "{section}.{key}: {bounds}");
            seen += 1;
        }
    }
    for ((section, key), comment) in documented(AREAS) {
        if section == "defaults" {
            let text = told(areas(&format!("area = []\n[defaults]\n{key} = false\n")));
            let (_, bounds) = text.split_once(" from ").unwrap();
            assert!(comment.contains(bounds), "{key}: {bounds}");
            seen += 1;
        }
    }
    assert_eq!(seen, 47, "settings with bounds");
}

#[test]
fn all_42_areas_are_shipped_with_the_timing_rules_of_the_code() {
    let areas = areas(AREAS).unwrap();
    assert_eq!(areas.iter().count(), Area::CODES.len());
    assert!(areas.iter().all(|area| area.thresholds == Thresholds::default()));
    assert_eq!(areas.without_audit_key().count(), Area::CODES.len());
    let london = areas.get("01".parse().unwrap()).unwrap();
    assert_eq!((london.name.as_str(), london.police.len()), ("London", 2));
    let defaults = documented(AREAS).keys().filter(|(section, _)| section == "defaults").count();
    assert_eq!(defaults, 12, "each timing rule has its line");
}

#[test]
fn an_area_sets_its_own_figures_and_inherits_the_others() {
    let text = "[defaults]\npapers_working_days = 7\n\
                [[area]]\ncode = \"46\"\nname = \"Kent\"\npolice = [\"Kent Police\"]\n\
                thresholds = { dwp_notice_weeks = 8 }\n\
                [[area]]\ncode = \"47\"\nname = \"Sussex\"\npolice = []\n";
    let areas = areas(text).unwrap();
    let ours = |code: &str| areas.get(code.parse().unwrap()).unwrap().thresholds;
    let shared = Thresholds { papers_working_days: 7, ..Thresholds::default() };
    assert_eq!(ours("46"), Thresholds { dwp_notice_weeks: 8, ..shared });
    assert_eq!(ours("47"), shared);
    assert!(areas.get("45".parse().unwrap()).is_none());
}

#[test]
fn an_audit_key_is_read() {
    let coordinate = "A".repeat(43);
    let key = format!(
        "{{ kty = \"EC\", crv = \"P-256\", kid = \"a\", x = \"{coordinate}\", y = \"{coordinate}\" }}"
    );
    let text = format!("[[area]]\ncode = \"46\"\nname = \"Kent\"\npolice = []\naudit_key = {key}\n");
    let areas = areas(&text).unwrap();
    let key: &EncryptionKey = areas.get("46".parse().unwrap()).unwrap().audit_key.as_ref().unwrap();
    assert_eq!((key.kid.as_str(), key.x.len()), ("a", 43));
    assert_eq!(areas.without_audit_key().count(), 0);
}

#[test]
fn the_shipped_directory_has_agencies_of_many_kinds() {
    let agencies = agencies(AGENCIES).unwrap();
    assert_eq!(agencies.len(), 18);
    let kent: Area = "46".parse().unwrap();
    assert_eq!(agencies.iter().filter(|agency| agency.serves(kent)).count(), 16);
    let trust = agencies.iter().find(|agency| agency.agency_id.as_str() == "kent-mh-trust").unwrap();
    assert_eq!(trust.channels, [Channel::Webhook, Channel::Mailbox]);
    for agency in &agencies {
        assert!(!agency.contacts.is_empty(), "{}", agency.agency_id);
        assert!(agency.contacts.iter().all(|contact| contact.email.ends_with(".example")));
        assert!(agency.encryption_keys.is_empty() && agency.tls_spki_sha256.is_empty());
    }
}
