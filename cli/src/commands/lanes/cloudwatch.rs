//! What `CloudWatch` has of the lanes' queues.

use std::collections::HashMap;

use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat},
};
use sluice_order::Lane;

use super::queue_metrics::{LOOK_BACK, PERIOD, QueueMetrics, Series, minute};
use crate::{
    deployment::{aws::Aws, stack::LaneQueues},
    terminal::failure::Failure,
};

/// A metric of SQS, how its points are put together, and what its query is called.
const METRICS: [(&str, &str, &str); 3] = [
    ("NumberOfMessagesSent", "Sum", "sent"),
    ("NumberOfMessagesDeleted", "Sum", "deleted"),
    ("ApproximateAgeOfOldestMessage", "Maximum", "age"),
];

/// The metrics of the queues of these lanes, for the last minutes and the current one.
pub(crate) async fn queue_metrics(
    aws: &Aws,
    lanes: &[LaneQueues],
    now: i64,
) -> Result<HashMap<Lane, QueueMetrics>, Failure> {
    let begin = minute(now);
    let mut ask = Client::new(&aws.config)
        .get_metric_data()
        .start_time(DateTime::from_secs(begin - LOOK_BACK * PERIOD))
        .end_time(DateTime::from_secs(begin + PERIOD));
    for lane in lanes {
        for (metric, statistic, name) in METRICS {
            ask = ask.metric_data_queries(query(lane, metric, statistic, name));
        }
    }
    // So few points are one page, unless CloudWatch has to be asked for the rest of one.
    let mut pages = ask.into_paginator().send();
    let mut results = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| aws.explain("read the metrics of the queues", &e))?;
        results.extend(page.metric_data_results.unwrap_or_default());
    }
    let of = |lane: &LaneQueues| (lane.lane, metrics_of(lane.lane, &results));
    Ok(lanes.iter().map(of).collect())
}

fn query(lane: &LaneQueues, metric: &str, statistic: &str, name: &str) -> MetricDataQuery {
    let queue = lane.queue.rsplit('/').next().unwrap_or_default();
    let queue = Dimension::builder().name("QueueName").value(queue).build();
    let metric = Metric::builder()
        .namespace("AWS/SQS")
        .metric_name(metric)
        .dimensions(queue)
        .build();
    let points = MetricStat::builder()
        .metric(metric)
        .period(60)
        .stat(statistic)
        .build();
    MetricDataQuery::builder()
        .id(id(lane.lane, name))
        .metric_stat(points)
        .return_data(true)
        .build()
}

fn id(lane: Lane, name: &str) -> String {
    format!("{name}_{lane}")
}

fn metrics_of(lane: Lane, results: &[MetricDataResult]) -> QueueMetrics {
    let series = |name: &str| -> Series {
        let id = id(lane, name);
        let points = results
            .iter()
            .filter(|result| result.id() == Some(&id))
            .flat_map(|result| result.timestamps().iter().zip(result.values()));
        points.map(|(at, value)| (at.secs(), *value)).collect()
    };
    QueueMetrics {
        sent: series("sent"),
        deleted: series("deleted"),
        age: series("age"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_query_names_its_queue_and_is_told_apart() {
        let lane = LaneQueues {
            lane: Lane::Hot,
            queue: "https://sqs.eu-west-1.amazonaws.com/1/s-hot-1".to_owned(),
            dead_letters: String::new(),
        };
        let query = query(&lane, "NumberOfMessagesSent", "Sum", "sent");
        assert_eq!(query.id(), Some("sent_hot"));
        let points = query.metric_stat().unwrap();
        let metric = points.metric().unwrap();
        let dimension = &metric.dimensions()[0];
        assert_eq!((points.period(), points.stat()), (Some(60), Some("Sum")));
        assert_eq!(
            (metric.namespace(), metric.metric_name()),
            (Some("AWS/SQS"), Some("NumberOfMessagesSent"))
        );
        assert_eq!(
            (dimension.name(), dimension.value()),
            (Some("QueueName"), Some("s-hot-1"))
        );
    }

    #[test]
    fn the_points_of_all_pages_are_put_together() {
        let result = |id: &str, points: &[(i64, f64)]| {
            let mut result = MetricDataResult::builder().id(id);
            for (at, value) in points {
                result = result.timestamps(DateTime::from_secs(*at)).values(*value);
            }
            result.build()
        };
        let results = [
            result("sent_hot", &[(120, 2.0), (60, 1.0)]),
            result("sent_standard", &[(60, 9.0)]),
            result("age_hot", &[]),
            result("sent_hot", &[(0, 0.5)]),
        ];
        let metrics = metrics_of(Lane::Hot, &results);
        assert_eq!(
            metrics.sent,
            Series::from([(0, 0.5), (60, 1.0), (120, 2.0)])
        );
        assert!(metrics.deleted.is_empty() && metrics.age.is_empty());
    }
}
