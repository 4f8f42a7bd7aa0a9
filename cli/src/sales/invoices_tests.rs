use serde_json::json;

use super::*;

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn sales(rows: &str) -> Result<Vec<Invoice>, String> {
    read(format!("{HEADER}{rows}").as_bytes())
}

fn refused(rows: &str) -> String {
    sales(rows).unwrap_err()
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
fn a_missing_column_is_named_and_so_is_what_is_there() {
    for (header, told) in [
        (
            "InvoiceNo,StockCode,Quantity,UnitPrice,Country",
            "line 1 does not name the column Description, InvoiceDate, CustomerID; it names 5 columns: \
             \"InvoiceNo, StockCode, Quantity, UnitPrice, Country\"",
        ),
        (
            "InvoiceNo;StockCode;Quantity;UnitPrice;Country",
            "does not name the column Description, InvoiceDate, CustomerID; it names 5 columns",
        ),
        (
            "a\u{1b}[2J",
            "it names 1 column: \"a\\u{1b}[2J\". Columns are separated by",
        ),
        (
            "{\"customer_id\":\"c\",\"lines\":[]}",
            "`sluice submit` posts one order",
        ),
        (
            "sep=;\nInvoiceNo,StockCode",
            "line 2 does not name the column InvoiceNo",
        ),
        (
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,Price,CustomerID,Country,Country",
            "names the column Country more than once",
        ),
        (
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,price,PRICE,CustomerID,Country",
            "names the column UnitPrice more than once",
        ),
    ] {
        let text = read(format!("{header}\n1,2,3\n").as_bytes()).unwrap_err();
        assert!(text.contains(told), "{header}: {text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}

/// What can mean only one thing is taken.
#[test]
fn every_form_of_the_file_gives_the_same_invoices() {
    let plain = format!("{HEADER}1,A,\"B,;\t| C\",6,2010-12-01 08:26:00,2.55,17850,UK\n");
    let invoices = read(plain.as_bytes()).unwrap();
    let with = |separator: char| {
        let row = [
            "1",
            "A",
            "\"B,;\t| C\"",
            "6",
            "2010-12-01 08:26:00",
            "2.55",
            "17850",
            "UK",
        ];
        let header = HEADER.replace(',', &separator.to_string());
        format!("{header}{}\n", row.join(&separator.to_string()))
    };
    let ii = plain
        .replace("InvoiceNo", "Invoice")
        .replace("UnitPrice", "Price")
        .replace("CustomerID", "Customer ID");
    let utf_16: Vec<u8> = format!("\u{feff}{}", with('\t'))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (form, file) in [
        ("semicolons", with(';').into_bytes()),
        ("tabs", with('\t').into_bytes()),
        ("bars", with('|').into_bytes()),
        ("sep=", format!("sep=;\r\n{}", with(';')).into_bytes()),
        ("quoted sep=", format!("\"sep=,\"\n{plain}").into_bytes()),
        ("Online Retail II", ii.clone().into_bytes()),
        (
            "small letters",
            ii.to_lowercase()
                .replace(",a,", ",A,")
                .replace("b,;\t| c", "B,;\t| C")
                .replace("uk", "UK")
                .into_bytes(),
        ),
        ("a byte order mark", format!("\u{feff}{plain}").into_bytes()),
        ("UTF-16", utf_16),
        ("CRLF", plain.replace('\n', "\r\n").into_bytes()),
        ("CR", plain.replace('\n', "\r").into_bytes()),
        (
            "an index in front",
            plain
                .replace("InvoiceNo", ",InvoiceNo")
                .replace("\n1,", "\n0,1,")
                .into_bytes(),
        ),
    ] {
        let read = read(&file[..]).unwrap_or_else(|why| panic!("{form}: {why}"));
        assert_eq!(read.len(), 1, "{form}");
        assert_eq!(read[0].body, invoices[0].body, "{form}");
        assert_eq!(read[0].number, "1", "{form}");
        let lines_before = u64::from(form.contains("sep="));
        assert_eq!(read[0].line, 2 + lines_before, "{form}");
        assert_eq!(
            read[0].time().unwrap().to_string(),
            "2010-12-01T08:26:00.000Z",
            "{form}"
        );
    }
}

#[test]
fn a_time_without_a_zone_is_utc_and_a_day_is_no_time() {
    let time = |date: &str| sales(&format!("1,A,X,1,{date},1,1,UK\n")).unwrap()[0].time();
    let eight = time("2010-12-01T08:26:00Z").unwrap();
    for same in [
        "2010-12-01 08:26:00",
        "2010-12-01 08:26",
        "2010-12-01T08:26",
        "2010-12-01T09:26:00+01:00",
    ] {
        assert_eq!(time(same), Ok(eight), "{same}");
    }
    for bad in ["2010-12-01", "12/1/2010 8:26", "8:26", ""] {
        let error = time(bad).unwrap_err();
        assert!(
            error.contains("line 2: InvoiceDate") && error.contains("must be"),
            "{error}"
        );
    }
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
            "line 4: UnitPrice \"1e3\" is no decimal number, such as 2.55",
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
    let text = read(&latin[..]).unwrap_err();
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
