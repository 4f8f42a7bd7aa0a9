//! The stack's secret in AWS Secrets Manager.

use aws_sdk_secretsmanager::Client;

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
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.arn)
            .send()
            .await;
        let answer = answer.map_err(|error| self.aws.explain("read the secret", &error))?;
        Ring::read(answer.secret_string().unwrap_or_default())
    }

    pub(super) async fn write(&self, ring: &Ring) -> Result<(), Failure> {
        let put = self.client.put_secret_value().secret_id(&self.arn);
        let answer = put.secret_string(ring.to_json()).send().await;
        answer
            .map(drop)
            .map_err(|error| self.aws.explain("write the secret", &error))
    }
}
