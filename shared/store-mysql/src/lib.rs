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
mod user;
mod whole;

pub use inventory::{count, hashes};
pub use migrate::{MigrateError, latest_version, migrate, schema_version};
#[doc(hidden)]
pub use migrate::{STEPS, Step, migrate_by};
pub use mysql_async::Conn;
pub use sluice_database::{Admission, BadSettings, Engine, Password, Settings, Tls};
pub use store::MysqlStore;
pub use user::{admit, grant};
