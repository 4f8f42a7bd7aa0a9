#![doc = include_str!("../README.md")]

mod classify;
mod connection;
mod list;
mod migrate;
mod row;
mod store;
mod tls;

pub use migrate::{MigrateError, grant, latest_version, migrate, schema_version};
pub use sluice_database::{BadSettings, Engine, Password, Settings, Tls};
pub use store::PostgresStore;
