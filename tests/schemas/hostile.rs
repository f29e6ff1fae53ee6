//! Texts and values that nobody sane would send: the reader, the schemas and the rules come to an end
//! with each, and say nothing of what it was. `PROPTEST_CASES` says how many of them.

use std::sync::LazyLock;

use portcullis::schema::{FAULTS_MAX, Schemas, strict};
use proptest::{prelude::*, sample::Index};
use serde_json::Value;

use super::rules::{Sample, judge};

static SAMPLES: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| super::samples("accepted").into_iter().map(|(_, bytes)| bytes).collect());
static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| Schemas::embedded().unwrap());
static AGENCIES: LazyLock<Sample> = LazyLock::new(Sample::load);

/// JSON of any shape, with texts that are like those of messages and yet are not.
fn value() -> impl Strategy<Value = Value> {
    let texts = prop_oneof![
        "zqx[a-zA-Z0-9/ -]{0,24}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "[0-9]{1,4}/?[0-9]{1,8}[A-Z]",
        "\\PC{0,12}",
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        texts.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let names =
            prop_oneof!["zqx[a-z]{1,8}", "scheme|value|agency_id|date|text|name|due_date|data_quality"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    /// A sample with bytes changed, put in or cut off.
    #[test]
    fn the_reader_takes_what_serde_json_takes_of_a_damaged_message(
        which in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let mut bytes = which.get(SAMPLES.as_slice()).clone();
        for (place, byte, how) in damage {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 => drop(bytes.remove(place)),
                _ => bytes.truncate(place),
            }
        }
        match (strict::parse(&bytes, 64), serde_json::from_slice::<Value>(&bytes)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Err(strict::JsonFault::DuplicateMember { .. }), _) | (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{ours:?} against {:?}", theirs.is_ok()),
        }
    }

    /// A sample with other values in several places.
    #[test]
    fn a_message_with_strange_values_is_judged_and_not_repeated(
        which in any::<Index>(),
        strange in prop::collection::vec((any::<Index>(), value()), 1..5),
    ) {
        let sound: Value = serde_json::from_slice(which.get(SAMPLES.as_slice()).as_slice()).unwrap();
        let mut message = sound.clone();
        for (place, value) in strange {
            let pointers = super::pointers(&message, String::new());
            *message.pointer_mut(place.get(pointers.as_slice()).as_str()).unwrap() = value;
        }
        for member in ["type", "schema_version"] {
            message[member] = sound[member].clone();
        }
        let verdict = judge(&SCHEMAS, &AGENCIES, &message);
        prop_assert!(verdict.faults.len() <= FAULTS_MAX && verdict.warnings.len() <= FAULTS_MAX);
        let answer = serde_json::to_string(&(verdict.faults, verdict.warnings)).unwrap();
        prop_assert!(!answer.contains("zqx"), "{}", answer);
    }
}

/// A list of every kind grown as long as a message has room for, each entry another one: no rule may
/// hold them all against each other. Where one does, this takes minutes.
#[test]
fn lists_beyond_what_a_schema_takes_are_judged_in_no_time() {
    let every = if std::env::var_os("PORTCULLIS_SLOW").is_some() { 1 } else { 9 };
    for (name, bytes) in super::samples("accepted") {
        let sound = strict::parse(&bytes, 64).unwrap();
        let (lists, others) = (super::pointers(&sound, String::new()), ["/recipients".to_owned()]);
        let sampled = lists.into_iter().enumerate().filter(|(number, _)| number % every == 0);
        for pointer in sampled.map(|(_, pointer)| pointer).chain(others) {
            let Some([first, ..]) = sound.pointer(&pointer).and_then(Value::as_array).map(Vec::as_slice)
            else {
                continue;
            };
            let mut message = sound.clone();
            let room = strict::VALUES_MAX / (super::pointers(first, String::new()).len() + 1);
            let long = (0..room.min(20_000)).map(|number| distinct(first, number)).collect();
            *message.pointer_mut(&pointer).unwrap() = long;
            let begun = std::time::Instant::now();
            let verdict = judge(&SCHEMAS, &AGENCIES, &message);
            assert!(!verdict.faults.is_empty(), "{name} {pointer}");
            assert!(begun.elapsed() < LONG, "{name} {pointer}: {:?}", begun.elapsed());
        }
    }
}

/// Much longer than it takes without optimisation on a busy machine.
const LONG: std::time::Duration = std::time::Duration::from_secs(5);

/// The same with other texts.
fn distinct(value: &Value, number: usize) -> Value {
    match value {
        Value::String(text) => format!("{text}{number}").into(),
        Value::Array(items) => items.iter().map(|item| distinct(item, number)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, inner)| (name.clone(), distinct(inner, number))).collect()
        }
        other => other.clone(),
    }
}
