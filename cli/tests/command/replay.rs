//! Sales files as they come, and what a replay finds of those before.

use serde_json::Value;

use crate::{
    run::{Ran, Scratch},
    service::{Service, sales},
};

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

async fn replay(service: &Service, file: impl AsRef<[u8]>) -> Ran {
    let file = Scratch::of(file);
    service
        .run(&["replay", &file.0, "--json", "--patience", "1s"])
        .await
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_default()
}

/// Customers come back, and may buy the same again.
#[tokio::test]
async fn what_was_stored_before_the_run_is_other_orders() {
    let service = Service::start().await;
    let day = |number: &str, sku: &str| format!("{HEADER}\n{number},{sku},X,1,d,1,freb2,UK\n");
    for (day, others) in [
        (day("rc1", "85123A"), 0),
        (day("rc2", "85123A"), 1),
        (day("rc3", "22423"), 2),
        (day("rc1", "85123A"), 2),
    ] {
        let ran = replay(&service, day).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report = report(&ran);
        assert_eq!(
            (&report["stored"], &report["other_orders"]),
            (&1.into(), &others.into()),
            "{report}"
        );
    }
}

/// P3.
#[tokio::test]
async fn a_real_duplicate_is_found_and_its_invoice_named() {
    let service = Service::start().await;
    assert_eq!(replay(&service, sales("a", 2)).await.code, Some(0));
    service.state().doubles = true;
    let ran = replay(&service, sales("b", 2)).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = report(&ran);
    assert_eq!(report["duplicates"], 2, "{report}");
    let mut named: Vec<_> = report["named"]["duplicates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_str().unwrap())
        .collect();
    named.sort_unstable();
    assert!(
        named[0].starts_with("b0 (again as ord_") && named[1].starts_with("b1 (again as ord_"),
        "{named:?}"
    );
    // Nobody posts them again, and they are still there.
    service.state().doubles = false;
    let ran = replay(&service, sales("b", 2)).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[tokio::test]
async fn a_file_that_is_no_sales_file_is_refused_with_what_it_is_and_nothing_is_posted() {
    let service = Service::start().await;
    for (file, told) in [
        (&b""[..], "it is empty"),
        (b"\x1f\x8b\x08\0", "it is compressed with gzip"),
        (b"PK\x03\x04", "workbook (.xlsx)"),
        (b"a;b\n1;2\n", "it names 2 columns: \"a, b\""),
        (b"[{}]", "sluice submit"),
    ] {
        let ran = replay(&service, file).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.err.contains("cannot be replayed: ") && ran.err.contains(told),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("nothing was posted"), "{}", ran.err);
        // The plan posts nothing, and does not speak of it.
        let file = Scratch::of(file);
        let plan = [
            "plan",
            "--peak",
            "1",
            "--writes-per-second",
            "100",
            "--sales",
            &file.0,
        ];
        let ran = service.run(&plan).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.err.contains("gives the plan no timing: ") && ran.err.contains(told),
            "{}",
            ran.err
        );
        assert!(
            !ran.err.contains("posted") && !ran.err.contains("replayed"),
            "{}",
            ran.err
        );
    }
    let ran = service.run(&["replay", "/"]).await;
    assert!(
        ran.err.contains("/ cannot be replayed: it is a folder"),
        "{}",
        ran.err
    );
    assert_eq!(service.state().posts, 0);
}

#[tokio::test]
async fn ids_that_a_program_changed_are_sent_as_they_stand_with_a_warning() {
    let service = Service::start().await;
    let rows = "1,A,X,1,d,1,17850.0,UK\n2,A,X,1,d,1,nan,UK\n";
    let ran = replay(&service, format!("{HEADER}\n{rows}")).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("Warning: the CustomerID of 1 invoice is a number with decimals, such as \"17850.0\" in line 2"), "{}", ran.err);
    assert!(
        ran.err
            .contains("Warning: the CustomerID of 1 invoice is \"nan\", first in line 3"),
        "{}",
        ran.err
    );
    let mut customers: Vec<_> = service
        .state()
        .table
        .iter()
        .map(|item| item["customer_id"].clone())
        .collect();
    customers.sort_unstable_by_key(ToString::to_string);
    assert_eq!(customers, ["17850.0", "nan"]);
}
