//! The picture: how long a write takes and how many orders are stored, by load, without Sluice and with it. Plain SVG, which takes its
//! colours from the reader's choice of light or dark.

use std::fmt::Write;

use super::{Measured, Outcome};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 368.0;

/// Where a panel's axes are, from the upper left corner.
const LEFTS: [f64; 2] = [70.0, 500.0];
const TOP: f64 = 92.0;
const WIDE: f64 = 320.0;
const HIGH: f64 = 220.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:600}.name{font-weight:600}\
.ground{fill:#fff}.grid{stroke:#d1d9e0}.axis,.limit{stroke:#1f2328}.limit{stroke-dasharray:5 4}\
.without{fill:#c2410c;stroke:#c2410c}.with{fill:#0f766e;stroke:#0f766e}.line{stroke-width:2.5}.read{stroke-width:2}\
.grid,.axis,.limit,.line,.read{fill:none}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}.grid{stroke:#3d444d}.axis,.limit{stroke:#e6edf3}\
.without{fill:#fb923c;stroke:#fb923c}.with{fill:#2dd4bf;stroke:#2dd4bf}.grid,.axis,.limit,.line,.read{fill:none}}";

/// One panel.
struct Panel {
    left: f64,
    title: &'static str,
    /// The highest value of the axis, and the distance of its lines.
    top: f64,
    step: f64,
    /// A line across, and what it means.
    limit: (f64, String),
}

impl Panel {
    fn x(&self, factor: f64) -> f64 {
        // From ×0.5 to ×8 are four doublings, with a margin.
        self.left + WIDE * (factor.log2() + 1.4) / 4.8
    }

    fn y(&self, value: f64) -> f64 {
        TOP + HIGH * (1.0 - (value / self.top).min(1.0))
    }

    /// The axes, their numbers, and the line across.
    fn frame(&self, loads: &[Outcome]) -> String {
        let (left, right, bottom) = (self.left, self.left + WIDE, TOP + HIGH);
        let mut svg = format!(
            "<text class=\"name\" x=\"{left}\" y=\"{}\">{}</text>\n",
            TOP - 14.0,
            self.title
        );
        let mut value = 0.0;
        while value <= self.top + 1e-9 {
            let y = self.y(value);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                left - 8.0,
                y + 4.0
            );
            value += self.step;
        }
        for load in loads {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">×{}</text>",
                self.x(load.factor),
                bottom + 19.0,
                load.factor
            );
        }
        let (value, meaning) = &self.limit;
        let y = self.y(*value);
        let _ = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{left} {TOP}V{bottom}H{right}\"/>\n<path class=\"limit\" d=\"M{left} {y:.1}H{right}\"/>\
             <text x=\"{}\" y=\"{:.1}\">{meaning}</text>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">orders that come, in multiples of what the server can write</text>",
            left + 6.0,
            y - 9.0,
            left + WIDE / 2.0,
            bottom + 40.0
        );
        svg
    }

    fn line(&self, class: &str, outcomes: &[Outcome], value: impl Fn(&Outcome) -> f64) -> String {
        let points: Vec<_> = outcomes
            .iter()
            .map(|outcome| (self.x(outcome.factor), self.y(value(outcome))))
            .collect();
        let path: Vec<_> = points
            .iter()
            .map(|(x, y)| format!("{x:.1} {y:.1}"))
            .collect();
        let mut svg = format!("<path class=\"line {class}\" d=\"M{}\"/>\n", path.join("L"));
        for (x, y) in points {
            let _ = writeln!(
                svg,
                "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
            );
        }
        svg
    }

    fn ring(&self, outcome: &Outcome, value: f64) -> String {
        let (x, y) = (self.x(outcome.factor), self.y(value));
        format!("<circle class=\"with read\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\"/>\n")
    }
}

/// The whole picture.
pub(super) fn draw(of: &Measured) -> String {
    let server = match of.store {
        "mysql" => "MariaDB",
        _ => "PostgreSQL",
    };
    let time = Panel {
        left: LEFTS[0],
        title: "How long a write takes: p99, in seconds",
        top: 2.5,
        step: 0.5,
        limit: (2.0, "statements are given up".to_owned()),
    };
    let good = Panel {
        left: LEFTS[1],
        title: "Orders stored, a second",
        top: 10.0,
        step: 2.0,
        limit: (
            of.capacity,
            format!("what the server can write: {:.1}", of.capacity),
        ),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n\
         <title>{server}: orders beyond its capacity, without Sluice and with it</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"title\" x=\"20\" y=\"30\">{server} with a limit of {:.1} writes a second, and a flash sale</text>\n",
        of.capacity
    );
    let keys = [
        (
            "without",
            20.0,
            "each order is written when it comes".to_owned(),
            4.0,
        ),
        ("with", 290.0, format!("by Sluice, W {}/s", of.writes), 4.0),
        (
            "with read",
            450.0,
            format!("the same beside {:.0} reads a second", of.reads.rate()),
            8.0,
        ),
    ];
    for (class, x, text, radius) in keys {
        let _ = writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{}\" cy=\"52\" r=\"{radius}\"/><text x=\"{}\" y=\"56\">{text}</text>",
            x + 6.0,
            x + 20.0
        );
    }
    for panel in [&time, &good] {
        svg += &panel.frame(&of.with);
    }
    for (class, outcomes) in [("without", &of.without), ("with", &of.with)] {
        svg += &time.line(class, outcomes, Outcome::p99);
        svg += &good.line(class, outcomes, Outcome::goodput);
    }
    svg += &time.ring(&of.read, of.read.p99());
    svg += &good.ring(&of.read, of.read.goodput());
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::verdict::tests::{measured, outcome};

    fn heights(svg: &str, class: &str) -> Vec<f64> {
        let circles = svg
            .lines()
            .filter(|line| line.starts_with(&format!("<circle class=\"{class}\"")));
        let height = |line: &str| line.split("cy=\"").nth(1)?.split('"').next()?.parse().ok();
        circles.filter_map(height).collect()
    }

    #[test]
    fn what_is_more_is_higher_and_what_is_the_same_is_level() {
        let svg = draw(&measured());
        // The key, the times, the goodputs.
        let [
            key,
            half,
            once,
            twice,
            stored_half,
            stored_once,
            stored_twice,
        ] = heights(&svg, "without")[..]
        else {
            panic!("{svg}");
        };
        assert!(key < TOP);
        assert!(half > once && once > twice, "{svg}");
        assert!(
            stored_once < stored_half && stored_half < stored_twice,
            "{svg}"
        );
        assert!((twice - (TOP + HIGH * 0.2)).abs() < 0.1, "2 s of 2.5 s");
        assert_eq!(heights(&svg, "with read").len(), 3);
    }

    #[test]
    fn nothing_leaves_the_panel() {
        let mut measured = measured();
        measured.without = vec![outcome(8.0, 100, 1.0, 60.0)];
        let heights = heights(&draw(&measured), "without");
        assert!(
            heights[1..].iter().all(|height| *height >= TOP),
            "{heights:?}"
        );
        assert_eq!(heights.len(), 3);
    }

    #[test]
    fn it_says_what_it_shows() {
        let svg = draw(&measured());
        for text in [
            "PostgreSQL with a limit of 8.0 writes",
            "in seconds",
            "a second",
            "beside 50 reads",
            "×0.5",
            "prefers-color-scheme",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert_eq!(svg.matches('<').count(), svg.matches('>').count());
    }
}
