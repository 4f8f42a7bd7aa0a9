//! What an error of the database means: for the record that met it, and for the connection.

use sluice_order::RejectReason;
use sluice_store::StoreError;
use tokio_postgres::{Error, error::SqlState};

/// What an error means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Verdict {
    pub(crate) meaning: Meaning,
    /// Whether the connection is of no use any more. It is dropped then, and the next call opens another one.
    pub(crate) drops: bool,
    /// What is logged: the code, or how far the call came. Never the server's message, which may quote the row.
    pub(crate) why: String,
}

/// What an error means for the record that met it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    /// [`StoreError::Unavailable`].
    Unavailable,
    /// [`StoreError::Throttled`].
    Throttled,
    /// [`StoreError::Refused`].
    Refused(RejectReason),
}

use Meaning::{Refused, Throttled, Unavailable};

impl Verdict {
    /// It may work later, by another connection.
    pub(crate) fn gone(why: impl Into<String>) -> Self {
        Self {
            meaning: Unavailable,
            drops: true,
            why: why.into(),
        }
    }
}

impl From<Verdict> for StoreError {
    fn from(verdict: Verdict) -> Self {
        let Verdict { meaning, why, .. } = verdict;
        match meaning {
            Unavailable => Self::Unavailable(why),
            Throttled => Self::Throttled(why),
            Refused(reason) => Self::Refused {
                reason,
                message: why,
            },
        }
    }
}

/// The one place that decides what an error of the database means.
///
/// A row that is refused as such stays refused. Every other error is temporary, a missing table or permission too, so that an
/// operator's mistake loses no order. Without a code the connection failed, and nobody knows what became of the statement.
pub(crate) fn classify(error: &Error) -> Verdict {
    let Some(code) = error.code() else {
        return Verdict::gone(without_code(error));
    };
    let (meaning, drops) = of_code(code);
    Verdict {
        meaning,
        drops,
        why: format!("SQLSTATE {}", code.code()),
    }
}

/// The words are tokio-postgres's own, such as `connection closed`; those of a cause, which may come from anywhere, are left out.
fn without_code(error: &Error) -> String {
    if error.is_closed() {
        return "the connection is closed".to_owned();
    }
    format!("no connection ({error})")
}

/// The classes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>. The tests in `tests/` provoke those that
/// have a test's name beside them.
fn of_code(code: &SqlState) -> (Meaning, bool) {
    const KEEP: bool = false;
    const DROP: bool = true;
    match code.code() {
        // Class 57, operator intervention: the server ends the connection. 57P01 by an administrator or a shutdown
        // (`terminated_in_mid_statement`), 57P02 another backend crashed, 57P03 it is starting or stopping
        // (`a_starting_server`), 57P05 the session was idle.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => (Unavailable, DROP),
        // A reader: the connection stays open after a failover and stays wrong (`a_server_that_became_read_only`).
        "25006" => (Unavailable, DROP),
        // The server has no connection left, or the role has none (`a_full_connection_table`, `a_role_without_connections_left`).
        // It is the one code that means "too many".
        "53300" => (Throttled, KEEP),
        // Class 53, out of memory or disk, and whatever else a DBA limited.
        "53000" | "53100" | "53200" | "53400" => (Unavailable, KEEP),
        // Nothing was written, and the connection is good: a lock (`somebody_s_open_transaction`) or a statement timed out
        // (`a_slow_statement`), serialization, deadlock.
        "55P03" | "57014" | "40001" | "40P01" => (Unavailable, KEEP),
        // An operator's mistake waits: role, password, database, schema, table, permission (`an_operator_s_mistake`).
        "28000" | "28P01" | "3D000" | "3F000" | "42P01" | "42501" => (Unavailable, KEEP),
        // Too long or too large for the database.
        "22001" | "54000" => (Refused(RejectReason::TooLarge), KEEP),
        // The row does not fit: a number out of range, bytes that are no text (`text_that_no_column_takes`), a character that
        // JSONB has not, no JSON, a missing value, a rule of the table (`a_rule_of_the_table`).
        "22003" | "22021" | "22P02" | "22P05" | "23502" | "23514" => {
            (Refused(RejectReason::RefusedByStorage), KEEP)
        }
        // Class 08 connection, class 58 system, XX000 internal, and all that is not known: another connection may do better.
        _ => (Unavailable, DROP),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_class() {
        let verdict = |code: &str| of_code(&SqlState::from_code(code));
        for code in [
            "57P01", "57P02", "57P03", "57P05", "25006", "08006", "58030", "XX000", "42601",
            "ABCDE",
        ] {
            assert_eq!(verdict(code), (Unavailable, true), "{code}");
        }
        for code in [
            "53200", "53100", "53400", "55P03", "57014", "40001", "40P01", "28000", "28P01",
            "3D000", "42P01", "42501",
        ] {
            assert_eq!(verdict(code), (Unavailable, false), "{code}");
        }
        assert_eq!(verdict("53300"), (Throttled, false));
        for code in ["22003", "22021", "22P05", "23502", "23514"] {
            let refused = Refused(RejectReason::RefusedByStorage);
            assert_eq!(verdict(code), (refused, false), "{code}");
        }
        for code in ["22001", "54000"] {
            assert_eq!(verdict(code), (Refused(RejectReason::TooLarge), false));
        }
    }
}
