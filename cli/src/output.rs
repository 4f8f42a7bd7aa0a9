//! What goes to standard output.

use std::io::{ErrorKind, Write};

use crate::Failure;

/// Prints text and a line feed. Nobody listening any more (`sluice … | head`) is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::environment(
            format!("the output cannot be written: {error}"),
            "write it elsewhere",
        )),
        _ => Ok(()),
    }
}

/// Prints a value as JSON over several lines.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::environment(format!("the answer is no JSON: {error}"), "report this")
    })?;
    print(&text)
}

/// Text of a customer or the service without what steers a terminal.
pub(crate) fn tame(text: &str) -> String {
    let mut tame = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            tame.extend(c.escape_default());
        } else {
            tame.push(c);
        }
    }
    tame
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
    fn names_are_aligned() {
        let rows = [("a".into(), "1".into()), ("long".into(), String::new())];
        assert_eq!(aligned(&rows), "a     1\nlong");
    }
}
