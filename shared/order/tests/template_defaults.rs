//! The template's defaults for a lane are settings that fit.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use sluice_order::{
    LaneSettings,
    lane_settings::{GATHERED_PER_SECOND, NEEDED_SHARE, share},
};

/// The default of a parameter of the template.
fn default(template: &str, parameter: &str) -> String {
    let mut lines = template
        .lines()
        .skip_while(|line| *line != format!("  {parameter}:"));
    let default = lines.find_map(|line| line.strip_prefix("    Default: "));
    default.unwrap().trim_matches('\'').to_owned()
}

/// P4.
#[test]
fn each_lane_starts_with_settings_that_fit_and_reach_the_pace() {
    let template = std::fs::read_to_string("../../template.yaml").unwrap();
    for lane in ["Standard", "Hot"] {
        let number = |name| default(&template, &format!("{lane}{name}"));
        let writes = number("WritesPerSecond").parse().unwrap();
        let concurrency = number("Concurrency").parse().unwrap();
        let batch = number("BatchSize").parse().unwrap();
        let settings = LaneSettings::fitting(writes, concurrency, batch);
        assert!(settings.is_ok(), "{lane}: {settings:?}");
        let share = share(writes, concurrency, batch, GATHERED_PER_SECOND);
        assert!(share >= NEEDED_SHARE, "{lane}: {share}");
    }
}
