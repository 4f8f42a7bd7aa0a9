//! What the lines hold.

use metrics::{counter, gauge, histogram, with_local_recorder};
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_795_766_400_000;

fn metrics() -> Metrics {
    Metrics::new("Sluice", "fulfill-orders")
}

fn taken(metrics: &Metrics) -> Vec<Value> {
    let lines = metrics.take(Timestamp::from_millis(NOW));
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_set_of_dimensions_is_one_line() {
    let metrics = metrics();
    with_local_recorder(&metrics, || {
        counter!("OrdersStored", "lane" => "hot").increment(2);
        counter!("OrdersStored", "lane" => "hot").increment(1);
        counter!("OrdersRetried", "lane" => "hot").increment(0);
        histogram!("StoreWriteMs", "lane" => "hot").record(4.5);
        histogram!("AcceptToStoreSeconds", "lane" => "hot").record(0.0);
        histogram!("AcceptToStoreSeconds", "lane" => "hot").record(f64::NAN);
        histogram!("AcceptToStoreSeconds", "lane" => "hot").record(2.0);
        counter!("ColdStart").increment(1);
        gauge!("Level").set(3.0);
    });
    let expected = [
        json!({
            "_aws": {"Timestamp": NOW, "CloudWatchMetrics": [{
                "Namespace": "Sluice",
                "Dimensions": [["lane", "service"]],
                "Metrics": [
                    {"Name": "AcceptToStoreSeconds", "Unit": "Seconds"},
                    {"Name": "OrdersStored", "Unit": "Count"},
                    {"Name": "StoreWriteMs", "Unit": "Milliseconds"},
                ],
            }]},
            "lane": "hot",
            "service": "fulfill-orders",
            "AcceptToStoreSeconds": [0.0, 2.0],
            "OrdersStored": 3,
            "StoreWriteMs": 4.5,
        }),
        json!({
            "_aws": {"Timestamp": NOW, "CloudWatchMetrics": [{
                "Namespace": "Sluice",
                "Dimensions": [["service"]],
                "Metrics": [{"Name": "ColdStart", "Unit": "Count"}],
            }]},
            "service": "fulfill-orders",
            "ColdStart": 1,
        }),
    ];
    assert_eq!(taken(&metrics), expected);
    assert!(taken(&metrics).is_empty(), "nothing is told twice");
}

/// `CloudWatch` refuses a line with more.
#[test]
fn a_line_has_at_most_a_hundred_values_of_a_metric_and_none_is_lost() {
    let metrics = metrics();
    with_local_recorder(&metrics, || {
        for n in 0..250 {
            histogram!("PaceWaitMs").record(n);
        }
        for n in 0..101 {
            histogram!("StoreWriteMs").record(n);
        }
        counter!("OrdersStored").increment(250);
    });
    let lines = taken(&metrics);
    let values = |name| -> Vec<Value> {
        let of_line = |line: &Value| match &line[name] {
            Value::Array(some) => some.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        for line in &lines {
            assert!(of_line(line).len() <= 100);
            let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
                .as_array()
                .unwrap();
            let is_defined = metrics.iter().any(|metric| metric["Name"] == name);
            assert_eq!(is_defined, !of_line(line).is_empty());
        }
        lines.iter().flat_map(of_line).collect()
    };
    let upto = |n: u32| (0..n).map(|n| json!(f64::from(n))).collect::<Vec<_>>();
    assert_eq!(lines.len(), 3);
    assert_eq!(values("PaceWaitMs"), upto(250));
    assert_eq!(values("StoreWriteMs"), upto(101));
    assert_eq!(values("OrdersStored"), [json!(250)]);
}
