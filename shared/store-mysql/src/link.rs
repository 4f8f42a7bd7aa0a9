//! An open connection, whose statements take turns.

use std::sync::atomic::{AtomicBool, Ordering};

use mysql_async::{Conn, Error, Params, Row, prelude::Queryable};
use sluice_database::Verdict;
use tokio::sync::{Mutex, MutexGuard};

use crate::classify::{classify, is_there};

/// An open connection. The protocol answers one statement after another, so statements wait for each other here.
///
/// A statement has the connection for itself while it is under way, and gives it back when the answer was read. If nobody waits
/// for the answer any more (a call's time is over, or a caller went away), the connection goes with the statement: else the next
/// statement would read an answer that is not its own.
pub(crate) struct Link {
    /// `None` while a statement has it, and after one that did not give it back.
    conn: Mutex<Option<Conn>>,
    aborted: AtomicBool,
}

/// What became of a row that was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// It was written. The answer comes after the commit.
    New,
    /// Its key has a row already.
    There,
}

/// A statement's turn.
struct Turn<'a> {
    place: MutexGuard<'a, Option<Conn>>,
    conn: Conn,
    aborted: &'a AtomicBool,
}

impl Link {
    pub(crate) fn new(conn: Conn) -> Self {
        Self {
            conn: Mutex::new(Some(conn)),
            aborted: AtomicBool::new(false),
        }
    }

    async fn turn(&self) -> Result<Turn<'_>, Verdict> {
        let mut place = self.conn.lock().await;
        match place.take() {
            Some(conn) if !self.aborted.load(Ordering::Relaxed) => Ok(Turn {
                place,
                conn,
                aborted: &self.aborted,
            }),
            _ => Err(Verdict::gone("the connection is closed")),
        }
    }

    /// Runs a statement that writes. It is in autocommit, so it answers after the commit.
    ///
    /// The statement is prepared when a connection first meets it, which is one more round trip, and kept: from then on a
    /// statement is one. Values go apart from the text, so nothing in them can be taken for SQL. A prepared statement
    /// pins a connection of RDS Proxy, as the SET at its beginning did before.
    pub(crate) async fn execute(&self, sql: &str, values: Params) -> Result<Written, Verdict> {
        let mut turn = self.turn().await?;
        let written = match turn.conn.exec_drop(sql, values).await {
            Ok(()) => Ok(Written::New),
            Err(error) if is_there(&error) => Ok(Written::There),
            Err(error) => Err(error),
        };
        turn.end(written)
    }

    /// The rows that a query has.
    pub(crate) async fn query(&self, sql: &str, values: Params) -> Result<Vec<Row>, Verdict> {
        let mut turn = self.turn().await?;
        let rows = turn.conn.exec(sql, values).await;
        turn.end(rows)
    }
}

impl Turn<'_> {
    fn end<T>(mut self, result: Result<T, Error>) -> Result<T, Verdict> {
        let result = result.map_err(|error| classify(&error));
        let drops = result.as_ref().is_err_and(|verdict| verdict.drops);
        if !drops && !self.aborted.load(Ordering::Relaxed) {
            *self.place = Some(self.conn);
        }
        result
    }
}

impl sluice_database::Link for Link {
    fn is_closed(&self) -> bool {
        self.aborted.load(Ordering::Relaxed)
            || self.conn.try_lock().is_ok_and(|conn| conn.is_none())
    }

    async fn stands(&self) -> bool {
        let Ok(mut place) = self.conn.try_lock() else {
            // A statement is under way, and will hear.
            return true;
        };
        let Some(mut conn) = place.take() else {
            return false;
        };
        let stands = conn.ping().await.is_ok();
        if stands {
            *place = Some(conn);
        }
        stands
    }

    /// A statement that is under way hears its answer still. Those behind it hear that the connection is closed.
    fn abort(&self) {
        self.aborted.store(true, Ordering::Relaxed);
        if let Ok(mut conn) = self.conn.try_lock() {
            conn.take();
        }
    }
}
