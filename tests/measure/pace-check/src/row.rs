//! The table: what was measured, what it may be, and whether it is.

use std::fmt::Write;

/// One line of the table.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// What it may be.
    pub(crate) bound: String,
    /// What it is.
    pub(crate) measured: String,
    /// Whether that is within the bound.
    pub(crate) verdict: bool,
}

impl Row {
    /// Whether what was measured is within its bound.
    pub(crate) fn holds(&self) -> bool {
        self.verdict
    }
}

/// All rows under a heading, in columns.
pub(crate) fn table(rows: &[Row]) -> String {
    let heading = ["what", "bound", "measured", "verdict"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(heading)
        .chain(rows.iter().map(cells))
        .collect();
    let width = |column: usize| {
        let lengths = lines.iter().map(|cells| cells[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    lines.iter().fold(String::new(), |mut text, cells| {
        for (cell, width) in cells.iter().zip(widths) {
            let _ = write!(text, "{cell:width$}  ");
        }
        text + &cells[3] + "\n"
    })
}

fn cells(row: &Row) -> [String; 4] {
    let verdict = if row.holds() { "ok" } else { "FALLS SHORT" };
    [&row.what, &row.bound, &row.measured, verdict].map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_what_falls_short_says_so() {
        let row = |what: &str, verdict| Row {
            what: what.to_owned(),
            bound: "at most 2 s".to_owned(),
            measured: "1 s".to_owned(),
            verdict,
        };
        assert_eq!(
            table(&[row("W·T", true), row("a longer one", false)]),
            "what          bound        measured  verdict\n\
             W·T           at most 2 s  1 s       ok\n\
             a longer one  at most 2 s  1 s       FALLS SHORT\n"
        );
    }
}
