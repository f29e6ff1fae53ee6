//! The program itself, as a process of its own: so that memory, processor time and bytes written are the
//! gateway's alone, and not those of who posts to it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use portcullis::{
    cli::{
        client::{Client, InboxPage},
        init::{self, Addresses, Installation, Options},
    },
    clock::Clock,
    config::read_agencies,
    crypto::random::Random,
    message::{Agency, Channel},
};
use rustix::process::{Pid, Signal, kill_process};

/// An installation in a folder under `target/`, since a temporary folder may be memory and not a disk.
pub struct Gateway {
    folder: tempfile::TempDir,
    made: Installation,
    process: Option<Child>,
}

/// What the system says about the process. All but `resident` only grow.
#[derive(Clone, Copy)]
pub struct Usage {
    /// Processor time in its own code and in the kernel.
    pub cpu: Duration,
    /// Bytes that it caused to be written to storage.
    pub written: u64,
    /// Memory that it has resident, bytes.
    pub resident: u64,
    /// The most that it had since the last [`Gateway::forget_peak`], bytes.
    pub peak: u64,
}

impl Gateway {
    /// Installs it. Every agency of the sample directory has a mailbox and nothing else.
    pub fn install() -> Self {
        let folder = tempfile::tempdir_in(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))).unwrap();
        let addresses = Addresses { agencies: free(), admin: free(), ..Addresses::default() };
        let options = Options { agencies: Some(agencies()), addresses, ..Options::default() };
        let dir = folder.path().join("area");
        let made = init::install(&dir, &Clock::system(), &Random::system(), options).unwrap();
        Self { folder, made, process: None }
    }

    /// Starts the process and waits until it answers.
    pub async fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.arg("serve").arg("--config").arg(self.made.settings()).env("PORTCULLIS_LOG__FILTER", "error");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let client = self.client("kent-mappa");
        while client.inbox(InboxPage::default()).await.is_err() {
            assert!(
                self.process.as_mut().unwrap().try_wait().unwrap().is_none(),
                "the gateway ended by itself"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets it end as an operator does: what is under way ends, and the log is folded into the database.
    pub fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        let id = Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        assert!(process.wait().unwrap().success());
    }

    /// An agency's system.
    pub fn client(&self, agency: &str) -> Client {
        Client::new(&self.made.profile(&agency.parse().unwrap()).unwrap()).unwrap()
    }

    /// The length of the database, bytes. Its log counts only while the process runs.
    pub fn database(&self) -> u64 {
        let length = |name: &str| fs::metadata(self.data().join(name)).map_or(0, |metadata| metadata.len());
        length("portcullis.db") + length("portcullis.db-wal")
    }

    /// The files of ciphertext: how many, and their bytes.
    pub fn sealed(&self) -> (usize, u64) {
        let files = fs::read_dir(self.data().join("sealed")).unwrap();
        let lengths: Vec<u64> = files.map(|file| file.unwrap().metadata().unwrap().len()).collect();
        (lengths.len(), lengths.iter().sum())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("area/data")
    }

    /// What the system says about the process now.
    pub fn usage(&self) -> Usage {
        let status = self.told("status");
        Usage {
            cpu: cpu(&self.told("stat")),
            written: number(&self.told("io"), "write_bytes:"),
            resident: number(&status, "VmRSS:") << 10,
            peak: number(&status, "VmHWM:") << 10,
        }
    }

    /// From here on the peak is counted anew (`man 5 proc`, clear_refs).
    pub fn forget_peak(&self) {
        fs::write(self.proc("clear_refs"), "5").unwrap();
    }

    fn told(&self, name: &str) -> String {
        fs::read_to_string(self.proc(name)).unwrap()
    }

    fn proc(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.process.as_ref().unwrap().id().to_string()).join(name)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn agencies() -> Vec<Agency> {
    let mut agencies =
        read_agencies(include_str!("../../config/agencies.toml"), Path::new("agencies.toml")).unwrap();
    for agency in &mut agencies {
        agency.channels = vec![Channel::Mailbox];
        (agency.mail, agency.webhook) = (None, None);
    }
    agencies
}

/// An address that is free now.
fn free() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn cpu(stat: &str) -> Duration {
    // The name in brackets may hold spaces; after it, `utime` and `stime` are the 12th and 13th.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    // USER_HZ is 100 on every Linux that this runs on.
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// The first number after `name`.
fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap()
}
