//! The files of `config/` as they stand in the program, so that `init` needs nothing beside it.

pub(super) const SETTINGS: &str = include_str!("../../../config/portcullis.toml");
pub(super) const AREAS: &str = include_str!("../../../config/areas.toml");
pub(super) const AGENCIES: &str = include_str!("../../../config/agencies.toml");

/// Name and text of each file in `config/policies`. A test finds one that is missing here.
pub(super) fn policy_files() -> &'static [(&'static str, &'static str)] {
    macro_rules! files {
        ($($name:literal),+ $(,)?) => {
            &[$(($name, include_str!(concat!("../../../config/policies/", $name)))),+]
        };
    }
    files![
        "associates.cedar",
        "bars.cedar",
        "board.cedar",
        "content.cedar",
        "exchange.cedar",
        "facts.cedar",
        "meetings.cedar",
        "mending.cedar",
        "minutes.cedar",
        "notices.cedar",
        "receiving.cedar",
        "schema.cedarschema",
        "sending.cedar",
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_policy_file_is_in_the_program() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/policies");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let embedded: BTreeSet<String> = policy_files().iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(there, embedded);
    }
}
