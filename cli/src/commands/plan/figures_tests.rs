use super::*;
use crate::sales::invoices;

fn figures() -> Figures {
    Figures::load().unwrap()
}

#[test]
fn the_file_has_a_date_and_sources() {
    let Figures { date, sources, .. } = figures();
    let parts: Vec<u32> = date.split('-').map(|part| part.parse().unwrap()).collect();
    assert_eq!(date.len(), 10);
    assert!(parts[0] >= 2026 && (1..=12).contains(&parts[1]) && (1..=31).contains(&parts[2]));
    for name in [
        "api_gateway",
        "dynamodb",
        "lambda",
        "lambda_sqs",
        "sns",
        "sqs",
        "prices",
    ] {
        assert!(sources[name].starts_with("https://"), "{name}");
    }
}

/// Every number of the file, wherever it stands.
fn numbers(value: &serde_json::Value, path: &str, found: &mut Vec<(String, f64)>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                numbers(value, &format!("{path}.{name}"), found);
            }
        }
        serde_json::Value::Number(number) => {
            found.push((path.to_owned(), number.as_f64().unwrap()));
        }
        _ => {}
    }
}

#[test]
fn every_figure_is_above_zero() {
    let file = serde_json::from_str(include_str!("figures.json")).unwrap();
    let mut found = Vec::new();
    numbers(&file, "", &mut found);
    assert!(found.len() > 100);
    for (path, number) in found {
        assert!(number > 0.0, "{path}");
    }
}

#[test]
fn regions_are_what_the_readme_says() {
    let figures = figures();
    let sns = |name: &str| figures.regions[name].sns_publish;
    assert!((sns("us-east-1") - 30_000.0).abs() < 1e-9);
    assert!((sns("eu-west-1") - 9_000.0).abs() < 1e-9 && (sns("us-west-2") - 9_000.0).abs() < 1e-9);
    for (name, region) in &figures.regions {
        let area = name.split('-').count() == 3 && name.ends_with(|c: char| c.is_ascii_digit());
        assert!(area, "{name}");
        assert!(
            region.api_gateway_burst <= region.api_gateway_rate,
            "{name}"
        );
    }
    assert_eq!(
        figures.regions_for(9_000.0),
        ["us-east-1", "eu-west-1", "us-west-2"]
    );
    assert!(figures.regions_for(10_001.0).is_empty());
}

#[test]
fn what_the_template_sets_is_what_the_file_says() {
    let template = include_str!("../../../../template.yaml");
    let default = |parameter: &str| -> f64 {
        let (_, after) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
        let (_, after) = after.split_once("Default: ").unwrap();
        after.lines().next().unwrap().parse().unwrap()
    };
    let stack = figures().stack;
    // 0 is what the template's map has for the region.
    assert!(default("ApiRateLimit").abs() < 1e-9 && default("ApiBurstLimit").abs() < 1e-9);
    for most in [stack.api_rate_limit, stack.api_burst_limit] {
        assert!(template.contains(&format!("    us-east-1: {{PerSecond: {most}}}\n")));
    }
    assert!((default("HotConcurrency") - stack.other_lane_concurrency).abs() < 1e-9);
    assert!(template.contains(&format!(
        "MessageRetentionPeriod: {}",
        stack.retention_seconds
    )));
    assert!(template.contains("MemorySize: 128"));
    assert!((figures().assumptions.memory_gb * 1_024.0 - 128.0).abs() < 1e-9);
}

/// Real orders, as messages: the assumption may be above them, for orders with an address, and not below.
#[test]
fn the_assumed_sizes_are_those_of_real_orders() {
    let file = include_bytes!("../../../../data/online-retail-2010-12.csv");
    let assumed = figures().assumptions;
    let (mut real, mut planned) = (0.0, 0.0);
    for invoice in invoices::read(&file[..]).unwrap() {
        let Some((_, order)) = invoice.fit else {
            continue;
        };
        let lines = crate::terminal::units::count(invoice.body["lines"].as_array().unwrap().len());
        let bytes = serde_json::to_string(&order).unwrap().len();
        // What an envelope puts around an order, without its trace.
        let envelope = 350;
        real += crate::terminal::units::count(bytes + envelope);
        planned += assumed.message_bytes + lines * assumed.message_bytes_a_line;
    }
    assert!(planned >= real && planned < real * 1.5, "{planned} {real}");
}
