//! The rules for the people who are responsible for them: the matrix as it is printed, held against what
//! is plainly written here, and what `check` says about a set with a fault.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policies")
}

/// Runs a command that needs no gateway.
pub fn command(arguments: &[&str]) -> Ended {
    let (data, talk) = (Screen::default(), Screen::default());
    let terminal = |json| Terminal::new(json, Box::new(data.clone()), Box::new(talk.clone()));
    let exit = run_on(std::iter::once("portcullis").chain(arguments.iter().copied()), terminal).unwrap();
    Ended { exit, data: data.text(), talk: talk.text() }
}

fn matrix(arguments: &[&str]) -> String {
    let folder = folder();
    let shipped = ["policy", "matrix", "--policies", folder.to_str().unwrap()];
    command(&[&shipped[..], arguments].concat()).well().data
}

/// The fields of a table by recipient and column. Columns are at least two spaces apart.
fn fields(page: &str) -> BTreeMap<(String, String), String> {
    let split = |line: &str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut lines = page.lines().skip_while(|line| !line.starts_with("recipient"));
    let heads = split(lines.next().unwrap());
    let mut fields = BTreeMap::new();
    for cells in lines.map(split).take_while(|cells| cells.len() > 1) {
        for (head, cell) in heads.iter().zip(&cells).skip(1) {
            fields.insert((cells[0].clone(), head.clone()), cell.clone());
        }
    }
    fields
}

#[test]
fn the_matrix_of_minutes_says_what_the_rules_say() {
    let page = matrix(&["minutes"]);
    assert!(
        page.starts_with("MAPPA minutes (minutes), case of category 2 at level 2\npolicy set "),
        "{page}"
    );
    assert!(page.contains("Who may send it\n  P15 in any relation: COORD\n"), "{page}");
    assert!(page.contains("Who may receive it, sent by COORD\n"), "{page}");
    let fields = fields(&page);
    for (recipient, column, wanted) in [
        ("POLICE", "none", "–"),
        ("POLICE", "attended", "P15"),
        ("YOT", "action owner", "P16"),
        ("YOT", "lead", "P16"),
        ("NHS_TRUST", "released", "P17"),
        ("NHS_TRUST", "none", "–"),
        ("COORD", "none", "P15"),
        ("SMB", "attended", "✗ P25"),
        ("LAY", "released", "✗ P25"),
        ("COURT", "attended", "✗ P18"),
        ("OTHER", "attended", "✗ P22"),
        ("OTHER, designated", "none", "–"),
        ("OTHER, designated", "attended", "P15"),
        ("POLICE", "victim data", "P29"),
        ("LA_CSC", "victim data", "P29"),
        ("YOT", "victim data", "–"),
    ] {
        let key = (recipient.to_owned(), column.to_owned());
        assert_eq!(fields.get(&key).map(String::as_str), Some(wanted), "{recipient}, {column}\n{page}");
    }
    assert!(
        page.contains("As `none`: shares supervision, notifier, referrer, invited, confirmed\n"),
        "{page}"
    );
    let present = "\nP15-present\n  Minutes go to the agencies recorded as present.\n  law: CJA 2003 s.325(4)\n  source: ";
    assert!(page.contains(present), "{page}");
    assert!(page.contains("\n✗ P25-board\n"), "{page}");
    assert!(!page.contains("P6-refer"), "the legend has what the page names, no more");
    assert!(page.lines().all(|line| line.chars().count() <= 120), "{page}");
}

#[test]
fn what_is_out_of_the_ordinary_changes_the_matrix() {
    let suspended = fields(&matrix(&["minutes", "--when", "suspended", "--recipient", "yot"]));
    assert_eq!(suspended[&("YOT".to_owned(), "none".to_owned())], "✗ P2");
    let asked = ["minutes", "--category", "4", "--recipient", "rsl", "--relation", "attended"];
    let terrorism = fields(&matrix(&asked));
    assert_eq!(terrorism[&("RSL".to_owned(), "attended".to_owned())], "✗ P23 P32");
    let approved = fields(&matrix(&[&asked[..], &["--approved"]].concat()));
    assert_eq!(approved[&("RSL".to_owned(), "attended".to_owned())], "✗ P23");
    assert_eq!(approved[&("RSL, designated".to_owned(), "attended".to_owned())], "P15");
}

#[test]
fn the_overview_has_a_line_for_each_type_as_the_rules_are_written_for_people() {
    let page = matrix(&[
        "--recipient",
        "police",
        "--recipient",
        "yot",
        "--recipient",
        "other",
        "--recipient",
        "coord",
        "--recipient",
        "smb",
        "--relation",
        "none",
        "--relation",
        "attended",
        "--sender",
        "coord",
    ]);
    let lines: Vec<&str> = page.lines().collect();
    let line = |kind: &str| *lines.iter().find(|line| line.starts_with(&format!("{kind} "))).unwrap();
    assert_eq!(
        line("minutes").split_whitespace().collect::<Vec<_>>().join(" "),
        "minutes COORD C P15 C P15 C P15 ✗P22 A P15 ✗ P25"
    );
    assert!(line("info_request").contains("A P7"), "{page}");
    assert!(line("receipt").contains("✗ D25"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 120), "{page}");
}

/// The records of one call.
fn records(arguments: &[&str]) -> Vec<Value> {
    let text = matrix(&[arguments, &["--json"]].concat());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_policy_about_messages_decides_somewhere_in_the_matrix() {
    // One or two of each kind of agency, and each relation, suffice to meet every policy.
    let recipients = [
        "probation",
        "prison",
        "yot",
        "dwp",
        "la_housing",
        "rsl",
        "immigration",
        "coord",
        "smb",
        "lay",
        "court",
        "other",
    ];
    let senders = ["probation", "coord", "smb", "lay", "other"];
    let recipients = recipients.iter().flat_map(|kind| ["--recipient", *kind]);
    let asked: Vec<&str> = recipients.chain(senders.iter().flat_map(|kind| ["--sender", *kind])).collect();
    let mut never: BTreeMap<String, String> = BTreeMap::new();
    let mut decided = BTreeSet::new();
    let mut told = |circumstances: &[&str]| {
        for record in records(&[&asked[..], circumstances].concat()) {
            let id = record["id"].as_str().unwrap_or_default().to_owned();
            match record["why_never"].as_str() {
                _ if record["ask"] != "policy" => {}
                Some(why) => drop(never.insert(id, why.to_owned())),
                None => drop(decided.insert(id)),
            }
        }
    };
    told(&[]);
    told(&["--level", "1"]);
    told(&["--category", "4"]);
    for when in [
        "suspended",
        "other_area",
        "record_contradicts",
        "mail_without_contact",
        "case_unknown",
        "case_of_other_area",
        "meeting_unknown",
        "not_convicted",
        "case_left",
        "no_foreign_national",
        "outside_mappa",
        "purpose_unstated",
        "other_purpose",
        "unjustified",
        "health_data",
        "tells_level",
        "not_outside_mappa",
        "no_receiving_area",
        "recipients_left_out",
    ] {
        // What one type or two show is not asked of all thirty.
        let few: &[&str] = match when {
            "outside_mappa" | "not_outside_mappa" => &["dwp_notice"],
            "tells_level" => &["info_response"],
            "no_receiving_area" => &["transfer"],
            "recipients_left_out" => &["correction"],
            _ => &["minutes"],
        };
        told(&[few, &["--when", when]].concat());
    }
    told(&["rmp", "--when", "case_left"]);
    told(&["rmp", "--when", "unjustified"]);
    told(&["rmp", "--category", "4", "--approved"]);
    never.retain(|id, _| !decided.contains(id));
    never.retain(|_, why| !why.starts_with("not about messages"));
    assert!(never.is_empty(), "{never:?}");
    assert!(decided.len() > 80, "{}", decided.len());
}

#[test]
fn a_record_tells_who_asked_what_was_decided_and_by_which_law() {
    let records = records(&["minutes", "--recipient", "yot", "--relation", "action owner"]);
    let received: Vec<&Value> = records.iter().filter(|record| record["ask"] == "receive").collect();
    let wanted = json!({ "ask": "receive", "sender": "COORD", "recipient": "YOT", "designated": false,
        "relation": "action owner", "message_type": "minutes", "category": 2, "level": 2, "approved": false,
        "when": "ordinary", "verdict": "allowed", "policies": ["P16-action-owner"],
        "legal_basis": ["CJA 2003 s.325(4)"], "victim_data": false, "victim_data_policies": [] });
    assert_eq!(received, [&wanted]);
    let of = |id: &str| records.iter().find(|record| record["id"] == id).unwrap();
    assert!(of("P8-reason")["why_never"].as_str().unwrap().starts_with("not about messages"));
    assert_eq!(of("P16-action-owner")["decided"], 1);
}

#[test]
fn words_that_nobody_knows_are_answered_with_those_there_are() {
    for (wrong, told) in [
        (["--relation", "friend"], "`action owner`"),
        (["--when", "sunday"], "`suspended`"),
        (["--level", "4"], "1..=3"),
    ] {
        let line = ["portcullis", "policy", "matrix", wrong[0], wrong[1]];
        let fault = run_on(line, |json| Terminal::new(json, Box::new(io::sink()), Box::new(io::sink())))
            .err()
            .unwrap();
        assert!(fault.to_string().contains(told), "{fault}");
    }
}

#[test]
fn a_set_with_a_fault_is_told_with_file_policy_and_remedy() {
    let folder_of_faults = tempfile::tempdir().unwrap();
    let draft = folder_of_faults.path().join("policies");
    fs::create_dir(&draft).unwrap();
    for entry in fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), draft.join(entry.file_name())).unwrap();
    }
    let minutes = fs::read_to_string(draft.join("minutes.cedar")).unwrap();
    fs::write(
        draft.join("minutes.cedar"),
        minutes.replacen("resource.meeting.attended", "resource.meeting.attendees", 1),
    )
    .unwrap();
    let told = command(&["policy", "matrix", "minutes", "--policies", draft.to_str().unwrap()]);
    assert_eq!((told.exit, told.data.as_str()), (Exit::Config, ""));
    for word in [
        "`P15-present` in `minutes.cedar`",
        "line 25",
        "`attendees`",
        "did you mean `attended`",
        "schema.cedarschema",
    ] {
        assert!(told.talk.contains(word), "{word}: {}", told.talk);
    }
}
