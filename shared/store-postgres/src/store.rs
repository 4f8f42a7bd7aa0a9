//! The store.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use sluice_database::{Connection, Verdict, row::fingerprint};
use sluice_order::{ListQuery, OrderId, content::Canonical, smoke};
use sluice_store::{Found, OrderStore, Page, PutOutcome, Rejection, StoreError, StoredOrder};
use tokio_postgres::{
    Client, Row,
    types::{ToSql, Type},
};

use crate::{
    BadSettings, Settings,
    classify::classify,
    connection::{Connector, Link},
    list,
    row::{self, ORDER, REJECTION, key, not_ours, time},
};

/// A parameter of a statement, and the type that it is sent as.
///
/// With the types named, a statement needs no name on the server and no round trip to prepare it. So it does not pin a
/// connection of RDS Proxy either.
pub(crate) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// The order's row says by itself whether it is new: no look before it, which another writer could overtake. While another
/// transaction holds the key this waits for it.
///
/// The document comes as text in canonical form. JSONB forgets the order of members and the spelling of numbers, which an order
/// does not depend on: members are read by name, numbers are integers, and the hash is over the canonical form of what was read.
/// The one character that JSONB has not, U+0000, no order may hold. In return a view can show the lines.
const INSERT_ORDER: &str = "INSERT INTO sluice.orders \
    (order_key, order_id, customer_id, content_hash, accepted_at, stored_at, currency, total, skus, traceparent, document) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb) ON CONFLICT (order_key) DO NOTHING";

/// The same for a smoke order. It deletes those that have expired, but not of this key: a row cannot be both deleted and kept.
const INSERT_SMOKE: &str = "WITH expired AS ( \
        DELETE FROM sluice.smoke_orders WHERE expires_at <= $4 AND order_key <> $1 \
    ) INSERT INTO sluice.smoke_orders (order_key, order_id, content_hash, stored_at, expires_at, document) \
    VALUES ($1, $2, $3, $4, $5, $6::jsonb) ON CONFLICT (order_key) DO NOTHING";

const INSERT_REJECTION: &str = "INSERT INTO sluice.rejections AS r \
    (order_key, fingerprint, content_hash, order_id, reason, rejected_at, accepted_at, document) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb) \
    ON CONFLICT (order_key, fingerprint, content_hash) DO UPDATE SET order_id = excluded.order_id, \
    reason = excluded.reason, rejected_at = excluded.rejected_at, accepted_at = excluded.accepted_at, \
    document = excluded.document WHERE r.rejected_at <= excluded.rejected_at";

/// A table of orders, by one connection.
#[derive(Clone)]
pub struct PostgresStore(Arc<Connection<Connector>>);

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresStore")
            .field(self.0.connector())
            .finish()
    }
}

impl PostgresStore {
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
    pub async fn client(settings: Settings) -> Result<Client, StoreError> {
        let connector = Connector::new(settings).map_err(|e| Verdict::gone(e.to_string()))?;
        Ok(connector.open().await?.client)
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
    /// How many rows a statement has written. It answers only after the commit: the server reports "ready" after that.
    pub(crate) async fn execute(
        &self,
        summary: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let link = self.0.link().await?;
        let answer = async {
            let answer = link.client.execute_typed(sql, values).await;
            answer.map_err(|e| classify(&e))
        };
        self.0.bounded(&link, summary, answer).await
    }

    /// The rows that a query has.
    pub(crate) async fn query(
        &self,
        summary: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let ask = |link: Arc<Link>| async move {
            let answer = link.client.query_typed(sql, values).await;
            answer.map_err(|e| classify(&e))
        };
        self.0.asked(summary, ask).await
    }

    async fn insert_order(&self, order: &StoredOrder) -> Result<u64, StoreError> {
        let (content, document) = (order.content.to_string(), Canonical::of(&order.order));
        let total = i64::try_from(order.order.total()).map_err(not_ours)?;
        let names = order.order.product_names();
        let skus: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let values: [Value<'_>; 11] = [
            (&key(&order.order_id), Type::TEXT),
            (&order.order_id.to_string(), Type::TEXT),
            (&order.order.customer_id().as_str(), Type::TEXT),
            (&content, Type::TEXT),
            (&time(order.accepted_at), Type::TIMESTAMPTZ),
            (&time(order.stored_at), Type::TIMESTAMPTZ),
            (&order.order.currency().code(), Type::TEXT),
            (&total, Type::INT8),
            (&skus, Type::TEXT_ARRAY),
            (&order.traceparent, Type::TEXT),
            (&document.as_str(), Type::TEXT),
        ];
        self.execute("INSERT orders", INSERT_ORDER, &values).await
    }

    async fn insert_smoke(&self, order: &StoredOrder) -> Result<u64, StoreError> {
        let document = Canonical::of(&order.order);
        let expires_at = order.stored_at.as_millis() / 1_000 + smoke::KEPT_SECONDS;
        let expires_at = Duration::from_secs(u64::try_from(expires_at).unwrap_or_default());
        let values: [Value<'_>; 6] = [
            (&key(&order.order_id), Type::TEXT),
            (&order.order_id.to_string(), Type::TEXT),
            (&order.content.to_string(), Type::TEXT),
            (&time(order.stored_at), Type::TIMESTAMPTZ),
            (&(UNIX_EPOCH + expires_at), Type::TIMESTAMPTZ),
            (&document.as_str(), Type::TEXT),
        ];
        self.execute("INSERT smoke_orders", INSERT_SMOKE, &values)
            .await
    }

    /// The hash of what a key has in a table.
    async fn hash(&self, table: &str, id: &OrderId) -> Result<Option<String>, StoreError> {
        let sql = format!("SELECT content_hash FROM sluice.{table} WHERE order_key = $1");
        let rows = self
            .query("SELECT content_hash", &sql, &[(&key(id), Type::TEXT)])
            .await?;
        let hash = rows.first().map(|row| row.try_get(0).map_err(not_ours));
        hash.transpose()
    }
}

impl OrderStore for PostgresStore {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        let call = self.call();
        let (table, written) = if order.order.is_smoke() {
            ("smoke_orders", call.insert_smoke(order).await?)
        } else {
            ("orders", call.insert_order(order).await?)
        };
        if written == 1 {
            return Ok(PutOutcome::Stored);
        }
        // This statement sees the order that stood in the way. The insert itself could not show it: if another transaction
        // committed meanwhile, its row is not in the snapshot that the insert began with.
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
        let values: [Value<'_>; 8] = [
            (&key(id), Type::TEXT),
            (&fingerprint(id), Type::TEXT),
            (&hash.unwrap_or_default(), Type::TEXT),
            (&id.to_string(), Type::TEXT),
            (&rejection.reason.to_string(), Type::TEXT),
            (&time(rejection.rejected_at), Type::TIMESTAMPTZ),
            (&content.map(|(at, _, _)| time(*at)), Type::TIMESTAMPTZ),
            (&document.as_ref().map(Canonical::as_str), Type::TEXT),
        ];
        self.call()
            .execute("INSERT rejections", INSERT_REJECTION, &values)
            .await?;
        Ok(())
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        let call = self.call();
        let sql = format!("SELECT {ORDER} FROM sluice.orders WHERE order_key = $1");
        let rows = call
            .query("SELECT orders", &sql, &[(&key(id), Type::TEXT)])
            .await?;
        if let Some(there) = rows.first() {
            let order = row::order(there)?;
            if id.is_for(&order.content) {
                return Ok(Some(Found::Order(Box::new(order))));
            }
        }
        let sql = format!(
            "SELECT {REJECTION} FROM sluice.rejections WHERE order_key = $1 AND fingerprint = $2 \
             ORDER BY rejected_at DESC, content_hash DESC LIMIT 1"
        );
        let values: [Value<'_>; 2] = [(&key(id), Type::TEXT), (&fingerprint(id), Type::TEXT)];
        let rows = call.query("SELECT rejections", &sql, &values).await?;
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
