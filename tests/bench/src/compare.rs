//! Two builds of the functions, in turns.
use std::path::Path;
use anyhow::Result;
pub(crate) async fn compare(_: &Path, _: &Path, _: u64) -> Result<()> { Ok(()) }
