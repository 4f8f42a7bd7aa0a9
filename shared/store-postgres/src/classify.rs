//! What an error of the database means: for the record that met it, and for the connection.

use sluice_database::{
    Meaning::{self, Refused, Throttled, Unavailable},
    Verdict,
};
use sluice_order::RejectReason;
use tokio_postgres::{Error, error::SqlState};

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

const KEEP: bool = false;
const DROP: bool = true;
const MISFIT: Meaning = Refused(RejectReason::RefusedByStorage);
const TOO_LARGE: Meaning = Refused(RejectReason::TooLarge);

/// The codes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>, what each means for the record, and whether the
/// connection is dropped. The tests in `tests/server` that are named here provoke them.
const TABLE: [(&str, Meaning, bool); 32] = [
    // The server ends the connection, and the effect is unknown: an administrator or a shutdown
    // (`terminated_in_mid_statement`), the crash of another of its processes, a dropped database, a session that was idle.
    ("57P01", Unavailable, DROP),
    ("57P02", Unavailable, DROP),
    ("57P04", Unavailable, DROP),
    ("57P05", Unavailable, DROP),
    // It is starting or stopping (`a_starting_server`).
    ("57P03", Unavailable, DROP),
    // A reader takes no writes. After a failover the connection stays open and stays wrong (`a_server_that_became_read_only`).
    ("25006", Unavailable, DROP),
    // The server or the role has no connection left (`a_full_connection_table`, `a_role_without_connections_left`). This is the
    // one code that means "too many".
    ("53300", Throttled, KEEP),
    // Out of memory, of disk, or of what else was limited.
    ("53000", Unavailable, KEEP),
    ("53100", Unavailable, KEEP),
    ("53200", Unavailable, KEEP),
    ("53400", Unavailable, KEEP),
    // Nothing was written, and the connection is good: a lock timed out (`somebody_s_open_transaction`), a statement did
    // (`a_slow_statement`), a serialization failed (`an_order_whose_commit_fails_is_not_stored`), a deadlock.
    ("55P03", Unavailable, KEEP),
    ("57014", Unavailable, KEEP),
    ("40001", Unavailable, KEEP),
    ("40P01", Unavailable, KEEP),
    // An operator's mistake waits: role, password (`a_password_may_change`), database, schema, table, permission
    // (`an_operator_s_mistake`, `an_operator_s_mistake_before_the_connection`).
    ("28000", Unavailable, KEEP),
    ("28P01", Unavailable, KEEP),
    ("3D000", Unavailable, KEEP),
    ("3F000", Unavailable, KEEP),
    ("42P01", Unavailable, KEEP),
    ("42501", Unavailable, KEEP),
    // A column is missing: the schema and the release do not fit.
    ("42703", Unavailable, KEEP),
    // The value is too long, or the row too large.
    ("22001", TOO_LARGE, KEEP),
    ("54000", TOO_LARGE, KEEP),
    // The row does not fit: a number out of range, bytes that are no text (`a_rule_of_the_table`), no JSON, a character that
    // JSONB has not, a missing value, a rule of the table (`a_rule_of_the_table`).
    ("22003", MISFIT, KEEP),
    ("22021", MISFIT, KEEP),
    ("22P02", MISFIT, KEEP),
    ("22P05", MISFIT, KEEP),
    ("23502", MISFIT, KEEP),
    ("23514", MISFIT, KEEP),
    // The server's files or its own code failed.
    ("58030", Unavailable, DROP),
    ("XX000", Unavailable, DROP),
];

/// What is not in the table may work later, by another connection: class 08 (connection), 58 (system), and all that is not known.
fn of_code(code: &SqlState) -> (Meaning, bool) {
    TABLE
        .iter()
        .find(|(known, ..)| *known == code.code())
        .map_or((Unavailable, DROP), |(_, meaning, drops)| {
            (*meaning, *drops)
        })
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
            "3D000", "42P01", "42501", "42703",
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
