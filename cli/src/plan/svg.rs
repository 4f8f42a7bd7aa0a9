//! The charts as one SVG file that needs nothing else.

use std::fmt::Write as _;

use super::{
    chart::columns,
    report::Plan,
    units::{count, duration, number, short},
};

/// Points of a line: as many as can be told apart.
const PARTS: usize = 420;

const WIDTH: f64 = 840.0;
const LEFT: f64 = 90.0;
const HEIGHT: f64 = 180.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-weight:600}\
.axis{stroke:#59636e;fill:none}\
.grid{stroke:#d1d9e0}\
.depth{stroke:#0969da;fill:#0969da22}\
.wait{stroke:#bc4c00;fill:#bc4c0022}\
.line{stroke-width:2}\
.back{fill:#ffffff}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.axis{stroke:#9198a1}.grid{stroke:#3d444d}.back{fill:#0d1117}\
.depth{stroke:#4493f8;fill:#4493f833}.wait{stroke:#f0883e;fill:#f0883e33}}";

/// The picture of a plan.
pub(crate) fn picture(plan: &Plan) -> String {
    let end = plan.end();
    let depth = Panel {
        class: "depth",
        title: "orders in the queue",
        line: columns(&plan.depths, end, PARTS),
        label: short,
    };
    let wait = Panel {
        class: "wait",
        title: "how long the order being stored has waited",
        line: columns(&plan.waits, end, PARTS),
        label: duration,
    };
    let sum = format!(
        "{} orders, at most {}/s, stored at {}/s: at most {} wait, the longest {}; drained after {}",
        number(plan.orders),
        number(plan.peak_per_second),
        number(plan.least_rate_per_second),
        number(plan.deepest),
        duration(plan.longest_wait_seconds),
        duration(plan.drained_seconds),
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 600\" role=\"img\">\n\
         <title>Plan of a sale</title>\n<desc>{sum}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"back\" width=\"960\" height=\"600\"/>\n\
         <text class=\"title\" x=\"20\" y=\"28\">{sum}</text>\n{}{}</svg>\n",
        depth.draw(80.0, end),
        wait.draw(350.0, end),
    )
}

/// One chart of the picture.
struct Panel {
    class: &'static str,
    title: &'static str,
    line: Vec<f64>,
    label: fn(f64) -> String,
}

impl Panel {
    fn draw(&self, top: f64, end: f64) -> String {
        let bottom = top + HEIGHT;
        let right = LEFT + WIDTH;
        let highest = self.line.iter().copied().fold(0.0, f64::max);
        // What never is above zero has an axis all the same.
        let scale = if highest > 0.0 { highest } else { 1.0 };
        let mut svg = format!(
            "<g><text class=\"title\" x=\"{LEFT}\" y=\"{:.0}\">{}</text>\n",
            top - 12.0,
            self.title
        );
        for quarter in 0..=4_u32 {
            let share = f64::from(quarter) / 4.0;
            let (y, x) = (bottom - share * HEIGHT, LEFT + share * WIDTH);
            // Writing to a string cannot fail.
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                (self.label)(highest * share),
                bottom + 20.0,
                duration(end * share),
            );
        }
        let mut path = format!("M{LEFT} {bottom:.1}");
        let part = WIDTH / count(self.line.len());
        for (at, value) in self.line.iter().enumerate() {
            let x = LEFT + (count(at) + 0.5) * part;
            let _ = write!(path, "L{x:.1} {:.1}", bottom - value / scale * HEIGHT);
        }
        let _ = write!(path, "L{right} {bottom:.1}");
        let _ = writeln!(
            svg,
            "<path class=\"line {}\" d=\"{path}\"/>\n\
             <path class=\"axis\" d=\"M{LEFT} {top}V{bottom}H{right}\"/>\n\
             <text x=\"{right}\" y=\"{:.0}\" text-anchor=\"end\">time since the start</text></g>",
            self.class,
            bottom + 40.0,
        );
        svg
    }
}

#[cfg(test)]
#[path = "svg_tests.rs"]
mod tests;
