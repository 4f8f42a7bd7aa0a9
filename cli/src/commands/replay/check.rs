//! Compares what was accepted with what storage holds.
//!
//! It is a pure function of what was sent, what was answered, and the items of the table, so tests can feed it lies. It
//! does not trust the service: it works out keys and hashes anew.

use std::collections::{BTreeMap, HashMap, HashSet};

use sluice_order::{ContentHash, Order, OrderKey, Timestamp, content::Canonical, message};

use super::{
    post::{Outcome, Receipt},
    record::{Content, OrderRecord, Record},
};
use crate::sales::invoices::Invoice;

/// What was found. Each list names invoices, or keys where no invoice is known.
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
    /// Orders of customers that do not occur in the file.
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
    accepted_contents: HashSet<ContentHash>,
    of_file: HashMap<OrderKey, &'a Order>,
    customers: HashSet<&'a str>,
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
    /// A check of a run: all invoices of the file, and what came of the first of them, in the same order.
    pub fn new(invoices: &'a [Invoice], outcomes: &'a [Outcome]) -> Self {
        let fit = invoices.iter().filter_map(|invoice| invoice.fit.as_ref());
        let customers = invoices.iter().map(|invoice| &*invoice.customer_id);
        let mut check = Self {
            accepted: HashMap::new(),
            accepted_contents: HashSet::new(),
            of_file: fit.map(|(key, order)| (*key, order)).collect(),
            customers: customers.filter(|customer| !customer.is_empty()).collect(),
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
                self.accepted_contents.insert(content);
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
        let order = record.content.as_ref().ok().map(|content| &content.order);
        let of_file = record.key.and_then(|key| self.of_file.get(&key).copied());
        if order.is_some() && order == of_file {
            // An invoice that was not posted this time, or whose answer got lost.
            return;
        }
        let name = record.key.map_or_else(
            || "an item without an order key".to_owned(),
            |key| key.to_string(),
        );
        match order.map(ContentHash::of) {
            Some(content) if self.accepted_contents.contains(&content) => {
                findings.duplicates.push(name);
            }
            _ => findings.unexpected.push(name),
        }
    }

    /// What was found, when the whole table has been seen.
    pub fn finish(mut self) -> Findings {
        let unseen = self.accepted.values().filter(|accepted| !accepted.seen);
        let missing = unseen.map(|accepted| accepted.invoice.number.clone());
        self.findings.missing = missing.collect();
        self.findings.missing.sort_unstable();
        self.findings
    }
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
