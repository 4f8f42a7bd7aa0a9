//! Charts of blocks, for a terminal.

use crate::terminal::units::{count, whole};

/// Columns of a chart, without its axis.
pub(crate) const WIDTH: usize = 60;

const HEIGHT: u32 = 6;
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The highest value of a line in each of `parts` equal parts of the time from 0 to `end`.
///
/// The line's turns come one after the other. Before the first and after the last it is zero.
pub(crate) fn columns(line: &[(f64, f64)], end: f64, parts: usize) -> Vec<f64> {
    let mut columns = vec![0.0_f64; parts];
    let part = end / count(parts);
    let bounds = |at: usize| {
        let from = count(at) * part;
        (from, from + part)
    };
    let mut first = 0;
    for (at, highest) in columns.iter_mut().enumerate() {
        let (from, to) = bounds(at);
        // Pieces that end before this part are behind for good.
        while line.get(first + 1).is_some_and(|next| next.0 < from) {
            first += 1;
        }
        for two in line[first.min(line.len())..].windows(2) {
            if two[0].0 > to {
                break;
            }
            for moment in [from.max(two[0].0), to.min(two[1].0)] {
                if (two[0].0..=two[1].0).contains(&moment) {
                    *highest = highest.max(between(two[0], two[1], moment));
                }
            }
        }
    }
    columns
}

/// The height of a line from one turn to the next.
fn between(from: (f64, f64), to: (f64, f64), at: f64) -> f64 {
    let length = to.0 - from.0;
    if length <= 0.0 {
        return from.1.max(to.1);
    }
    from.1 + (to.1 - from.1) * (at - from.0) / length
}

/// A chart: a title, the columns over an axis, and the times at its ends.
pub(crate) fn chart(title: &str, columns: &[f64], top: &str, end: &str) -> String {
    let highest = columns.iter().copied().fold(0.0, f64::max);
    let mut lines = vec![title.to_owned()];
    for row in (0..HEIGHT).rev() {
        let label = if row == HEIGHT - 1 { top } else { "" };
        let cells: String = columns
            .iter()
            .map(|value| block(*value, highest, row))
            .collect();
        lines.push(
            format!("{label:>8} │{}", cells.trim_end())
                .trim_end()
                .to_owned(),
        );
    }
    lines.push(format!("{:>8} └{}", "0", "─".repeat(columns.len())));
    let width = columns.len().saturating_sub(1);
    lines.push(format!("{:10}0{end:>width$}", ""));
    lines.join("\n")
}

/// What a value fills of the cell in a row from below: nothing that is there stays unseen.
fn block(value: f64, highest: f64, row: u32) -> char {
    if value <= 0.0 || highest <= 0.0 {
        return BLOCKS[0];
    }
    let eighths = (value / highest * f64::from(HEIGHT) * 8.0).round().max(1.0);
    let here = (eighths - f64::from(row) * 8.0).clamp(0.0, 8.0);
    let at = usize::try_from(whole(here)).unwrap_or(0);
    BLOCKS.get(at).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_the_highest_of_its_part() {
        let line = [(0.0, 0.0), (10.0, 100.0), (50.0, 0.0)];
        assert_eq!(columns(&line, 40.0, 4), [100.0, 100.0, 75.0, 50.0]);
        assert_eq!(columns(&line, 80.0, 4), [100.0, 75.0, 25.0, 0.0]);
        assert_eq!(columns(&[], 10.0, 2), [0.0, 0.0]);
    }

    #[test]
    fn a_peak_between_two_columns_is_not_lost() {
        let line = [
            (0.0, 0.0),
            (15.0, 0.0),
            (15.1, 50.0),
            (15.2, 0.0),
            (40.0, 0.0),
        ];
        assert_eq!(columns(&line, 40.0, 4), [0.0, 50.0, 0.0, 0.0]);
        // A drop that takes no time.
        let drop = [(0.0, 8.0), (20.0, 8.0), (20.0, 0.0), (40.0, 0.0)];
        assert_eq!(columns(&drop, 40.0, 4), [8.0, 8.0, 8.0, 0.0]);
    }

    #[test]
    fn the_highest_fills_the_chart_and_little_is_seen() {
        let text = chart("title", &[0.0, 0.001, 3.0, 6.0], "6", "1m");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "title",
                "       6 │   █",
                "         │   █",
                "         │   █",
                "         │  ██",
                "         │  ██",
                "         │ ▁██",
                "       0 └────",
                "          0 1m",
            ]
        );
        assert!(!chart("t", &[0.0; 4], "0", "1m").contains('█'));
    }
}
