//! The floor of `fulfill-orders`: each order of a batch is checked and stored by one signed call, one after the other.
//!
//! `PACE_MS` has it wait before each, as the function's pace does: what waking up costs is then in both.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::json;
use sluice_reference::{clock::Moment, http::Connection, job, runtime_api, sign::Signer};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    body: String,
}

fn main() -> Result<()> {
    let table = std::env::var("ORDERS_TABLE")?;
    let secret = job::secret()?;
    let signer = Signer::from_env("dynamodb")?;
    let mut dynamodb = Connection::to(&std::env::var("AWS_ENDPOINT_URL")?)?;
    let pace = std::env::var("PACE_MS").ok();
    let pace = pace.map(|pace| pace.parse().map(Duration::from_millis));
    let pace = pace.transpose()?;
    runtime_api::serve(|event| {
        let batch: Batch = serde_json::from_slice(event)?;
        for record in batch.records {
            if let Some(pace) = pace {
                thread::sleep(pace);
            }
            let now = Moment::now();
            let call = job::put_item(&record.body, &table, &secret, now)?;
            let headers = [
                ("content-type", "application/x-amz-json-1.0"),
                ("x-amz-target", "DynamoDB_20120810.PutItem"),
            ];
            let headers = signer.headers(dynamodb.host(), &headers, &call, now);
            let answer = dynamodb.ask("POST", "/", &headers, &call)?;
            ensure!(answer.status == 200, "DynamoDB answered {}", answer.status);
        }
        Ok(serde_json::to_vec(&json!({"batchItemFailures": []}))?)
    })
}
