//! Statements that take too long: what this server says.

/// A report that locks the table.
pub(crate) const LOCK: &str = "BEGIN; LOCK TABLE sluice.orders IN SHARE MODE";
pub(crate) const UNLOCK: &str = "ROLLBACK";

/// After the role's `lock_timeout`, and after its `statement_timeout`.
pub(crate) const LOCKED: &str = "SQLSTATE 55P03";
pub(crate) const SLOW: &str = "SQLSTATE 57014";

/// Whether a connection is open already when the server's main process stands still: here another process serves that one.
pub(crate) const STANDS_STILL: [bool; 1] = [false];
