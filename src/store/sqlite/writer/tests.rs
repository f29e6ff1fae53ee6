//! What one job's misfortune means for the others.

use std::sync::{Arc, Mutex};

use super::*;

fn writer() -> Arc<Writer> {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(
        "PRAGMA foreign_keys = ON;
         CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE row (id INTEGER PRIMARY KEY, parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED);",
    )
    .unwrap();
    Arc::new(Writer::start(conn).unwrap())
}

fn insert(id: i64) -> impl Fn(&Connection) -> Result<i64, StoreFault> + Send + 'static {
    move |conn| {
        conn.execute("INSERT INTO row (id) VALUES (?)", [id])?;
        Ok(id)
    }
}

async fn rows(writer: &Writer) -> Vec<i64> {
    let read = |conn: &Connection| {
        let mut select = conn.prepare("SELECT id FROM row ORDER BY id")?;
        let rows = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>();
        Ok(rows?)
    };
    writer.run(read).await.unwrap()
}

/// Keeps the thread busy until the returned sender is used, so that what follows becomes one batch.
async fn hold(writer: &Arc<Writer>) -> std::sync::mpsc::Sender<()> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let gate = Mutex::new(Some((held, started)));
    let writer = Arc::clone(writer);
    tokio::spawn(async move {
        let wait = move |_: &Connection| {
            if let Some((held, started)) = gate.lock().unwrap().take() {
                started.send(()).unwrap();
                held.recv().unwrap();
            }
            Ok(())
        };
        writer.run(wait).await.unwrap();
    });
    has_started.await.unwrap();
    release
}

#[tokio::test]
async fn a_job_that_fails_or_panics_takes_only_itself_along() {
    let writer = writer();
    let release = hold(&writer).await;
    let failing = |conn: &Connection| -> Result<i64, StoreFault> {
        conn.execute("INSERT INTO row (id) VALUES (100)", [])?;
        Err(StoreFault::Corrupt("a test"))
    };
    let panicking = |conn: &Connection| -> Result<i64, StoreFault> {
        conn.execute("INSERT INTO row (id) VALUES (101)", [])?;
        panic!("a test")
    };
    let (first, failed, second, panicked, third, ()) = tokio::join!(
        writer.run(insert(1)),
        writer.run(failing),
        writer.run(insert(2)),
        writer.run(panicking),
        writer.run(insert(3)),
        async { release.send(()).unwrap() },
    );
    assert_eq!((first.unwrap(), second.unwrap(), third.unwrap()), (1, 2, 3));
    assert!(matches!(failed, Err(StoreFault::Corrupt(_))));
    assert!(matches!(panicked, Err(StoreFault::Panicked)));
    assert_eq!(rows(&writer).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_commit_that_fails_is_told_to_everyone_in_it() {
    let writer = writer();
    let release = hold(&writer).await;
    let orphan = |conn: &Connection| Ok(conn.execute("INSERT INTO row (id, parent) VALUES (9, 9)", [])?);
    let (first, second, ()) =
        tokio::join!(writer.run(insert(1)), writer.run(orphan), async { release.send(()).unwrap() },);
    // The gate was its own batch; these two were one, which the engine refused at its end.
    assert!(matches!(first, Err(StoreFault::Engine(_))), "{first:?}");
    assert!(matches!(second, Err(StoreFault::Engine(_))));
    assert_eq!(rows(&writer).await, [0i64; 0]);
    assert_eq!(writer.run(insert(4)).await.unwrap(), 4);
    assert_eq!(rows(&writer).await, [4]);
}

#[tokio::test]
async fn a_transaction_that_the_engine_gives_up_is_never_answered_as_done() {
    let writer = writer();
    let release = hold(&writer).await;
    let breaking = |fault: Option<StoreFault>| {
        let fault = Mutex::new(fault);
        move |conn: &Connection| -> Result<(), StoreFault> {
            // As SQLite itself does on some disk errors.
            conn.execute_batch("ROLLBACK")?;
            fault.lock().unwrap().take().map_or(Ok(()), Err)
        }
    };
    let (first, broken, second, silent, third, ()) = tokio::join!(
        writer.run(insert(1)),
        writer.run(breaking(Some(StoreFault::Full))),
        writer.run(insert(2)),
        writer.run(breaking(None)),
        writer.run(insert(3)),
        async { release.send(()).unwrap() },
    );
    assert_eq!((first.unwrap(), second.unwrap(), third.unwrap()), (1, 2, 3));
    assert!(broken.is_err());
    assert!(silent.is_err(), "done without a fault, and yet not committed");
    assert_eq!(rows(&writer).await, [1, 2, 3]);
}

#[tokio::test]
async fn what_was_handed_over_is_finished_before_the_writer_stops() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY)").unwrap();
    let writer = Writer::start(conn).unwrap();
    let done = writer.run(insert(1));
    done.await.unwrap();
    drop(writer);
    let count: i64 =
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM row", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}
