//! The folder of an installation: it is written into, and never over what is there.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::InstallFault;
use crate::cli::pki::{Issued, write_private};

/// A folder that belongs to the installation. Paths are given from there on.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder, or takes an empty one.
    pub fn begin(dir: &Path) -> Result<Self, InstallFault> {
        let fault = |source| InstallFault::Write { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(fault)?;
        if fs::read_dir(dir).map_err(fault)?.next().is_some() {
            return Err(InstallFault::NotEmpty(dir.to_owned()));
        }
        Ok(Self(dir.to_owned()))
    }

    /// The folder of an installation that is there.
    pub fn existing(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// A file that anyone may read, in place of an earlier one.
    pub fn public(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), InstallFault> {
        self.write(name, |path| fs::write(path, bytes))
    }

    /// A file that only its owner may read, in a folder that only its owner may enter.
    pub fn private(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), InstallFault> {
        self.write(name, |path| write_private(path, bytes.as_ref()))
    }

    /// A certificate and its private key as `<name>.crt` and `<name>.key`.
    pub fn issued(&self, name: &str, issued: &Issued) -> Result<(), InstallFault> {
        self.public(&format!("{name}.crt"), &issued.certificate_pem)?;
        self.private(&format!("{name}.key"), issued.key_pem.as_bytes())
    }

    fn write(&self, name: &str, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), InstallFault> {
        let path = self.0.join(name);
        let made = match path.parent() {
            Some(parent) if parent != self.0 => {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)
            }
            _ => Ok(()),
        };
        made.and_then(|()| write(&path)).map_err(|source| InstallFault::Write { path, source })
    }
}
