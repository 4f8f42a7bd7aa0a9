//! What an order is, how it is named, and how it travels.
//!
//! The rules that must be the same on every instance and across every deploy live here, and none of
//! them knows AWS:
//!
//! - [`Order`] can only be built from content that keeps every rule; [`json`] reads the bytes and
//!   [`fields`] reports each offending field by its JSON pointer.
//! - [`ContentHash`] is the order's content in 32 bytes, [`OrderKey`] its name, and [`OrderId`] both,
//!   sealed by a MAC under one of the [`Secrets`], so that an id proves itself.
//! - [`OrderAccepted`] is the message between accepting and fulfilling, [`DeadLetter`] what one carries that
//!   cannot be fulfilled.

pub mod content;
pub mod currency;
pub mod fields;
mod hash;
pub mod id;
pub mod json;
pub mod lane;
pub mod letter;
pub mod listing;
pub mod message;
pub mod order;
pub mod reason;
pub mod secrets;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod trace;

pub use content::ContentHash;
pub use currency::Currency;
pub use fields::FieldError;
pub use id::{IdempotencyKey, OrderId, OrderKey};
pub use lane::{HotSkus, Lane};
pub use letter::{DeadLetter, LetterType};
pub use listing::{ListQuery, Position};
pub use message::{OrderAccepted, ParseFailure, TooLarge};
pub use order::{CustomerId, Order, OrderLine, ShipTo, Sku};
pub use reason::RejectReason;
pub use secrets::{IdError, Secrets};
pub use time::{Clock, SystemClock, Timestamp};
