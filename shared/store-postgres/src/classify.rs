//! What an error of the database means: for the record that met it, and for the connection.

use sluice_database::{
    Meaning::{self, Unavailable},
    Verdict,
};
use tokio_postgres::Error;

use self::table::TABLE;

mod table;

/// The one place that decides what an error of the database means.
///
/// A row that is refused as such stays refused. Every other error is temporary, a missing table or permission too, so that an
/// operator's mistake loses no order. Without a code the connection failed, and nobody knows what became of the statement.
pub(crate) fn classify(error: &Error) -> Verdict {
    let Some(code) = error.code() else {
        return Verdict::gone(without_code(error));
    };
    let (meaning, drops) = of_code(code.code());
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

/// What is not in the table may work later, by another connection: class 08 (connection), 58 (system), and all that is not known.
fn of_code(code: &str) -> (Meaning, bool) {
    TABLE
        .iter()
        .find(|(known, ..)| *known == code)
        .map_or((Unavailable, true), |(_, meaning, drops)| {
            (*meaning, *drops)
        })
}

#[cfg(test)]
mod tests {
    use sluice_database::Meaning::{Refused, Throttled};
    use sluice_order::RejectReason::{RefusedByStorage, TooLarge};

    use super::*;

    /// The table once more, in another order, so that a slip of one of them is seen.
    const CLASSES: [(Meaning, bool, &[&str]); 5] = [
        (
            Unavailable,
            true,
            &[
                "25006", "57P01", "57P02", "57P03", "57P04", "57P05", "58030", "XX000",
            ],
        ),
        (
            Unavailable,
            false,
            &[
                "28000", "28P01", "3D000", "3F000", "40001", "40P01", "42501", "42703", "42P01",
                "53000", "53100", "53200", "53400", "55P03", "57014",
            ],
        ),
        (Throttled, false, &["53300"]),
        (
            Refused(RefusedByStorage),
            false,
            &["22003", "22021", "22P02", "22P05", "23502", "23514"],
        ),
        (Refused(TooLarge), false, &["22001", "54000"]),
    ];

    #[test]
    fn each_code_has_its_class() {
        let mut listed = 0;
        for (meaning, drops, codes) in CLASSES {
            listed += codes.len();
            for code in codes {
                assert_eq!(of_code(code), (meaning, drops), "{code}");
            }
        }
        assert_eq!(listed, TABLE.len());
        for unknown in ["08006", "58P01", "42601", "ABCDE"] {
            assert_eq!(of_code(unknown), (Unavailable, true), "{unknown}");
        }
    }
}
