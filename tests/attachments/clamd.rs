//! A real clamd that knows one signature, in a folder of its own, for as long as it is held.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use portcullis::{
    channel::scanner::Scanner,
    config::{self, ScannerAddress},
};

/// What it objects to: the EICAR test file, in two halves, so that no scanner objects to this one.
pub fn eicar() -> Vec<u8> {
    [&b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$"[..], b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

/// The name that it tells: clamd marks signatures that are not its makers'.
pub const SIGNATURE: &str = "Eicar-Custom.UNOFFICIAL";

/// The longest file that it takes.
pub const BYTES_MAX: usize = 8 << 20;

/// A clamd and its folder.
pub struct Clamd {
    folder: tempfile::TempDir,
    address: ScannerAddress,
    process: Option<Child>,
}

impl Clamd {
    /// One that listens on a socket in its folder. On return it answers.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("clamd.ctl");
        let listen = format!("LocalSocket {}", socket.display());
        Self::listening(folder, ScannerAddress::Unix(socket), &listen).await
    }

    /// One that listens on a port of loopback.
    #[allow(dead_code, reason = "only one of the two crates that share this asks over TCP")]
    pub async fn start_tcp() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listen = format!("TCPAddr {}\nTCPSocket {}", free.ip(), free.port());
        Self::listening(tempfile::tempdir().unwrap(), ScannerAddress::Tcp(free), &listen).await
    }

    async fn listening(folder: tempfile::TempDir, address: ScannerAddress, listen: &str) -> Self {
        let hex: String = eicar().iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(folder.path().join("one.ndb"), format!("Eicar-Custom:0:*:{hex}\n")).unwrap();
        let path = folder.path().display();
        let settings = format!(
            "DatabaseDirectory {path}\nTemporaryDirectory {path}\n{listen}\nForeground yes\nUser root\n\
             MaxThreads 2\nStreamMaxLength {BYTES_MAX}\n"
        );
        std::fs::write(folder.path().join("clamd.conf"), settings).unwrap();
        let mut clamd = Self { folder, address, process: None };
        clamd.begin().await;
        clamd
    }

    /// Starts it again after [`Self::halt`].
    pub async fn begin(&mut self) {
        let mut command = Command::new(installed());
        command.arg("--config-file").arg(self.folder.path().join("clamd.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let answers = async {
            while self.scanner().ping().await.is_err() {
                let ended = self.process.as_mut().unwrap().try_wait().unwrap();
                assert!(ended.is_none(), "clamd ended at once: {ended:?}");
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), answers).await.unwrap();
    }

    /// Ends it. Its socket stays behind, as after a crash.
    pub fn halt(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// The settings that lead to it.
    pub fn settings(&self) -> config::Scanner {
        config::Scanner { address: Some(self.address.clone()), timeout: Duration::from_secs(30) }
    }

    /// A way to it.
    pub fn scanner(&self) -> Scanner {
        Scanner::new(&self.settings()).unwrap()
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.halt();
    }
}

/// Debian keeps it where users do not look.
fn installed() -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&folders).chain(["/usr/sbin".into()]);
    let found = folders.map(|folder| folder.join("clamd")).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("clamd is not installed: `tests/run --tools` installs it"))
}
