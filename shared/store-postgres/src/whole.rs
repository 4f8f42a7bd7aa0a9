//! All that the database holds, part by part.

use sluice_database::place::{PART, Place, part};
use sluice_store::{Found, Part, ReadAll, ReadError};
use tokio_postgres::types::Type;

use crate::{
    PostgresStore,
    row::{self, ORDER, REJECTION, REJECTION_KEY},
    store::Value,
};

impl ReadAll for PostgresStore {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, ReadError> {
        let call = self.call();
        match Place::of(behind)? {
            Place::Orders(key) => {
                let sql = format!(
                    "SELECT {ORDER}, order_key FROM sluice.orders WHERE order_key > $1 ORDER BY order_key LIMIT {PART}"
                );
                let values: [Value<'_>; 1] = [(&key, Type::TEXT)];
                let rows = call.query("SELECT orders", &sql, &values).await?;
                let found = rows.iter().map(|row| {
                    let order = row::order(row).map(Box::new);
                    (row::order_key(row), order.map(Found::Order))
                });
                part(found.collect(), Some(Place::first_rejection()))
            }
            Place::Rejections(key, fingerprint, hash) => {
                let sql = format!(
                    "SELECT {REJECTION}, {REJECTION_KEY} FROM sluice.rejections \
                     WHERE ({REJECTION_KEY}) > ($1, $2, $3) ORDER BY {REJECTION_KEY} LIMIT {PART}"
                );
                let values: [Value<'_>; 3] = [
                    (&key, Type::TEXT),
                    (&fingerprint, Type::TEXT),
                    (&hash, Type::TEXT),
                ];
                let rows = call.query("SELECT rejections", &sql, &values).await?;
                let found = rows.iter().map(|row| {
                    let rejection = row::rejection(row).map(Box::new);
                    (row::rejection_key(row), rejection.map(Found::Rejection))
                });
                part(found.collect(), None)
            }
        }
    }
}
