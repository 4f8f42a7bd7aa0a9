#![doc = include_str!("../README.md")]

mod classify;
mod connection;
mod inventory;
mod list;
mod migrate;
mod role;
mod row;
mod store;
mod tls;
mod whole;

pub use inventory::{count, hashes};
pub use migrate::{MigrateError, latest_version, migrate, schema_version};
#[doc(hidden)]
pub use migrate::{STEPS, Step, migrate_by};
pub use role::{admit, grant};
pub use sluice_database::{Admission, BadSettings, Engine, Password, Settings, Tls};
pub use store::PostgresStore;
pub use tokio_postgres::Client;
