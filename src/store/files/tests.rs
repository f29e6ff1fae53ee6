//! The folder of large ciphertexts.

use std::os::unix::fs::PermissionsExt as _;

use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::*;
use crate::crypto::segments::Sealer;

fn folder() -> (tempfile::TempDir, Files) {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::open(dir.path().join("files"), Random::system()).unwrap();
    (dir, files)
}

fn names(files: &Files) -> Vec<String> {
    fs::read_dir(&files.dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn an_attachment_is_read_back_in_any_range_and_only_its_owner_may() {
    let (_dir, files) = folder();
    let mut sealer = Sealer::new(0, &Random::system()).unwrap();
    let mut expected = Vec::new();
    let mut file = files.create().await.unwrap();
    for lines in [sealer.push(&vec![7; 3 << 20]).unwrap(), sealer.finish().unwrap().0] {
        file.append(&lines).await.unwrap();
        expected.extend_from_slice(lines.as_bytes());
    }
    assert!(names(&files)[0].ends_with(".part"));
    let stored = file.finish().await.unwrap();
    assert_eq!(names(&files), std::slice::from_ref(&stored.name));
    assert_eq!(stored.bytes, expected.len() as u64);

    let mut file = files.read(&stored.name).await.unwrap();
    file.seek(io::SeekFrom::Start(1_000_000)).await.unwrap();
    let mut range = vec![0; 5_000];
    file.read_exact(&mut range).await.unwrap();
    assert_eq!(range, expected[1_000_000..1_005_000]);

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&files.dir), 0o700);
    assert_eq!(mode(&files.dir.join(&stored.name)), 0o600);
    files.remove(&stored.name).await.unwrap();
    files.remove(&stored.name).await.unwrap();
    assert!(names(&files).is_empty());
}

#[tokio::test]
async fn an_unfinished_file_leaves_nothing_behind() {
    let (_dir, files) = folder();
    let mut file = files.create().await.unwrap();
    file.write_mail(&SealedMail::new(vec![1; 100])).await.unwrap();
    assert_eq!(names(&files).len(), 1);
    drop(file);
    assert!(names(&files).is_empty());
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let (_dir, files) = folder();
    for name in ["", "..", "../files", "/etc/passwd", "0123456789abcdef0123456789ABCDEF", ".part"] {
        assert!(matches!(files.read(name).await, Err(StoreFault::Corrupt(_))), "{name}");
        assert!(matches!(files.remove(name).await, Err(StoreFault::Corrupt(_))), "{name}");
    }
}

#[tokio::test]
async fn only_old_files_of_our_own_naming_are_listed() {
    let (_dir, files) = folder();
    let mut file = files.create().await.unwrap();
    file.write_mail(&SealedMail::new(vec![1])).await.unwrap();
    let stored = file.finish().await.unwrap();
    let unfinished = files.create().await.unwrap();
    fs::write(files.dir.join("README"), "not ours").unwrap();
    assert!(files.older_than(Timestamp::UNIX_EPOCH).await.unwrap().is_empty());
    let mut old = files.older_than(Timestamp::MAX).await.unwrap();
    old.sort_by_key(|name| name.ends_with(PART));
    assert_eq!(old, [stored.name, format!("{}.part", unfinished.name)]);
}
