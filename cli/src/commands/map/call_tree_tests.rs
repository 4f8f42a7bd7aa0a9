use super::*;

fn edge(from: &str, to: &str, error_rate: f64) -> Edge {
    Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        calls: 1_200,
        error_rate,
        p50_ms: 12.0,
        p99_ms: 1_500.0,
    }
}

#[test]
fn the_map_is_a_tree_from_the_client() {
    let edges = [
        edge("API Gateway", "accept-order", 0.0),
        edge("client", "API Gateway", 0.125),
        edge("client", "read-orders", 0.0),
        edge("fulfill-orders", "DynamoDB", 0.00001),
        edge("fulfill-orders", "queue", 0.0),
        edge("queue", "fulfill-orders", 0.0),
        edge("read-orders", "DynamoDB", 0.0),
    ];
    let expected = "\
WHO CALLED WHOM   CALLS  FAILED  P50   P99
API Gateway       1,200  12.5%   12ms  1.50s
  accept-order    1,200  -       12ms  1.50s
read-orders       1,200  -       12ms  1.50s
  DynamoDB        1,200  -       12ms  1.50s
fulfill-orders
  DynamoDB        1,200  <0.01%  12ms  1.50s
  queue           1,200  -       12ms  1.50s
    ↺ fulfill-orders  1,200  -       12ms  1.50s";
    let text = call_tree(&edges);
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&text), squeezed(expected), "\n{text}");
    assert!(text.contains("\n  accept-order "), "{text}");
}
