//! What the system says about this process and its files.

use std::{fs, path::Path, time::Duration};

/// Bytes written so far.
pub struct Disk {
    /// By this process, to storage.
    pub process: u64,
    /// The database and its write-ahead log as they stand.
    pub database: u64,
}

impl Disk {
    /// As things are.
    pub fn now(data: &Path) -> Self {
        let length = |name: &str| fs::metadata(data.join(name)).map_or(0, |metadata| metadata.len());
        Self {
            process: number("/proc/self/io", "write_bytes:"),
            database: length("portcullis.db") + length("portcullis.db-wal"),
        }
    }

    /// What came since, for each of `messages`.
    pub fn since(&self, earlier: &Self, messages: u64) -> Self {
        let each = |now: u64, before: u64| now.saturating_sub(before) / messages.max(1);
        Self { process: each(self.process, earlier.process), database: each(self.database, earlier.database) }
    }
}

/// The most memory that this process ever had resident.
pub fn peak_rss_mib() -> u64 {
    number("/proc/self/status", "VmHWM:") / 1024
}

/// Processor time that this process has used so far, in its own code and in the kernel.
pub fn cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; after it, `utime` and `stime` are the 12th and 13th.
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    // USER_HZ is 100 on every Linux that this runs on.
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Processor time that this thread has used so far: other programs do not disturb it.
pub fn thread_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0))
}

/// The first number after `name` in a file of /proc; 0 where there is none.
fn number(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
