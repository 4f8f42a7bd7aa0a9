//! Switches an event source, and waits until it has happened.

use std::time::Duration;

use sluice_order::Lane;
use tokio::time::{Instant, sleep};

use super::source::State;
use crate::{deployment::stack::prefix, terminal::failure::Failure};

/// How often its state is read.
const POLL: Duration = Duration::from_secs(1);

/// How long switching may take. Lambda needs up to a minute, and up to two if something else is changing the event source.
const PATIENCE: Duration = Duration::from_mins(3);

/// What is done to a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
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

/// What can be switched: an event source in Lambda, or one in memory in tests.
pub(crate) trait Switch {
    async fn state(&self) -> Result<State, Failure>;

    /// Asks Lambda to enable or disable it. False: Lambda cannot now, because it is being changed.
    async fn ask(&self, enabled: bool) -> Result<bool, Failure>;
}

impl Action {
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

/// Switches the event source and waits until Lambda has done it.
pub(crate) async fn switch(
    source: &impl Switch,
    lane: Lane,
    action: Action,
) -> Result<Done, Failure> {
    let begun = Instant::now();
    let mut done = Done::Already;
    loop {
        let state = source.state().await?;
        if state == action.wanted() {
            return Ok(done);
        }
        // Asked again for as long as it rests in the other state: it may have been busy the first time.
        let rests = !matches!(state, State::Changing(_));
        if rests && source.ask(action.enabled()).await? {
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
    /// What is true now, and how to keep it so. `deployed` is the value of the stack's parameter.
    pub(crate) fn said(self, lane: Lane, action: Action, deployed: Option<&str>) -> String {
        let is = action.done();
        let already = if self == Self::Already {
            " already"
        } else {
            ""
        };
        let means = match action {
            Action::Pause => {
                "orders are accepted as before and wait in its queue, up to 14 days. \
                 Batches that have begun end within a minute"
            }
            Action::Resume => "orders are taken from its queue and stored at its pace",
        };
        let enabled = action.enabled().to_string();
        let parameter = format!("{}Enabled={enabled}", prefix(lane));
        let stays = if deployed == Some(&enabled) {
            format!("The stack is deployed with {parameter}: the next `sam deploy` keeps it so.")
        } else {
            format!(
                "Deploy with {parameter} from now on: otherwise the next `sam deploy` may undo it."
            )
        };
        format!("The {lane} lane is {is}{already}: {means}.\n{stays}")
    }
}

#[cfg(test)]
#[path = "switch_tests.rs"]
mod tests;
