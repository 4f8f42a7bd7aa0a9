//! Storage in `DynamoDB`.

use aws_sdk_dynamodb::{
    Client,
    config::Intercept,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        get_item::{GetItemError, GetItemOutput},
        put_item::PutItemError,
    },
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use sluice_order::{ContentHash, ListQuery, OrderId, Position, RejectReason, Timestamp};

use crate::{
    BY_CUSTOMER, Found, OrderStore, Page, Part, PutOutcome, ReadAll, ReadError, Rejection,
    StoreError, StoredOrder, Summary,
    item::{
        self, ACCEPTED_KEY, CUSTOMER_ID, Item, ORDER_KEY, ORDER_RECORD, RECORD, REJECTED_AT,
        SMOKE_RECORD, text,
    },
};

/// How many orders are read for one page of a list that filters by product.
const MAX_EXAMINED: i32 = 500;

/// The table of orders. Retries, timeouts and credentials are the client's.
#[derive(Clone, Debug)]
pub struct DynamoStore {
    client: Client,
    table: String,
}

impl DynamoStore {
    /// The table with this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Makes one call with an interceptor that leaves nothing of it but the connection. For a function's start.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn warm(
        &self,
        opening: impl Intercept + 'static,
    ) -> Result<GetItemOutput, SdkError<GetItemError>> {
        let get = self.client.get_item().table_name(&self.table).customize();
        get.interceptor(opening).send().await
    }

    async fn get(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| classify(&e))?;
        Ok(answer.item)
    }
}

impl OrderStore for DynamoStore {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        let result = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::of_order(order)?))
            .condition_expression(format!("attribute_not_exists({ORDER_KEY})"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = result else {
            return Ok(PutOutcome::Stored);
        };
        let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
        else {
            return Err(classify(&error));
        };
        let there = failed
            .item()
            .and_then(content_of)
            .ok_or_else(|| StoreError::unavailable("the stored order was not shown"))?;
        Ok(if there == order.content {
            PutOutcome::Duplicate
        } else {
            PutOutcome::Conflict
        })
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        let key = item::key(rejection.order_id.key(), ORDER_RECORD);
        let there = self.get(key).await?;
        let content = there.as_ref().and_then(content_of);
        Ok(content.is_some_and(|content| rejection.is_of(&content)))
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::of_rejection(rejection)?))
            // Times compare as texts.
            .condition_expression(format!(
                "attribute_not_exists({REJECTED_AT}) OR {REJECTED_AT} <= :at"
            ))
            .expression_attribute_values(":at", text(rejection.rejected_at.to_string()))
            .send()
            .await;
        match written {
            Err(error) if is_there(&error) => Ok(()),
            written => written.map(drop).map_err(|e| classify(&e)),
        }
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        if let Some(there) = self.get(item::key(id.key(), ORDER_RECORD)).await?
            && content_of(&there).is_some_and(|content| id.is_for(&content))
        {
            return item::read(there).map(Some);
        }
        let rejections = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{ORDER_KEY} = :k AND begins_with(#record, :r)"))
            // `record` is a reserved word of DynamoDB's expressions.
            .expression_attribute_names("#record", RECORD)
            .expression_attribute_values(":k", text(id.key().to_string()))
            .expression_attribute_values(":r", text(item::rejection_prefix(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| classify(&e))?;
        let mut latest: Option<Rejection> = None;
        for there in rejections.items.unwrap_or_default() {
            if let Found::Rejection(rejection) = item::read(there)?
                && latest
                    .as_ref()
                    .is_none_or(|l| l.rejected_at <= rejection.rejected_at)
            {
                latest = Some(*rejection);
            }
        }
        Ok(latest.map(|rejection| Found::Rejection(rejection.into())))
    }

    async fn has_smoke(&self, id: &OrderId) -> Result<bool, StoreError> {
        let there = self.get(item::key(id.key(), SMOKE_RECORD)).await?;
        Ok(there.is_some())
    }

    async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        let limit = i32::try_from(query.limit).unwrap_or(i32::MAX);
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_CUSTOMER)
            .key_condition_expression(format!(
                "{CUSTOMER_ID} = :customer AND {ACCEPTED_KEY} BETWEEN :from AND :to"
            ))
            .expression_attribute_values(":customer", text(query.customer_id.as_str()))
            // A sort key is a time followed by more text, so it sorts after the bare time: `from` is included, `to` is not.
            .expression_attribute_values(":from", text(query.from.to_string()))
            .expression_attribute_values(":to", text(query.to.to_string()))
            .scan_index_forward(!query.newest_first)
            .set_exclusive_start_key(query.after.map(|after| start_key(query, after)));
        let request = match &query.sku {
            // One more than asked for shows whether there is a next page.
            None => request.limit(limit.saturating_add(1)),
            Some(sku) => request
                .limit(MAX_EXAMINED)
                .filter_expression("contains(skus, :sku)")
                .expression_attribute_values(":sku", text(sku.plain())),
        };
        let answer = request.send().await.map_err(|e| classify(&e))?;
        let mut orders = answer
            .items
            .unwrap_or_default()
            .into_iter()
            .map(serde_dynamo::from_item::<_, Summary>)
            .collect::<Result<Vec<_>, _>>()
            .map_err(item::not_ours)?;
        let cut = orders.len() > query.limit;
        orders.truncate(query.limit);
        let next = if cut {
            orders.last().map(|last| Position {
                accepted_at: last.accepted_at,
                key: last.order_id.key(),
            })
        } else {
            answer
                .last_evaluated_key
                .as_ref()
                .map(position_of)
                .transpose()?
        };
        Ok(Page { orders, next })
    }
}

/// Between an order's key and its record in a mark. The key does not hold it.
const BETWEEN: char = ' ';

impl ReadAll for DynamoStore {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, ReadError> {
        let start = behind.map(|mark| {
            let (key, record) = mark.split_once(BETWEEN)?;
            Some(item::key(key.parse().ok()?, record))
        });
        let start = start.map(|key| key.ok_or(ReadError::NoPlace)).transpose()?;
        let answer = self
            .client
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|e| classify(&e))?;
        let mut records = Vec::new();
        for item in answer.items.unwrap_or_default() {
            let (key, record) = (named(&item, ORDER_KEY), named(&item, RECORD));
            if record == SMOKE_RECORD {
                continue;
            }
            let found = item::read(item).ok();
            let found = found.filter(|found| found.order_id().key().to_string() == key);
            records.push(found.ok_or_else(|| {
                let name = format!("the item with {ORDER_KEY} {key:?} and {RECORD} {record:?}");
                ReadError::Foreign(name)
            })?);
        }
        let next = answer.last_evaluated_key.map(|last| {
            let (key, record) = (named(&last, ORDER_KEY), named(&last, RECORD));
            format!("{key}{BETWEEN}{record}")
        });
        Ok(Part { records, next })
    }
}

/// A text of an item.
fn named(item: &Item, name: &str) -> String {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.cloned().unwrap_or_default()
}

/// Whether a write was not done because its condition does not hold.
fn is_there(error: &SdkError<PutItemError>) -> bool {
    let error = error.as_service_error();
    error.is_some_and(PutItemError::is_conditional_check_failed_exception)
}

fn content_of(item: &Item) -> Option<ContentHash> {
    item.get("content_hash")?.as_s().ok()?.parse().ok()
}

fn start_key(query: &ListQuery, after: Position) -> Item {
    let mut start = item::key(after.key, ORDER_RECORD);
    start.insert(CUSTOMER_ID.into(), text(query.customer_id.as_str()));
    start.insert(
        ACCEPTED_KEY.into(),
        text(item::accepted_key(after.accepted_at, after.key)),
    );
    start
}

fn position_of(key: &Item) -> Result<Position, StoreError> {
    let parts = key
        .get(ACCEPTED_KEY)
        .and_then(|value| AttributeValue::as_s(value).ok())
        .and_then(|text| text.split_once('#'));
    parts
        .and_then(|(accepted_at, key)| {
            Some(Position {
                accepted_at: accepted_at.parse::<Timestamp>().ok()?,
                key: key.parse().ok()?,
            })
        })
        .ok_or_else(|| StoreError::unavailable("the index shows a key that is not ours"))
}

/// The one place that decides what an error of `DynamoDB` means.
///
/// An item that is refused as such stays refused. Every other error is temporary, a missing table or permission too, so that
/// an operator's mistake loses no order. Error messages may echo the request, so only the code is passed on. Exception:
/// missing permissions and tables, whose messages name a role or a table.
fn classify<E, R>(error: &SdkError<E, R>) -> StoreError
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    let (code, message) = (error.code(), error.message().unwrap_or_default());
    match code {
        Some("ValidationException") => StoreError::Refused {
            reason: if message.to_ascii_lowercase().contains("size") {
                RejectReason::TooLarge
            } else {
                RejectReason::RefusedByStorage
            },
            message: message.to_owned(),
        },
        Some(
            code @ ("ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "Throttling"
            | "ThrottlingException"),
        ) => StoreError::Throttled(code.to_owned()),
        Some(code @ ("AccessDeniedException" | "ResourceNotFoundException")) => {
            StoreError::Unavailable(format!("{code}: {message}"))
        }
        _ => StoreError::unavailable(sluice_aws::failure(error)),
    }
}
