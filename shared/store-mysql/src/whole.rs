//! All that the database holds, part by part.

use mysql_async::Params;
use sluice_database::place::{PART, Place, part_of_orders, part_of_rejections};
use sluice_store::{Part, ReadAll, StoreError};

use crate::{
    MysqlStore,
    row::{self, ORDER, REJECTION},
};

impl ReadAll for MysqlStore {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, StoreError> {
        let call = self.call();
        Ok(match Place::of(behind)? {
            Place::Orders(key) => {
                let sql = format!(
                    "SELECT {ORDER} FROM orders WHERE order_key > ? ORDER BY order_key LIMIT {PART}"
                );
                let values = Params::Positional(vec![key.into()]);
                let rows = call.query("SELECT orders", &sql, values).await?;
                part_of_orders(rows.iter().map(row::order).collect::<Result<_, _>>()?)
            }
            Place::Rejections(key, fingerprint, hash) => {
                let sql = format!(
                    "SELECT {REJECTION} FROM rejections \
                     WHERE (order_key, fingerprint, content_hash) > (?, ?, ?) \
                     ORDER BY order_key, fingerprint, content_hash LIMIT {PART}"
                );
                let values = Params::Positional(vec![key.into(), fingerprint.into(), hash.into()]);
                let rows = call.query("SELECT rejections", &sql, values).await?;
                let rejections = rows.iter().map(row::rejection).collect::<Result<_, _>>()?;
                part_of_rejections(rejections)
            }
        })
    }
}
