//! Orders that are special in a run carry a mark in the name of their first product, so that storage, clients and the checker
//! agree about them.

use serde_json::Value;

/// What is special about an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    /// It breaks a rule: the API refuses it.
    Unfit,
    /// Processing it panics.
    Panics,
    /// Storage refuses it.
    Refused,
    /// Storage never answers for it.
    Ignored,
    /// Storage refuses it, and recording the rejection panics.
    Doomed,
    /// It kills the process.
    Kills,
}

impl Mark {
    const ALL: [(Self, &str); 6] = [
        (Self::Unfit, "unfit"),
        (Self::Panics, "panics"),
        (Self::Refused, "refused"),
        (Self::Ignored, "ignored"),
        (Self::Doomed, "doomed"),
        (Self::Kills, "kills"),
    ];

    /// The start of the product's name for this mark.
    pub(crate) fn prefix(mark: Option<Self>) -> &'static str {
        Self::ALL
            .iter()
            .find(|(own, _)| Some(*own) == mark)
            .map_or("plain", |(_, prefix)| prefix)
    }

    /// The mark in a product's name.
    pub(crate) fn of_sku(sku: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, prefix)| sku.starts_with(prefix))
            .map(|(mark, _)| *mark)
    }

    /// Whether an order with this mark waits in the queue until its cause is fixed.
    pub(crate) fn waits(self) -> bool {
        matches!(self, Self::Ignored | Self::Doomed | Self::Kills)
    }

    /// The mark of an order.
    pub(crate) fn of(order: &Value) -> Option<Self> {
        Self::of_sku(crate::history::label(order))
    }
}
