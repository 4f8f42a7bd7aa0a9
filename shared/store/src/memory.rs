//! Storage in memory: stands in for [`crate::DynamoStore`] in tests and in the simulation.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sluice_order::{ListQuery, OrderId, OrderKey, Position};

use crate::{
    Found, OrderStatus, OrderStore, Page, Part, PutOutcome, ReadAll, ReadError, Rejection,
    StoreError, StoredOrder, Summary,
};

/// Keeps records as long as it lives. Never fails.
#[derive(Default, Debug)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Default, Debug)]
struct Tables {
    orders: BTreeMap<OrderKey, StoredOrder>,
    smoke: BTreeMap<OrderKey, StoredOrder>,
    rejections: BTreeMap<(OrderKey, [u8; 4]), Vec<Rejection>>,
}

impl MemoryStore {
    /// Every stored order.
    pub fn orders(&self) -> Vec<StoredOrder> {
        self.tables().orders.values().cloned().collect()
    }

    /// Every recorded rejection.
    pub fn rejections(&self) -> Vec<Rejection> {
        self.tables()
            .rejections
            .values()
            .flatten()
            .cloned()
            .collect()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic while the lock is held leaves no half-done write, because each change is one insert.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OrderStore for MemoryStore {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        let mut tables = self.tables();
        let orders = if order.order.is_smoke() {
            &mut tables.smoke
        } else {
            &mut tables.orders
        };
        Ok(match orders.get(&order.order_id.key()) {
            None => {
                orders.insert(order.order_id.key(), order.clone());
                PutOutcome::Stored
            }
            Some(stored) if stored.content == order.content => PutOutcome::Duplicate,
            Some(_) => PutOutcome::Conflict,
        })
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        let tables = self.tables();
        let stored = tables.orders.get(&rejection.order_id.key());
        Ok(stored.is_some_and(|stored| rejection.is_of(&stored.content)))
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        let id = &rejection.order_id;
        let mut tables = self.tables();
        let hash = |r: &Rejection| r.content.as_ref().map(|(_, hash, _)| *hash);
        let place = tables
            .rejections
            .entry((id.key(), id.fingerprint()))
            .or_default();
        let is_same = |other: &Rejection| hash(other) == hash(rejection);
        let is_later = |other: &Rejection| other.rejected_at > rejection.rejected_at;
        if !place.iter().any(|other| is_same(other) && is_later(other)) {
            place.retain(|other| !is_same(other));
            place.push(rejection.clone());
        }
        Ok(())
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        let tables = self.tables();
        let order = tables.orders.get(&id.key());
        if let Some(order) = order.filter(|order| id.is_for(&order.content)) {
            return Ok(Some(Found::Order(order.clone().into())));
        }
        Ok(tables
            .rejections
            .get(&(id.key(), id.fingerprint()))
            .and_then(|place| place.iter().max_by_key(|r| r.rejected_at))
            .map(|rejection| Found::Rejection(rejection.clone().into())))
    }

    async fn has_smoke(&self, id: &OrderId) -> Result<bool, StoreError> {
        Ok(self.tables().smoke.contains_key(&id.key()))
    }

    async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        let position = |order: &StoredOrder| Position {
            accepted_at: order.accepted_at,
            key: order.order_id.key(),
        };
        let mut matching: Vec<_> = self
            .orders()
            .into_iter()
            .filter(|order| {
                order.order.customer_id() == &query.customer_id
                    && (query.from..query.to).contains(&order.accepted_at)
                    && query
                        .sku
                        .as_ref()
                        .is_none_or(|sku| order.order.product_names().contains(&sku.plain()))
                    && query.after.is_none_or(|after| {
                        if query.newest_first {
                            position(order) < after
                        } else {
                            position(order) > after
                        }
                    })
            })
            .collect();
        matching.sort_by_key(position);
        if query.newest_first {
            matching.reverse();
        }
        let more = matching.len() > query.limit;
        matching.truncate(query.limit);
        Ok(Page {
            next: matching.last().filter(|_| more).map(position),
            orders: matching.iter().map(summary).collect(),
        })
    }
}

/// In parts of one record, so that whoever reads all of it has to go on.
impl ReadAll for MemoryStore {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, ReadError> {
        let orders = self.orders().into_iter().map(Box::new).map(Found::Order);
        let rejections = self.rejections().into_iter().map(Box::new);
        let all = orders.chain(rejections.map(Found::Rejection));
        let at = behind.map_or(Ok(0), |mark| mark.parse().map_err(|_| ReadError::NoPlace))?;
        let records: Vec<_> = all.skip(at).take(1).collect();
        let next = (!records.is_empty()).then(|| (at + 1).to_string());
        Ok(Part { records, next })
    }
}

fn summary(order: &StoredOrder) -> Summary {
    Summary {
        order_id: order.order_id,
        status: OrderStatus::InFulfillment,
        currency: order.order.currency().code().to_owned(),
        total: order.order.total(),
        accepted_at: order.accepted_at,
        stored_at: order.stored_at,
    }
}
