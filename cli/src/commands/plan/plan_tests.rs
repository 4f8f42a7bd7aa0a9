use clap::Parser;
use serde_json::Value;

use super::*;
use crate::{
    commands::{Arguments, Command},
    sales::invoices,
};

/// The plan for a line of arguments, in us-east-1 unless they say otherwise.
pub(crate) fn planned(line: &str) -> Result<Forecast, Failure> {
    let line = ["sluice", "plan"]
        .into_iter()
        .chain(line.split_whitespace());
    let Command::Plan(arguments) = Arguments::try_parse_from(line).unwrap().command else {
        panic!("no plan");
    };
    let region = arguments.region.clone();
    let arrivals = arguments.sales.as_ref().map(|path| {
        let file = std::fs::File::open(path).unwrap();
        Arrivals::of(&invoices::read(file).unwrap()).unwrap()
    });
    forecast(
        &arguments,
        region.as_deref().unwrap_or("us-east-1"),
        arrivals,
    )
}

const SALE: &str = "--peak 5000/s --for 10m --writes-per-second 400";
const FILE: &str = concat!(
    "--sales ",
    env!("CARGO_MANIFEST_DIR"),
    "/../data/online-retail-2010-12.csv"
);

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn the_sale_of_the_issue_by_hand() {
    let plan = planned(SALE).unwrap();
    assert!(near(plan.orders, 3_000_000.0));
    // 0.9 of 400/s are stored, and 5,000/s come.
    assert!(near(plan.deepest, (5_000.0 - 360.0) * 600.0));
    assert!(near(plan.longest_wait_seconds, plan.deepest / 360.0));
    assert!(near(plan.drained_seconds, 3_000_000.0 / 360.0));
    assert!(near(plan.drained_at_full_pace_seconds, 7_500.0));
}

#[test]
fn the_bill_by_hand() {
    let cost = planned(SALE).unwrap().cost;
    let of = |name| {
        let mut services = cost.services.iter();
        services.find(|service| service.name == name).unwrap().usd
    };
    assert!(near(of("API Gateway"), 10.5));
    assert!(near(of("SNS"), 1.5));
    // A unit of the table and one of the index each.
    assert!(near(of("DynamoDB"), 3.0 * 2.0 * 0.625));
    // 30 ms at 128 MB each, and the requests.
    assert!(near(
        of("Lambda accept-order"),
        3.0 * 0.2 + 3e6 * 0.03 * 0.125 * 0.000_013_333_4
    ));
    // 56 invocations for as long as it takes to drain, and batches of 140.
    let computing = 56.0 * (3e6 / 360.0) * 0.125 * 0.000_013_333_4;
    assert!(near(
        of("Lambda fulfill-orders"),
        computing + 3e6 / 140.0 * 0.2e-6
    ));
    // Sends, receives and deletes by ten, and ten polls at once of 20 s each.
    let requests = 3e6 * 1.2 + 10.0 * (3e6 / 360.0) / 20.0;
    assert!(near(of("SQS"), requests * 0.4e-6));
    // Five polls at once of 20 s each, all through 30 days: 648,000.
    assert!(near(cost.idle_lane_a_month, 0.2592));
    assert!(near(of("CloudWatch Logs"), 3e6 * 2_200.0 / 1e9 * 0.5));
    assert!(near(of("X-Ray"), (600.0 + 150_000.0) * 5e-6));
    let sum: f64 = cost.services.iter().map(|service| service.usd).sum();
    assert!(near(cost.total, sum) && near(cost.per_million, sum / 3.0));
}

#[test]
fn a_real_curve_keeps_its_shape_and_its_lines() {
    let plan = planned(&format!("--peak 200 --writes-per-second 50 {FILE}")).unwrap();
    assert!(plan.seconds > 4.0 * 86_400.0, "five days in December");
    // The busiest minute of the 401 fit orders has 4 or fewer, and becomes 12,000.
    assert!(plan.orders >= 401.0 / 4.0 * 12_000.0, "{}", plan.orders);
    assert!(plan.order.lines > 15.0);
    let hour = planned(&format!(
        "--peak 200 --writes-per-second 50 --for 1h {FILE}"
    ))
    .unwrap();
    assert!(near(hour.seconds, 3_600.0));
    assert!(near(hour.orders / plan.orders, hour.seconds / plan.seconds));
    let few = planned(&format!(
        "--peak 200 --writes-per-second 50 --items-per-order 2 {FILE}"
    ));
    assert!(near(few.unwrap().order.lines, 2.0));
}

#[test]
fn a_ramp_is_half_of_a_sale() {
    let plan = planned(&format!("{SALE} --shape ramp")).unwrap();
    assert!(near(plan.orders, 1_500_000.0));
    assert!(plan.deepest < 1_500_000.0);
}

#[test]
fn settings_that_do_not_fit_are_wrong_usage_and_say_what_fits() {
    let failure = planned(&format!("{SALE} --concurrency 2")).unwrap_err();
    assert_eq!(failure.exit(), Exit::Environment);
    let text = failure.to_string();
    assert!(
        text.contains("--concurrency 2 does not fit --writes-per-second 400"),
        "{text}"
    );
    assert!(text.contains("200 times a second"), "{text}");
    assert!(text.contains("use --concurrency 56"), "{text}");
    let failure = planned("--peak 1 --for 1m --writes-per-second 50000").unwrap_err();
    assert!(
        failure.to_string().contains("lower --writes-per-second"),
        "{failure}"
    );
}

#[test]
fn an_unknown_region_is_told_the_known_ones() {
    let failure = planned(&format!("{SALE} --region eu-west-9"))
        .unwrap_err()
        .to_string();
    assert!(
        failure.contains("\"eu-west-9\"") && failure.contains("us-west-2"),
        "{failure}"
    );
}

#[test]
fn the_exit_code_tells_whether_a_limit_is_hit() {
    assert_eq!(planned(SALE).unwrap().exit(), Exit::Wrong);
    let known = "--quota api-rate-limit=5500";
    assert_eq!(
        planned(&format!("{SALE} {known}")).unwrap().exit(),
        Exit::Fine
    );
    let ireland = planned(&format!("{SALE} {known} --region eu-central-1"));
    assert_eq!(ireland.unwrap().exit(), Exit::Wrong);
}

#[test]
fn the_parameters_are_all_that_has_to_change() {
    let line = |rest: &str| planned(rest).unwrap().parameter_overrides;
    assert_eq!(
        line(SALE),
        "parameter_overrides = \"StandardWritesPerSecond=400 StandardConcurrency=56 StandardBatchSize=140 \
         ApiRateLimit=5500 ApiBurstLimit=5000\""
    );
    assert_eq!(
        line("--peak 90 --for 1m --writes-per-second 2.5 --lane hot"),
        "parameter_overrides = \"HotWritesPerSecond=2.5 HotConcurrency=2 HotBatchSize=25\""
    );
    // What the region cannot publish the stage must not let in.
    assert!(!line(&format!("{SALE} --region eu-central-1")).contains("ApiRateLimit"));
}

#[test]
fn json_holds_what_the_text_does() {
    let plan = planned(SALE).unwrap();
    let json: Value = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["settings"]["concurrency"], 56);
    assert_eq!(json["limits"][3]["status"], "warn");
    assert_eq!(json["depth_chart"].as_array().unwrap().len(), 60);
    assert!(
        json["sources"]["sns"]
            .as_str()
            .unwrap()
            .starts_with("https://docs.aws")
    );
}

/// 14 consumers in each lane, and one function that makes the schema; in a deploy all of them twice.
#[test]
fn a_database_has_connections_for_all_who_hold_one() {
    let with = |more: &str| {
        planned(&format!(
            "--peak 500/s --for 10m --writes-per-second 100 --store postgres {more}"
        ))
        .unwrap()
    };
    let plan = with("--max-connections 200");
    let connections = plan.connections.unwrap();
    assert!(near(connections.readers, 35.0), "{connections:?}");
    assert!(near(connections.in_a_deploy(), 2.0 * (28.0 + 35.0 + 1.0)));
    assert!(
        plan.parameter_overrides
            .contains("ReadReservedConcurrency=35 ReadRateLimit=87 ReadBurstLimit=8")
    );
    assert!(
        plan.limits
            .iter()
            .all(|limit| !limit.name.contains("DynamoDB"))
    );
    // Two endpoints in two zones, for the hour in which the sale drains, and for 720 hours.
    let endpoints = plan
        .cost
        .services
        .iter()
        .find(|s| s.name == "VPC endpoints");
    assert!(near(endpoints.unwrap().usd, 0.04));
    assert!(near(plan.cost.endpoints_a_month.unwrap(), 28.8));
    let few = with("--max-connections 60");
    let over = few
        .limits
        .iter()
        .find(|limit| limit.name.contains("connections"))
        .unwrap();
    assert!(near(over.planned, 60.0) && over.to_do.is_none(), "{over:?}");
    let too_few = with("--max-connections 59");
    assert_eq!(too_few.exit(), Exit::Wrong);
    let many = with("--max-connections 200 --readers 100");
    assert!(
        many.suggestions
            .iter()
            .any(|told| told.contains("lower --readers"))
    );
}

/// By one connection a database does one write after the other.
#[test]
fn a_slow_database_needs_more_connections() {
    let line =
        "--peak 500/s --for 10m --writes-per-second 100 --store postgres --max-connections 200";
    let slow = planned(&format!("{line} --write-latency 300")).unwrap();
    assert_eq!(slow.settings.concurrency, 30);
    let failure = planned(&format!("{line} --write-latency 300 --concurrency 20")).unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("at most 1 write under way each"), "{text}");
}
