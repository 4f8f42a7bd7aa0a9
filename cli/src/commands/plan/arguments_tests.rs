use clap::Parser;

use super::*;
use crate::commands::{Arguments, Command};

fn parse(rest: &[&str]) -> Result<PlanArguments, String> {
    match Arguments::try_parse_from([&["sluice", "plan"], rest].concat()) {
        Ok(Arguments {
            command: Command::Plan(plan),
            ..
        }) => Ok(*plan),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

const SALE: [&str; 6] = [
    "--peak",
    "5000/s",
    "--for",
    "10m",
    "--writes-per-second",
    "400",
];

#[test]
fn the_least_that_a_plan_needs() {
    let plan = parse(&SALE).unwrap();
    assert!((plan.peak - 5_000.0).abs() < 1e-9);
    assert_eq!(
        (plan.lasts, plan.shape, plan.lane),
        (Some(600.0), Shape::Constant, Lane::Standard)
    );
    assert_eq!((plan.concurrency, plan.items_per_order), (None, None));
    let sales = parse(&[
        "--peak",
        "2.5",
        "--sales",
        "f.csv",
        "--writes-per-second",
        "0.5",
    ]);
    assert_eq!(sales.unwrap().lasts, None);
}

#[test]
fn what_is_out_of_range_is_told_what_is_allowed() {
    for (name, bad, allowed) in [
        ("--peak", "0", "such as 5000/s"),
        ("--peak", "5000/m", "such as 5000/s"),
        ("--peak", "NaN", "such as 5000/s"),
        ("--writes-per-second", "0", "from 0.1 to 100000"),
        ("--writes-per-second", "inf", "from 0.1 to 100000"),
        ("--concurrency", "1", "from 2 to 1000"),
        ("--concurrency", "2.5", "from 2 to 1000"),
        ("--items-per-order", "0", "from 1 to 1000"),
        ("--write-latency", "0", "from 0.1 to 3000"),
        ("--lane", "fast", "standard and hot"),
        ("--quota", "sns=1", "sns-publish"),
        ("--shape", "square", "constant, ramp"),
    ] {
        // The last of two values counts, so the good ones stand in front, where they may be repeated.
        let good = SALE
            .chunks(2)
            .filter(|two| two[0] != name)
            .flatten()
            .copied();
        let line: Vec<_> = good.chain([name, bad]).collect();
        let error = parse(&line).unwrap_err();
        assert!(error.contains(allowed), "{name} {bad}: {error}");
    }
}

#[test]
fn a_sales_file_has_its_own_shape() {
    let both = [&SALE[..], &["--sales", "f.csv", "--shape", "ramp"]].concat();
    assert!(parse(&both).unwrap_err().contains("cannot be used with"));
    assert!(
        parse(&["--peak", "1", "--writes-per-second", "1"])
            .unwrap_err()
            .contains("--for")
    );
}
