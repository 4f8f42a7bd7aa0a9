//! What the functions shall keep, and whether they did in this run.

use serde_json::{Value, json};

use crate::{
    figures::ByProgram,
    program::{NOTHING, PACED_FLOOR, TYPICAL},
    speed::{APART, Measured},
};

/// A goal, with what was measured where it was.
pub(crate) struct Goal {
    pub(crate) what: String,
    /// The most that it may be.
    pub(crate) limit: f64,
    pub(crate) measured: Option<f64>,
    pub(crate) unit: &'static str,
}

impl Goal {
    pub(crate) fn verdict(&self) -> &'static str {
        match self.measured {
            Some(measured) if measured <= self.limit => "met",
            Some(_) => "MISSED",
            None => "not measured",
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "goal": self.what,
            "limit": self.limit,
            "measured": self.measured,
            "unit": self.unit,
            "verdict": self.verdict(),
        })
    }
}

fn figure(of: Option<&ByProgram>, program: &str, name: &str) -> Option<f64> {
    of?.get(program)?.get(name).copied()
}

/// All of them. They hold without a delay of the stand-ins, and with tracing as shipped.
pub(crate) fn goals(measured: &Measured) -> Vec<Goal> {
    let programs = Some(&measured.programs);
    let ratio = |of: Option<&ByProgram>, program: &str, name: &str, to: &str| {
        Some(figure(of, program, name)? / figure(of, to, name)?)
    };
    let mut goals = Vec::new();
    let mut add = |what: String, limit, measured, unit| {
        goals.push(Goal {
            what,
            limit,
            measured,
            unit,
        });
    };
    let once = |name, to| ratio(programs, "accept-order", name, to);
    add(
        "accept-order: start to first answer, to nothing".into(),
        2.5,
        once("cold_ms", NOTHING),
        "×",
    );
    add(
        "accept-order: warm p50, to nothing".into(),
        2.5,
        once("warm_p50_ms", NOTHING),
        "×",
    );
    add(
        "accept-order: CPU an invocation, to typical".into(),
        0.5,
        once("cpu_ms", TYPICAL),
        "×",
    );
    // Its first write waits 10 ms for the pace, and so does every one after it: its processor time is compared.
    let paced = |name, to| ratio(programs, "fulfill-orders", name, to);
    add(
        "fulfill-orders: CPU of start and first answer, to nothing".into(),
        2.5,
        paced("cold_cpu_ms", NOTHING),
        "×",
    );
    for (name, how) in [("cpu_ms", ""), (APART, ", each 10 ms apart")] {
        let what = format!("fulfill-orders: CPU of an invocation with one order, to nothing{how}");
        add(what, 2.5, paced(name, NOTHING), "×");
        let what = format!("fulfill-orders: CPU of an invocation with one order, to typical{how}");
        add(what, 0.5, paced(name, TYPICAL), "×");
    }
    for function in ["accept-order", "fulfill-orders"] {
        let cold = ratio(measured.shares.get(&128), function, "cold_ms", TYPICAL);
        add(
            format!("{function}: start to first answer at 128 MB, to typical"),
            0.5,
            cold,
            "×",
        );
        let zip = figure(programs, function, "zip_bytes").map(|bytes| bytes / 1e6);
        add(format!("{function}: zip"), 4.0, zip, "MB");
    }
    let rss = |of, program: &str| figure(of, program, "peak_rss_bytes").map(|bytes| bytes / 1e6);
    add(
        "accept-order: peak RSS".into(),
        24.0,
        rss(programs, "accept-order"),
        "MB",
    );
    for (size, limit) in [(10, 24.0), (100, 32.0)] {
        let measured = rss(measured.batches.get(&size), "fulfill-orders");
        add(
            format!("fulfill-orders: peak RSS with batches of {size}"),
            limit,
            measured,
            "MB",
        );
    }
    for (floor, what) in [
        ("floor-fulfill", "the floor"),
        (PACED_FLOOR, "the floor at the same pace"),
    ] {
        let cpu = ratio(
            measured.batches.get(&100),
            "fulfill-orders",
            "cpu_per_order_us",
            floor,
        );
        add(
            format!("fulfill-orders: CPU an order in batches of 100, to {what}"),
            4.0,
            cpu,
            "×",
        );
    }
    goals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;

    #[test]
    fn a_goal_is_met_up_to_its_limit_and_nothing_measured_is_not_met() {
        let mut measured = Measured::default();
        let verdict = |measured: &Measured| {
            let goals = goals(measured);
            let goal = goals
                .iter()
                .find(|goal| goal.what.contains("accept-order: CPU"));
            goal.map(Goal::verdict)
        };
        assert_eq!(verdict(&measured), Some("not measured"));
        let mut set = |program, cpu| {
            measured
                .programs
                .insert(program, Figures::from([("cpu_ms", cpu)]));
            verdict(&measured)
        };
        assert_eq!(set("accept-order", 1.0), Some("not measured"));
        assert_eq!(set(TYPICAL, 2.0), Some("met"));
        assert_eq!(set(TYPICAL, 1.9), Some("MISSED"));
    }
}
