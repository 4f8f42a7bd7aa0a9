//! Compares what was accepted with what storage holds.
//!
//! It is a pure function of what was sent, what was answered, and the items of the table, so tests can feed it lies. It
//! does not trust the service: it works out keys and hashes anew.
//!
//! Customers come back, so storage may hold other orders of theirs, even with the same content. They are told from those of
//! this run by `accepted_at`, the time of accept-order's clock: `stored_at` would not do, since an order may wait in the buffer
//! for days. When the run began by that clock follows from the answers ([`began`]).

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Display,
    time::Duration,
};

use sluice_order::{ContentHash, Order, OrderKey, Timestamp, content::Canonical, message};

use super::{
    post::{Outcome, Receipt},
    record::{Content, Listed, OrderRecord, Record},
};
use crate::sales::invoices::Invoice;

/// The clocks of accept-order's instances may differ by as much. AWS keeps them within milliseconds.
const CLOCKS: Duration = Duration::from_secs(1);

/// As far may the clock here be ahead of the service's. It only counts if the service accepted nothing.
const CLOCK_HERE: Duration = Duration::from_mins(5);

/// What was found. Each list names invoices, or orders where no invoice is known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Findings {
    /// Accepted orders that are there, exactly as sent.
    pub stored: Vec<Times>,
    /// Accepted, and not there.
    pub missing: Vec<String>,
    /// There, but not as sent.
    pub wrong_content: Vec<String>,
    /// There more than once.
    pub duplicates: Vec<String>,
    /// Accepted under an id that does not name this order, or names another one too.
    pub wrong_ids: Vec<String>,
    /// Of a customer of the file, and nothing of the file.
    pub unexpected: Vec<String>,
    /// Refused, though they keep every rule.
    pub refused_fit: Vec<String>,
    /// Accepted, though they break a rule.
    pub accepted_unfit: Vec<String>,
    /// Rejected after they were accepted, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Orders of customers that do not occur in the file, or that were accepted before the run began.
    pub other_orders: u64,
}

/// When an order went into the buffer and when it came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// Accepted, by the service's clock.
    pub accepted_at: Timestamp,
    /// Stored, by the service's clock.
    pub stored_at: Timestamp,
}

/// A check in progress.
#[derive(Debug)]
pub struct Check<'a> {
    accepted: HashMap<OrderKey, Accepted<'a>>,
    /// The first invoice with each content.
    accepted_contents: HashMap<ContentHash, &'a str>,
    of_file: HashMap<OrderKey, &'a Order>,
    customers: HashSet<&'a str>,
    /// What was accepted earlier is no order of this run.
    began: Timestamp,
    /// Orders with the content of an accepted one that were accepted before the run, with their name and time.
    earlier: Vec<(ContentHash, Timestamp, String)>,
    /// When the accepted orders that are there were accepted.
    acceptances: HashSet<(ContentHash, Timestamp)>,
    findings: Findings,
}

/// An order that has to be there.
#[derive(Debug)]
struct Accepted<'a> {
    invoice: &'a Invoice,
    order: &'a Order,
    receipt: &'a Receipt,
    seen: bool,
}

impl<'a> Check<'a> {
    /// A check of a run: all invoices of the file, what came of the first of them, in the same order, and when the run
    /// [`began`].
    pub fn new(invoices: &'a [Invoice], outcomes: &'a [Outcome], began: Timestamp) -> Self {
        let fit = invoices.iter().filter_map(|invoice| invoice.fit.as_ref());
        let customers = invoices.iter().map(|invoice| &*invoice.customer_id);
        let mut check = Self {
            accepted: HashMap::new(),
            accepted_contents: HashMap::new(),
            of_file: fit.map(|(key, order)| (*key, order)).collect(),
            customers: customers.filter(|customer| !customer.is_empty()).collect(),
            began,
            earlier: Vec::new(),
            acceptances: HashSet::new(),
            findings: Findings::default(),
        };
        for (invoice, outcome) in invoices.iter().zip(outcomes) {
            check.answer(invoice, outcome);
        }
        check
    }

    fn answer(&mut self, invoice: &'a Invoice, outcome: &'a Outcome) {
        let number = || invoice.number.clone();
        match (outcome, &invoice.fit) {
            (Outcome::Accepted(receipt), Some((key, order))) => {
                let content = ContentHash::of(order);
                let id = receipt.order_id;
                let is_taken = self.accepted.contains_key(&id.key());
                if is_taken || id.key() != *key || !id.is_for(&content) {
                    self.findings.wrong_ids.push(number());
                }
                if !is_taken {
                    let accepted = Accepted {
                        invoice,
                        order,
                        receipt,
                        seen: false,
                    };
                    self.accepted.insert(id.key(), accepted);
                }
                self.accepted_contents
                    .entry(content)
                    .or_insert(&invoice.number);
            }
            (Outcome::Accepted(_), None) => self.findings.accepted_unfit.push(number()),
            (Outcome::Refused(_), Some((_, order))) if !may_be_too_large(order) => {
                self.findings.refused_fit.push(number());
            }
            (Outcome::Refused(_) | Outcome::Unanswered(_), _) => {}
        }
    }

    /// Takes one item of the table.
    pub fn see(&mut self, record: &Record) {
        match record {
            Record::Order(order) => self.see_order(order),
            Record::Listed(listed) => self.see_listed(listed),
            Record::Rejection { order_id, reason } => {
                let of_accepted = order_id.is_some_and(|id| {
                    let accepted = self.accepted.get(&id.key());
                    accepted.is_some_and(|a| a.receipt.order_id.fingerprint() == id.fingerprint())
                });
                if of_accepted {
                    *self.findings.rejected.entry(reason.clone()).or_default() += 1;
                }
            }
        }
    }

    fn see_order(&mut self, record: &OrderRecord) {
        let findings = &mut self.findings;
        if let Some(accepted) = record.key.and_then(|key| self.accepted.get_mut(&key)) {
            let number = &accepted.invoice.number;
            if accepted.seen {
                findings.duplicates.push(number.clone());
                return;
            }
            accepted.seen = true;
            if let Ok(content) = &record.content {
                let stored = (content.content_hash, content.accepted_at);
                self.acceptances.insert(stored);
            }
            match accepted.compare(&record.content) {
                Ok(times) => findings.stored.push(times),
                Err(flaw) => findings.wrong_content.push(format!("{number} ({flaw})")),
            }
            return;
        }
        // An order without a customer does not count as another customer's: whose it is cannot be known.
        let customer = record.customer_id.as_deref();
        if customer.is_some_and(|customer| !self.customers.contains(customer)) {
            findings.other_orders += 1;
            return;
        }
        let content = match &record.content {
            Ok(content) => content,
            Err(why) => {
                let key = record.key.map(|key| format!("under {key}"));
                let place = key.unwrap_or_else(|| "without an order key".to_owned());
                findings.unexpected.push(format!("an item {place} ({why})"));
                return;
            }
        };
        let of_file = record.key.and_then(|key| self.of_file.get(&key).copied());
        if of_file == Some(&content.order) {
            // An invoice that was not posted this time, or whose answer got lost.
            return;
        }
        let id = content.order_id;
        let hash = ContentHash::of(&content.order);
        if self.is_again(hash, content.accepted_at, &id) {
            return;
        }
        if content.accepted_at < self.began {
            self.findings.other_orders += 1;
        } else {
            let customer = content.order.customer_id().as_str();
            let unexpected = format!("{id} of customer {customer}");
            self.findings.unexpected.push(unexpected);
        }
    }

    /// Whether an order that was not accepted under this name has the content of one that was: then it is counted.
    fn is_again(&mut self, hash: ContentHash, accepted_at: Timestamp, name: &impl Display) -> bool {
        let Some(number) = self.accepted_contents.get(&hash) else {
            return false;
        };
        let name = format!("{number} (again as {name})");
        if accepted_at < self.began {
            self.findings.other_orders += 1;
            self.earlier.push((hash, accepted_at, name));
        } else {
            self.findings.duplicates.push(name);
        }
        true
    }

    /// Whose it is cannot be seen, so an order that has nothing to do with the file counts as another customer's.
    fn see_listed(&mut self, listed: &Listed) {
        let findings = &mut self.findings;
        if let Some(accepted) = self.accepted.get_mut(&listed.key) {
            let number = &accepted.invoice.number;
            if accepted.seen {
                findings.duplicates.push(number.clone());
                return;
            }
            accepted.seen = true;
            let stored = (listed.content_hash, listed.accepted_at);
            self.acceptances.insert(stored);
            if listed.content_hash == ContentHash::of(accepted.order) {
                findings.stored.push(Times {
                    accepted_at: listed.accepted_at,
                    stored_at: listed.stored_at,
                });
            } else {
                let flaw = format!("{number} (content_hash)");
                findings.wrong_content.push(flaw);
            }
        } else if !self.of_file.contains_key(&listed.key)
            && !self.is_again(listed.content_hash, listed.accepted_at, &listed.key)
        {
            self.findings.other_orders += 1;
        }
    }

    /// What was found, when the whole table has been seen.
    pub fn finish(mut self) -> Findings {
        let unseen = self.accepted.values().filter(|accepted| !accepted.seen);
        let missing = unseen.map(|accepted| accepted.invoice.number.clone());
        self.findings.missing = missing.collect();
        self.findings.missing.sort_unstable();
        // One acceptance that is there twice is a duplicate, whichever run it is of. Two equal purchases have two times.
        for (hash, accepted_at, name) in self.earlier {
            if self.acceptances.contains(&(hash, accepted_at)) {
                self.findings.other_orders -= 1;
                self.findings.duplicates.push(name);
            }
        }
        self.findings
    }
}

/// The earliest `accepted_at` that an order of the run may have, by the service's clock. `here` is when the run began by the
/// clock here, which counts only if the service accepted nothing.
pub(crate) fn began(outcomes: &[Outcome], here: Timestamp) -> Timestamp {
    let (start, margin) = match start_by_service_clock(outcomes) {
        Some(start) => (start, CLOCKS),
        None => (here, CLOCK_HERE),
    };
    let margin = i64::try_from(margin.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(start.as_millis().saturating_sub(margin))
}

/// When the run began, by the service's clock. That clock and the one here may differ by more than a run takes. An order was
/// stamped before its answer came, so the run began no earlier than the stamp minus the time to the answer. The latest of
/// these times is the closest.
pub(super) fn start_by_service_clock(outcomes: &[Outcome]) -> Option<Timestamp> {
    let starts = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Accepted(receipt) => {
            let answered = i64::try_from(receipt.answered.as_millis()).unwrap_or(i64::MAX);
            let start = receipt.accepted_at.as_millis().saturating_sub(answered);
            Some(Timestamp::from_millis(start))
        }
        _ => None,
    });
    starts.max()
}

impl Accepted<'_> {
    /// When the order was stored, or the first thing about it that is not as sent.
    fn compare(&self, content: &Result<Content, String>) -> Result<Times, String> {
        let content = content
            .as_ref()
            .map_err(|why| format!("unreadable: {why}"))?;
        let sent = ContentHash::of(self.order);
        let flaws = [
            ("content", content.order != *self.order),
            ("content_hash", content.content_hash != sent),
            ("total", content.total != self.order.total()),
            (
                "total of the answer",
                self.receipt.total != self.order.total(),
            ),
            (
                "order_id",
                content.order_id.key() != self.receipt.order_id.key()
                    || !content.order_id.is_for(&sent),
            ),
            ("order_status", content.status != "IN_FULFILLMENT"),
        ];
        match flaws.into_iter().find(|(_, is_wrong)| *is_wrong) {
            Some((what, _)) => Err(what.to_owned()),
            None => Ok(Times {
                accepted_at: content.accepted_at,
                stored_at: content.stored_at,
            }),
        }
    }
}

/// Whether a valid order is so large that the service may refuse it for the size of its message.
fn may_be_too_large(order: &Order) -> bool {
    Canonical::of(order).as_str().len() > message::MAX_BODY / 2
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
