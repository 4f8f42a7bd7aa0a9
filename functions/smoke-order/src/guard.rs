//! Refuses a deploy that stores orders elsewhere while a lane runs: what the lane stores between the last copy and the deploy would
//! stay behind. CloudFormation asks before it changes any function, by a custom resource.

use serde::Deserialize;
use sluice_order::Lane;
use sluice_runtime::{Https, Service, custom_resource::Request};

/// Where a stack stores its orders, and from which queues.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    store: String,
    orders_table: String,
    standard_queue: String,
    hot_queue: String,
    /// Whether this deploy lets the lane run.
    standard_enabled: String,
    hot_enabled: String,
}

impl Properties {
    /// The place as the resource's id has it, which CloudFormation keeps: so a later deploy knows where orders were stored. Another
    /// address of a database may be the same database, so it does not count.
    fn place(&self) -> String {
        match &*self.store {
            "dynamodb" => format!("dynamodb {}", self.orders_table),
            store => store.to_owned(),
        }
    }

    /// A lane's queue, and whether this deploy lets the lane run.
    fn lane(&self, lane: Lane) -> (&str, bool) {
        let (queue, enabled) = match lane {
            Lane::Standard => (&self.standard_queue, &self.standard_enabled),
            Lane::Hot => (&self.hot_queue, &self.hot_enabled),
        };
        (queue, enabled == "true")
    }
}

/// What feeds the consumers. A seam: Lambda, or event sources that a test makes up.
pub trait Sources: Sync {
    /// The states of a queue's event sources, in Lambda's words, such as `Enabled`.
    ///
    /// # Errors
    /// They cannot be had; why, for the operator.
    fn states(&self, queue: &str) -> impl Future<Output = Result<Vec<String>, String>> + Send;
}

/// Answers CloudFormation, which waits for it: the place where orders are stored, or why it may not change now.
pub async fn guard(request: Request, sources: &impl Sources, https: &Https) {
    let answer = if request.is_delete() {
        Ok(request.physical_id().unwrap_or_default().to_owned())
    } else {
        may_be_stored_at(&request, sources).await
    };
    match answer {
        Ok(place) => {
            tracing::info!(place, "orders may be stored here");
            request.answer(&place, None, https).await;
        }
        Err(why) => {
            tracing::error!(why, "orders stay where they are");
            request.answer("nowhere", Some(&why), https).await;
        }
    }
}

/// The place that the stack asks for. A stack that is made stores no orders yet, and one that goes back to the same place moves none.
async fn may_be_stored_at(request: &Request, sources: &impl Sources) -> Result<String, String> {
    let read = |properties| {
        Properties::deserialize(properties)
            .map_err(|error| format!("the template is another: {error}"))
    };
    let properties = read(request.properties())?;
    let place = properties.place();
    let is_move = request.physical_id().is_some_and(|before| before != place);
    if is_move {
        let before = read(request.old_properties())?;
        for lane in Lane::ALL {
            let (queue, is_let_run) = properties.lane(lane);
            // It would run while other functions have yet to change, and the deploy may still be taken back. Where the lane was not
            // let run before, this is how a deploy is taken back.
            if is_let_run && before.lane(lane).1 {
                return Err(format!(
                    "this deploy would let the lane {lane} run before it is over. \
                     Deploy with StandardEnabled=false HotEnabled=false, and resume the lanes afterwards"
                ));
            }
            let states = sources.states(queue).await?;
            if let Some(state) = states.iter().find(|state| *state != "Disabled") {
                return Err(format!(
                    "orders cannot move to {place} while the lane {lane} runs (its event source is {state}). \
                     Pause both lanes (sluice pause {lane}), copy the orders (docs/DATABASE.md), then deploy again"
                ));
            }
        }
    }
    Ok(place)
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html>
impl Sources for Service {
    async fn states(&self, queue: &str) -> Result<Vec<String>, String> {
        let arn = queue.replace(':', "%3A");
        let path = format!("/2015-03-31/event-source-mappings/?EventSourceArn={arn}");
        let answer = self.get(&path).await;
        let answer = answer.map_err(|why| format!("Lambda cannot be asked for {queue}: {why}"))?;
        let listed = (answer.status == 200)
            .then(|| serde_json::from_slice::<Listed>(&answer.body).ok())
            .flatten()
            .ok_or_else(|| {
                let (status, error) = (answer.status, &answer.error);
                format!("Lambda does not say what feeds from {queue}: {status} {error}")
            })?;
        let states = listed.event_source_mappings.into_iter();
        Ok(states.map(|mapping| mapping.state).collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    event_source_mappings: Vec<Mapping>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mapping {
    state: String,
}
