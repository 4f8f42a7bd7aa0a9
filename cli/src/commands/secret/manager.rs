//! The stack's secret in AWS Secrets Manager.

use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueOutput};

use super::ring::Ring;
use crate::{deployment::aws::Aws, terminal::failure::Failure};

/// The secret with this ARN.
#[derive(Debug)]
pub(super) struct Manager {
    aws: Aws,
    client: Client,
    arn: String,
}

impl Manager {
    pub(super) fn new(aws: Aws, arn: &str) -> Self {
        Self {
            client: Client::new(&aws.config),
            arn: arn.to_owned(),
            aws,
        }
    }

    pub(super) async fn read(&self) -> Result<Ring, Failure> {
        Ring::read(self.value().await?.secret_string().unwrap_or_default())
    }

    /// How long ago it was changed. Nothing, where the answer does not tell.
    pub(super) async fn age(&self) -> Result<Duration, Failure> {
        let changed = self.value().await?.created_date;
        let changed = changed.and_then(|at| SystemTime::try_from(at).ok());
        // A clock that is behind the service's makes it younger.
        Ok(changed.and_then(|at| at.elapsed().ok()).unwrap_or_default())
    }

    /// Writes it, and sees that it is there: somebody else may write at the same time.
    pub(super) async fn write(&self, ring: &Ring) -> Result<(), Failure> {
        let put = self.client.put_secret_value().secret_id(&self.arn);
        let answer = put.secret_string(ring.to_json()).send().await;
        answer.map_err(|error| self.aws.explain("write the secret", &error))?;
        if self.read().await? == *ring {
            return Ok(());
        }
        Err(changed())
    }

    async fn value(&self) -> Result<GetSecretValueOutput, Failure> {
        let get = self.client.get_secret_value().secret_id(&self.arn);
        let answer = get.send().await;
        answer.map_err(|error| self.aws.explain("read the secret", &error))
    }
}

/// Somebody else changed it.
pub(super) fn changed() -> Failure {
    Failure::wrong(
        "the secret was changed by somebody else at the same time",
        "see `sluice secret list`, then run the same command again if it is still wanted",
    )
}
