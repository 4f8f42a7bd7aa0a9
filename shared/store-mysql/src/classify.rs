//! What an error of the database means: for the record that met it, and for the connection.

use mysql_async::{DriverError, Error};
use sluice_database::{
    Meaning::{self, Unavailable},
    Verdict,
};

use self::table::TABLE;

mod table;

/// A row with this key is there: `ER_DUP_ENTRY`. No table has a second unique key.
const THERE: u16 = 1062;

/// Whether the error says that the key has a row already.
pub(crate) fn is_there(error: &Error) -> bool {
    matches!(error, Error::Server(error) if error.code == THERE)
}

/// The one place that decides what an error of the database means.
///
/// A row that is refused as such stays refused. Every other error is temporary, a missing table or permission too, so that an
/// operator's mistake loses no order. Without a number the connection failed, and nobody knows what became of the statement.
pub(crate) fn classify(error: &Error) -> Verdict {
    let code = match error {
        Error::Server(error) => error.code,
        Error::Io(error) => return Verdict::gone(format!("no connection ({error})")),
        Error::Driver(DriverError::ConnectionClosed) => {
            return Verdict::gone("the connection is closed");
        }
        // Its words may quote what was read.
        _ => return Verdict::gone("the driver does not understand the server"),
    };
    let (meaning, drops) = of_code(code);
    Verdict {
        meaning,
        drops,
        why: format!("MySQL error {code}"),
    }
}

/// What is not in the table may work later, by another connection.
fn of_code(code: u16) -> (Meaning, bool) {
    TABLE
        .iter()
        .find(|(known, ..)| *known == code)
        .map_or((Unavailable, true), |(_, meaning, drops)| {
            (*meaning, *drops)
        })
}

#[cfg(test)]
mod tests {
    use mysql_async::ServerError;
    use sluice_database::Meaning::{Refused, Throttled};
    use sluice_order::RejectReason::{RefusedByStorage, TooLarge};

    use super::*;

    /// The table once more, in another order, so that a slip of one of them is seen.
    const CLASSES: [(Meaning, bool, &[u16]); 6] = [
        (
            Unavailable,
            true,
            &[
                1053, 1158, 1159, 1160, 1161, 1243, 1290, 1317, 1792, 1836, 1927, 2006, 2013, 3032,
                3169, 4031,
            ],
        ),
        (
            Unavailable,
            false,
            &[
                1021, 1037, 1041, 1044, 1045, 1049, 1054, 1114, 1129, 1130, 1142, 1143, 1146, 1205,
                1206, 1213, 1364, 1461, 1615, 1698, 1969, 3024,
            ],
        ),
        (Throttled, false, &[1040, 1203, 1226]),
        (
            Refused(RefusedByStorage),
            false,
            &[1048, 1264, 1292, 1366, 3140, 3819, 4025],
        ),
        (Refused(TooLarge), false, &[1118, 1406]),
        (Refused(TooLarge), true, &[1153]),
    ];

    #[test]
    fn each_code_has_its_class() {
        let mut listed = 0;
        for (meaning, drops, codes) in CLASSES {
            listed += codes.len();
            for code in codes {
                assert_eq!(of_code(*code), (meaning, drops), "{code}");
            }
        }
        assert_eq!(listed, TABLE.len());
        for unknown in [1064, 1105, 9999] {
            assert_eq!(of_code(unknown), (Unavailable, true), "{unknown}");
        }
    }

    #[test]
    fn the_server_s_words_are_left_out() {
        let error = Error::Server(ServerError {
            code: 1366,
            message: "Incorrect string value: 'secret'".to_owned(),
            state: "22007".to_owned(),
        });
        assert_eq!(classify(&error).why, "MySQL error 1366");
        assert!(!is_there(&error));
    }
}
