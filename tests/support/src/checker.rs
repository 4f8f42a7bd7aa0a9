//! Compares what was accepted with what is stored: the judge of the end-to-end tests, and blind to how Sluice
//! works inside but for the names in the table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;
use sluice_order::{CustomerId, IdempotencyKey, OrderKey};

/// What of an item is the order, word for word as it was sent.
const CONTENT: [&str; 4] = ["customer_id", "currency", "lines", "ship_to"];

/// A post that was answered with 202.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The answered id.
    pub order_id: String,
    /// The `Idempotency-Key` it was sent under.
    pub key: String,
    /// The body that was sent.
    pub order: Value,
}

/// What is wrong. Each entry names one order and says why.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Accepted, and not stored.
    pub lost: Vec<String>,
    /// More than once in storage, or answered under two ids.
    pub doubled: Vec<String>,
    /// Stored with other content, or under another id.
    pub changed: Vec<String>,
    /// Stored, and never accepted; or rejected, though nothing was wrong with it.
    pub unexpected: Vec<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, orders) in [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("changed", &self.changed),
            ("unexpected", &self.unexpected),
        ] {
            writeln!(f, "{} {what}", orders.len())?;
            for order in orders.iter().take(5) {
                writeln!(f, "    {order}")?;
            }
        }
        Ok(())
    }
}

/// Judges all items of the table that concern customers whose names begin with the prefix, or the keys of what
/// was accepted. Other items are none of its business.
pub fn check(prefix: &str, accepted: &[Accepted], items: &[Value]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut expected: BTreeMap<String, &Accepted> = BTreeMap::new();
    for post in accepted {
        let first = expected.entry(table_key(post)).or_insert(post);
        if first.order_id != post.order_id {
            verdict.doubled.push(format!(
                "{} and {} are answered for one key",
                first.order_id, post.order_id
            ));
        }
    }
    let contents: BTreeSet<String> = accepted.iter().map(|post| content(&post.order)).collect();
    let ids: BTreeSet<&str> = accepted.iter().map(|post| post.order_id.as_str()).collect();
    let mut seen = BTreeSet::new();
    for item in items {
        let (id, record) = (text(item, "order_id"), text(item, "record"));
        match expected.get_key_value(text(item, "order_key")) {
            None if !customer(item).starts_with(prefix) => {}
            None if ids.contains(id) || contents.contains(&content(item)) => {
                let key = text(item, "order_key");
                verdict.doubled.push(format!("{id}: again as {key}"));
            }
            None => verdict.unexpected.push(format!("{id}: never accepted")),
            Some(_) if record != "order" => {
                verdict.unexpected.push(format!("{id}: {record}"));
            }
            Some((key, post)) => {
                if !seen.insert(key) {
                    verdict.doubled.push(format!("{id}: stored twice"));
                }
                if let Some(why) = difference(post, item) {
                    verdict.changed.push(format!("{id}: {why}"));
                }
            }
        }
    }
    for (key, post) in &expected {
        if !seen.contains(key) {
            verdict.lost.push(post.order_id.clone());
        }
    }
    verdict
}

/// What of an item, or of a body that was sent, is the order.
fn content(of: &Value) -> String {
    CONTENT.map(|field| of[field].to_string()).join(" ")
}

/// The table's name for the order, made from customer and key as every instance makes it.
fn table_key(post: &Accepted) -> String {
    let customer = CustomerId::new(customer(&post.order).to_owned()).expect("a customer");
    let key = IdempotencyKey::new(post.key.clone()).expect("a key");
    OrderKey::derived(&customer, &key).to_string()
}

fn difference(post: &Accepted, item: &Value) -> Option<String> {
    if text(item, "order_id") != post.order_id {
        return Some(format!("accepted as {}", post.order_id));
    }
    for field in CONTENT {
        if item.get(field) != post.order.get(field) {
            return Some(format!(
                "{field} is {:?}, not {:?}",
                item.get(field),
                post.order.get(field)
            ));
        }
    }
    (item["total"].as_u64() != total(&post.order)).then(|| format!("total is {}", item["total"]))
}

fn total(order: &Value) -> Option<u64> {
    let lines = order["lines"].as_array()?;
    lines
        .iter()
        .map(|line| Some(line["quantity"].as_u64()? * line["unit_price"].as_u64()?))
        .sum()
}

fn customer(item: &Value) -> &str {
    match text(item, "customer_id") {
        "" => item
            .get("rejected_order")
            .map_or("", |o| text(o, "customer_id")),
        customer => customer,
    }
}

fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accepted() -> Vec<Accepted> {
        (0..5)
            .map(|n| Accepted {
                order_id: format!("ord_{n}"),
                key: format!("key-{n}"),
                order: json!({
                    "customer_id": format!("mine-{}", n % 2), "currency": "GBP",
                    "lines": [{"sku": format!("s-{n}"), "quantity": 2, "unit_price": 250 + n}, {"sku": "t", "quantity": 1, "unit_price": 1}],
                }),
            })
            .collect()
    }

    /// The table, if all went well, beside an item of somebody else.
    fn items() -> Vec<Value> {
        let mut items: Vec<_> = accepted()
            .into_iter()
            .zip(0..)
            .map(|(post, n)| {
                let mut item = post.order.clone();
                item["order_key"] = table_key(&post).into();
                item["record"] = "order".into();
                item["order_id"] = post.order_id.into();
                item["total"] = (2 * (250 + n) + 1).into();
                item
            })
            .collect();
        items.push(json!({"order_key": "k", "record": "order", "order_id": "ord_9", "customer_id": "yours"}));
        items
    }

    fn judge(items: &[Value]) -> Verdict {
        check("mine-", &accepted(), items)
    }

    /// That many lost, doubled, changed and unexpected.
    fn counts(verdict: &Verdict) -> [usize; 4] {
        let Verdict {
            lost,
            doubled,
            changed,
            unexpected,
        } = verdict;
        [lost, doubled, changed, unexpected].map(Vec::len)
    }

    #[test]
    fn what_is_right_is_called_right() {
        assert!(judge(&items()).is_clean());
        let repeated = [accepted(), accepted()].concat();
        assert!(check("mine-", &repeated, &items()).is_clean());
    }

    #[test]
    fn a_lost_order_is_told() {
        let mut items = items();
        items.remove(3);
        let verdict = judge(&items);
        assert_eq!(counts(&verdict), [1, 0, 0, 0]);
        assert_eq!(verdict.lost, ["ord_3"]);
        assert!(verdict.to_string().contains("1 lost\n    ord_3"));
        assert_eq!(counts(&judge(&[])), [5, 0, 0, 0]);
    }

    #[test]
    fn a_doubled_order_is_told() {
        for (field, own) in [
            ("nothing", "the same item again"),
            ("order_key", "under another key"),
        ] {
            let mut items = items();
            let mut double = items[2].clone();
            double[field] = "other".into();
            items.push(double.clone());
            assert_eq!(counts(&judge(&items)), [0, 1, 0, 0], "{own}");
        }
        let mut items = items();
        let mut double = items[2].clone();
        double["order_key"] = "other".into();
        double["order_id"] = "ord_other".into();
        items.push(double);
        assert_eq!(counts(&judge(&items)), [0, 1, 0, 0], "under other names");
        let mut two_ids = accepted();
        two_ids.extend(accepted().pop());
        two_ids[5].order_id = "ord_other".to_owned();
        let verdict = check("mine-", &two_ids, &self::items());
        assert_eq!(counts(&verdict), [0, 1, 0, 0], "one key, two answers");
    }

    #[test]
    fn a_changed_order_is_told() {
        for (pointer, other) in [
            ("/lines/0/quantity", json!(3)),
            ("/lines/0/unit_price", json!(0)),
            ("/lines/0/sku", json!("t")),
            ("/lines/1", json!(null)),
            ("/lines", json!([])),
            ("/currency", json!("EUR")),
            ("/customer_id", json!("mine-7")),
            ("/order_id", json!("ord_other")),
            ("/total", json!(1)),
        ] {
            let mut items = items();
            *items[1].pointer_mut(pointer).unwrap() = other;
            assert_eq!(counts(&judge(&items)), [0, 0, 1, 0], "{pointer}");
        }
        let mut items = items();
        items[1]["ship_to"] = json!({"name": "somebody"});
        assert_eq!(counts(&judge(&items)), [0, 0, 1, 0]);
    }

    #[test]
    fn an_invented_order_is_told() {
        let invented = json!({"order_key": "other", "record": "order", "order_id": "ord_7", "customer_id": "mine-0"});
        let rejected = json!({"order_key": "other", "record": "rejected#0", "order_id": "ord_7", "rejected_order": {"customer_id": "mine-0"}});
        let beside = json!({"order_key": table_key(&accepted()[0]), "record": "rejected#0", "order_id": "ord_0"});
        for item in [invented, rejected, beside] {
            let mut items = items();
            items.push(item);
            assert_eq!(counts(&judge(&items)), [0, 0, 0, 1], "{:?}", items.last());
        }
    }

    #[test]
    fn a_rejection_in_place_of_the_order_is_a_lost_order() {
        let mut items = items();
        items[0]["record"] = "rejected#0".into();
        assert_eq!(counts(&judge(&items)), [1, 0, 0, 1]);
    }
}
