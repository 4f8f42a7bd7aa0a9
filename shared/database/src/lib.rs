#![doc = include_str!("../README.md")]

mod address;
mod admission;
mod call;
mod connection;
pub mod list;
mod listed;
mod password;
pub mod place;
pub mod row;
mod settings;
mod tls;
mod verdict;

pub use admission::Admission;
pub use call::Call;
pub use connection::{Connect, Connection, Link};
pub use listed::Listed;
pub use password::Password;
pub use settings::{BadSettings, Engine, Settings, Tls};
pub use tls::{authorities, client_config};
pub use verdict::{Meaning, Verdict};
