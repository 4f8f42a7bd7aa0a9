//! The storage of a deployment, as its functions have it.

use sluice_mysql::MysqlStore;
use sluice_order::{ListQuery, OrderId};
use sluice_postgres::{Engine, PostgresStore, Settings};
use sluice_store::{
    DynamoStore, Found, OrderStore, Page, PutOutcome, Rejection, StoreError, StoredOrder,
};

use super::{aws::Aws, stack::Stack};
use crate::terminal::failure::Failure;

/// The storage of a stack.
#[derive(Debug)]
pub(crate) enum Store {
    /// A table of `DynamoDB`.
    Table(DynamoStore),
    /// A database of PostgreSQL.
    Postgres(PostgresStore),
    /// A database of MySQL.
    Mysql(MysqlStore),
}

impl Store {
    /// The stack's. Nothing is connected yet.
    pub(crate) fn of(stack: &Stack, aws: &Aws) -> Result<Self, Failure> {
        let Some(settings) = database(stack)? else {
            let client = aws_sdk_dynamodb::Client::new(&aws.config);
            return Ok(Self::Table(DynamoStore::new(client, stack.table()?)));
        };
        let store = match settings.engine {
            Engine::Postgres => PostgresStore::new(settings).map(Self::Postgres),
            Engine::Mysql => MysqlStore::new(settings).map(Self::Mysql),
        };
        store.map_err(|why| out_of_reach(&why))
    }
}

/// How the stack's database is reached, where it has one.
pub(crate) fn database(stack: &Stack) -> Result<Option<Settings>, Failure> {
    let settings = stack.database().map(str::parse::<Settings>);
    settings.transpose().map_err(|why| out_of_reach(&why))
}

fn out_of_reach(why: &impl std::fmt::Display) -> Failure {
    Failure::environment(
        format!("the stack's database cannot be reached from here: {why}"),
        "see its parameter DatabaseUrl",
    )
}

impl OrderStore for Store {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        match self {
            Self::Table(store) => store.put(order).await,
            Self::Postgres(store) => store.put(order).await,
            Self::Mysql(store) => store.put(order).await,
        }
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        match self {
            Self::Table(store) => store.is_stored(rejection).await,
            Self::Postgres(store) => store.is_stored(rejection).await,
            Self::Mysql(store) => store.is_stored(rejection).await,
        }
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        match self {
            Self::Table(store) => store.record(rejection).await,
            Self::Postgres(store) => store.record(rejection).await,
            Self::Mysql(store) => store.record(rejection).await,
        }
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        match self {
            Self::Table(store) => store.find(id).await,
            Self::Postgres(store) => store.find(id).await,
            Self::Mysql(store) => store.find(id).await,
        }
    }

    async fn has_smoke(&self, id: &OrderId) -> Result<bool, StoreError> {
        match self {
            Self::Table(store) => store.has_smoke(id).await,
            Self::Postgres(store) => store.has_smoke(id).await,
            Self::Mysql(store) => store.has_smoke(id).await,
        }
    }

    async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        match self {
            Self::Table(store) => store.list(query).await,
            Self::Postgres(store) => store.list(query).await,
            Self::Mysql(store) => store.list(query).await,
        }
    }
}
