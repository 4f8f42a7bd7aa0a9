//! All that the database holds, part by part.

use sluice_database::place::{PART, Place, part_of_orders, part_of_rejections};
use sluice_store::{Part, ReadAll, StoreError};
use tokio_postgres::types::Type;

use crate::{
    PostgresStore,
    row::{self, ORDER, REJECTION},
    store::Value,
};

impl ReadAll for PostgresStore {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, StoreError> {
        let call = self.call();
        Ok(match Place::of(behind)? {
            Place::Orders(key) => {
                let sql = format!(
                    "SELECT {ORDER} FROM sluice.orders WHERE order_key > $1 ORDER BY order_key LIMIT {PART}"
                );
                let values: [Value<'_>; 1] = [(&key, Type::TEXT)];
                let rows = call.query("SELECT orders", &sql, &values).await?;
                part_of_orders(rows.iter().map(row::order).collect::<Result<_, _>>()?)
            }
            Place::Rejections(key, fingerprint, hash) => {
                let sql = format!(
                    "SELECT {REJECTION} FROM sluice.rejections \
                     WHERE (order_key, fingerprint, content_hash) > ($1, $2, $3) \
                     ORDER BY order_key, fingerprint, content_hash LIMIT {PART}"
                );
                let values: [Value<'_>; 3] = [
                    (&key, Type::TEXT),
                    (&fingerprint, Type::TEXT),
                    (&hash, Type::TEXT),
                ];
                let rows = call.query("SELECT rejections", &sql, &values).await?;
                let rejections = rows.iter().map(row::rejection).collect::<Result<_, _>>()?;
                part_of_rejections(rejections)
            }
        })
    }
}
