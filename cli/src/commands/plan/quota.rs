//! `--quota NAME=N`: what an account was granted, or a stack is set to.

use std::{fmt, str::FromStr};

/// A figure that differs between accounts and stacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Quota {
    /// Requests a second to all APIs of the account.
    ApiGatewayRate,
    /// Requests at one instant above that.
    ApiGatewayBurst,
    /// The stack's parameter `ApiRateLimit`.
    ApiRateLimit,
    /// The stack's parameter `ApiBurstLimit`.
    ApiBurstLimit,
    /// Messages published a second.
    SnsPublish,
    /// Invocations at once.
    LambdaConcurrency,
    /// Write units a second that the table (and its index) can take from the start.
    NewTableWrites,
    /// Write units a second that it may have at all.
    TableWrites,
}

impl Quota {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::ApiGatewayRate,
        Self::ApiGatewayBurst,
        Self::ApiRateLimit,
        Self::ApiBurstLimit,
        Self::SnsPublish,
        Self::LambdaConcurrency,
        Self::NewTableWrites,
        Self::TableWrites,
    ];

    /// Its name on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ApiGatewayRate => "api-gateway-rate",
            Self::ApiGatewayBurst => "api-gateway-burst",
            Self::ApiRateLimit => "api-rate-limit",
            Self::ApiBurstLimit => "api-burst-limit",
            Self::SnsPublish => "sns-publish",
            Self::LambdaConcurrency => "lambda-concurrency",
            Self::NewTableWrites => "new-table-writes",
            Self::TableWrites => "table-writes",
        }
    }
}

/// One of them, as it is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Known {
    quota: Quota,
    value: f64,
}

/// All that are known; the last one counts.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Quotas(Vec<Known>);

impl Quotas {
    /// Those of the command line.
    pub(crate) fn new(known: &[Known]) -> Self {
        Self(known.to_vec())
    }

    /// What is known of one.
    pub(crate) fn get(&self, quota: Quota) -> Option<f64> {
        let known = self.0.iter().rev().find(|known| known.quota == quota);
        known.map(|known| known.value)
    }
}

impl FromStr for Known {
    type Err = NotKnown;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or(NotKnown)?;
        let quota = Quota::ALL.into_iter().find(|quota| quota.as_str() == name);
        let value = value
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite() && *n > 0.0);
        let (quota, value) = quota.zip(value).ok_or(NotKnown)?;
        Ok(Self { quota, value })
    }
}

/// It names no quota, or no figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotKnown;

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Quota::ALL.map(Quota::as_str).join(", ");
        write!(
            f,
            "must be NAME=N with a number above 0; the names are {names}"
        )
    }
}

impl std::error::Error for NotKnown {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_counts() {
        let known = ["sns-publish=9000", "table-writes=1", "sns-publish=12000.5"];
        let known = known.map(|text| text.parse::<Known>().unwrap());
        let quotas = Quotas::new(&known);
        assert_eq!(quotas.get(Quota::SnsPublish), Some(12_000.5));
        assert_eq!(quotas.get(Quota::ApiRateLimit), None);
    }

    #[test]
    fn what_is_none_is_told_what_there_is() {
        for bad in [
            "",
            "sns-publish",
            "sns=1",
            "sns-publish=",
            "sns-publish=0",
            "sns-publish=NaN",
        ] {
            let error = bad.parse::<Known>().unwrap_err().to_string();
            assert!(
                error.contains("api-gateway-rate, api-gateway-burst"),
                "{error}"
            );
        }
        for quota in Quota::ALL {
            assert!(format!("{}=1", quota.as_str()).parse::<Known>().is_ok());
        }
    }
}
