use serde_json::json;

use super::*;
use crate::terminal::failure::Exit;

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn sales(rows: &str) -> Result<Vec<Invoice>, Failure> {
    read(format!("{HEADER}{rows}").as_bytes())
}

fn refused(rows: &str) -> String {
    let failure = sales(rows).unwrap_err();
    assert_eq!(failure.exit(), Exit::Environment);
    failure.to_string()
}

#[test]
fn rows_of_an_invoice_become_one_order_wherever_they_stand() {
    let invoices = sales(
        "1,A,HOLDER ,6,2010-12-01T08:26:00Z,2.55,17850,United Kingdom\n\
         2,B,,1,2010-12-01T08:28:00Z,1.5,13047,France\n\
         1,C,\"A, B\",1,2010-12-01T08:26:00Z,0,17850,United Kingdom\n",
    )
    .unwrap();
    assert_eq!(invoices.len(), 2);
    assert_eq!(
        invoices[0].body,
        json!({
            "customer_id": "17850", "currency": "GBP", "ship_to": {"country": "United Kingdom"},
            "lines": [
                {"sku": "A", "description": "HOLDER ", "quantity": 6, "unit_price": 255},
                {"sku": "C", "description": "A, B", "quantity": 1, "unit_price": 0},
            ],
        })
    );
    assert_eq!((&*invoices[1].number, invoices[1].line), ("2", 3));
    assert_eq!(
        invoices[1].body["lines"],
        json!([{"sku": "B", "quantity": 1, "unit_price": 150}])
    );
    let (key, order) = invoices[0].fit.as_ref().unwrap();
    let named = IdempotencyKey::new("1".to_owned()).unwrap();
    assert_eq!(*key, OrderKey::derived(order.customer_id(), &named));
}

#[test]
fn what_the_service_has_to_refuse_is_kept_for_it() {
    let invoices = sales(
        "C1,A,X,-1,2010-12-01T08:26:00Z,2.55,17850,United Kingdom\n\
         2,A,X,1,2010-12-01T08:26:00Z,2.55,,United Kingdom\n\
         3,A,X,1,2010-12-01T08:26:00Z,2.555,17850,United Kingdom\n",
    )
    .unwrap();
    assert_eq!(invoices[0].body["lines"][0]["quantity"], json!(-1));
    assert_eq!(invoices[1].body.get("customer_id"), None);
    assert_eq!(
        invoices[2].body["lines"][0]["unit_price"].to_string(),
        "2.555"
    );
    assert!(invoices.iter().all(|invoice| invoice.fit.is_none()));
}

#[test]
fn a_missing_column_is_named() {
    let failure = read("InvoiceNo,StockCode,Quantity,UnitPrice,Country\n".as_bytes()).unwrap_err();
    let text = failure.to_string();
    assert!(
        text.contains("column Description, InvoiceDate, CustomerID"),
        "{text}"
    );
}

#[test]
fn a_row_that_cannot_be_read_is_named_by_its_line() {
    let good = "1,A,\"two\nlines\",6,d,2.55,17850,UK\n";
    for (bad, line_and_why) in [
        (
            "2,A,X,six,d,1,17850,UK",
            "line 4: Quantity \"six\" is no integer",
        ),
        (
            "2,A,X,1.0,d,1,17850,UK",
            "line 4: Quantity \"1.0\" is no integer",
        ),
        (
            "2,A,X,1,d,1e3,17850,UK",
            "line 4: UnitPrice \"1e3\" is no decimal number",
        ),
        (
            "2,A,X,1,d,1,17850",
            "line 4: it has 7 fields, and the header 8",
        ),
        (
            "a b,A,X,1,d,1,17850,UK",
            "line 4: InvoiceNo \"a b\" is no Idempotency-Key",
        ),
        (
            "1,A,X,1,d,1,17851,UK",
            "line 4: CustomerID \"17851\" differs from \"17850\" in line 2",
        ),
        (
            "1,A,X,1,d,1,17850,FR",
            "line 4: Country \"FR\" differs from \"UK\" in line 2",
        ),
    ] {
        let text = refused(&format!("{good}{bad}\n"));
        assert!(text.contains(line_and_why), "{text}");
    }
    let latin = [HEADER.as_bytes(), b"1,A,CAF\xc9,1,d,1,17850,UK\n"].concat();
    let text = read(&latin[..]).unwrap_err().to_string();
    assert!(text.contains("line 2: it is not UTF-8"), "{text}");
    assert!(refused("").contains("it has no rows"));
}

/// What data/README.md says of the file that the project carries.
#[test]
fn the_project_s_own_file_has_401_fit_invoices_and_111_unfit_ones() {
    let file = include_bytes!("../../../data/online-retail-2010-12.csv");
    let invoices = read(&file[..]).unwrap();
    let without_customer = invoices.iter().filter(|i| i.customer_id.is_empty());
    let cancelled = invoices.iter().filter(|i| i.number.starts_with('C'));
    assert_eq!(invoices.len(), 512);
    assert_eq!(invoices.iter().filter(|i| i.fit.is_some()).count(), 401);
    assert_eq!(without_customer.count(), 68);
    assert_eq!(cancelled.count(), 43);
}
