//! What goes to standard output and to standard error.
//!
//! Nobody may be reading: a pipe that was closed, a disk that is full. That never stops the work. What standard error does not
//! take is lost, and what standard output does not take makes the command fail at its end.

use std::{
    fmt::{Display, Write as _},
    io::{ErrorKind, Write},
    sync::OnceLock,
};

use comfy_table::{Table, presets::NOTHING};

use super::failure::Failure;

/// Why standard output did not take all that was printed.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// Prints text and a line feed. If nobody reads it any more (`sluice … | head`), that is no failure; any other is kept for
/// [`all_written`].
pub(crate) fn print(text: &str) {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            UNWRITTEN.get_or_init(|| error.to_string());
        }
        _ => {}
    }
}

/// Prints a value as JSON over several lines.
pub(crate) fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&tame_json(&text)),
        Err(error) => {
            UNWRITTEN.get_or_init(|| error.to_string());
        }
    }
}

/// Whether standard output took all that was printed.
///
/// # Errors
/// It did not. The operator must write it elsewhere.
pub fn all_written() -> Result<(), Failure> {
    UNWRITTEN.get().map_or(Ok(()), |why| {
        Err(Failure::environment(
            format!("the output could not be written: {why}"),
            "write it elsewhere, and look first what was done: the work went on",
        ))
    })
}

/// Says something on standard error, and a line feed. Whether anybody hears it makes no difference.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Asks something on standard error, without a line feed.
pub(crate) fn ask(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}

/// The same JSON, without characters that control a terminal. Line feeds between its members stay.
fn tame_json(json: &str) -> String {
    let mut tame = String::with_capacity(json.len());
    for c in json.chars() {
        if controls(c) && c != '\n' {
            // Writing to a string cannot fail.
            let _ = write!(tame, "\\u{:04x}", u32::from(c));
        } else {
            tame.push(c);
        }
    }
    tame
}

/// Text from outside (of a customer or the service), with characters that control a terminal escaped.
pub fn tame(text: &str) -> String {
    let mut tame = String::with_capacity(text.len());
    for c in text.chars() {
        if controls(c) {
            tame.extend(c.escape_default());
        } else {
            tame.push(c);
        }
    }
    tame
}

/// Control characters, and those that change the writing direction, which can make a text read as something else.
fn controls(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Rows of cells as a table: columns aligned, two spaces between them, no lines.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// Rows of a name and a value, the names aligned.
pub(crate) fn aligned(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or_default();
    rows.iter()
        .map(|(name, value)| format!("{name:width$}  {value}").trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_lose_their_power() {
        assert_eq!(tame("a\u{1b}[2J\u{9b}é\n"), "a\\u{1b}[2J\\u{9b}é\\n");
    }

    #[test]
    fn what_turns_the_direction_loses_its_power_too() {
        assert_eq!(tame("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn tame_json_means_the_same() {
        let value = serde_json::json!({"a": ["\u{9b}2J\u{7f}\u{202e}\u{1b}\n é"]});
        let text = tame_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(
            text.contains("\\u009b2J\\u007f\\u202e\\u001b\\n é"),
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "long", "x y"], ["bcd", "", "z"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "a    long  x y\nbcd        z");
    }

    #[test]
    fn names_are_aligned() {
        let rows = [("a".into(), "1".into()), ("long".into(), String::new())];
        assert_eq!(aligned(&rows), "a     1\nlong");
    }
}
