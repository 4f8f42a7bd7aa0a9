//! Bugs that are built in on purpose. The checker has to find each. Many are taken from published samples and templates.
//!
//! A mistake is at a seam (a trait, the event, or its answer), never in the code under test. Two more mistakes are of the
//! template and not of the code, and the rules in `tests/template` look for them: a visibility timeout below the function's
//! timeout, and a concurrency limit below what the poller sends.

/// A mistake in the accept path, the consumer, or what they are wired to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Bodies that are not JSON are dropped silently (a pattern for SNS, SQS and Lambda in Rust).
    DropsWhatItCannotParse,
    /// The results are bound to `_`, and the answer says that all went well (a sample application in Rust).
    AlwaysSaysWell,
    /// Bodies are decoded for the whole batch before the handler runs (an example of the Rust runtime).
    DecodesTheBatchFirst,
    /// A panic in one record fails the batch (the same example).
    OnePanicFailsAll,
    /// Records run in tasks whose join errors are ignored (the pattern again): a panic is acknowledged.
    IgnoresJoinErrors,
    /// `panic = "abort"`.
    PanicAborts,
    /// The subscription has no `RedrivePolicy` (all eight patterns with such a subscription).
    SubscriptionWithoutRedrive,
    /// `maxReceiveCount` is three, as most templates have it: an outage dead-letters.
    GivesUpAfterThreeReceives,
    /// Idempotency on the payload's hash (a cookbook): two equal orders become one.
    NamesOrdersByContent,
    /// Creating an order is not idempotent (three well-known sample shops).
    IgnoresTheIdempotencyKey,
    /// The key's scope is the session, which differs between retries.
    NamesOrdersBySession,
    /// A failed write is ignored, and the success reported all the same (a sample application).
    AnswersWithoutConfirmation,
    /// Concurrency is limited, and the rate is not (every public project on this path).
    LimitsConcurrencyOnly,
    /// The answer names records that are not in the batch: Lambda takes the whole batch as failed.
    NamesUnknownRecords,
    /// The message is deleted before it is processed.
    AcknowledgesFirst,
    /// A write has no condition: the last one wins.
    WritesWithoutCondition,
    /// The condition is a read before the write.
    LooksThenWrites,
    /// What stands in the way of an insert counts as the same order (`INSERT IGNORE`, `ON CONFLICT DO NOTHING` and no look).
    TakesWhatIsThereForTheSame,
    /// A write that timed out counts as done.
    TakesSilenceForSuccess,
    /// An outage of storage is taken for a broken order.
    TakesAnOutageForPoison,
    /// A rejection occupies the order's key.
    RejectionTakesTheKey,
    /// A rejection replaces the order.
    RejectionReplacesTheOrder,
    /// A letter that the dead-letter queue did not confirm counts as sent.
    TakesLettersForSent,
    /// The second content under a key is dropped.
    DropsConflicts,
    /// Who orders is not looked at (broken object level authorization, the first of OWASP's API Security Top 10 of 2023).
    ForgetsWhoOrders,
    /// Who reads is not looked at: whoever has an id has the order.
    ForgetsWhoReads,
}

impl Mistake {
    /// All of them, each with the number of a promise that it breaks.
    pub const ALL: [(Self, u8); 26] = [
        (Self::LimitsConcurrencyOnly, 4),
        (Self::DropsWhatItCannotParse, 2),
        (Self::AlwaysSaysWell, 2),
        (Self::DecodesTheBatchFirst, 5),
        (Self::OnePanicFailsAll, 5),
        (Self::IgnoresJoinErrors, 2),
        (Self::PanicAborts, 6),
        (Self::SubscriptionWithoutRedrive, 2),
        (Self::GivesUpAfterThreeReceives, 6),
        (Self::NamesOrdersByContent, 3),
        (Self::IgnoresTheIdempotencyKey, 3),
        (Self::NamesOrdersBySession, 3),
        (Self::AnswersWithoutConfirmation, 2),
        (Self::NamesUnknownRecords, 5),
        (Self::AcknowledgesFirst, 2),
        (Self::WritesWithoutCondition, 3),
        (Self::LooksThenWrites, 3),
        (Self::TakesWhatIsThereForTheSame, 2),
        (Self::TakesSilenceForSuccess, 2),
        (Self::TakesAnOutageForPoison, 6),
        (Self::RejectionTakesTheKey, 2),
        (Self::RejectionReplacesTheOrder, 2),
        (Self::TakesLettersForSent, 2),
        (Self::DropsConflicts, 2),
        (Self::ForgetsWhoOrders, 9),
        (Self::ForgetsWhoReads, 9),
    ];
}
