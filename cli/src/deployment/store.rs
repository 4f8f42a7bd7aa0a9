//! The storage of a deployment, as its functions have it.

use sluice_mysql::MysqlStore;
use sluice_order::{ListQuery, OrderId};
use sluice_postgres::{BadSettings, Engine, PostgresStore, Settings, Tls};
use sluice_store::{
    DynamoStore, Found, OrderStore, Page, Part, PutOutcome, ReadAll, Rejection, StoreError,
    StoredOrder,
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
        match database(stack)? {
            Some(settings) => Self::at(settings).map_err(|why| out_of_reach(&why)),
            None => Ok(Self::table(aws, stack.table()?)),
        }
    }

    /// A table.
    pub(crate) fn table(aws: &Aws, table: &str) -> Self {
        let client = aws_sdk_dynamodb::Client::new(&aws.config);
        Self::Table(DynamoStore::new(client, table))
    }

    /// A database.
    pub(crate) fn at(settings: Settings) -> Result<Self, BadSettings> {
        match settings.engine {
            Engine::Postgres => PostgresStore::new(settings).map(Self::Postgres),
            Engine::Mysql => MysqlStore::new(settings).map(Self::Mysql),
        }
    }
}

/// A database at an address. On another machine it is reached by TLS, and its certificate must be RDS's of the region in which the
/// command is (`AWS_REGION`).
pub(crate) fn settings(address: &str) -> Result<Settings, BadSettings> {
    let mut settings: Settings = address.parse()?;
    if !settings.is_loopback() {
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].map(|name| std::env::var(name).ok());
        let region = region
            .into_iter()
            .flatten()
            .find(|region| !region.is_empty());
        if let Some(pem) = region.and_then(|region| sluice_rds::of_region(&region)) {
            settings.tls = Tls::Authorities { pem };
        }
    }
    Ok(settings)
}

/// How the stack's database is reached, where it has one.
pub(crate) fn database(stack: &Stack) -> Result<Option<Settings>, Failure> {
    let settings = stack.database().map(settings);
    settings.transpose().map_err(|why| out_of_reach(&why))
}

fn out_of_reach(why: &impl std::fmt::Display) -> Failure {
    Failure::environment(
        format!("the stack's database cannot be reached from here: {why}"),
        "see its parameter DatabaseUrl",
    )
}

impl ReadAll for Store {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, StoreError> {
        match self {
            Self::Table(store) => store.read_all(behind).await,
            Self::Postgres(store) => store.read_all(behind).await,
            Self::Mysql(store) => store.read_all(behind).await,
        }
    }
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
