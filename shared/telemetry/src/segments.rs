//! Segments that do not go to X-Ray's daemon.

use std::{
    convert::Infallible,
    mem::take,
    sync::{Arc, Mutex, PoisonError},
};

use opentelemetry_aws::xray_exporter::{SegmentDocument, SegmentDocumentExporter};

/// Keeps the segments of the orders' own traces for whoever sends them.
///
/// AWS documents Lambda's daemon for subsegments of the invocation's trace only. It takes others today; where it does not, they go by
/// X-Ray's API.
#[derive(Clone, Default, Debug)]
pub struct Segments(Arc<Mutex<Vec<String>>>);

impl Segments {
    /// What came since the last time, as documents in JSON.
    pub fn take(&self) -> Vec<String> {
        take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SegmentDocumentExporter for Segments {
    type Error = Infallible;

    async fn export_segment_documents(
        &self,
        batch: Vec<SegmentDocument<'_>>,
    ) -> Result<(), Self::Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(batch.iter().map(SegmentDocument::to_string));
        Ok(())
    }
}
