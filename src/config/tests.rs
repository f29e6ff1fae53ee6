//! The files as shipped, the faults as told, and texts of any kind.

use std::path::Path;

use super::*;

mod faults;
mod hostile;
mod shipped;

const SETTINGS: &str = include_str!("../../config/portcullis.toml");
const AREAS: &str = include_str!("../../config/areas.toml");
const AGENCIES: &str = include_str!("../../config/agencies.toml");

const LEAST: &str = "[gateway]\nname = \"kent.portcullis.example\"\n";

fn settings(text: &str) -> Result<Config, ConfigFault> {
    Config::read(text, Path::new("config/portcullis.toml"), &Environment::empty())
}

fn areas(text: &str) -> Result<Areas, ConfigFault> {
    Areas::read(text, Path::new("areas.toml"))
}

fn agencies(text: &str) -> Result<Vec<crate::message::Agency>, ConfigFault> {
    read_agencies(text, Path::new("agencies.toml"))
}

/// What the operator is told.
fn told<T: std::fmt::Debug>(result: Result<T, ConfigFault>) -> String {
    result.unwrap_err().to_string()
}
