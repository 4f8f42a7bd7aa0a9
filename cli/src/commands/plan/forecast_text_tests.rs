use crate::commands::plan::tests::planned;

#[test]
fn the_text_of_one_plan() {
    let line = "--peak 1200/s --for 10m --writes-per-second 100 --region eu-central-1";
    let text = planned(line).unwrap().text();
    let lines: Vec<_> = text.lines().collect();
    for expected in [
        "Orders in the queue",
        "How long the order being stored has waited",
        "orders        720,000 in 10m, at most 1,200/s",
        "an order      3 lines, a message of 1.1 KB, write units: 1, and 1 of the index",
        "storage       100/s at most, 90/s at least while orders wait (standard lane)",
        "waiting       at most 666,000, after 10m",
        "longest wait  2h 3m",
        "drained       after 2h 13m (2h at the full pace)",
        "concurrency   14 in the lane, 36 of accept-order",
        "batch         140 orders, 20s of work for one invocation",
        "Limits in eu-central-1 of 2026-11-21",
        "ok    API Gateway rate              1,200/s   10,000/s  api-gateway-rate",
        "over  stack's ApiRateLimit          1,200/s   1,000/s   api-rate-limit",
        "ok    SNS publish                   1,200/s   1,500/s   sns-publish",
        "ok    messages in flight            1,960     120,000",
        "ok    age against retention         2h 3m     14d",
        "parameter_overrides = \"StandardWritesPerSecond=100 StandardConcurrency=14 StandardBatchSize=140 \
         ApiRateLimit=1320 ApiBurstLimit=1320\"",
    ] {
        assert!(lines.contains(&expected), "{expected}\nis not in\n{text}");
    }
    assert!(text.contains("Prices of us-east-1 (not of eu-central-1) of 2026-11-21"));
    assert!(text.contains("- an order waits up to 2h 3m: at most 15m with --writes-per-second"));
    let chart = lines[..18].iter().map(|line| line.chars().count());
    assert!(chart.max() <= Some(72), "{text}");
    assert!(lines[1].starts_with("    666k │"), "{text}");
    assert!(
        lines[1].contains('█') && lines[8].ends_with("2h 13m"),
        "{text}"
    );
}

#[test]
fn a_lane_that_keeps_up_has_no_charts() {
    let text = planned("--peak 50 --for 1h --writes-per-second 100")
        .unwrap()
        .text();
    assert!(!text.contains("Orders in the queue"));
    assert!(text.starts_with("orders        180,000 in 1h"), "{text}");
    assert!(text.contains("waiting       none: the lane keeps up"));
    assert!(!text.contains("\n- "), "nothing to suggest: {text}");
}
