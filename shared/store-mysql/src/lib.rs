#![doc = include_str!("../README.md")]

mod classify;
mod connection;
mod inventory;
mod link;
mod list;
mod migrate;
mod row;
mod session;
mod store;
mod whole;

pub use inventory::{count, hashes};
pub use migrate::{MigrateError, admit, grant, latest_version, migrate, schema_version};
pub use mysql_async::Conn;
pub use sluice_database::{Admission, BadSettings, Engine, Password, Settings, Tls};
pub use store::MysqlStore;
