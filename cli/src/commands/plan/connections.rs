//! How many connections a database's functions hold, and how many it has.
//!
//! Each instance of a function holds one. In a deploy the instances of the old version and those of the new one stand side by
//! side for minutes, so each counts twice.

use serde::Serialize;

use super::lane::Settings;

/// What a deploy does to the number of instances.
const DEPLOYING: f64 = 2.0;

/// The function that makes the schema in a deploy.
const ADMIN: f64 = 1.0;

/// One order, and a customer's list: API Gateway counts each for itself.
const READS: f64 = 2.0;

/// The connections of a stack that stores its orders in a database.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct Connections {
    /// What the database has.
    pub(crate) most: f64,
    /// Consumers of both lanes at once.
    pub(crate) consumers: f64,
    /// Readers at once: `ReadReservedConcurrency`.
    pub(crate) readers: f64,
}

impl Connections {
    /// Those of a lane with these settings beside another lane. Unless `readers` says how many, they get a half of what the
    /// consumers leave; the rest is for the people and programs that use the database too. There is always one.
    pub(crate) fn of(most: f64, settings: Settings, other_lane: f64, readers: Option<u32>) -> Self {
        let consumers = f64::from(settings.concurrency) + other_lane;
        let left = most / DEPLOYING - consumers - ADMIN;
        let readers = readers.map_or((left / 2.0).floor().max(1.0), f64::from);
        Self {
            most,
            consumers,
            readers,
        }
    }

    /// What the API may let through of each of the two reads: requests a second, and at one instant above that. Of the readers' half
    /// that each has, one half is for the rate, and one for the instant. A read that takes longer makes Lambda refuse others.
    pub(crate) fn reads(&self, read_seconds: f64) -> (f64, f64) {
        let part = self.readers / READS / 2.0;
        let at_least_one = |value: f64| value.floor().max(1.0);
        (at_least_one(part / read_seconds), at_least_one(part))
    }

    /// What the stack holds in the minutes of a deploy.
    pub(crate) fn in_a_deploy(&self) -> f64 {
        DEPLOYING * (self.consumers + self.readers + ADMIN)
    }
}
