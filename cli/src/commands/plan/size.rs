//! How large an order is as a message, a record of a batch, and an item of the table.

use serde::Serialize;

use super::figures::Assumptions;

/// The sizes of an order.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct OrderSize {
    /// Lines.
    pub(crate) lines: f64,
    /// Bytes of the message, its attributes included.
    pub(crate) message: f64,
    /// Bytes of the message as a record of a batch.
    pub(crate) record: f64,
    /// Messages that SNS and SQS charge for.
    pub(crate) billed_messages: f64,
    /// Write units of the table.
    pub(crate) table_writes: f64,
    /// Write units of the index.
    pub(crate) index_writes: f64,
}

impl OrderSize {
    /// The sizes by the assumptions.
    pub(crate) fn of(lines: f64, assumed: &Assumptions) -> Self {
        let message = assumed.message_bytes + lines * assumed.message_bytes_a_line;
        let item = assumed.item_bytes + lines * assumed.item_bytes_a_line;
        let index = assumed.index_bytes + lines * assumed.index_bytes_a_line;
        Self {
            lines,
            message,
            record: assumed.record_bytes + message * assumed.record_growth,
            billed_messages: (message / assumed.billed_message_bytes).ceil(),
            table_writes: (item / assumed.billed_write_bytes).ceil(),
            index_writes: (index / assumed.billed_write_bytes).ceil(),
        }
    }

    /// Write units of the table and its index.
    pub(crate) fn writes(&self) -> f64 {
        self.table_writes + self.index_writes
    }
}
