//! The codes of errors, and what each means. The tests on a real server read this file too.

use sluice_database::Meaning::{self, Refused, Throttled, Unavailable};
use sluice_order::RejectReason;

const KEEP: bool = false;
const DROP: bool = true;
const MISFIT: Meaning = Refused(RejectReason::RefusedByStorage);
const TOO_LARGE: Meaning = Refused(RejectReason::TooLarge);

/// The codes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>, what each means for the record, and whether the
/// connection is dropped. The tests in `tests/server` that are named here bring the code about as a server does; the test
/// `each_code_has_its_effect` has a trigger play every one of them.
pub(super) const TABLE: &[(&str, Meaning, bool)] = &[
    // The server ends the connection, and the effect is unknown: an administrator or a shutdown
    // (`terminated_in_mid_statement`), the crash of another of its processes, which today's servers tell as a warning
    // (`the_crash_of_another_s_process`), a dropped database, a session that was idle (`idle_for_too_long`).
    ("57P01", Unavailable, DROP),
    ("57P02", Unavailable, DROP),
    ("57P04", Unavailable, DROP),
    ("57P05", Unavailable, DROP),
    // It is starting or stopping (`a_starting_server`).
    ("57P03", Unavailable, DROP),
    // A reader takes no writes. After a failover the connection stays open and stays wrong (`a_server_that_became_read_only`).
    ("25006", Unavailable, DROP),
    // The server or the role has no connection left (`a_full_connection_table`, `a_user_without_connections_left`). This is the
    // one code that means "too many".
    ("53300", Throttled, KEEP),
    // Out of memory, of disk, or of what else was limited.
    ("53000", Unavailable, KEEP),
    ("53100", Unavailable, KEEP),
    ("53200", Unavailable, KEEP),
    ("53400", Unavailable, KEEP),
    // Nothing was written, and the connection is good: a lock timed out (`a_locked_table`), a statement did
    // (`a_slow_statement`), a serialization failed (`an_order_whose_commit_fails_is_not_stored`), a deadlock (`a_deadlock`).
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
    // A column is missing (`an_operator_s_mistake`): the schema and the release do not fit.
    ("42703", Unavailable, KEEP),
    // The value is too long, or the row too large (`a_rule_of_the_table`).
    ("22001", TOO_LARGE, KEEP),
    ("54000", TOO_LARGE, KEEP),
    // The row does not fit: a number out of range, bytes that are no text, a text of another form, a character that the target
    // has not, a missing value, a rule of the table (`a_rule_of_the_table`).
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
