//! Ratios that the functions shall keep, and whether they did in this run. What does not depend on the machine is in
//! [`crate::budgets`].

use serde_json::{Value, json};

use crate::{
    figures::ByProgram,
    program::{NOTHING, PACED_FLOOR, TYPICAL},
    speed::{APART, Measured},
};

/// A ratio with its limit, and what was measured where it was.
pub(crate) struct Goal {
    pub(crate) what: String,
    /// The most that it may be.
    pub(crate) limit: f64,
    pub(crate) measured: Option<f64>,
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
            "unit": "×",
            "verdict": self.verdict(),
        })
    }
}

/// All of them. They hold without a delay of the stand-ins, and with tracing as shipped.
pub(crate) fn goals(measured: &Measured) -> Vec<Goal> {
    let one = Some(&measured.programs);
    let hundred = measured.batches.get(&100);
    let share = measured.shares.get(&128);
    let accept = "accept-order";
    // Its first write waits 10 ms for the pace, and so does every one after it: its processor time is compared, with that of
    // programs whose invocations come 10 ms apart too.
    let fulfill = "fulfill-orders";
    let rows = [
        (
            accept,
            "start to first answer",
            one,
            "cold_ms",
            NOTHING,
            2.5,
        ),
        (accept, "warm p50", one, "warm_p50_ms", NOTHING, 2.5),
        (accept, "CPU an invocation", one, "cpu_ms", TYPICAL, 0.5),
        (
            accept,
            "start to first answer at 128 MB",
            share,
            "cold_ms",
            TYPICAL,
            0.5,
        ),
        (
            fulfill,
            "CPU of start and first answer",
            one,
            "cold_cpu_ms",
            NOTHING,
            2.5,
        ),
        (
            fulfill,
            "CPU an invocation, each 10 ms apart",
            one,
            APART,
            NOTHING,
            2.5,
        ),
        (
            fulfill,
            "CPU an invocation, each 10 ms apart",
            one,
            APART,
            TYPICAL,
            0.5,
        ),
        (
            fulfill,
            "start to first answer at 128 MB",
            share,
            "cold_ms",
            TYPICAL,
            0.5,
        ),
        (
            fulfill,
            "CPU an order in batches of 100",
            hundred,
            "cpu_per_order_us",
            PACED_FLOOR,
            4.0,
        ),
    ];
    rows.into_iter()
        .map(|(function, what, of, figure, to, limit)| Goal {
            what: format!("{function}: {what}, to {to}"),
            limit,
            measured: ratio(of, function, figure, to),
        })
        .collect()
}

/// A program's figure by another's.
fn ratio(of: Option<&ByProgram>, program: &str, figure: &str, to: &str) -> Option<f64> {
    let of = of?;
    Some(of.get(program)?.get(figure)? / of.get(to)?.get(figure)?)
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
