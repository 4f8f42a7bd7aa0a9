//! The built functions start on provided.al2023.

use std::time::Duration;

use crate::{
    process::run_well,
    project::{self, FUNCTIONS, command, say},
};

/// The minor version of glibc 2 that provided.al2023 has.
const ON_LAMBDA: u32 = 34;

#[test]
fn the_functions_ask_for_no_newer_glibc_than_lambda_has() {
    for (_, function) in FUNCTIONS {
        let bootstrap = project::bootstrap(function);
        assert!(bootstrap.is_file(), "{} is not built", bootstrap.display());
        let mut readelf = command("readelf");
        readelf.args(["--wide", "--version-info"]).arg(&bootstrap);
        let versions = match run_well(&mut readelf, Duration::from_mins(1)) {
            Ok(versions) => versions,
            Err(why) => return say(&format!("SKIPPED: the glibc that is asked for ({why})")),
        };
        let newest = versions
            .split("GLIBC_2.")
            .skip(1)
            .filter_map(|rest| {
                let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
                digits.parse::<u32>().ok()
            })
            .max()
            .expect("it is linked against glibc");
        assert!(
            newest <= ON_LAMBDA,
            "{function} asks for glibc 2.{newest}, Lambda has 2.{ON_LAMBDA}"
        );
    }
}
