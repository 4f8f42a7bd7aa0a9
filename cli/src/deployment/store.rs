//! The storage of a deployment, as its functions have it.

use sluice_mysql::MysqlStore;
use sluice_order::{ListQuery, OrderId};
use sluice_postgres::{BadSettings, Engine, PostgresStore, Settings, Tls};
use sluice_store::{
    DynamoStore, Found, OrderStore, Page, Part, PutOutcome, ReadAll, ReadError, Rejection,
    StoreError, StoredOrder,
};

use super::{aws::Aws, stack::Stack};
use crate::terminal::{failure::Failure, parse::quoted};

/// The storage of a stack.
#[derive(Clone, Debug)]
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
            Some(settings) => Self::at(settings),
            None => Ok(Self::table(aws, stack.table()?)),
        }
    }

    /// A table.
    pub(crate) fn table(aws: &Aws, table: &str) -> Self {
        let client = aws_sdk_dynamodb::Client::new(&aws.config);
        Self::Table(DynamoStore::new(client, table))
    }

    /// A database, whose settings [`reached`] has made.
    pub(crate) fn at(settings: Settings) -> Result<Self, Failure> {
        let store = match settings.engine {
            Engine::Postgres => PostgresStore::new(settings).map(Self::Postgres),
            Engine::Mysql => MysqlStore::new(settings).map(Self::Mysql),
        };
        store.map_err(|why| Failure::environment(why, "report it: the command made these settings"))
    }
}

/// How an address is written.
pub(crate) const FORM: &str = "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, or as mysql://USER:PASSWORD@HOST:PORT/DATABASE";

/// A database at an address. `named` is where the address stands, such as `--to`. What is wrong never quotes the address, because a
/// password may be in it.
///
/// # Errors
/// It is no address.
pub(crate) fn address(named: &str, address: &str) -> Result<Settings, Failure> {
    let wrong =
        |_: BadSettings| Failure::environment(format!("{named} is no address of a database"), FORM);
    address.parse().map_err(wrong)
}

/// A database at an address, as it is reached from here: [`address`] and [`reached`].
///
/// # Errors
/// Those of both.
pub(crate) fn settings(
    named: &str,
    address_of: &str,
    region: Option<&str>,
) -> Result<Settings, Failure> {
    reached(named, address(named, address_of)?, region)
}

/// That database as it is reached from here: on another machine by TLS, with a certificate that RDS's authorities of its region
/// signed.
///
/// # Errors
/// The region is not known, or its authorities are not.
pub(crate) fn reached(
    named: &str,
    settings: Settings,
    region: Option<&str>,
) -> Result<Settings, Failure> {
    if settings.is_loopback() {
        return Ok(settings);
    }
    let region = region.ok_or_else(|| {
        Failure::environment(
            format!(
                "the database of {named} is on another machine, and its certificate is checked with the authorities of its region, which is not known"
            ),
            "set AWS_REGION to the database's region",
        )
    })?;
    let pem = sluice_rds::of_region(region).ok_or_else(|| {
        Failure::environment(
            format!(
                "the database of {named} is on another machine, and RDS's authorities of {} are not known here",
                quoted(region)
            ),
            "set AWS_REGION to the database's region; if it is this one, add its authorities to shared/rds/src/authorities.pem and build the command again",
        )
    })?;
    Ok(Settings {
        tls: Tls::Authorities { pem },
        ..settings
    })
}

/// How the stack's database is reached, where it has one.
pub(crate) fn database(stack: &Stack) -> Result<Option<Settings>, Failure> {
    const NAMED: &str = "the stack's parameter DatabaseUrl";
    let Some(url) = stack.database() else {
        return Ok(None);
    };
    settings(NAMED, url, stack.region()).map(Some)
}

impl ReadAll for Store {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, ReadError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(address_of: &str, region: Option<&str>) -> Result<Tls, String> {
        let settings = settings("--to", address_of, region);
        settings.map(|it| it.tls).map_err(|why| why.to_string())
    }

    #[test]
    fn another_machine_needs_the_authorities_of_its_region() {
        let remote = "mysql://u:geheim@db.example/d";
        let here = tls("postgres://u@127.0.0.1/d", None);
        assert!(matches!(here, Ok(Tls::LoopbackOnly)));
        assert!(matches!(
            tls(remote, Some("eu-west-1")),
            Ok(Tls::Authorities { .. })
        ));
        for (region, told) in [
            (None, "Next: set AWS_REGION to the database's region"),
            (
                Some("il-central-1"),
                "RDS's authorities of \"il-central-1\" are not known here",
            ),
        ] {
            let why = tls(remote, region).unwrap_err();
            assert!(why.contains(told), "{why}");
            assert_eq!(why.matches("Next").count(), 1, "{why}");
            assert!(!why.contains("geheim"), "{why}");
        }
    }
}
