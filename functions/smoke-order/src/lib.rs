#![doc = include_str!("../README.md")]

mod aws;
mod guard;

use std::time::Duration;

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sluice_order::{Lane, smoke};
use tokio::time::{Instant, sleep, timeout_at};

pub use aws::{CODEDEPLOY, INVOKE, LambdaFunctions, tell_codedeploy};
pub use guard::{Sources, guard};

/// How long the test waits for both orders, if the event does not say. The function's own timeout is a minute longer.
pub const WAIT: Duration = Duration::from_mins(10);

/// How long it waits before it asks again.
const PAUSE: Duration = Duration::from_secs(1);

/// What the function is invoked with: by CodeDeploy, with the names of what it must hear, or by hand.
/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/tutorial-lambda-sam-create-lambda-function.html>
#[derive(Default, Debug, Deserialize)]
pub struct Call {
    /// Which deployment waits.
    #[serde(rename = "DeploymentId")]
    pub deployment: Option<String>,
    /// Which step of it.
    #[serde(rename = "LifecycleEventHookExecutionId")]
    pub execution: Option<String>,
    /// How long to wait for both orders, in seconds; [`WAIT`] if it is absent.
    pub wait_seconds: Option<u64>,
}

/// Which function is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Function {
    /// The one that accepts.
    AcceptOrder,
    /// The one that reads.
    ReadOrders,
}

/// An answer of a function, as API Gateway would get it.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    #[serde(rename = "statusCode")]
    pub status: u16,
    /// The body.
    #[serde(default)]
    pub body: String,
}

impl Answer {
    /// Lambda has no room for the function just now.
    fn busy() -> Self {
        let body = String::new();
        Self { status: 429, body }
    }
}

/// The functions. A seam: Lambda, or functions that a test makes up.
pub trait Functions: Sync {
    /// Invokes one with an event of the API, and waits for its answer.
    ///
    /// # Errors
    /// There is no answer; why, for the operator.
    fn call(
        &self,
        function: Function,
        event: &Value,
    ) -> impl Future<Output = Result<Answer, String>> + Send;
}

/// What became of a lane's smoke order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tried {
    /// Which lane.
    pub lane: &'static str,
    /// The order's id, if it was accepted.
    pub order_id: Option<String>,
    /// Why the lane did not pass.
    pub failure: Option<String>,
}

/// What became of the test.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outcome {
    /// Whether both lanes passed.
    pub passed: bool,
    /// Each lane.
    pub lanes: Vec<Tried>,
}

/// Posts a smoke order for each lane, and waits until both are stored. A test of the same name posts the same orders.
pub async fn test(functions: &impl Functions, name: &str, wait: Duration) -> Outcome {
    let until = Instant::now() + wait;
    let lanes = join_all(Lane::ALL.map(async |lane| {
        let mut order_id = None;
        let tried = timeout_at(until, async {
            let id = accepted(functions, name, lane).await?;
            order_id = Some(id.clone());
            stored(functions, &id).await
        });
        let failure = match tried.await {
            Ok(tried) => tried.err(),
            Err(_) if order_id.is_none() => {
                Some("accept-order did not confirm the order in time: look at its log".to_owned())
            }
            Err(_) => Some(
                "the order is accepted and not stored in time: the lane is paused or has a backlog, or its consumer fails"
                    .to_owned(),
            ),
        };
        let lane = lane.as_str();
        match &failure {
            None => tracing::info!(lane, order_id, "the lane passed"),
            Some(why) => tracing::error!(lane, order_id, why, "the lane did not pass"),
        }
        Tried {
            lane,
            order_id,
            failure,
        }
    }))
    .await;
    Outcome {
        passed: lanes.iter().all(|tried| tried.failure.is_none()),
        lanes,
    }
}

/// Posts the order until it is accepted; its id.
async fn accepted(functions: &impl Functions, name: &str, lane: Lane) -> Result<String, String> {
    let event = json!({
        "smoke": true,
        "httpMethod": "POST",
        "path": "/orders",
        "headers": {"content-type": "application/json", "idempotency-key": format!("{name}-{lane}")},
        "body": smoke::body(lane).to_string(),
    });
    let answer = answer(functions, Function::AcceptOrder, &event, |answer| {
        answer.status == 202
    })
    .await?;
    text(&answer.body, "order_id")
        .ok_or_else(|| format!("accept-order answered 202 without an id: {}", answer.body))
}

/// Asks for the order until it is stored.
async fn stored(functions: &impl Functions, id: &str) -> Result<(), String> {
    let event = json!({
        "smoke": true,
        "httpMethod": "GET",
        "path": format!("/orders/{id}"),
        "pathParameters": {"id": id},
        "headers": {},
    });
    loop {
        let answer = answer(functions, Function::ReadOrders, &event, |answer| {
            answer.status == 200
        })
        .await?;
        match text(&answer.body, "status").as_deref() {
            Some("SMOKE") => return Ok(()),
            Some("ACCEPTED") => sleep(PAUSE).await,
            _ => {
                return Err(format!(
                    "read-orders does not say where it is: {}",
                    answer.body
                ));
            }
        }
    }
}

/// Calls until the answer is the wanted one. What asks callers to repeat is repeated, and anything else is a failure.
async fn answer(
    functions: &impl Functions,
    function: Function,
    event: &Value,
    is_wanted: impl Fn(&Answer) -> bool,
) -> Result<Answer, String> {
    loop {
        let answer = functions.call(function, event).await?;
        if is_wanted(&answer) {
            return Ok(answer);
        }
        if !matches!(answer.status, 429 | 503) {
            let (status, body) = (answer.status, answer.body);
            return Err(format!("{function:?} answered {status}: {body}"));
        }
        sleep(PAUSE).await;
    }
}

fn text(body: &str, member: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    Some(body.get(member)?.as_str()?.to_owned())
}
