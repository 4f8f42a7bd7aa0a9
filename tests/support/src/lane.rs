//! What the stack's outputs call the parts of a lane.

use sluice_order::Lane;

/// The output with the name of the lane's consumer.
pub fn function(lane: Lane) -> &'static str {
    match lane {
        Lane::Standard => "FulfillStandardFunction",
        Lane::Hot => "FulfillHotFunction",
    }
}

/// The output with the address of the lane's queue.
pub fn queue(lane: Lane) -> &'static str {
    match lane {
        Lane::Standard => "StandardQueueUrl",
        Lane::Hot => "HotQueueUrl",
    }
}

/// The output with the address of the lane's dead letters.
pub fn dead_letters(lane: Lane) -> &'static str {
    match lane {
        Lane::Standard => "StandardDeadLetterQueueUrl",
        Lane::Hot => "HotDeadLetterQueueUrl",
    }
}
