//! The checker, fed with lies about storage. Each must be seen, and nothing else.

use std::time::Duration;

use serde_json::Value;
use sluice_order::{OrderId, testing::secrets};

use super::*;
use crate::{commands::replay::report::Report, sales::invoices, terminal::failure::Exit};

/// Two fit invoices of customer 17850, one of 13047, one cancellation.
const SALES: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A,HOLDER ,6,2010-12-01T08:26:00Z,2.55,17850,United Kingdom
2,B,LANTERN,1,2010-12-01T08:28:00Z,1.5,17850,United Kingdom
3,C,CLOCK,2,2010-12-01T08:30:00Z,4,13047,France
C4,A,HOLDER ,-6,2010-12-01T08:31:00Z,2.55,17850,United Kingdom
";

/// What is spoilt, and how.
type Spoil<'a> = (&'a str, &'a dyn Fn(&mut Run));

/// A run as it should be, to be spoilt.
struct Run {
    invoices: Vec<Invoice>,
    outcomes: Vec<Outcome>,
    table: Vec<Record>,
}

/// A time in milliseconds after the run's orders were accepted. The answers took 10 ms: the run began that long before.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(100_000 + millis)
}

fn id(key: OrderKey, order: &Order) -> OrderId {
    secrets().seal(key, &ContentHash::of(order), order.customer_id())
}

fn record(key: OrderKey, order: &Order) -> Record {
    Record::Order(Box::new(OrderRecord {
        key: Some(key),
        customer_id: Some(order.customer_id().as_str().to_owned()),
        content: Ok(Content {
            order_id: id(key, order),
            status: "IN_FULFILLMENT".to_owned(),
            content_hash: ContentHash::of(order),
            accepted_at: at(0),
            stored_at: at(40),
            total: order.total(),
            order: order.clone(),
        }),
    }))
}

fn order(customer: &str, sku: &str) -> Order {
    Order::sample().customer(customer).sku(sku).order()
}

impl Run {
    /// The first three are accepted and stored, the cancellation is refused.
    fn good() -> Self {
        let invoices = invoices::read(SALES.as_bytes()).unwrap();
        let outcome = |invoice: &Invoice| match &invoice.fit {
            Some((key, order)) => Outcome::Accepted(Receipt {
                order_id: id(*key, order),
                total: order.total(),
                accepted_at: at(0),
                answered: Duration::from_millis(10),
            }),
            None => Outcome::Refused("invalid-order".to_owned()),
        };
        let fit = invoices.iter().filter_map(|invoice| invoice.fit.as_ref());
        Self {
            outcomes: invoices.iter().map(outcome).collect(),
            table: fit.map(|(key, order)| record(*key, order)).collect(),
            invoices,
        }
    }

    fn fit(&self, at: usize) -> (OrderKey, Order) {
        self.invoices[at].fit.clone().unwrap()
    }

    fn receipt(&mut self, at: usize) -> &mut Receipt {
        match &mut self.outcomes[at] {
            Outcome::Accepted(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    }

    fn stored(&mut self, at: usize) -> &mut OrderRecord {
        match &mut self.table[at] {
            Record::Order(record) => record,
            other => panic!("{other:?}"),
        }
    }

    fn content(&mut self, at: usize) -> &mut Content {
        self.stored(at).content.as_mut().unwrap()
    }

    fn findings(&self) -> Findings {
        let here = Timestamp::from_millis(1_000_000);
        let began = began(&self.outcomes, here);
        let mut check = Check::new(&self.invoices, &self.outcomes, began);
        for record in &self.table {
            check.see(record);
        }
        check.finish()
    }

    fn exit(&self) -> Exit {
        Report::new(&self.outcomes, Duration::from_secs(1), &self.findings()).exit()
    }

    /// Asserts that the run is wrong, and in no other way than the good one with `wrong` set.
    fn is_wrong(&self, stored: usize, wrong: impl FnOnce(&mut Findings)) {
        let mut expected = Run::good().findings();
        expected.stored.truncate(stored);
        wrong(&mut expected);
        assert_eq!(self.findings(), expected);
        assert_eq!(self.exit(), Exit::Wrong);
    }
}

#[test]
fn a_good_run_is_fine() {
    let run = Run::good();
    let times = Times {
        accepted_at: at(0),
        stored_at: at(40),
    };
    let expected = Findings {
        stored: vec![times; 3],
        ..Findings::default()
    };
    assert_eq!(run.findings(), expected);
    assert_eq!(run.exit(), Exit::Fine);
}

/// What a function tells of it.
fn told(record: &Record) -> Record {
    match record {
        Record::Order(order) => {
            let content = order.content.as_ref().unwrap();
            Record::Listed(Listed {
                key: order.key.unwrap(),
                content_hash: content.content_hash,
                accepted_at: content.accepted_at,
                stored_at: content.stored_at,
            })
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_and_hashes_alone_show_what_is_missing_wrong_or_doubled() {
    let listed = || {
        let mut run = Run::good();
        run.table = run.table.iter().map(told).collect();
        run
    };
    assert_eq!(listed().findings(), Run::good().findings());
    let mut run = listed();
    run.table.remove(1);
    run.is_wrong(2, |found| found.missing = vec!["2".into()]);
    let mut run = listed();
    let (key, _) = run.fit(0);
    run.table[0] = told(&record(key, &order("17850", "Z")));
    run.is_wrong(2, |found| {
        found.wrong_content = vec!["1 (content_hash)".into()];
    });
    let mut run = listed();
    let (_, sent) = run.fit(2);
    let key = OrderKey::from([9; 12]);
    run.table.push(told(&record(key, &sent)));
    run.is_wrong(3, |found| {
        found.duplicates = vec![format!("3 (again as {key})")];
    });
    let mut run = listed();
    run.table.push(run.table[0].clone());
    run.is_wrong(3, |found| found.duplicates = vec!["1".into()]);
    // Whose it is cannot be seen.
    let mut run = listed();
    run.table.push(told(&record(key, &order("17850", "Z"))));
    assert_eq!(run.findings().other_orders, 1);
    assert_eq!(run.exit(), Exit::Fine);
    // An invoice beyond the limit.
    let mut run = listed();
    run.outcomes.truncate(2);
    assert_eq!(
        (run.findings().stored.len(), run.findings().other_orders),
        (2, 0)
    );
}

#[test]
fn an_order_that_is_not_there_is_missing() {
    let mut run = Run::good();
    run.table.remove(1);
    run.is_wrong(2, |found| found.missing = vec!["2".into()]);
}

#[test]
fn an_order_that_was_rejected_is_missing_and_says_why() {
    let mut run = Run::good();
    let (key, sent) = run.fit(1);
    let rejection = |order: &Order| Record::Rejection {
        order_id: Some(id(key, order)),
        reason: "PANIC".into(),
    };
    run.table[1] = rejection(&sent);
    // Another content under the same key: somebody else's conflict.
    run.table.push(rejection(&order("17850", "Z")));
    run.is_wrong(2, |found| {
        found.missing = vec!["2".into()];
        found.rejected = BTreeMap::from([("PANIC".into(), 1)]);
    });
}

#[test]
fn content_is_read_and_not_believed() {
    let mut run = Run::good();
    // Hash, total and id still say that it is the order sent.
    run.content(0).order = order("17850", "A");
    run.is_wrong(2, |found| found.wrong_content = vec!["1 (content)".into()]);
}

#[test]
fn a_description_that_lost_a_space_is_other_content() {
    let mut run = Run::good();
    let mut changed: Value = run.invoices[0].body.clone();
    changed["lines"][0]["description"] = "HOLDER".into();
    run.content(0).order = Order::from_json(changed).unwrap();
    run.is_wrong(2, |found| found.wrong_content = vec!["1 (content)".into()]);
}

#[test]
fn what_stands_beside_the_content_must_agree_with_it() {
    let other = order("17850", "Z");
    let other_hash = ContentHash::of(&other);
    let spoil: [Spoil<'_>; 6] = [
        ("content_hash", &|run| {
            run.content(0).content_hash = other_hash;
        }),
        ("total", &|run| run.content(0).total += 1),
        ("total of the answer", &|run| run.receipt(0).total += 1),
        ("order_id", &|run| {
            let key = run.fit(0).0;
            run.content(0).order_id = id(key, &other);
        }),
        ("order_status", &|run| {
            run.content(0).status = "ACCEPTED".into();
        }),
        ("unreadable: no lines", &|run| {
            run.stored(0).content = Err("no lines".into());
        }),
    ];
    for (what, spoil) in spoil {
        let mut run = Run::good();
        spoil(&mut run);
        run.is_wrong(2, |found| found.wrong_content = vec![format!("1 ({what})")]);
    }
}

#[test]
fn the_same_content_under_another_key_is_a_duplicate() {
    let mut run = Run::good();
    let (_, sent) = run.fit(2);
    let key = OrderKey::from([9; 12]);
    run.table.push(record(key, &sent));
    let name = format!("3 (again as {})", id(key, &sent));
    run.is_wrong(3, |found| found.duplicates = vec![name]);
}

#[test]
fn equal_purchases_of_before_the_run_are_other_orders() {
    let mut run = Run::good();
    let (_, sent) = run.fit(2);
    // The same content twice, and another product.
    for (byte, order) in [(7, &sent), (8, &sent), (9, &order("17850", "Z"))] {
        run.table.push(record(OrderKey::from([byte; 12]), order));
        let last = run.table.len() - 1;
        run.content(last).accepted_at = at(-1_011 - i64::from(byte));
        // It may have waited in the buffer until now.
        run.content(last).stored_at = at(40);
    }
    let mut expected = Run::good().findings();
    expected.other_orders = 3;
    assert_eq!(run.findings(), expected);
    assert_eq!(run.exit(), Exit::Fine);
}

/// Instances whose clocks differ by up to a second must not hide one.
#[test]
fn what_was_accepted_at_the_beginning_of_the_run_is_of_the_run() {
    for (order_at, is_of_the_run) in [(-1_010, true), (-1_011, false)] {
        let mut run = Run::good();
        let (_, sent) = run.fit(2);
        let key = OrderKey::from([9; 12]);
        run.table.push(record(key, &sent));
        run.content(3).accepted_at = at(order_at);
        assert_eq!(run.findings().duplicates.len(), usize::from(is_of_the_run));
    }
}

/// The first run may have ended before anybody looked.
#[test]
fn one_acceptance_that_is_there_twice_is_a_duplicate_in_a_later_run_too() {
    let mut run = Run::good();
    let (key, sent) = run.fit(2);
    let doubled = OrderKey::from([9; 12]);
    run.table.push(record(doubled, &sent));
    for item in [2, 3] {
        run.content(item).accepted_at = at(-3_600_000);
    }
    let found = run.findings();
    let name = format!("3 (again as {})", id(doubled, &sent));
    assert_eq!((found.duplicates, found.other_orders), (vec![name], 0));
    assert_ne!(key, doubled);
    assert_eq!(run.exit(), Exit::Wrong);
}

#[test]
fn where_nothing_was_accepted_the_clock_here_says_when_the_run_began() {
    let mut run = Run::good();
    run.outcomes.fill(Outcome::Refused("invalid-order".into()));
    let key = OrderKey::from([9; 12]);
    run.table = vec![record(key, &order("17850", "Z"))];
    run.content(0).accepted_at = Timestamp::from_millis(1_000_000 - 300_000);
    assert_eq!(run.findings().unexpected.len(), 1);
    run.content(0).accepted_at = Timestamp::from_millis(1_000_000 - 300_001);
    let found = run.findings();
    assert_eq!((found.unexpected.len(), found.other_orders), (0, 1));
}

#[test]
fn two_items_of_one_key_are_a_duplicate() {
    let mut run = Run::good();
    run.table.push(run.table[0].clone());
    run.is_wrong(3, |found| found.duplicates = vec!["1".into()]);
}

#[test]
fn an_order_that_nobody_sent_is_unexpected() {
    let mut run = Run::good();
    let key = OrderKey::from([9; 12]);
    let made_up = order("17850", "Z");
    run.table.push(record(key, &made_up));
    let name = format!("{} of customer 17850", id(key, &made_up));
    run.is_wrong(3, |found| found.unexpected = vec![name]);
}

#[test]
fn an_item_without_a_customer_is_nobody_else_s() {
    let mut run = Run::good();
    run.table.push(Record::Order(Box::new(OrderRecord {
        key: None,
        customer_id: None,
        content: Err("no customer_id".into()),
    })));
    let name = "an item without an order key (no customer_id)".to_owned();
    run.is_wrong(3, |found| found.unexpected = vec![name]);
}

#[test]
fn orders_of_other_customers_are_only_counted() {
    let mut run = Run::good();
    run.table
        .push(record(OrderKey::from([9; 12]), &order("c-1", "A")));
    assert_eq!(run.findings().other_orders, 1);
    assert_eq!(run.exit(), Exit::Fine);
}

#[test]
fn invoices_beyond_the_limit_may_be_there_but_only_as_the_file_has_them() {
    let mut run = Run::good();
    run.outcomes.truncate(2);
    assert_eq!(run.findings().stored.len(), 2);
    assert_eq!(run.exit(), Exit::Fine);

    let (key, _) = run.fit(2);
    let other = order("13047", "Z");
    run.table[2] = record(key, &other);
    let name = format!("{} of customer 13047", id(key, &other));
    run.is_wrong(2, |found| found.unexpected = vec![name]);
}

#[test]
fn an_unfit_order_must_not_be_there() {
    let mut run = Run::good();
    let cancelled = sluice_order::IdempotencyKey::new("C4".into()).unwrap();
    let unfit = order("17850", "A");
    let key = OrderKey::derived(unfit.customer_id(), &cancelled);
    run.table.push(record(key, &unfit));
    let name = format!("{} of customer 17850", id(key, &unfit));
    run.is_wrong(3, |found| found.unexpected = vec![name]);
}

#[test]
fn an_id_must_carry_the_key_of_customer_and_invoice() {
    let mut run = Run::good();
    let (_, sent) = run.fit(0);
    let made_up = OrderKey::from([9; 12]);
    // The service is consistent with itself, and still wrong: a repeat would make a second order.
    run.receipt(0).order_id = id(made_up, &sent);
    run.table[0] = record(made_up, &sent);
    run.is_wrong(3, |found| found.wrong_ids = vec!["1".into()]);
}

#[test]
fn an_id_must_be_for_the_content_sent() {
    let mut run = Run::good();
    let (key, _) = run.fit(0);
    run.receipt(0).order_id = id(key, &order("17850", "Z"));
    run.is_wrong(3, |found| found.wrong_ids = vec!["1".into()]);
}

#[test]
fn two_invoices_must_not_share_an_id() {
    let mut run = Run::good();
    run.receipt(1).order_id = run.receipt(0).order_id;
    run.is_wrong(2, |found| found.wrong_ids = vec!["2".into()]);
}

#[test]
fn the_service_must_refuse_the_unfit_and_accept_the_fit() {
    let mut run = Run::good();
    run.outcomes[3] = run.outcomes[0].clone();
    run.is_wrong(3, |found| found.accepted_unfit = vec!["C4".into()]);

    let mut run = Run::good();
    run.outcomes[2] = Outcome::Refused("HTTP 403".into());
    run.is_wrong(2, |found| found.refused_fit = vec!["3".into()]);
}

#[test]
fn an_unanswered_order_is_wrong_whether_or_not_it_is_there() {
    let mut run = Run::good();
    run.outcomes[2] = Outcome::Unanswered("HTTP 503".into());
    run.is_wrong(2, |_| {});
    run.table.remove(2);
    run.is_wrong(2, |_| {});
}
