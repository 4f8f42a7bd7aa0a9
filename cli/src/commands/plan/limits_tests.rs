use crate::commands::plan::{forecast::Forecast, limit::Status, tests::planned};

fn status(plan: &Forecast, name: &str) -> Status {
    let mut limits = plan.limits.iter();
    limits.find(|limit| limit.name == name).expect(name).status
}

fn of(line: &str, name: &str) -> Status {
    status(&planned(line).unwrap(), name)
}

#[test]
fn each_limit_is_hit_by_something() {
    let sale = |rest: &str| format!("--for 10m --writes-per-second 100 {rest}");
    for (line, name, expected) in [
        (sale("--peak 10001"), "API Gateway rate", Status::Over),
        (sale("--peak 5001"), "API Gateway burst", Status::Warn),
        (sale("--peak 1001"), "stack's ApiRateLimit", Status::Over),
        (sale("--peak 1001"), "stack's ApiBurstLimit", Status::Warn),
        (
            sale("--peak 301 --region eu-north-1"),
            "SNS publish",
            Status::Over,
        ),
        (
            sale("--peak 9001 --region eu-west-1"),
            "SNS publish",
            Status::Over,
        ),
        (
            sale("--peak 10 --quota lambda-concurrency=4"),
            "Lambda concurrency",
            Status::Over,
        ),
        (sale("--peak 7000"), "Lambda scale-up in 10 s", Status::Warn),
        (
            sale("--peak 10 --concurrency 306"),
            "event source's first minute",
            Status::Warn,
        ),
        (
            sale("--peak 10 --quota table-writes=99"),
            "DynamoDB table's writes",
            Status::Over,
        ),
        (
            "--peak 10 --for 1m --writes-per-second 4001".to_owned(),
            "DynamoDB new table's writes",
            Status::Warn,
        ),
        (
            "--peak 10 --for 1m --writes-per-second 1001".to_owned(),
            "DynamoDB partition's writes",
            Status::Warn,
        ),
        (
            "--peak 1000 --for 1h --writes-per-second 2".to_owned(),
            "age against retention",
            Status::Over,
        ),
        (
            "--peak 1000 --for 30m --writes-per-second 2".to_owned(),
            "age with an outage of 4 days",
            Status::Warn,
        ),
    ] {
        assert_eq!(of(&line, name), expected, "{name} by {line}");
    }
}

#[test]
fn what_is_allowed_is_not_over() {
    let sale = "--peak 1000 --for 10m --writes-per-second 1000 --quota api-rate-limit=1000";
    let plan = planned(sale).unwrap();
    for limit in &plan.limits {
        assert_eq!(limit.status, Status::Ok, "{limit:?}");
        assert!(limit.to_do.is_none());
    }
    assert_eq!(plan.limits.len(), 17);
}

#[test]
fn the_lane_s_own_limits_hold_whenever_there_is_a_plan() {
    for line in [
        "--writes-per-second 24000 --peak 1 --for 1m --items-per-order 1",
        "--writes-per-second 900 --peak 1 --for 1m --items-per-order 1000",
        "--writes-per-second 0.1 --peak 1 --for 1m --write-latency 3000",
    ] {
        let plan = planned(line).unwrap();
        for name in ["batch records", "batch bytes", "messages in flight"] {
            assert_eq!(status(&plan, name), Status::Ok, "{name} by {line}");
        }
    }
}

#[test]
fn another_region_and_a_longer_batch_are_suggested() {
    let says = |line: &str, what: &str| {
        let plan = planned(line).unwrap();
        assert!(
            plan.suggestions.iter().any(|text| text.contains(what)),
            "{what}: {:?}",
            plan.suggestions
        );
    };
    says(
        "--peak 2000 --for 1m --writes-per-second 2000 --region eu-central-1",
        "these regions allow 2,000/s by default: us-east-1, eu-west-1, us-west-2",
    );
    says(
        "--peak 20000 --for 1m --writes-per-second 2000",
        "no region allows 20,000/s by default",
    );
    says(
        "--peak 10 --for 1m --writes-per-second 100 --items-per-order 1000",
        "--concurrency 40 makes it 18s",
    );
    says(
        "--peak 2000 --for 1m --writes-per-second 2000 --region eu-central-1",
        "request a higher publish quota of SNS in eu-central-1",
    );
}
