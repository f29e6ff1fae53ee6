//! Texts of 1 MiB that somebody made to hurt.

use serde_json::{Value, json};

const MIB: usize = 1 << 20;

/// Each with its name. `sound` is a referral without fault, which several of them are made from.
pub fn texts(sound: &str) -> Vec<(&'static str, String)> {
    let long = "a".repeat(900_000);
    vec![
        ("deep arrays", "[".repeat(MIB)),
        ("deep objects", r#"{"a":"#.repeat(MIB / 5)),
        ("wide array", format!("[{}0]", "0,".repeat(MIB / 2 - 2))),
        ("many members", members(MIB)),
        ("as many as may be", within(sound, 18_000)),
        ("unknown members", with(sound, "/body/offender", unknown(18_000))),
        ("wrong entries", with(sound, "/body/offender/aliases", json!(vec![0; 18_000]))),
        ("wrong recipients", with(sound, "/recipients", json!(vec![json!({ "a": 0 }); 9_000]))),
        (
            "same recipient",
            with(sound, "/recipients", json!(vec![json!({ "agency_id": "kent-yot" }); 9_000])),
        ),
        ("many recipients", with(sound, "/recipients", (0..9_000).map(recipient).collect())),
        ("long text", with(sound, "/body/conviction/offence_summary", json!(long))),
        ("pattern bait", with(sound, "/case_ref", json!(long))),
        ("date bait", with(sound, "/body/offender/date_of_birth", json!("0".repeat(900_000)))),
        ("identifiers bait", with(sound, "/body/offender/identifiers", bait())),
        ("escapes", with(sound, "/body/conviction/offence_summary", json!("\u{1}".repeat(170_000)))),
        ("long number", format!("[{}]", "9".repeat(MIB - 2))),
        ("long name", format!(r#"{{"{}":0}}"#, "n".repeat(MIB - 6))),
    ]
}

fn recipient(number: usize) -> Value {
    json!({ "agency_id": format!("kent-{number}") })
}

/// The sound referral with something else at a place.
fn with(sound: &str, pointer: &str, value: Value) -> String {
    let mut message: Value = serde_json::from_str(sound).unwrap();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    message.pointer_mut(parent).unwrap()[member] = value;
    message.to_string()
}

/// An object of so many bytes, with as many members as fit.
fn members(bytes: usize) -> String {
    let mut text = String::from("{");
    for number in 0.. {
        if text.len() + 12 > bytes {
            break;
        }
        text.push_str(&format!(r#""{number:x}":0,"#));
    }
    text + r#""z":0}"#
}

/// As many values as the reader takes, where the schema has a text.
fn within(sound: &str, values: usize) -> String {
    with(sound, "/body/offender/ethnicity", json!(vec![json!([]); values]))
}

fn unknown(members: usize) -> Value {
    (0..members).map(|number| (format!("m{number}"), Value::Null)).collect::<serde_json::Map<_, _>>().into()
}

/// Identifiers as long and as many as fit into 1 MiB.
fn bait() -> Value {
    let one = |scheme: &str| json!({ "scheme": scheme, "value": "1".repeat(40_000) });
    ["PNC", "CRO", "NHS", "NINO", "NOMS", "CRN", "VISOR"].iter().cycle().take(22).map(|s| one(s)).collect()
}
