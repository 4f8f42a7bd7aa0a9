//! Lanes: bulkheads between the orders that hold a hot product and all others.

use std::{collections::HashSet, fmt, str::FromStr};

use crate::{Order, Sku, sku::trimmed};

/// A lane has its own queue, dead-letter queue, consumer and pace, so that a backlog in one delays no other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lane {
    /// Orders that hold a hot product.
    Hot,
    /// All other orders.
    Standard,
}

impl Lane {
    /// Every lane there is.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Hot];

    /// The value of the message attribute `lane`, which the subscriptions filter on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Standard => "standard",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = UnknownLane;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == name)
            .ok_or_else(|| UnknownLane(name.to_owned()))
    }
}

/// A name that no lane has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown lane {0:?}: the lanes are standard and hot")]
pub struct UnknownLane(String);

/// The products that send an order to the hot lane. It decides only where an order is published: a repeat that takes the
/// other lane after a change is still the same order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct HotSkus(HashSet<String>);

impl HotSkus {
    /// The lane of an order: hot if it holds any of them. A smoke order names its lane itself.
    pub fn lane_of(&self, order: &Order) -> Lane {
        if let Some(lane) = order.smoke_lane() {
            return lane;
        }
        let is_hot = |sku: &Sku| self.0.contains(&*sku.plain());
        if order.lines().iter().any(|line| is_hot(line.sku())) {
            Lane::Hot
        } else {
            Lane::Standard
        }
    }
}

impl FromStr for HotSkus {
    type Err = NoSku;

    /// Reads stock keeping units with commas between them, and spaces around them as one likes; only spaces are none. They are
    /// compared in their plain form.
    fn from_str(list: &str) -> Result<Self, Self::Err> {
        if trimmed(list).is_empty() {
            return Ok(Self::default());
        }
        list.split(',')
            .map(|sku| {
                let named = Sku::new(trimmed(sku).to_owned());
                let named = named.map(|sku| sku.plain().into_owned());
                named.ok_or_else(|| NoSku(sku.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Something between two commas that is no stock keeping unit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no stock keeping unit of 1 to 64 characters: write them with commas between, such as 85123A,22423"
)]
pub struct NoSku(String);

#[cfg(test)]
mod tests {
    use super::*;

    /// P7.
    #[test]
    fn one_hot_product_makes_an_order_hot() {
        let hot: HotSkus = " 85123A, 22423,cafe\u{301}\n".parse().unwrap();
        for (skus, lane) in [
            (&["85123A"][..], Lane::Hot),
            (&["1", "2", "22423"], Lane::Hot),
            (&["1", "2"], Lane::Standard),
            (&["85123a"], Lane::Standard),
            (&["85123"], Lane::Standard),
            (&["85123A,22423"], Lane::Standard),
            // As people and their systems write it.
            (&["85123A "], Lane::Hot),
            (&["\u{feff}\u{a0}85123A\u{200b}"], Lane::Hot),
            (&["cafe\u{301}"], Lane::Hot),
            (&["café\t"], Lane::Hot),
            (&["cafe"], Lane::Standard),
        ] {
            assert_eq!(
                hot.lane_of(&Order::sample().skus(skus).order()),
                lane,
                "{skus:?}"
            );
        }
    }

    #[test]
    fn none_may_be_hot() {
        for none in ["", " ", "\u{200b}\n"] {
            let hot: HotSkus = none.parse().unwrap();
            assert_eq!(
                hot.lane_of(&Order::sample().skus(&["85123A", " "]).order()),
                Lane::Standard
            );
        }
    }

    #[test]
    fn what_is_no_product_is_named() {
        let long = "x".repeat(65);
        for (list, named) in [
            ("a,,b", "\"\" is no"),
            ("a,", "\"\" is no"),
            (",", "\"\" is no"),
            (long.as_str(), "xxx\" is no"),
        ] {
            let error = list.parse::<HotSkus>().unwrap_err().to_string();
            assert!(error.contains(named), "{list}: {error}");
        }
    }
}
