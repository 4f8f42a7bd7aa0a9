use super::*;
use crate::plan::tests::planned;

/// The elements that are open at the end; every one that closes was the last to open.
fn open_elements(svg: &str) -> Vec<&str> {
    let mut open = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("a tag that ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of {tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().expect("a name"));
        }
    }
    open
}

#[test]
fn the_picture_is_well_formed_and_tells_the_figures() {
    let plan = planned("--peak 1200/s --for 10m --writes-per-second 100").unwrap();
    let svg = picture(&plan);
    assert_eq!(open_elements(&svg), [""; 0]);
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(!svg.contains('&') && !svg.contains("NaN") && !svg.contains("inf"));
    for figure in [
        "720,000 orders, at most 1,200/s, stored at 90/s: at most 666,000 wait, the longest 2h 3m; drained after 2h 13m",
        ">orders in the queue<",
        ">how long the order being stored has waited<",
        ">time since the start<",
        ">333k<",
        ">2h 13m<",
        "prefers-color-scheme:dark",
    ] {
        assert!(svg.contains(figure), "{figure} is not in {svg}");
    }
    // Nothing is fetched from elsewhere.
    assert_eq!(svg.matches("http").count(), 1);
}

#[test]
fn a_lane_that_keeps_up_is_a_flat_line() {
    let plan = planned("--peak 50 --for 1h --writes-per-second 100").unwrap();
    let svg = picture(&plan);
    assert_eq!(open_elements(&svg), [""; 0]);
    assert!(!svg.contains("NaN"));
}

#[test]
fn lines_stay_inside_of_their_axes() {
    let plan = planned("--peak 1200/s --for 10m --shape ramp --writes-per-second 100").unwrap();
    let svg = picture(&plan);
    for class in ["depth", "wait"] {
        let (_, path) = svg
            .split_once(&format!("class=\"line {class}\" d=\"M"))
            .unwrap();
        let path = path.split('"').next().unwrap();
        let (top, bottom) = if class == "depth" {
            (80.0, 260.0)
        } else {
            (350.0, 530.0)
        };
        let mut points = 0;
        for point in path.split('L') {
            let (x, y) = point.split_once(' ').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            assert!(
                (90.0..=930.0).contains(&x) && (top..=bottom).contains(&y),
                "{point}"
            );
            points += 1;
        }
        assert_eq!(points, 422);
    }
}
