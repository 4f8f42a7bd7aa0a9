//! What would make the sale go better, and the parameters to deploy with.

use sluice_order::{
    Lane,
    lane_settings::{LEAST_SHARE, NEEDED_SHARE},
};

use super::{
    backlog,
    curve::Curve,
    lane::{AIM_SECONDS, Task},
    limit::{Limit, Status},
    limits::Sale,
    quota::Quota,
};
use crate::terminal::units::{duration, number};

/// A wait that is worth a suggestion.
const LONG: f64 = 15.0 * 60.0;

/// So much above the peak the stage's limits are set: arrivals are never quite even.
const MARGIN: f64 = 1.1;

impl Sale<'_> {
    /// What to do, the most urgent first.
    pub(crate) fn advice(&self, limits: &[Limit], curve: &Curve, task: &Task) -> Vec<String> {
        let mut advice = Vec::new();
        for status in [Status::Over, Status::Warn] {
            let such = limits.iter().filter(|limit| limit.status == status);
            let told = such.filter_map(|limit| {
                let to_do = limit.to_do.as_deref()?;
                Some(format!("{}: {to_do}", limit.name))
            });
            advice.extend(told);
        }
        advice.extend(self.other_regions());
        advice.extend(self.more_invocations(task));
        advice.extend(self.larger_batch(task));
        advice.extend(self.shorter_wait(curve));
        advice
    }

    /// Regions that allow the peak by default, where this one does not.
    fn other_regions(&self) -> Option<String> {
        let here = self
            .allowed(Quota::SnsPublish)
            .min(self.allowed(Quota::ApiGatewayRate));
        if self.peak <= here {
            return None;
        }
        let peak = number(self.peak);
        let regions = self.figures.regions_for(self.peak);
        if regions.is_empty() {
            return Some(format!(
                "no region allows {peak}/s by default: it needs a quota request in each"
            ));
        }
        Some(format!(
            "these regions allow {peak}/s by default: {}",
            regions.join(", ")
        ))
    }

    /// More invocations, where the lane does not reach its pace.
    fn more_invocations(&self, task: &Task) -> Option<String> {
        let now = self.settings;
        if now.share >= NEEDED_SHARE {
            return None;
        }
        let told = format!(
            "the lane reaches {} % of its pace: between two batches an invocation waits until the next is gathered",
            number(now.share * 100.0)
        );
        let better = task.least().ok()?;
        Some(if better.share > now.share {
            format!(
                "{told}; --concurrency {} makes it {} %",
                better.concurrency,
                number(better.share * 100.0)
            )
        } else {
            told
        })
    }

    /// More invocations whose batches are longer, where size keeps them short.
    fn larger_batch(&self, task: &Task) -> Option<String> {
        let now = self.settings;
        if now.batch_seconds > AIM_SECONDS / 2.0 {
            return None;
        }
        let better = (now.concurrency..=1_000).find_map(|concurrency| {
            let better = task.at(concurrency).ok()?;
            (better.batch_seconds > AIM_SECONDS * 0.9).then_some(better)
        })?;
        Some(format!(
            "a batch is {} of work only: --concurrency {} makes it {}, and less is lost between batches",
            duration(now.batch_seconds),
            better.concurrency,
            duration(better.batch_seconds)
        ))
    }

    /// What storage would have to take for less waiting.
    fn shorter_wait(&self, curve: &Curve) -> Option<String> {
        let wait = self.backlog.longest_wait();
        // A faster pace would need more invocations first.
        if wait <= LONG || self.settings.share < NEEDED_SHARE {
            return None;
        }
        let pace = |wait| number((backlog::rate_for(curve, wait) / LEAST_SHARE).ceil());
        Some(format!(
            "an order waits up to {}: at most {} with --writes-per-second {}, not at all with {}, if storage takes that",
            duration(wait),
            duration(LONG),
            pace(LONG).replace(',', ""),
            number((self.peak / LEAST_SHARE).ceil()).replace(',', "")
        ))
    }

    /// The line for samconfig.toml. The stage's limits are in it where they are too low and the account has more.
    pub(crate) fn parameter_overrides(&self, lane: Lane) -> String {
        let mut parameters = self.settings.parameters(lane);
        if let Some(connections) = self.connections {
            let (rate, burst) = connections.reads(self.figures.assumptions.read_seconds);
            parameters.push(format!("ReadReservedConcurrency={}", connections.readers));
            parameters.push(format!("ReadRateLimit={rate} ReadBurstLimit={burst}"));
            parameters.push("ReserveConsumers=true".to_owned());
        }
        let most = self
            .allowed(Quota::ApiGatewayRate)
            .min(self.allowed(Quota::SnsPublish));
        let rate = (self.peak * MARGIN).ceil().min(most);
        if self.peak > self.allowed(Quota::ApiRateLimit) && rate >= self.peak {
            let burst = rate.min(self.allowed(Quota::ApiGatewayBurst));
            parameters.push(format!("ApiRateLimit={rate}"));
            parameters.push(format!("ApiBurstLimit={burst}"));
        }
        format!("parameter_overrides = \"{}\"", parameters.join(" "))
    }
}
