//! Switches an event source, and waits until it has happened.

use std::time::Duration;

use sluice_order::Lane;
use tokio::time::{Instant, sleep};

use super::source::State;
use crate::{Failure, stack::prefix};

/// How often its state is looked at.
const POLL: Duration = Duration::from_secs(1);

/// How long it may take. Lambda needs up to a minute, twice that if something else is changing it.
const PATIENCE: Duration = Duration::from_mins(3);

/// Which way a lane is turned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    Pause,
    Resume,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Done {
    /// It was switched.
    Now,
    /// It was so before.
    Already,
}

/// What can be switched. A seam: Lambda, or memory in tests.
pub(crate) trait Switch {
    async fn state(&self) -> Result<State, Failure>;

    /// Asks for it. False: not now, because it is changing.
    async fn ask(&self, enabled: bool) -> Result<bool, Failure>;
}

impl Turn {
    fn enabled(self) -> bool {
        self == Self::Resume
    }

    fn wanted(self) -> State {
        if self.enabled() {
            State::Enabled
        } else {
            State::Disabled
        }
    }

    /// What the lane is afterwards.
    pub(crate) fn done(self) -> &'static str {
        self.wanted().of_lane()
    }
}

/// Turns it and waits until it is so.
pub(crate) async fn turn(switch: &impl Switch, lane: Lane, turn: Turn) -> Result<Done, Failure> {
    let begun = Instant::now();
    let mut done = Done::Already;
    loop {
        let state = switch.state().await?;
        if state == turn.wanted() {
            return Ok(done);
        }
        // Asked again for as long as it rests in the other state: the first time it may have been busy.
        let rests = !matches!(state, State::Changing(_));
        if rests && switch.ask(turn.enabled()).await? {
            done = Done::Now;
        }
        if begun.elapsed() >= PATIENCE {
            let (seconds, is) = (PATIENCE.as_secs(), state.of_lane());
            return Err(Failure::environment(
                format!("the {lane} lane is still {is} after {seconds} s"),
                "run the same command again in a minute",
            ));
        }
        sleep(POLL).await;
    }
}

impl Done {
    /// What is true now, and what keeps it so. `deployed` is what the stack's parameter says.
    pub(crate) fn said(self, lane: Lane, turn: Turn, deployed: Option<&str>) -> String {
        let is = turn.done();
        let already = if self == Self::Already {
            " already"
        } else {
            ""
        };
        let means = match turn {
            Turn::Pause => {
                "orders are accepted as before and wait in its queue, up to 14 days. \
                 Batches that are under way end within a minute"
            }
            Turn::Resume => "orders are taken from its queue and stored at its pace",
        };
        let enabled = turn.enabled().to_string();
        let parameter = format!("{}Enabled={enabled}", prefix(lane));
        let stays = if deployed == Some(&enabled) {
            format!("The stack is deployed with {parameter}: the next `sam deploy` leaves it so.")
        } else {
            format!("Deploy with {parameter} from now on: else the next `sam deploy` may undo it.")
        };
        format!("The {lane} lane is {is}{already}: {means}.\n{stays}")
    }
}

#[cfg(test)]
#[path = "switch_tests.rs"]
mod tests;
