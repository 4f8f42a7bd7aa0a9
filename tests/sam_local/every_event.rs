//! Every event of `events/`, through the functions as they were built.

use std::time::Instant;

use sluice_testing::{
    cases::{self, Case},
    matching::difference,
};

use crate::{
    machine::Machine,
    project::{FUNCTIONS, say},
    stack::Stack,
};

/// After so many failures the rest would only repeat them.
const ENOUGH: usize = 3;

#[tokio::test]
async fn every_event_gets_its_answer() {
    let stack = Stack::take().await;
    let machine = Machine::ready(&stack, cases::SECRETS).await;
    let begun = Instant::now();
    let cases = cases::all();
    let mut failures = Vec::new();
    for case in &cases {
        if let Some(failure) = failure(&machine, case).await {
            failures.push(format!("{}: {failure}", case.path()));
        }
        assert!(failures.len() < ENOUGH, "{}", failures.join("\n"));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    say(&format!(
        "{} events got their answers in {} s",
        cases.len(),
        begun.elapsed().as_secs()
    ));
}

async fn failure(machine: &Machine, case: &Case) -> Option<String> {
    let (_, function) = FUNCTIONS
        .into_iter()
        .find(|(folder, _)| *folder == case.function)
        .expect("the case is of a function that is run here");
    match machine.invoke(function, &case.path()).await {
        Ok(answer) => difference(&case.answer, &answer).map(|it| format!("{it}\nin {answer:#}")),
        Err(why) => Some(why),
    }
}
