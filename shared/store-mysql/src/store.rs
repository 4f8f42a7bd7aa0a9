//! The store.

use std::{fmt, sync::Arc};

use mysql_async::{Conn, Params, Row, Value};
use sluice_database::{
    Connection, Verdict,
    row::{fingerprint, not_ours},
};
use sluice_order::{ListQuery, OrderId, Timestamp, content::Canonical, smoke};
use sluice_store::{Found, OrderStore, Page, PutOutcome, Rejection, StoreError, StoredOrder};

use crate::{
    BadSettings, Settings,
    connection::Connector,
    link::{Link, Written},
    list,
    row::{self, ORDER, REJECTION, text, time},
};

/// The order's row says by itself whether it is new: no look before it, which another writer could overtake. While another
/// transaction holds the key this waits for it, and then is told that the key is taken.
///
/// Never with IGNORE: it turns errors into warnings, so a text that is too long would be cut and counted as stored
/// (<https://dev.mysql.com/doc/refman/8.0/en/insert.html>). And not with ON DUPLICATE KEY UPDATE, which changes what is there.
const INSERT_ORDER: &str = "INSERT INTO orders \
    (order_key, order_id, customer_id, content_hash, accepted_at, stored_at, currency, total, skus, traceparent, document) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const INSERT_SMOKE: &str = "INSERT INTO smoke_orders \
    (order_key, order_id, content_hash, stored_at, expires_at, document) VALUES (?, ?, ?, ?, ?, ?)";

/// Deletes smoke orders that have expired, but not this one: it is to be found there.
const DELETE_SMOKE: &str = "DELETE FROM smoke_orders WHERE expires_at <= ? AND order_key <> ?";

/// VALUES(…) is MariaDB's one way to name the new row; MySQL has another one, and still reads this. Columns are set from left to
/// right, so the time by which the others are chosen comes last.
const INSERT_REJECTION: &str = "INSERT INTO rejections \
    (order_key, fingerprint, content_hash, order_id, reason, rejected_at, accepted_at, document) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
    ON DUPLICATE KEY UPDATE \
    order_id = IF(rejected_at <= VALUES(rejected_at), VALUES(order_id), order_id), \
    reason = IF(rejected_at <= VALUES(rejected_at), VALUES(reason), reason), \
    accepted_at = IF(rejected_at <= VALUES(rejected_at), VALUES(accepted_at), accepted_at), \
    document = IF(rejected_at <= VALUES(rejected_at), VALUES(document), document), \
    rejected_at = GREATEST(rejected_at, VALUES(rejected_at))";

/// A table of orders, by one connection.
#[derive(Clone)]
pub struct MysqlStore(Arc<Connection<Connector>>);

impl fmt::Debug for MysqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MysqlStore")
            .field(self.0.connector())
            .finish()
    }
}

impl MysqlStore {
    /// The store that these settings name. It connects when it is first used. A clone shares its connection.
    ///
    /// # Errors
    /// No connection could ever be made with these settings.
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        Ok(Self(Arc::new(Connection::new(Connector::new(settings)?))))
    }

    /// The store at this address, as [`Settings`] reads it.
    ///
    /// # Errors
    /// As [`Self::new`]; it is no such address.
    pub fn from_url(url: &str) -> Result<Self, BadSettings> {
        Self::new(url.parse()?)
    }

    /// Opens the connection, if there is none. For a function's start.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Throttled`]; the first call will try again.
    pub async fn warm(&self) -> Result<(), StoreError> {
        self.call().0.link().await.map(drop)
    }

    /// A connection apart from the store's, whatever version the schema has: for migrations and for an operator's questions. It
    /// closes when it is dropped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Throttled`].
    pub async fn client(settings: Settings) -> Result<Conn, StoreError> {
        let connector = Connector::new(settings).map_err(|e| Verdict::gone(e.to_string()))?;
        Ok(connector.open().await?)
    }

    /// A call, whose time begins now.
    pub(crate) fn call(&self) -> Call<'_> {
        let limit = self.0.connector().settings().call_timeout;
        Call(sluice_database::Call::new(&self.0, limit))
    }
}

/// One call of the store: one or two statements, within the time of one call.
pub(crate) struct Call<'a>(sluice_database::Call<'a, Connector>);

impl Call<'_> {
    /// Whether a row was written, or is there already.
    async fn execute(
        &self,
        summary: &'static str,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Written, StoreError> {
        let link = self.0.link().await?;
        let answer = link.execute(sql, Params::Positional(values));
        self.0.bounded(&link, summary, answer).await
    }

    /// The rows that a query has.
    pub(crate) async fn query(
        &self,
        summary: &'static str,
        sql: &str,
        values: Params,
    ) -> Result<Vec<Row>, StoreError> {
        let ask = |link: Arc<Link>| {
            let values = values.clone();
            async move { link.query(sql, values).await }
        };
        self.0.asked(summary, ask).await
    }

    async fn insert_order(&self, order: &StoredOrder) -> Result<Written, StoreError> {
        let document = Canonical::of(&order.order);
        let total = i64::try_from(order.order.total()).map_err(not_ours)?;
        let names = order.order.product_names();
        let values = vec![
            key(&order.order_id),
            order.order_id.to_string().into(),
            order.order.customer_id().as_str().into(),
            order.content.to_string().into(),
            time(order.accepted_at),
            time(order.stored_at),
            order.order.currency().code().into(),
            total.into(),
            list::framed(names.iter().map(AsRef::as_ref)).into(),
            order.traceparent.as_deref().into(),
            document.as_str().into(),
        ];
        self.execute("INSERT orders", INSERT_ORDER, values).await
    }

    /// In two statements: a smoke order comes now and then, and is no order.
    async fn insert_smoke(&self, order: &StoredOrder) -> Result<Written, StoreError> {
        let expired = vec![time(order.stored_at), key(&order.order_id)];
        self.execute("DELETE smoke_orders", DELETE_SMOKE, expired)
            .await?;
        let expires_at = order.stored_at.as_millis() / 1_000 + smoke::KEPT_SECONDS;
        let values = vec![
            key(&order.order_id),
            order.order_id.to_string().into(),
            order.content.to_string().into(),
            time(order.stored_at),
            time(Timestamp::from_millis(expires_at * 1_000)),
            Canonical::of(&order.order).as_str().into(),
        ];
        self.execute("INSERT smoke_orders", INSERT_SMOKE, values)
            .await
    }

    /// The hash of what a key has in a table.
    async fn hash(&self, table: &str, id: &OrderId) -> Result<Option<String>, StoreError> {
        let sql = format!("SELECT content_hash FROM {table} WHERE order_key = ?");
        let rows = self
            .query(
                "SELECT content_hash",
                &sql,
                Params::Positional(vec![key(id)]),
            )
            .await?;
        let hash = rows.first().map(|row| text(row, 0).map(str::to_owned));
        hash.transpose()
    }
}

impl OrderStore for MysqlStore {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        let call = self.call();
        let (table, written) = if order.order.is_smoke() {
            ("smoke_orders", call.insert_smoke(order).await?)
        } else {
            ("orders", call.insert_order(order).await?)
        };
        if written == Written::New {
            return Ok(PutOutcome::Stored);
        }
        // A statement of its own, so it sees the order that stood in the way.
        match call.hash(table, &order.order_id).await? {
            Some(there) if there == order.content.to_string() => Ok(PutOutcome::Duplicate),
            Some(_) => Ok(PutOutcome::Conflict),
            None => Err(StoreError::Unavailable(
                "the stored order was not shown".to_owned(),
            )),
        }
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        let there = self.call().hash("orders", &rejection.order_id).await?;
        let Some(there) = there else {
            return Ok(false);
        };
        Ok(rejection.is_of(&there.parse().map_err(not_ours)?))
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        let id = &rejection.order_id;
        let content = rejection.content.as_ref();
        let hash = content.map(|(_, hash, _)| hash.to_string());
        let document = content.map(|(_, _, order)| Canonical::of(order));
        let values = vec![
            key(id),
            fingerprint(id).into(),
            hash.unwrap_or_default().into(),
            id.to_string().into(),
            rejection.reason.to_string().into(),
            time(rejection.rejected_at),
            content.map_or(Value::NULL, |(at, _, _)| time(*at)),
            document.as_ref().map(Canonical::as_str).into(),
        ];
        self.call()
            .execute("INSERT rejections", INSERT_REJECTION, values)
            .await?;
        Ok(())
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        let call = self.call();
        let sql = format!("SELECT {ORDER} FROM orders WHERE order_key = ?");
        let rows = call
            .query("SELECT orders", &sql, Params::Positional(vec![key(id)]))
            .await?;
        if let Some(there) = rows.first() {
            let order = row::order(there)?;
            if id.is_for(&order.content) {
                return Ok(Some(Found::Order(Box::new(order))));
            }
        }
        let sql = format!(
            "SELECT {REJECTION} FROM rejections WHERE order_key = ? AND fingerprint = ? \
             ORDER BY rejected_at DESC, content_hash DESC LIMIT 1"
        );
        let values = vec![key(id), fingerprint(id).into()];
        let rows = call
            .query("SELECT rejections", &sql, Params::Positional(values))
            .await?;
        let latest = rows.first().map(row::rejection).transpose()?;
        Ok(latest.map(|rejection| Found::Rejection(Box::new(rejection))))
    }

    async fn has_smoke(&self, id: &OrderId) -> Result<bool, StoreError> {
        let there = self.call().hash("smoke_orders", id).await?;
        Ok(there.is_some())
    }

    async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        list::page(&self.call(), query).await
    }
}

/// The key of an order as a column holds it: the text that `DynamoDB`'s table has too.
fn key(id: &OrderId) -> Value {
    id.key().to_string().into()
}
