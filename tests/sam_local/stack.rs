//! The stack that the functions work on.

use std::{collections::HashMap, net::SocketAddr};

use sluice_testing::deployed::Deployed;
use tokio::sync::{Mutex, MutexGuard};

/// One test at a time: each has an engine of its own.
static TURN: Mutex<()> = Mutex::const_new(());

pub struct Stack {
    deployed: Deployed,
    /// Where the local AWS listens.
    pub address: SocketAddr,
    _turn: MutexGuard<'static, ()>,
}

impl Stack {
    /// The stack that the environment names, once it is this test's turn.
    pub async fn take() -> Self {
        let turn = TURN.lock().await;
        let deployed = Deployed::find().await;
        let address = deployed.endpoint.trim_start_matches("http://").parse();
        Self {
            address: address.expect("the endpoint is an address"),
            deployed,
            _turn: turn,
        }
    }

    /// The settings that the deployment would fill in. Each function takes those that the template declares for it.
    /// `secrets` is where the secrets of the order ids are, or the secrets themselves.
    pub fn settings(&self, secrets: &str) -> HashMap<&'static str, String> {
        let output = |name: &str| self.deployed.output(name).to_owned();
        HashMap::from([
            ("ORDER_ID_SECRETS", secrets.to_owned()),
            ("ORDER_ID_SECRETS_MAX_AGE", "300".to_owned()),
            ("ORDERS_TOPIC_ARN", output("OrdersTopicArn")),
            ("ORDERS_TABLE", output("OrdersTable")),
            ("QUEUE_URL", output("StandardQueueUrl")),
            (
                "DEAD_LETTER_QUEUE_URL",
                output("StandardDeadLetterQueueUrl"),
            ),
        ])
    }

    /// Where the secrets of the deployed functions are.
    pub fn secret_arn(&self) -> String {
        self.deployed.output("OrderIdSecretArn").to_owned()
    }
}
