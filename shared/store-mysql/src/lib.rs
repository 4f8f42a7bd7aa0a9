#![doc = include_str!("../README.md")]

mod classify;
mod connection;
mod link;
mod list;
mod migrate;
mod row;
mod session;
mod store;

pub use migrate::{MigrateError, grant, latest_version, migrate, schema_version};
pub use sluice_database::{BadSettings, Engine, Password, Settings, Tls};
pub use store::MysqlStore;
