use std::cell::{Cell, RefCell};

use super::*;
use crate::terminal::failure::Exit;

/// An event source in memory that takes its time.
struct Memory {
    state: RefCell<State>,
    /// What it is while it changes, and looks until it has come to rest.
    changing: Cell<(&'static str, u32)>,
    then: Cell<bool>,
    /// So many calls are refused, although it looks at rest.
    busy: Cell<u32>,
    asked: Cell<u32>,
}

impl Memory {
    fn new(enabled: bool) -> Self {
        Self {
            state: RefCell::new(resting(enabled)),
            changing: Cell::new(("", 0)),
            then: Cell::new(enabled),
            busy: Cell::new(0),
            asked: Cell::new(0),
        }
    }

    fn changing(self, name: &'static str, looks: u32, then: bool) -> Self {
        self.changing.set((name, looks));
        self.then.set(then);
        self
    }

    fn busy(self, calls: u32) -> Self {
        self.busy.set(calls);
        self
    }

    async fn apply(&self, action: Action) -> Result<Done, Failure> {
        switch(self, Lane::Hot, action).await
    }
}

fn resting(enabled: bool) -> State {
    State::of(if enabled { "Enabled" } else { "Disabled" })
}

impl Switch for Memory {
    async fn state(&self) -> Result<State, Failure> {
        let (name, looks) = self.changing.get();
        if looks > 0 {
            self.changing.set((name, looks - 1));
            return Ok(State::of(name));
        }
        self.state.replace(resting(self.then.get()));
        Ok(self.state.borrow().clone())
    }

    async fn ask(&self, enabled: bool) -> Result<bool, Failure> {
        self.asked.set(self.asked.get() + 1);
        if self.busy.get() > 0 {
            self.busy.set(self.busy.get() - 1);
            return Ok(false);
        }
        assert_eq!(self.changing.get().1, 0, "it is changing");
        let name = if enabled { "Enabling" } else { "Disabling" };
        self.changing.set((name, 20));
        self.then.set(enabled);
        Ok(true)
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_once_and_waited_for() {
    for (action, enabled) in [(Action::Pause, true), (Action::Resume, false)] {
        let memory = Memory::new(enabled);
        assert_eq!(memory.apply(action).await, Ok(Done::Now));
        assert_eq!(*memory.state.borrow(), action.wanted());
        assert_eq!(memory.asked.get(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_so_already_is_not_asked_for() {
    for (action, enabled) in [(Action::Pause, false), (Action::Resume, true)] {
        let memory = Memory::new(enabled);
        assert_eq!(memory.apply(action).await, Ok(Done::Already));
        assert_eq!(memory.asked.get(), 0);
    }
    let on_its_way = Memory::new(true).changing("Disabling", 30, false);
    assert_eq!(on_its_way.apply(Action::Pause).await, Ok(Done::Already));
    assert_eq!(on_its_way.asked.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_changing_is_waited_for_and_then_switched() {
    for name in ["Creating", "Updating", "Enabling"] {
        let memory = Memory::new(true).changing(name, 30, true);
        assert_eq!(memory.apply(Action::Pause).await, Ok(Done::Now), "{name}");
        assert_eq!(memory.asked.get(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_one_is_asked_again() {
    let memory = Memory::new(true).busy(3);
    assert_eq!(memory.apply(Action::Pause).await, Ok(Done::Now));
    assert_eq!(memory.asked.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let for_ever = [
        Memory::new(true).changing("Updating", u32::MAX, true),
        Memory::new(true).busy(u32::MAX),
    ];
    for (memory, is) in for_ever.iter().zip(["changing", "running"]) {
        let begun = Instant::now();
        let failure = memory.apply(Action::Pause).await.unwrap_err();
        assert_eq!(begun.elapsed(), PATIENCE);
        let told = format!("the hot lane is still {is} after 180 s. Next: run");
        assert!(failure.to_string().starts_with(&told), "{failure}");
        assert_eq!(failure.exit(), Exit::Environment);
    }
}

#[test]
fn it_says_what_is_true_and_what_keeps_it_so() {
    let said = Done::Now.said(Lane::Standard, Action::Pause, Some("true"));
    assert_eq!(
        said,
        "The standard lane is paused: orders are accepted as before and wait in its queue, up to 14 days. \
         Batches that have begun end within a minute.\n\
         Deploy with StandardEnabled=false from now on: otherwise the next `sam deploy` may undo it."
    );
    let said = Done::Already.said(Lane::Hot, Action::Resume, Some("true"));
    assert_eq!(
        said,
        "The hot lane is running already: orders are taken from its queue and stored at its pace.\n\
         The stack is deployed with HotEnabled=true: the next `sam deploy` keeps it so."
    );
    let unknown = Done::Now.said(Lane::Hot, Action::Resume, None);
    assert!(unknown.contains("Deploy with HotEnabled=true"), "{unknown}");
}
