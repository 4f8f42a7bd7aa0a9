#![doc = include_str!("../README.md")]

mod classify;
mod connection;
mod list;
mod migrate;
mod row;
mod settings;
mod store;
mod tls;

pub use migrate::{MigrateError, grant, latest_version, migrate, schema_version};
pub use settings::{BadSettings, Password, Settings, Tls};
pub use store::PostgresStore;
