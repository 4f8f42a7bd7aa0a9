//! Why a record is not done: from what went wrong to what becomes of the message.
//!
//! Errors run one way, and each step has one type:
//!
//! | who notices | type | who has to act |
//! |---|---|---|
//! | the reader of bodies | [`Unreadable`] | the sender, or the operator |
//! | the sink | [`SinkError`] | the operator, the retry, or the pace |
//! | the engine | [`Failure`]: later, never, or no time | nobody: `record.rs` turns it into an outcome |
//! | SQS and the operator | [`Outcome`](sluice_order::Outcome) | the retry, or whoever looks at dead letters |

use sluice_order::RejectReason;

use crate::sink::{SinkError, Unreadable};

/// From this receive on a panic makes the message a dead letter. Until then it comes again.
const PANIC_IS_FINAL_FROM: u32 = 5;

/// Why a record is not done.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It may be done later. The text is for the log.
    #[error("{0}")]
    Later(String),
    /// It never will be. Its text leaves the detail out, which may quote the item.
    #[error("refused ({reason})")]
    Never {
        reason: RejectReason,
        detail: String,
        /// The sink's own words, which may quote the item. They are not logged.
        may_quote: bool,
    },
    /// The invocation has no time for it.
    #[error("no time left for another write")]
    NoTime,
}

impl Failure {
    /// The cutoff came while it was under way.
    pub(crate) fn too_slow() -> Self {
        Self::Later("not done in the time of one invocation".to_owned())
    }

    /// Reading or writing the item of a message that was received so often panicked.
    pub(crate) fn panic(receives: u32) -> Self {
        if receives < PANIC_IS_FINAL_FROM {
            return Self::Later("processing panicked".to_owned());
        }
        Self::Never {
            reason: RejectReason::Panic,
            detail: format!("processing panicked at receive {receives}"),
            may_quote: false,
        }
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Never { reason, detail } => Self::Never {
                reason,
                detail,
                may_quote: false,
            },
            Unreadable::NotYet(why) => Self::Later(why),
        }
    }
}

impl From<SinkError> for Failure {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Unavailable(why) | SinkError::Throttled(why) => Self::Later(why),
            SinkError::Refused { reason, detail } => Self::Never {
                reason,
                detail,
                may_quote: true,
            },
        }
    }
}
