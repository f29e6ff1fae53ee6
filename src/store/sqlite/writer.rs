//! The one writer: a thread that gathers what wants to be written and commits it together.
//!
//! One commit costs one fsync, whatever it holds; that is where the throughput comes from. In come
//! closures over the connection, each one whole transaction of the trait; out go their answers,
//! **after** the commit. A job that fails does not disturb the others of its batch, a commit that
//! fails fails them all.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{self, JoinHandle},
};

use rusqlite::{Connection, ffi};
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreFault;

/// The handle to the thread. Dropped, it lets the thread finish what it was given and waits for it.
pub(super) struct Writer {
    tasks: Option<mpsc::Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

enum Task {
    Write(Box<dyn Job>),
    Tidy(oneshot::Sender<Result<(), StoreFault>>),
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(conn: Connection) -> Result<Self, StoreFault> {
        let (tasks, queue) = mpsc::channel(QUEUE_MAX);
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || serve(&conn, queue))?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }

    /// Runs `work` in a transaction and answers once it is durable. `work` may be run several
    /// times, all but the last undone: it must touch nothing but the connection. What it answers without a fault is
    /// committed, so it must have written all or nothing by then.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreFault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Task::Write(Box::new(Work { work, outcome: None, answer }))).await?;
        answered.await.map_err(|_| StoreFault::Closed)?
    }

    /// Gives freed pages back to the machine and empties the write-ahead log, in which what was
    /// erased still stands.
    pub(super) async fn tidy(&self) -> Result<(), StoreFault> {
        let (answer, answered) = oneshot::channel();
        self.send(Task::Tidy(answer)).await?;
        answered.await.map_err(|_| StoreFault::Closed)?
    }

    async fn send(&self, task: Task) -> Result<(), StoreFault> {
        // A full queue makes callers wait: memory stays bounded and their deadlines decide.
        let tasks = self.tasks.as_ref().ok_or(StoreFault::Closed)?;
        tasks.send(task).await.map_err(|_| StoreFault::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(conn: &Connection, mut queue: mpsc::Receiver<Task>) {
    let mut tasks = Vec::with_capacity(BATCH_MAX);
    while queue.blocking_recv_many(&mut tasks, BATCH_MAX) > 0 {
        let mut jobs = Vec::with_capacity(tasks.len());
        let mut tidies = Vec::new();
        for task in tasks.drain(..) {
            match task {
                Task::Write(job) => jobs.push(job),
                Task::Tidy(answer) => tidies.push(answer),
            }
        }
        commit(conn, jobs);
        for answer in tidies {
            let _ = answer.send(tidy(conn).map_err(StoreFault::from));
        }
    }
}

/// All together; where one of them fails, undone and then each half by itself, down to the one that
/// fails. A savepoint around each would copy every page that an earlier job of the batch touched, and
/// SQLite gives up the whole transaction on a full disk all the same; a job fails only when something
/// is broken, so nothing is paid for it in advance.
fn commit(conn: &Connection, mut jobs: Vec<Box<dyn Job>>) {
    if jobs.is_empty() {
        return;
    }
    match together(conn, &mut jobs) {
        Ok(()) => answer(jobs, None),
        Err(Broken::Transaction(lost)) => answer(jobs, Some(lost)),
        // A job that failed tells its own fault.
        Err(Broken::Job) if jobs.len() == 1 => answer(jobs, Some(ROLLED_BACK)),
        Err(Broken::Job) => {
            let second = jobs.split_off(jobs.len() / 2);
            commit(conn, jobs);
            commit(conn, second);
        }
    }
}

enum Broken {
    /// A job failed; the transaction was undone.
    Job,
    /// It could not be begun or committed.
    Transaction(Lost),
}

fn together(conn: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Broken> {
    conn.execute_batch("BEGIN IMMEDIATE").map_err(|error| Broken::Transaction(error.into()))?;
    for job in jobs {
        let may_commit = job.run(conn);
        // The engine ends the transaction itself on some errors: then nothing before holds either.
        if !may_commit || conn.is_autocommit() {
            roll_back(conn);
            return Err(Broken::Job);
        }
    }
    finish(conn).map_err(Broken::Transaction)
}

fn finish(conn: &Connection) -> Result<(), Lost> {
    conn.execute_batch("COMMIT").map_err(|error| {
        roll_back(conn);
        error.into()
    })
}

/// Leaves no transaction open, so that the next batch finds a usable connection.
fn roll_back(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(error) = conn.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "the store's transaction could not be rolled back");
    }
}

fn answer(jobs: Vec<Box<dyn Job>>, lost: Option<Lost>) {
    for job in jobs {
        job.answer(lost);
    }
}

fn tidy(conn: &Connection) -> rusqlite::Result<()> {
    // Each step gives back one page.
    let mut vacuum = conn.prepare(&format!("PRAGMA incremental_vacuum({TIDY_PAGES_MAX})"))?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    // Gives way to readers: what they still need is left to the next time.
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Why a transaction did not happen: one cause, told to everyone in it.
#[derive(Clone, Copy)]
struct Lost(ffi::Error);

const ROLLED_BACK: Lost = Lost(ffi::Error {
    code: rusqlite::ErrorCode::OperationAborted,
    extended_code: ffi::SQLITE_ABORT_ROLLBACK,
});

impl From<rusqlite::Error> for Lost {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the store could not commit");
        Self(error.sqlite_error().copied().unwrap_or_else(|| ffi::Error::new(ffi::SQLITE_ERROR)))
    }
}

impl From<Lost> for StoreFault {
    fn from(lost: Lost) -> Self {
        rusqlite::Error::SqliteFailure(lost.0, None).into()
    }
}

/// One caller's work.
trait Job: Send {
    /// Whether it may be committed.
    fn run(&mut self, conn: &Connection) -> bool;
    /// Tells the caller, who may have gone away.
    fn answer(self: Box<Self>, lost: Option<Lost>);
}

struct Work<T, F> {
    work: F,
    outcome: Option<Result<T, StoreFault>>,
    answer: oneshot::Sender<Result<T, StoreFault>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, StoreFault> + Send,
{
    fn run(&mut self, conn: &Connection) -> bool {
        // A bug in one caller's work must not end everybody's writing. What the closure holds is only
        // read, and what it wrote is rolled back.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(conn)));
        self.outcome.insert(outcome.unwrap_or(Err(StoreFault::Panicked))).is_ok()
    }

    fn answer(self: Box<Self>, lost: Option<Lost>) {
        let _ = self.answer.send(match (self.outcome, lost) {
            (Some(Err(fault)), _) => Err(fault),
            (_, Some(lost)) => Err(lost.into()),
            (Some(done), None) => done,
            (None, None) => Err(StoreFault::Closed),
        });
    }
}

/// The most jobs in one transaction; beyond that latency grows and throughput does not (spike).
const BATCH_MAX: usize = 256;
/// The most jobs that wait.
const QUEUE_MAX: usize = 1024;
/// The most pages given back at once: bounds how long other writes wait.
const TIDY_PAGES_MAX: u32 = 2048;

#[cfg(test)]
mod tests;
