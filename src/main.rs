//! The `portcullis` program: it hands its arguments to the library and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    portcullis::cli::run(std::env::args_os())
}
