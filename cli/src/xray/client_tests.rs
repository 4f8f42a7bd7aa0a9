use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::{terminal::failure::Exit, xray::fake::xray};

/// The traces asked for, each in two pages; of those that end in 9 there is nothing.
fn traces(body: &Value) -> (u16, Value) {
    let ids = body["TraceIds"].as_array().unwrap().iter();
    let ids = ids.filter(|id| !id.as_str().unwrap().ends_with('9'));
    let (page, next) = match body["NextToken"].as_str() {
        None => (1, json!("more")),
        Some(_) => (2, Value::Null),
    };
    let document = |id: &Value| json!([{"Id": "1", "Document": format!("{id} page {page}")}]);
    let traces = ids.map(|id| json!({"Id": id, "Segments": document(id)}));
    (
        200,
        json!({"Traces": traces.collect::<Vec<_>>(), "UnprocessedTraceIds": [], "NextToken": next}),
    )
}

#[tokio::test]
async fn traces_are_read_five_at_a_time_with_all_their_pages() {
    let (aws, asked) = xray(traces).await;
    let ids: Vec<String> = (0..12).map(|n| format!("t{n}")).collect();
    let done = Mutex::new(0);
    let read = XRay::new(&aws);
    let read = read.traces(&ids, |many| *done.lock().unwrap() += many);
    let mut traces = read.await.unwrap();
    traces.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(traces.len(), 11, "t9 is not there");
    assert_eq!(traces[0].documents, ["\"t0\" page 1", "\"t0\" page 2"]);
    assert_eq!(*done.lock().unwrap(), 12);
    let asked = asked.bodies();
    let sizes = asked
        .iter()
        .map(|body| body["TraceIds"].as_array().unwrap().len());
    let mut sizes: Vec<_> = sizes.collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 2, 5, 5, 5, 5]);
}

#[tokio::test]
async fn a_search_names_its_window_and_its_filter_and_reads_all_pages() {
    let (aws, asked) = xray(|body| match body["NextToken"].as_str() {
        None => (
            200,
            json!({"TraceSummaries": [{"Id": "a"}, {"Id": "b"}], "NextToken": "2"}),
        ),
        Some(_) => (200, json!({"TraceSummaries": [{"Id": "c"}]})),
    })
    .await;
    let filter = Some("annotation.order_id = \"ord_1\"".to_owned());
    let found = XRay::new(&aws)
        .search(filter, 86_400.0, 3_600.0)
        .await
        .unwrap();
    assert_eq!(
        (found.ids, found.are_more),
        (vec!["a".into(), "b".into(), "c".into()], false)
    );
    let asked = asked.bodies();
    let window = [&asked[0]["StartTime"], &asked[0]["EndTime"]].map(Value::as_f64);
    assert_eq!(window, [Some(82_800.0), Some(86_400.0)]);
    assert_eq!(
        asked[0]["FilterExpression"],
        "annotation.order_id = \"ord_1\""
    );
}

#[tokio::test]
async fn a_search_without_an_end_is_ended() {
    let (aws, asked) = xray(|body| {
        let page: u32 = body["NextToken"].as_str().map_or(0, |t| t.parse().unwrap());
        (200, json!({"TraceSummaries": [{"Id": page.to_string()}], "NextToken": (page + 1).to_string()}))
    })
    .await;
    let found = XRay::new(&aws).search(None, 10.0, 10.0).await.unwrap();
    assert_eq!((found.ids.len(), found.are_more), (PAGES, true));
    assert!(asked.calls().len() <= PAGES + 1);
}

#[tokio::test]
async fn what_x_ray_throttles_is_asked_again_and_a_refusal_is_told() {
    let (aws, asked) = xray(|_| {
        (
            429,
            json!({"__type": "ThrottledException", "Message": "slow"}),
        )
    })
    .await;
    let failure = XRay::new(&aws)
        .traces(&["t".to_owned()], |_| ())
        .await
        .unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with("cannot read traces from X-Ray: ThrottledException")
    );
    assert!(asked.calls().len() > 1);
    let (aws, _xray) = xray(|_| {
        (
            403,
            json!({"__type": "AccessDeniedException", "message": "no"}),
        )
    })
    .await;
    let failure = XRay::new(&aws).search(None, 10.0, 10.0).await.unwrap_err();
    assert!(
        failure.to_string().contains("ask for the permission"),
        "{failure}"
    );
    assert_eq!(failure.exit(), Exit::Environment);
}
