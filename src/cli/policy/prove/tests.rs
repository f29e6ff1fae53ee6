use std::{
    fs,
    io::{self, Write},
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use super::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn program(command: Option<Command>) -> String {
    command.map(|command| command.get_program().to_string_lossy().into_owned()).unwrap_or_default()
}

fn installed_in(folder: &Path) -> String {
    fs::create_dir_all(folder).unwrap();
    let program = folder.join(PROVER);
    symlink("/bin/echo", &program).unwrap();
    program.to_string_lossy().into_owned()
}

#[test]
fn the_prover_beside_the_program_comes_before_that_in_path_and_both_before_the_source_tree() {
    let all = tempfile::tempdir().unwrap();
    let (beside, path, tree) = (all.path().join("bin"), all.path().join("path"), all.path().join("tree"));
    let places = Places { beside: Some(&beside), path: Some(path.clone().into()), tree: &tree };
    assert!(places.prover().is_none());

    fs::create_dir_all(tree.join("tests/proofs")).unwrap();
    fs::write(tree.join("tests/proofs/Cargo.toml"), "").unwrap();
    let from_source = places.prover().unwrap();
    assert!(from_source.get_args().any(|argument| argument == "--locked"));

    let in_path = installed_in(&path);
    assert_eq!(program(places.prover()), in_path);
    let next_to_it = installed_in(&beside);
    assert_eq!(program(places.prover()), next_to_it);
}

#[test]
fn a_path_that_means_the_current_folder_is_left_out() {
    let places = Places { beside: None, path: Some(":.:bin".into()), tree: Path::new("/nowhere") };
    assert!(places.prover().is_none());
}

#[test]
fn what_the_prover_prints_is_data_and_its_arguments_are_folder_and_form() {
    for (json, wanted) in [(false, "--policies rules\n"), (true, "--policies rules --json\n")] {
        let data = Written::default();
        let mut terminal = Terminal::new(json, Box::new(data.clone()), Box::new(io::sink()));
        prove(Command::new("/bin/echo"), Path::new("rules"), &mut terminal).unwrap();
        assert_eq!(String::from_utf8(data.0.lock().unwrap().clone()).unwrap(), wanted);
    }
}

#[test]
fn each_way_to_end_has_its_exit_code() {
    let exit = |code| ended(code).map_or_else(|error| Exit::of(&error), |()| Exit::Ok);
    assert_eq!(
        [Some(0), Some(3), Some(5), Some(69)].map(exit),
        [Exit::Ok, Exit::Config, Exit::Verification, Exit::Unavailable]
    );
    assert_eq!([Some(1), Some(101), None].map(exit), [Exit::Failed; 3]);
}
