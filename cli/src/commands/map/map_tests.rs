use serde_json::{Value, json};
use sluice_testing::stand_in::StandIn;

use super::*;
use crate::xray::{
    fake::xray,
    sample::{read, texts, whole},
};

const ARGUMENTS: MapArguments = MapArguments {
    since: 600.0,
    limit: 2,
    json: false,
};

/// X-Ray with three traces that are all of these documents.
async fn three(documents: Vec<Value>) -> (Aws, StandIn) {
    let documents = texts(&documents);
    xray(move |body| {
        let segments = documents
            .iter()
            .map(|text| json!({"Id": "1", "Document": text}));
        let segments: Vec<_> = segments.collect();
        let trace = |id: &Value| json!({"Id": id, "Segments": segments});
        match body.get("TraceIds").and_then(Value::as_array) {
            Some(ids) => (
                200,
                json!({"Traces": ids.iter().map(trace).collect::<Vec<_>>()}),
            ),
            None => (
                200,
                json!({"TraceSummaries": [{"Id": "a"}, {"Id": "b"}, {"Id": "c"}]}),
            ),
        }
    })
    .await
}

#[tokio::test]
async fn at_most_so_many_traces_are_read() {
    let mut documents = whole("ord_1");
    documents.push(read());
    let (aws, asked) = three(documents).await;
    for json in [false, true] {
        let arguments = MapArguments { json, ..ARGUMENTS };
        assert_eq!(draw(&aws, &arguments).await, Ok(Exit::Fine));
    }
    assert_eq!(asked.bodies()[1], json!({"TraceIds": ["a", "b"]}));
}

#[tokio::test]
async fn nothing_to_show_exits_1() {
    let (aws, _xray) = xray(|_| (200, json!({"TraceSummaries": []}))).await;
    let failure = draw(&aws, &ARGUMENTS).await.unwrap_err();
    let told = failure.to_string();
    assert!(
        told.starts_with("nothing to show: 0 of 0 traces that began in the last 10m."),
        "{told}"
    );
    assert_eq!(failure.exit(), Exit::Wrong);
    let other = json!({"id": "1", "name": "another service", "start_time": 1});
    let (aws, _xray) = three(vec![other]).await;
    let told = draw(&aws, &ARGUMENTS).await.unwrap_err().to_string();
    assert!(
        told.contains("2 of 3 traces") && told.contains("; 2 have nothing of this service"),
        "{told}"
    );
}
