//! All that the database holds, part by part.

use mysql_async::Params;
use sluice_database::place::{PART, Place, part};
use sluice_store::{Found, Part, ReadAll, ReadError};

use crate::{
    MysqlStore,
    row::{self, ORDER, REJECTION, REJECTION_KEY},
};

impl ReadAll for MysqlStore {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, ReadError> {
        let call = self.call();
        match Place::of(behind)? {
            Place::Orders(key) => {
                let sql = format!(
                    "SELECT {ORDER}, order_key FROM orders WHERE order_key > ? ORDER BY order_key LIMIT {PART}"
                );
                let values = Params::Positional(vec![key.into()]);
                let rows = call.query("SELECT orders", &sql, values).await?;
                let found = rows.iter().map(|row| {
                    let order = row::order(row).map(Box::new);
                    (row::order_key(row), order.map(Found::Order))
                });
                part(found.collect(), Some(Place::first_rejection()))
            }
            Place::Rejections(key, fingerprint, hash) => {
                let sql = format!(
                    "SELECT {REJECTION}, {REJECTION_KEY} FROM rejections \
                     WHERE ({REJECTION_KEY}) > (?, ?, ?) ORDER BY {REJECTION_KEY} LIMIT {PART}"
                );
                let values = Params::Positional(vec![key.into(), fingerprint.into(), hash.into()]);
                let rows = call.query("SELECT rejections", &sql, values).await?;
                let found = rows.iter().map(|row| {
                    let rejection = row::rejection(row).map(Box::new);
                    (row::rejection_key(row), rejection.map(Found::Rejection))
                });
                part(found.collect(), None)
            }
        }
    }
}
