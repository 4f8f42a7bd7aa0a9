//! Deploys settings as a user would: `local/stack up` with the template's parameters.

use std::process::Command;

use sluice_order::Lane;
use sluice_testing::{project, stack::Stack};

use crate::{plan::Plan, say};

/// The product whose orders take the hot lane.
pub(crate) const HOT_SKU: &str = "HOT-1";

/// Deploys what was planned for each of the lanes, and sees that it is there.
pub(crate) async fn deploy(stack: &Stack, plans: &[(Lane, &Plan)]) {
    let lines: Vec<_> = plans.iter().map(|(_, plan)| plan.parameters()).collect();
    let parameters = format!("{} HotSkus={HOT_SKU}", lines.join(" "));
    say(&format!("deploying {parameters}"));
    let status = Command::new(project().join("local/stack"))
        .arg("up")
        .env("PARAMETERS", parameters)
        // The table alone goes to stdout.
        .stdout(std::io::stderr())
        .status()
        .expect("local/stack can be run");
    assert!(status.success(), "the stack was not deployed");
    for (lane, plan) in plans {
        let settings = stack.settings(*lane).await;
        for (name, planned) in [
            (
                "WRITES_PER_SECOND",
                plan.number("/settings/writes_per_second"),
            ),
            ("CONCURRENCY", plan.number("/settings/concurrency")),
            ("BATCH_SIZE", plan.number("/settings/batch_size")),
        ] {
            let deployed = settings[name].parse::<f64>();
            assert_eq!(deployed, Ok(planned), "{name} of {lane}");
        }
        let source = stack.source(*lane).await;
        let scaling = source.scaling_config();
        let concurrency = scaling.and_then(|scaling| scaling.maximum_concurrency);
        for (deployed, planned) in [
            (source.batch_size(), "/settings/batch_size"),
            (concurrency, "/settings/concurrency"),
        ] {
            let planned_is = Some(plan.number(planned));
            assert_eq!(deployed.map(f64::from), planned_is, "{planned} of {lane}");
        }
    }
}
