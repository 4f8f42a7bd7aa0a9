//! The rules of `CloudWatch`'s embedded metric format.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Each series, as `Name unit dimension=value …`, and its values in the order in which they were written.
pub(crate) type Series = BTreeMap<String, Vec<f64>>;

/// The series in these lines, each of which has to keep to the format.
pub(crate) fn series(lines: &[Value]) -> Series {
    let mut series = Series::new();
    for line in lines {
        let root = line.as_object().unwrap();
        let about = exactly(&root["_aws"], &["Timestamp", "CloudWatchMetrics"]);
        assert!(about["Timestamp"].is_u64(), "{line}");
        let directives = about["CloudWatchMetrics"].as_array().unwrap();
        assert!(!directives.is_empty(), "{line}");
        let mut used = BTreeSet::from(["_aws"]);
        for directive in directives {
            let directive = exactly(directive, &["Namespace", "Dimensions", "Metrics"]);
            assert_eq!(directive["Namespace"], "Sluice");
            let [dimensions] = &directive["Dimensions"].as_array().unwrap()[..] else {
                panic!("one set of dimensions: {line}")
            };
            let set = dimensions_of(dimensions, root);
            used.extend(
                dimensions
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(Value::as_str),
            );
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()), "{line}");
            for metric in metrics {
                let metric = exactly(metric, &["Name", "Unit"]);
                let (name, unit) = (metric["Name"].as_str().unwrap(), metric["Unit"].as_str());
                assert!((1..=1_024).contains(&name.len()), "{line}");
                let units = ["Count", "Seconds", "Milliseconds"];
                let unit = unit.filter(|unit| units.contains(unit)).unwrap();
                assert!(used.insert(name), "{name} twice: {line}");
                let key = format!("{name} {unit}{set}");
                series.entry(key).or_default().extend(values(&root[name]));
            }
        }
        let members: BTreeSet<_> = root.keys().map(String::as_str).collect();
        assert_eq!(members, used, "nothing else is in the line");
    }
    series
}

fn exactly<'a>(value: &'a Value, members: &[&str]) -> &'a Map<String, Value> {
    let object = value.as_object().unwrap();
    let there: BTreeSet<_> = object.keys().map(String::as_str).collect();
    assert_eq!(there, members.iter().copied().collect(), "{value}");
    object
}

fn dimensions_of(names: &Value, root: &Map<String, Value>) -> String {
    let names = names.as_array().unwrap();
    assert!(names.len() <= 30);
    let mut set: Vec<_> = names
        .iter()
        .map(|name| {
            let name = name.as_str().unwrap();
            let value = root[name].as_str().unwrap();
            assert!((1..=250).contains(&name.len()) && (1..=1_024).contains(&value.len()));
            format!(" {name}={value}")
        })
        .collect();
    set.sort();
    set.concat()
}

fn values(target: &Value) -> Vec<f64> {
    let values = match target {
        Value::Array(values) => values.iter().map(|v| v.as_f64().unwrap()).collect(),
        one => vec![one.as_f64().unwrap()],
    };
    assert!((1..=100).contains(&values.len()));
    values
}
