#![doc = include_str!("../README.md")]

pub mod caller;
pub mod content;
pub mod currency;
pub mod fields;
mod hash;
pub mod id;
pub mod json;
pub mod lane;
pub mod lane_settings;
pub mod letter;
pub mod listing;
pub mod message;
pub mod not_json;
pub mod offer;
pub mod order;
mod outcome;
pub mod reason;
pub mod secrets;
pub mod sku;
pub mod smoke;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod trace;
pub mod wrapped;

pub use caller::Caller;
pub use content::ContentHash;
pub use currency::Currency;
pub use fields::FieldError;
pub use id::{IdempotencyKey, OrderId, OrderKey};
pub use lane::{HotSkus, Lane};
pub use lane_settings::LaneSettings;
pub use letter::{DeadLetter, LetterType};
pub use listing::{ListQuery, Position};
pub use message::{Opened, OrderAccepted, ParseFailure, TooLarge};
pub use order::{CustomerId, Order, OrderLine, ShipTo};
pub use outcome::{Outcome, UnknownOutcome};
pub use reason::RejectReason;
pub use secrets::{IdError, Secrets};
pub use sku::Sku;
pub use time::{Clock, SystemClock, Timestamp};
pub use trace::{TraceHeader, TraceId, TraceParent};
