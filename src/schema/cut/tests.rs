use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn left(text: &str, places: &[&str]) -> Option<String> {
    let places: Vec<String> = places.iter().map(|place| (*place).to_owned()).collect();
    Some(String::from_utf8(cut(text, &places)?.text.to_vec()).unwrap())
}

#[test]
fn a_member_goes_with_one_comma_and_all_else_stays() {
    let text = "{ \"a\" : 1,\n  \"b\": {\"c\":[1, 2 ,3],\"d\":\"x,}\\\"\"},  \"e\":null }";
    for (places, wanted) in [
        (&["/a"][..], "{ \"b\": {\"c\":[1, 2 ,3],\"d\":\"x,}\\\"\"},  \"e\":null }"),
        (&["/e"], "{ \"a\" : 1,\n  \"b\": {\"c\":[1, 2 ,3],\"d\":\"x,}\\\"\"} }"),
        (&["/b/c/0"], "{ \"a\" : 1,\n  \"b\": {\"c\":[2 ,3],\"d\":\"x,}\\\"\"},  \"e\":null }"),
        (&["/b/c/1"], "{ \"a\" : 1,\n  \"b\": {\"c\":[1 ,3],\"d\":\"x,}\\\"\"},  \"e\":null }"),
        (&["/b/c/2", "/b/c/1"], "{ \"a\" : 1,\n  \"b\": {\"c\":[1],\"d\":\"x,}\\\"\"},  \"e\":null }"),
        (
            &["/b/c/0", "/b/c/1", "/b/c/2"],
            "{ \"a\" : 1,\n  \"b\": {\"c\":[],\"d\":\"x,}\\\"\"},  \"e\":null }",
        ),
        (&["/b/d", "/a"], "{ \"b\": {\"c\":[1, 2 ,3]},  \"e\":null }"),
        (&["/b/c/2", "/e", "/a"], "{ \"b\": {\"c\":[1, 2],\"d\":\"x,}\\\"\"} }"),
        (&["/a", "/b", "/e"], "{  }"),
    ] {
        assert_eq!(left(text, places).as_deref(), Some(wanted), "{places:?}");
    }
}

#[test]
fn what_stood_there_is_given_as_it_was_written() {
    let text = r#"{"a":[1.50, {"b" :  "é\/"}], "c~/d": {"e":{}}}"#;
    let places = ["/c~0~1d/e".to_owned(), "/a/1/b".to_owned(), "/a/0".to_owned()];
    let cut = cut(text, &places).unwrap();
    assert_eq!(cut.removed, ["{}", r#""é\/""#, "1.50"]);
    assert_eq!(*cut.text, br#"{"a":[{}], "c~/d": {}}"#);
}

#[test]
fn a_name_that_is_written_with_escapes_is_found() {
    assert_eq!(left(r#"{"\u0061\u0064":1,"b":2}"#, &["/ad"]).as_deref(), Some(r#"{"b":2}"#));
}

#[test]
fn a_place_that_is_not_there_or_lies_within_another_is_no_cut() {
    for places in [&["/b"][..], &["/a/7"], &["/a", "/a/0"], &["/a", "/a"], &["/c/0"], &["/a/0/x/y"]] {
        assert_eq!(left(r#"{"a":[{"x":1}],"c":"0"}"#, places), None, "{places:?}");
    }
    for broken in ["", "{", r#"{"a"#, r#"{"a":1"#, r#"{"a":[1}"#, r#"{"a":"x\"#] {
        assert!(left(broken, &["/a"]).is_none(), "{broken}");
    }
}

/// Any JSON, and some places in it none of which lies within another.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a~/\"\\\\,}\\] é\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[ab~/\"]{0,3}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn places(value: &Value, at: &str, pick: &mut impl FnMut() -> bool, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
            members.iter().map(|(name, value)| (escaped(name), value)).collect()
        }
        Value::Array(entries) => {
            entries.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, child) in children {
        let place = format!("{at}/{step}");
        if pick() { found.push(place) } else { places(child, &place, pick, found) }
    }
}

/// The same cut with `serde_json`: later places first, so that entries keep their numbers.
fn removed(mut value: Value, places: &[String]) -> Value {
    for place in places.iter().rev() {
        let (parent, step) = place.rsplit_once('/').unwrap();
        match value.pointer_mut(parent).unwrap() {
            Value::Object(members) => {
                members.remove(&step.replace("~1", "/").replace("~0", "~")).unwrap();
            }
            Value::Array(entries) => drop(entries.remove(step.parse().unwrap())),
            _ => unreachable!(),
        }
    }
    value
}

proptest! {
    #[test]
    fn a_cut_text_says_what_the_value_without_the_places_says(
        value in json(), pretty in any::<bool>(), picks in prop::collection::vec(any::<bool>(), 60),
    ) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let mut picks = picks.into_iter().chain(std::iter::repeat(false));
        let mut found = Vec::new();
        places(&value, "", &mut || picks.next().unwrap(), &mut found);
        let cut = cut(&text, &found).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&cut.text).unwrap(), removed(value.clone(), &found));
        for (place, written) in found.iter().zip(&cut.removed) {
            prop_assert_eq!(&serde_json::from_str::<Value>(written).unwrap(), value.pointer(place).unwrap());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[{}\\[\\]\",:a1\\\\ ]{0,40}", place in "(/[a1]){0,3}") {
        let _ = cut(&text, &[place]);
    }
}
