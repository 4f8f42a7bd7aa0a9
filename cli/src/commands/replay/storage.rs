//! Reads all that storage holds, by consistent reads.
//!
//! A database in a VPC is read by the stack's function, which tells keys, hashes and times. So that check does not see content, and
//! not whose an order is.

use std::time::Duration;

use aws_sdk_dynamodb::{Client, error::SdkError, operation::scan::ScanError};
use futures::{TryStreamExt, pin_mut};
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use sluice_mysql::MysqlStore;
use sluice_order::Timestamp;
use sluice_postgres::{Engine, PostgresStore, Settings};
use sluice_rds::Answer;

use super::record::{Listed, Record};
use crate::{
    deployment::{
        aws::Aws,
        invoke::{ask_database_admin, strange},
        stack::Stack,
        store,
    },
    terminal::failure::Failure,
};

/// How long one part of the function's list may take: the function may have to start and to connect.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a stack stores its orders.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    /// A table of `DynamoDB`.
    Table(String),
    /// A database of PostgreSQL or MySQL.
    Database(Settings),
    /// A database that this function of the stack reaches.
    ByFunction(String),
}

impl Storage {
    /// The stack's. A database is read at this address, where one is given.
    pub(crate) fn of(stack: &Stack, database_url: Option<&str>) -> Result<Self, Failure> {
        Ok(match (stack.database(), database_url) {
            (None, _) => Self::Table(stack.table()?.to_owned()),
            (Some(_), None) => Self::ByFunction(stack.database_admin()?.to_owned()),
            (Some(_), Some(url)) => {
                let settings = store::settings("--database-url", url, stack.region())?;
                Self::Database(settings)
            }
        })
    }

    /// Hands every order and rejection to `see`; by the function, every order.
    pub(crate) async fn scan(
        &self,
        aws: &Aws,
        mut see: impl FnMut(&Record),
    ) -> Result<(), Failure> {
        match self {
            Self::ByFunction(function) => {
                let mut after = String::new();
                loop {
                    let task = json!({"task": "hashes", "after": after});
                    let page = match ask_database_admin(aws, function, &task, PATIENCE).await? {
                        Answer::Hashes(page) => page,
                        other => return Err(strange(function, &format!("{other:?}"))),
                    };
                    for order in page.orders {
                        let listed = listed(&order);
                        see(&Record::Listed(
                            listed.ok_or_else(|| strange(function, &format!("{order:?}")))?,
                        ));
                    }
                    match page.next {
                        Some(next) => after = next,
                        None => return Ok(()),
                    }
                }
            }
            Self::Table(table) => {
                let client = Client::new(&aws.config);
                let scanned = scan(&client, table, see).await;
                scanned.map_err(|e| aws.explain(&format!("read the table {table}"), &e))?;
            }
            Self::Database(settings) => {
                let scanned = scan_database(settings.clone(), see).await;
                scanned.map_err(|why| {
                    Failure::environment(
                        format!("cannot read the database: {why}"),
                        "see that it runs, then run the same command again",
                    )
                })?;
            }
        }
        Ok(())
    }
}

/// An order as the function tells it; `None` if it is none.
fn listed(order: &sluice_rds::Listed) -> Option<Listed> {
    Some(Listed {
        key: order.order_key.parse().ok()?,
        content_hash: order.content_hash.parse().ok()?,
        accepted_at: Timestamp::from_millis(order.accepted_at),
        stored_at: Timestamp::from_millis(order.stored_at),
    })
}

/// Hands every order and rejection of the table to `see`. Returns the number of items.
///
/// # Errors
/// A page could not be read. What was seen until then is not the whole table and says nothing.
pub async fn scan(
    client: &Client,
    table: &str,
    mut see: impl FnMut(&Record),
) -> Result<usize, Box<SdkError<ScanError>>> {
    let pages = client
        .scan()
        .table_name(table)
        .consistent_read(true)
        .into_paginator();
    let mut pages = pages.send();
    let mut items = 0;
    while let Some(page) = pages.next().await {
        for item in page?.items.unwrap_or_default() {
            items += 1;
            let item: Option<Value> = serde_dynamo::from_item(item).ok();
            if let Some(record) = item.and_then(Record::of) {
                see(&record);
            }
        }
    }
    Ok(items)
}

/// Orders and rejections under the names that the table's items have. `document` is what was ordered.
const POSTGRES: &str = r#"
    SELECT (jsonb_build_object(
        'record', 'order', 'order_status', 'IN_FULFILLMENT', 'order_key', order_key, 'order_id', order_id,
        'content_hash', content_hash, 'total', total,
        'accepted_at', to_char(accepted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'stored_at', to_char(stored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    ) || document)::text
    FROM sluice.orders
    UNION ALL
    SELECT jsonb_build_object('record', 'rejected#' || fingerprint, 'order_id', order_id, 'reason', reason)::text
    FROM sluice.rejections"#;

/// The same in MySQL's words. A document holds no null, which the merging would take for "remove".
const MYSQL: &str = r"
    SELECT JSON_MERGE_PATCH(JSON_OBJECT(
        'record', 'order', 'order_status', 'IN_FULFILLMENT', 'order_key', CONVERT(order_key USING utf8mb4), 'order_id', order_id,
        'content_hash', content_hash, 'total', total,
        'accepted_at', CONCAT(LEFT(DATE_FORMAT(accepted_at, '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z'),
        'stored_at', CONCAT(LEFT(DATE_FORMAT(stored_at, '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')
    ), document)
    FROM orders
    UNION ALL
    SELECT JSON_OBJECT('record', CONCAT('rejected#', fingerprint), 'order_id', order_id, 'reason', reason)
    FROM rejections";

/// Hands every order and rejection of the database to `see`. Returns the number of rows.
///
/// # Errors
/// A row could not be read; why. What was seen until then is not all and says nothing.
pub async fn scan_database(
    settings: Settings,
    mut see: impl FnMut(&Record),
) -> Result<usize, String> {
    let mut read = 0;
    let seen = |text: &str| {
        read += 1;
        let record = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if let Some(record) = Record::of(record) {
            see(&record);
        }
        Ok(())
    };
    match settings.engine {
        Engine::Postgres => scan_postgres(settings, seen).await?,
        Engine::Mysql => scan_mysql(settings, seen).await?,
    }
    Ok(read)
}

async fn scan_postgres(
    settings: Settings,
    mut seen: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), String> {
    let client = PostgresStore::client(settings);
    let client = client.await.map_err(|error| error.to_string())?;
    let none: [i32; 0] = [];
    let rows = client.query_raw(POSTGRES, none).await;
    let rows = rows.map_err(|error| error.to_string())?;
    pin_mut!(rows);
    while let Some(row) = rows.try_next().await.map_err(|error| error.to_string())? {
        seen(row.try_get(0).map_err(|error| error.to_string())?)?;
    }
    Ok(())
}

async fn scan_mysql(
    settings: Settings,
    mut seen: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), String> {
    let client = MysqlStore::client(settings);
    let mut client = client.await.map_err(|error| error.to_string())?;
    let rows = client.query_iter(MYSQL).await;
    let mut rows = rows.map_err(|error| error.to_string())?;
    while let Some(row) = rows.next().await.map_err(|error| error.to_string())? {
        let text: Option<String> = row.get(0);
        seen(&text.ok_or("a row is no text")?)?;
    }
    Ok(())
}
