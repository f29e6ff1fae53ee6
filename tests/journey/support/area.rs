//! An installation is slow to make, because of the RSA keys of mail: it is made once for all stories,
//! kept in memory, and written into a fresh folder for each.

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use portcullis::{
    cli::{
        init::{self, Installation, Options},
        pki::DevelopmentCa,
    },
    clock::Clock,
    crypto::{keyring::PublishedKeys, random::Random},
    message::Agency,
};

/// One file: where, with which mode, what.
type Kept = (PathBuf, u32, Vec<u8>);

/// The sample area with all its keys.
pub struct Area {
    files: Vec<Kept>,
    gateway_name: String,
    agencies: Vec<Agency>,
    keys: PublishedKeys,
}

impl Area {
    /// The one of this process.
    pub fn shared() -> &'static Self {
        static AREA: OnceLock<Area> = OnceLock::new();
        AREA.get_or_init(Self::make)
    }

    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("area");
        let made = init::install(&dir, &Clock::system(), &Random::system(), Options::default()).unwrap();
        let mut files = Vec::new();
        read(&dir, &dir, &mut files);
        Self { files, gateway_name: made.gateway_name, agencies: made.agencies, keys: made.keys }
    }

    /// Writes it into `dir`.
    pub fn install(&self, dir: &Path, clock: &Clock, random: &Random) -> Installation {
        for (name, mode, bytes) in &self.files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut file =
                fs::OpenOptions::new().write(true).create_new(true).mode(*mode).open(path).unwrap();
            std::io::Write::write_all(&mut file, bytes).unwrap();
        }
        let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
        let ca =
            DevelopmentCa::load(&text("ca.crt"), &text("ca/ca.key"), clock.clone(), random.clone()).unwrap();
        Installation {
            dir: dir.to_owned(),
            gateway_name: self.gateway_name.clone(),
            url: String::new(),
            agencies: self.agencies.clone(),
            keys: self.keys.clone(),
            ca,
            passphrase: None,
        }
    }
}

fn read(base: &Path, folder: &Path, files: &mut Vec<Kept>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(base, &path, files);
        } else {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            files.push((path.strip_prefix(base).unwrap().to_owned(), mode, fs::read(&path).unwrap()));
        }
    }
}
