//! Whether two storages hold the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sluice_order::{ContentHash, OrderKey};
use sluice_store::{Found, ReadAll, StoreError};

/// How many keys are named of those that differ.
const NAMED: usize = 10;

/// What two storages hold. An order is the same by its key and its content.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Comparison {
    /// Orders that both hold.
    same: usize,
    /// Orders that the first one holds alone, or with other content.
    only_from: usize,
    /// Orders that the second one holds alone, or with other content.
    only_to: usize,
    /// Rejections that both hold.
    same_rejections: usize,
    /// Rejections that one of them holds alone.
    other_rejections: usize,
    /// The first of the keys that differ.
    keys: Vec<String>,
}

/// All that a storage holds, as far as it is compared.
struct Held {
    orders: BTreeMap<OrderKey, ContentHash>,
    rejections: BTreeSet<(String, String)>,
}

/// Reads both to their ends, one after the other.
pub(super) async fn compare(
    from: &impl ReadAll,
    to: &impl ReadAll,
) -> Result<Comparison, StoreError> {
    let (from, to) = (held(from).await?, held(to).await?);
    let alone = |one: &Held, other: &Held| -> Vec<OrderKey> {
        let orders = one.orders.iter();
        let alone = orders.filter(|(key, content)| other.orders.get(key) != Some(content));
        alone.map(|(key, _)| *key).collect()
    };
    let (only_from, only_to) = (alone(&from, &to), alone(&to, &from));
    let differ: BTreeSet<_> = only_from.iter().chain(&only_to).collect();
    let same_rejections = from.rejections.intersection(&to.rejections).count();
    let all_rejections = from.rejections.union(&to.rejections).count();
    Ok(Comparison {
        same: from.orders.len() - only_from.len(),
        only_from: only_from.len(),
        only_to: only_to.len(),
        same_rejections,
        other_rejections: all_rejections - same_rejections,
        keys: differ
            .into_iter()
            .take(NAMED)
            .map(ToString::to_string)
            .collect(),
    })
}

async fn held(store: &impl ReadAll) -> Result<Held, StoreError> {
    let mut held = Held {
        orders: BTreeMap::new(),
        rejections: BTreeSet::new(),
    };
    let mut behind: Option<String> = None;
    loop {
        let part = store.read_all(behind.as_deref()).await?;
        for record in part.records {
            match record {
                Found::Order(order) => {
                    held.orders.insert(order.order_id.key(), order.content);
                }
                Found::Rejection(rejection) => {
                    let content = rejection.content.as_ref();
                    let hash = content.map(|(_, hash, _)| hash.to_string());
                    let id = rejection.order_id.to_string();
                    held.rejections.insert((id, hash.unwrap_or_default()));
                }
            }
        }
        behind = part.next;
        if behind.is_none() {
            return Ok(held);
        }
    }
}

impl Comparison {
    /// Whether both hold the same.
    pub(super) fn is_same(&self) -> bool {
        self.only_from + self.only_to + self.other_rejections == 0
    }

    pub(super) fn readable(&self) -> String {
        let Self {
            same,
            only_from,
            only_to,
            same_rejections,
            other_rejections,
            keys,
        } = self;
        let same = format!("same     {same} orders and {same_rejections} rejections in both\n");
        if self.is_same() {
            return same;
        }
        let keys = keys.join(" ");
        format!(
            "{same}differ   {only_from} orders only in the first place, {only_to} only in the second, {other_rejections} rejections only in one\nkeys     {keys}\n"
        )
    }
}
