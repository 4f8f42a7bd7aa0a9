//! Fills a database with orders by its own SQL.

use anyhow::Result;
use sluice_postgres::Engine;

use crate::{
    database::Database,
    events::{LINES, order, sku},
};

/// So many orders are made by one statement.
const STEP: u64 = 50_000;

/// A customer has ten of a million orders.
const CUSTOMERS: u64 = 100_000;

/// When the first order was accepted, in milliseconds since 1970; each one after it a tenth of a second later.
const FIRST_MS: u64 = 1_795_000_000_000;

/// Later than all of them. Orders arrive nearly in the order of their acceptance.
pub(super) const LATEST_MS: i64 = 1_795_200_000_000;

/// Fills it until so many orders are stored. Keys and customers are hashes: as random as real ones.
pub(super) async fn to(database: &mut Database, size: u64) -> Result<()> {
    let engine = database.engine();
    let stored = u64::try_from(database.number(count(engine)).await?)?;
    let mut at = stored;
    while at < size {
        let end = (at + STEP).min(size);
        database.run(&insert(engine, at + 1, end)).await?;
        at = end;
    }
    // What a server does by itself some time later, so that it does not do it while calls are measured.
    match engine {
        Engine::Postgres => {
            database.run("VACUUM ANALYZE sluice.orders").await?;
            database.run("CHECKPOINT").await
        }
        Engine::Mysql => database.run("ANALYZE TABLE orders").await,
    }
}

/// How many bytes the server has written to its log so far.
pub(super) async fn written(database: &mut Database) -> Result<i64> {
    let sql = match database.engine() {
        Engine::Postgres => "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint",
        Engine::Mysql => {
            "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status \
             WHERE variable_name = 'INNODB_LSN_CURRENT'"
        }
    };
    database.number(sql).await
}

fn count(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "SELECT count(*) FROM sluice.orders",
        Engine::Mysql => "SELECT COUNT(*) FROM orders",
    }
}

/// Makes the orders with these numbers.
fn insert(engine: Engine, first: u64, last: u64) -> String {
    let document = order("CUSTOMER", LINES);
    let skus: Vec<_> = (0..LINES).map(sku).collect();
    match engine {
        Engine::Postgres => format!(
            "INSERT INTO sluice.orders (order_key, order_id, customer_id, content_hash, accepted_at, stored_at, \
                 currency, total, skus, document) \
             SELECT left(hash, 16), 'ord_' || left(hash, 36), customer, 'v1:' || left(hash, 43), \
                 accepted_at, accepted_at + interval '2 s', 'GBP', 4590, ARRAY['{}'], \
                 replace('{document}', 'CUSTOMER', customer)::jsonb \
             FROM generate_series({first}, {last}) AS n, \
             LATERAL (SELECT translate(encode(sha256(n::text::bytea), 'base64'), '+/', '-_') AS hash, \
                 'c-' || left(md5((n % {CUSTOMERS})::text), 16) AS customer, \
                 to_timestamp({FIRST_MS} / 1000 + n / 10.0) AS accepted_at) AS made",
            skus.join("','")
        ),
        Engine::Mysql => format!(
            "INSERT INTO orders (order_key, order_id, customer_id, content_hash, accepted_at, stored_at, \
                 currency, total, skus, document) \
             SELECT LEFT(hash, 16), CONCAT('ord_', LEFT(hash, 36)), customer, CONCAT('v1:', LEFT(hash, 43)), \
                 accepted_at, accepted_at + INTERVAL 2 SECOND, 'GBP', 4590, \
                 CONCAT(CHAR(0), '{}', CHAR(0)), REPLACE('{document}', 'CUSTOMER', customer) \
             FROM (SELECT REPLACE(REPLACE(TO_BASE64(UNHEX(SHA2(seq, 256))), '+', '-'), '/', '_') AS hash, \
                     CONCAT('c-', LEFT(MD5(seq % {CUSTOMERS}), 16)) AS customer, \
                     FROM_UNIXTIME({FIRST_MS} / 1000 + seq / 10) AS accepted_at \
                 FROM seq_{first}_to_{last}) AS made",
            skus.join("', CHAR(0), '")
        ),
    }
}
