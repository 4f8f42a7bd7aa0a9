//! Whether two storages hold the same.

use std::collections::BTreeMap;

use serde::Serialize;
use sluice_order::{ContentHash, OrderId, OrderKey, RejectReason, Timestamp};
use sluice_store::{Found, ReadAll, ReadError};

use super::read::read;
use crate::terminal::progress::Progress;

/// How many ids are named.
const NAMED: usize = 10;

/// What two storages hold.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Comparison {
    orders: Tally,
    rejections: Tally,
    /// Ids of records that differ, the first ones.
    ids: Vec<String>,
    /// Records of both whose content is not that of their hash. It was erased, or damaged.
    altered: usize,
    /// Their ids, the first ones.
    altered_ids: Vec<String>,
}

/// How many records are the same and how many are not. Their key says which belong together.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
struct Tally {
    /// Both hold it, with content, id, times and reason.
    same: usize,
    /// The first one holds it alone.
    only_from: usize,
    /// The second one holds it alone.
    only_to: usize,
    /// Both hold it, with other content.
    other_content: usize,
    /// Both hold it with the same content, but another id, time or reason.
    other_details: usize,
}

/// Why there is no comparison.
#[derive(Debug)]
pub(super) struct Unread {
    /// The option that names the place.
    pub(super) place: &'static str,
    pub(super) why: ReadError,
}

/// A record, as far as it is compared.
#[derive(PartialEq, Eq, Debug)]
struct Record {
    order_id: OrderId,
    /// The hash of what is there, whatever hash is stored with it.
    content: Option<ContentHash>,
    times: [Option<Timestamp>; 2],
    reason: Option<RejectReason>,
}

/// All that a storage holds, as far as it is compared.
#[derive(Default)]
struct Held {
    orders: BTreeMap<OrderKey, Record>,
    /// By the key, the fingerprint, and the hash as it is stored: one key may have several.
    rejections: BTreeMap<(OrderKey, [u8; 4], Option<String>), Record>,
    altered: Vec<OrderId>,
}

/// Reads both to their ends, one after the other.
pub(super) async fn compare(
    from: &impl ReadAll,
    to: &impl ReadAll,
    progress: &Progress,
) -> Result<Comparison, Unread> {
    let of = |place| move |why| Unread { place, why };
    let from = held(from, progress).await.map_err(of("--from"))?;
    let to = held(to, progress).await.map_err(of("--to"))?;
    let mut differ = Vec::new();
    let orders = tally(&from.orders, &to.orders, &mut differ);
    let rejections = tally(&from.rejections, &to.rejections, &mut differ);
    let mut altered = from.altered;
    altered.extend(to.altered);
    let number = altered.len();
    Ok(Comparison {
        orders,
        rejections,
        ids: first(differ),
        altered: number,
        altered_ids: first(altered),
    })
}

async fn held(store: &impl ReadAll, progress: &Progress) -> Result<Held, ReadError> {
    let mut held = Held::default();
    let mut behind: Option<String> = None;
    loop {
        let part = read(store, behind.as_deref()).await?;
        for found in part.records {
            held.take(&found);
            progress.step();
        }
        behind = part.next;
        if behind.is_none() {
            return Ok(held);
        }
    }
}

impl Held {
    fn take(&mut self, found: &Found) {
        let (order_id, content) = (found.order_id(), found.order().map(ContentHash::of));
        let (stored, times, reason) = match found {
            Found::Order(order) => (
                Some(order.content),
                [Some(order.accepted_at), Some(order.stored_at)],
                None,
            ),
            Found::Rejection(rejection) => {
                let known = rejection.content.as_ref();
                (
                    known.map(|(_, hash, _)| *hash),
                    [known.map(|(at, ..)| *at), Some(rejection.rejected_at)],
                    Some(rejection.reason),
                )
            }
        };
        if stored != content {
            self.altered.push(order_id);
        }
        let record = Record {
            order_id,
            content,
            times,
            reason,
        };
        if reason.is_none() {
            self.orders.insert(order_id.key(), record);
        } else {
            let hash = stored.map(|hash| hash.to_string());
            let key = (order_id.key(), order_id.fingerprint(), hash);
            self.rejections.insert(key, record);
        }
    }
}

fn tally<K: Ord>(
    from: &BTreeMap<K, Record>,
    to: &BTreeMap<K, Record>,
    differ: &mut Vec<OrderId>,
) -> Tally {
    let mut tally = Tally::default();
    for (key, one) in from {
        let number = match to.get(key) {
            Some(other) if one == other => {
                tally.same += 1;
                continue;
            }
            Some(other) if one.content == other.content => &mut tally.other_details,
            Some(_) => &mut tally.other_content,
            None => &mut tally.only_from,
        };
        *number += 1;
        differ.push(one.order_id);
    }
    for (_, other) in to.iter().filter(|(key, _)| !from.contains_key(key)) {
        tally.only_to += 1;
        differ.push(other.order_id);
    }
    tally
}

/// The first of these ids, each once.
pub(super) fn first(mut ids: Vec<OrderId>) -> Vec<String> {
    ids.sort_by_key(|id| (id.key(), id.fingerprint()));
    ids.dedup();
    ids.iter().take(NAMED).map(ToString::to_string).collect()
}

impl Comparison {
    /// Whether both hold the same.
    pub(super) fn is_same(&self) -> bool {
        self.orders.is_same() && self.rejections.is_same()
    }

    pub(super) fn readable(&self) -> String {
        let (orders, rejections) = (&self.orders, &self.rejections);
        let mut lines = vec![format!(
            "same     {} orders and {} rejections in both",
            orders.same, rejections.same
        )];
        if !self.is_same() {
            lines.push(format!("differ   orders: {}", orders.differ()));
            lines.push(format!("         rejections: {}", rejections.differ()));
            lines.push(format!("ids      {}", self.ids.join(" ")));
        }
        if self.altered > 0 {
            lines.push(format!(
                "altered  the content of {} records, counted in both places, is not that of their hash: erased, or damaged",
                self.altered
            ));
            lines.push(format!("ids      {}", self.altered_ids.join(" ")));
        }
        lines.join("\n")
    }
}

impl Tally {
    fn is_same(&self) -> bool {
        let same = self.same;
        *self
            == Self {
                same,
                ..Self::default()
            }
    }

    fn differ(&self) -> String {
        let Self {
            only_from,
            only_to,
            other_content,
            other_details,
            ..
        } = self;
        format!(
            "{only_from} only in the first place, {only_to} only in the second, {other_content} with other content, {other_details} with another id, time or reason"
        )
    }
}
