//! A customer's orders, page by page.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{CustomerId, OrderKey, Secrets, Sku, Timestamp};

/// The most orders on a page.
pub const MAX_LIMIT: usize = 100;

/// Which orders to list. Only stored orders are listed, by the time at which they were accepted.
#[derive(Clone, PartialEq, Debug)]
pub struct ListQuery {
    /// Whose.
    pub customer_id: CustomerId,
    /// Accepted at this time or later.
    pub from: Timestamp,
    /// Accepted before this time.
    pub to: Timestamp,
    /// Only orders that hold this product.
    pub sku: Option<Sku>,
    /// Which end of the range comes first.
    pub newest_first: bool,
    /// How many on the page: 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<Position>,
}

/// The place of an order in the list; ties in time are broken by the order's key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// When the order was accepted.
    pub accepted_at: Timestamp,
    /// Its name.
    pub key: OrderKey,
}

const PURPOSE: &str = "sluice.cursor.v1";

impl Position {
    /// The opaque text for the client. It holds good for this query only (the limit may change), so that
    /// the cursor of one customer opens nothing of another.
    pub fn to_cursor(self, query: &ListQuery, secrets: &Secrets) -> String {
        let position = [
            self.accepted_at.as_millis().to_be_bytes().as_slice(),
            self.key.as_bytes(),
        ]
        .concat();
        let (number, tag) = secrets.tag(PURPOSE, &bound(query, &position));
        URL_SAFE_NO_PAD.encode([position.as_slice(), &[number], &tag].concat())
    }

    /// The number of the secret that a cursor was sealed with, if it has the form of one.
    pub fn secret_number(cursor: &str) -> Option<u8> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        <[u8; 29]>::try_from(bytes).ok().map(|bytes| bytes[20])
    }

    /// Reads a cursor that was made for this query.
    pub fn from_cursor(text: &str, query: &ListQuery, secrets: &Secrets) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (position, seal) = bytes.split_at_checked(20)?;
        let (number, tag) = seal.split_first()?;
        if !secrets.tag_is_ours(PURPOSE, &bound(query, position), *number, tag) {
            return None;
        }
        let (millis, key) = position.split_first_chunk::<8>()?;
        Some(Self {
            accepted_at: Timestamp::from_millis(i64::from_be_bytes(*millis)),
            key: <[u8; 12]>::try_from(key).ok()?.into(),
        })
    }
}

/// The position together with everything that decides what comes after it. Lengths are fixed or written
/// in front, so that no two queries give the same bytes.
fn bound(query: &ListQuery, position: &[u8]) -> Vec<u8> {
    let customer = query.customer_id.as_str().as_bytes();
    let sku = query.sku.as_ref().map_or("", Sku::as_str).as_bytes();
    [
        position,
        &query.from.as_millis().to_be_bytes(),
        &query.to.as_millis().to_be_bytes(),
        &[u8::from(query.newest_first)],
        &(customer.len() as u64).to_be_bytes(),
        customer,
        sku,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::secrets;

    fn query() -> ListQuery {
        ListQuery {
            customer_id: CustomerId::new("c-1".into()).unwrap(),
            from: Timestamp::MIN,
            to: Timestamp::MAX,
            sku: None,
            newest_first: true,
            limit: 20,
            after: None,
        }
    }

    #[test]
    fn a_cursor_opens_its_own_query_only() {
        let secrets = secrets();
        let position = Position {
            accepted_at: Timestamp::from_millis(1_795_000_000_123),
            key: [3; 12].into(),
        };
        let cursor = position.to_cursor(&query(), &secrets);
        let open = |query: &ListQuery| Position::from_cursor(&cursor, query, &secrets);
        assert_eq!(open(&query()), Some(position));
        assert_eq!(Position::secret_number(&cursor), Some(1));
        assert_eq!(
            open(&ListQuery {
                limit: 1,
                ..query()
            }),
            Some(position)
        );
        for other in [
            ListQuery {
                customer_id: CustomerId::new("c-2".into()).unwrap(),
                ..query()
            },
            ListQuery {
                from: Timestamp::from_millis(1),
                ..query()
            },
            ListQuery {
                to: Timestamp::from_millis(1),
                ..query()
            },
            ListQuery {
                sku: Sku::new("s".into()),
                ..query()
            },
            ListQuery {
                newest_first: false,
                ..query()
            },
        ] {
            assert_eq!(open(&other), None, "{other:?}");
        }
    }

    #[test]
    fn any_other_text_opens_nothing() {
        let secrets = secrets();
        let long = "A".repeat(10_000);
        let zeros = URL_SAFE_NO_PAD.encode([0; 29]);
        for text in ["", "x", "=", "é", &long, &zeros] {
            assert_eq!(Position::from_cursor(text, &query(), &secrets), None);
        }
    }
}
