//! The template's defaults for a lane are settings that fit.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use sluice_order::LaneSettings;

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
fn each_lane_starts_with_settings_that_fit() {
    let template = std::fs::read_to_string("../../template.yaml").unwrap();
    for lane in ["Standard", "Hot"] {
        let number = |name| default(&template, &format!("{lane}{name}"));
        let settings = LaneSettings::fitting(
            number("WritesPerSecond").parse().unwrap(),
            number("Concurrency").parse().unwrap(),
            number("BatchSize").parse().unwrap(),
        );
        assert!(settings.is_ok(), "{lane}: {settings:?}");
    }
}
