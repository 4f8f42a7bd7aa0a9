//! Texts compare byte for byte, and come back as they were. A database's collation may know better, and then two customers are
//! one.

use serde_json::json;
use sluice_order::{ListQuery, Order, OrderKey, Sku, fields::MAX_INTEGER};

use super::{all, assert_found, listed, order, stored};
use crate::{OrderStore, PutOutcome};

pub(super) async fn every_text_comes_back(store: &impl OrderStore) {
    for (key, text) in (40..).zip([
        "quotes \" ' \\ / {} \\u0041 $1 %s",
        "tab\tline\nfeed\r end",
        "controls \u{7f} \u{85} \u{2028} \u{feff}",
        "é e\u{301} ß ss ﬁ Å \u{212b}",
        "😀 𝒳 \u{10ffff}",
        " at both ends ",
    ]) {
        let order = Order::sample()
            .sku(text)
            .with_in_lines("description", text)
            .with("ship_to", json!({"name": text, "line1": text}))
            .order();
        let it = stored(order, [key; 12].into(), 0);
        assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
        assert_found(store, &it).await;
        assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    }
}

pub(super) async fn the_largest_amount_comes_back(store: &impl OrderStore) {
    let order = Order::sample()
        .customer("rich")
        .with_in_lines("quantity", 1)
        .with_in_lines("unit_price", MAX_INTEGER)
        .order();
    let it = stored(order, [50; 12].into(), 0);
    store.put(&it).await.unwrap();
    assert_found(store, &it).await;
    let page = store.list(&all("rich")).await.unwrap();
    assert_eq!(page.orders[0].total, MAX_INTEGER);
}

/// Written in base64url these keys differ in case only.
pub(super) async fn keys_compare_byte_for_byte(store: &impl OrderStore) {
    let keys = ["aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaA", "AAAAAAAAAAAAAAAA"];
    for key in keys {
        let key: OrderKey = key.parse().unwrap();
        let it = stored(Order::sample().customer("keys").order(), key, 0);
        assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    }
    let query = ListQuery {
        limit: 1,
        ..all("keys")
    };
    assert_eq!(listed(store, query).await.len(), keys.len());
}

pub(super) async fn customers_compare_byte_for_byte(store: &impl OrderStore) {
    let customers = ["Strasse", "strasse", "STRASSE", "stra-sse", "strasse_"];
    for (key, customer) in (60..).zip(customers) {
        let it = order(customer, key, 0, &["x"]);
        assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    }
    for (key, customer) in (60..).zip(customers) {
        let ids = listed(store, all(customer)).await;
        assert_eq!(ids.len(), 1, "{customer}");
        assert_eq!(ids[0].key(), [key; 12].into(), "{customer}");
    }
}

/// Each of these is another product, though many collations hold some for equal: case, accents, 4-byte characters, width,
/// ligatures, kana, and spaces inside. Spaces at the ends are no difference ([`Sku::plain`]), in any store.
pub(super) async fn products_compare_byte_for_byte(store: &impl OrderStore) {
    let skus = [
        "x",
        "X",
        "e",
        "é",
        "E",
        "ß",
        "ss",
        "i",
        "ı",
        "İ",
        "😀",
        "😁",
        "𝒳",
        "ｘ",
        "ﬁ",
        "fi",
        "は",
        "ば",
        "ハ",
        "a b",
        "ab",
        "a  b",
        "a\u{200b}b",
        "'",
        "\"",
        "\\",
        "%",
        "_",
        "{x}",
        "NULL",
    ];
    for (key, sku) in (70..).zip(skus) {
        let it = order("byte", key, i64::from(key), &[sku]);
        assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    }
    for (key, sku) in (70..).zip(skus) {
        for name in [sku.to_owned(), format!("{sku} "), format!(" {sku}\t")] {
            let query = ListQuery {
                sku: Sku::new(name),
                ..all("byte")
            };
            let ids = listed(store, query).await;
            assert_eq!(ids.len(), 1, "{sku:?}");
            assert_eq!(ids[0].key(), [key; 12].into(), "{sku:?}");
        }
    }
}
