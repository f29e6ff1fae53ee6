//! Every query that runs again and again finds its rows by an index, whatever the table's size.

use rusqlite::Connection;

use super::{deliver, facts, inbox, log, look, watch};

#[test]
fn no_frequent_query_reads_a_whole_table() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("migrations/0001_first.sql")).unwrap();
    for (sql, index) in [
        (deliver::DUE, "delivery_due"),
        (inbox::INBOX, "inbox"),
        (look::OUTBOX, "outbox"),
        (watch::OVERDUE, "delivery_unreported"),
        (watch::PERISHABLE, "delivery_kept"),
        (watch::PERISHABLE, "mail_delivered"),
        (watch::WITHDRAWABLE, "inbox"),
        (log::BY_COMMITMENT, "acceptance"),
        (facts::CLAIMED, "sqlite_autoindex_known_case_1"),
    ] {
        let plan = plan(&conn, sql);
        assert!(plan.contains(&format!("INDEX {index} ")), "{plan}");
        for table in ["d", "m", "e", "s", "r", "c", "a", "delivery", "message", "event", "attempt"] {
            assert!(!plan.lines().any(|line| line.starts_with(&format!("SCAN {table} "))), "{plan}");
            assert!(!plan.lines().any(|line| line == format!("SCAN {table}")), "{plan}");
        }
    }
}

fn plan(conn: &Connection, sql: &str) -> String {
    let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Unbound parameters are NULL: the plan does not depend on them.
    let lines =
        explain.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<Vec<_>, _>>().unwrap();
    lines.join("\n")
}
