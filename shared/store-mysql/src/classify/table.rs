//! The codes of errors, and what each means. The tests on a real server read this file too.

use sluice_database::Meaning::{self, Refused, Throttled, Unavailable};
use sluice_order::RejectReason;

const KEEP: bool = false;
const DROP: bool = true;
const MISFIT: Meaning = Refused(RejectReason::RefusedByStorage);
const TOO_LARGE: Meaning = Refused(RejectReason::TooLarge);

/// The numbers of <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html> and, from 1900 to 1999 and from 4000
/// on, of MariaDB's <https://mariadb.com/kb/en/mariadb-error-code-reference/>: what each means for the record, and whether the
/// connection is dropped. A number and not the SQLSTATE, because HY000 is most of them. The tests in `tests/server` that are named
/// here bring the number about as a server does; the test `each_code_has_its_effect` has a trigger play every one of them, MySQL's
/// own too.
pub(super) const TABLE: &[(u16, Meaning, bool)] = &[
    // The server ends the connection or stops, and the effect is unknown: a shutdown, a statement that was killed
    // (`a_statement_that_is_killed`), a session that was killed or idle for too long, a network that failed.
    (1053, Unavailable, DROP),
    (1317, Unavailable, DROP),
    (1927, Unavailable, DROP),
    (3169, Unavailable, DROP),
    (4031, Unavailable, DROP),
    (1158, Unavailable, DROP),
    (1159, Unavailable, DROP),
    (1160, Unavailable, DROP),
    (1161, Unavailable, DROP),
    // The same in the words of a client, which proxies pass on.
    (2006, Unavailable, DROP),
    (2013, Unavailable, DROP),
    // A reader takes no writes. After a failover the connection stays open and stays wrong (`a_server_that_became_read_only`,
    // `a_session_that_is_read_only`).
    (1290, Unavailable, DROP),
    (1792, Unavailable, DROP),
    (1836, Unavailable, DROP),
    // It is taken out of service.
    (3032, Unavailable, DROP),
    // The prepared statement is of another connection, behind a proxy.
    (1243, Unavailable, DROP),
    // The server or the user has no connection left (`a_full_connection_table`, `a_user_without_connections_left`).
    (1040, Throttled, KEEP),
    (1203, Throttled, KEEP),
    (1226, Throttled, KEEP),
    // Nothing was written, and the connection is good: a lock timed out (`somebody_s_open_transaction`, `a_locked_table`), a
    // deadlock (`three_writers_of_which_the_first_gives_up`), a statement took too long (`a_slow_statement`).
    (1205, Unavailable, KEEP),
    (1213, Unavailable, KEEP),
    (3024, Unavailable, KEEP),
    (1969, Unavailable, KEEP),
    // Out of disk (`a_full_disk`), memory, locks, or statements (`no_statement_left`).
    (1021, Unavailable, KEEP),
    (1037, Unavailable, KEEP),
    (1041, Unavailable, KEEP),
    (1114, Unavailable, KEEP),
    (1206, Unavailable, KEEP),
    (1461, Unavailable, KEEP),
    (1615, Unavailable, KEEP),
    // An operator's mistake waits: database, password, host, table, view, permission (`an_operator_s_mistake`,
    // `an_operator_s_mistake_before_the_connection`, `a_password_may_change`).
    (1044, Unavailable, KEEP),
    (1045, Unavailable, KEEP),
    (1049, Unavailable, KEEP),
    (1129, Unavailable, KEEP),
    (1130, Unavailable, KEEP),
    (1142, Unavailable, KEEP),
    (1143, Unavailable, KEEP),
    (1146, Unavailable, KEEP),
    (1698, Unavailable, KEEP),
    // A column is missing, or there is one that we do not fill: the schema and the release do not fit (`a_foreign_column`).
    (1054, Unavailable, KEEP),
    (1364, Unavailable, KEEP),
    // The packet, the value or the row is too large (`a_packet_that_is_too_large`,
    // `a_text_that_is_too_long`, `a_row_that_is_too_large`). After the first the server closes the connection.
    (1153, TOO_LARGE, DROP),
    (1118, TOO_LARGE, KEEP),
    (1406, TOO_LARGE, KEEP),
    // The row does not fit: a missing value (`a_missing_value`), a number out of range (`a_number_out_of_range`), a text of another
    // form (`a_text_that_is_no_time`), bytes that are no text (`a_text_that_is_no_text`), no JSON, a rule of the table
    // (`a_rule_of_the_table`).
    (1048, MISFIT, KEEP),
    (1264, MISFIT, KEEP),
    (1292, MISFIT, KEEP),
    (1366, MISFIT, KEEP),
    (3140, MISFIT, KEEP),
    (3819, MISFIT, KEEP),
    (4025, MISFIT, KEEP),
];
