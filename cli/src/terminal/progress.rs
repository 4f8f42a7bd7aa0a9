//! How far the work is, on standard error.

use std::{
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::output;

/// How often a line is written where no bar can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A bar on a terminal; elsewhere a line every few seconds.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    lines: Option<Mutex<Instant>>,
}

impl Progress {
    /// Counts towards a total.
    pub(crate) fn towards(total: usize, doing: &'static str) -> Self {
        let bar = ProgressBar::new(total as u64);
        let style = "{msg} [{wide_bar}] {pos}/{len}  {per_sec}  {eta}";
        Self::new(bar, style, doing)
    }

    /// Says what is going on, without a known end.
    pub(crate) fn open(doing: &'static str) -> Self {
        Self::new(ProgressBar::new_spinner(), "{spinner} {msg}", doing)
    }

    /// Counts, without a known end.
    pub(crate) fn counting(doing: &'static str) -> Self {
        Self::new(ProgressBar::new_spinner(), "{spinner} {msg} {pos}", doing)
    }

    fn new(bar: ProgressBar, style: &str, doing: &'static str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_message(doing);
        let is_terminal = std::io::stderr().is_terminal();
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(200));
        } else {
            output::say(format_args!("{doing} …"));
        }
        Self {
            bar,
            lines: (!is_terminal).then(|| Mutex::new(Instant::now())),
        }
    }

    /// One more is done.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
        self.line(|| self.counted());
    }

    fn counted(&self) -> String {
        let counted = format!("{} {}", self.bar.message(), self.bar.position());
        match self.bar.length() {
            Some(total) => format!("{counted} of {total}"),
            None => counted,
        }
    }

    /// What is going on now.
    pub(crate) fn say(&self, message: String) {
        self.bar.set_message(message);
        self.line(|| self.bar.message());
    }

    fn line(&self, text: impl FnOnce() -> String) {
        let Some(last) = &self.lines else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= LINE_EVERY {
            *last = Instant::now();
            output::say(text());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_total_that_is_known_is_shown() {
        let towards = Progress::towards(3, "Posting");
        towards.step();
        assert_eq!(towards.counted(), "Posting 1 of 3");
        let counting = Progress::counting("Copying");
        counting.step();
        counting.step();
        assert_eq!(counting.counted(), "Copying 2");
    }
}
