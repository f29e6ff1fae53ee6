//! Texts of any kind are read or refused, and nothing else happens.

use proptest::prelude::*;

use super::*;

fn read_all(text: &str) {
    for fault in [settings(text).err(), areas(text).err(), agencies(text).err()].into_iter().flatten() {
        let _ = fault.to_string();
    }
}

/// One of the shipped files with something put in place of a part.
fn mangled() -> impl Strategy<Value = String> {
    let shipped = prop::sample::select(vec![SETTINGS, AREAS, AGENCIES]);
    let put_in = prop_oneof![any::<String>(), "[\\[\\]{}\"'=.#,\n\\\\a-z0-9_-]{0,12}", Just(String::new())];
    (shipped, any::<prop::sample::Index>(), 0..40_usize, put_in).prop_map(|(text, at, length, put_in)| {
        let from = at.index(text.len());
        let to = (from + length).min(text.len());
        let (head, tail) = (text.get(..from).unwrap_or(""), text.get(to..).unwrap_or(""));
        format!("{head}{put_in}{tail}")
    })
}

/// Lines that look like settings.
fn toml_like() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "gateway",
        "limits",
        "page",
        "webhook",
        "allow",
        "area",
        "agency",
        "defaults",
        "thresholds",
        "code",
        "a",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "\"46\"",
        "[]",
        "{}",
        "[[[1]]]",
        "{ a.b = 1 }",
        "1979-05-27",
        "inf",
        "0xff",
        "'''\n'''",
        "true",
        "99999999999999999999999999",
    ]);
    let line = (key.clone(), key, value, 0..4_u8).prop_map(|(section, key, value, form)| match form {
        0 => format!("[{section}]\n{key} = {value}\n"),
        1 => format!("[[{section}]]\n{key} = {value}\n"),
        2 => format!("{section}.{key} = {value}\n"),
        _ => format!("[{section}.{key}]\n"),
    });
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn arbitrary_texts_never_panic(text in any::<String>()) {
        read_all(&text);
    }

    #[test]
    fn mangled_files_never_panic(text in mangled()) {
        read_all(&text);
    }

    #[test]
    fn tables_in_wrong_places_never_panic(text in toml_like()) {
        read_all(&text);
    }

    #[test]
    fn arbitrary_variables_never_panic(text in toml_like(), key in "[A-Z_]{0,20}", value in any::<String>()) {
        let environment = Environment::from([
            (format!("PORTCULLIS_{key}"), value.clone()),
            (format!("PORTCULLIS_LIMITS__{key}"), value),
        ]);
        if let Err(fault) = Config::read(&text, Path::new("a"), &environment) {
            let _ = fault.to_string();
        }
    }
}

#[test]
fn depth_is_refused_and_not_followed() {
    for open in ["[", "{a=", "a."] {
        read_all(&format!("a = {}", open.repeat(200_000)));
        read_all(&format!("{} = 1", open.repeat(200_000)));
    }
}
