//! Takes the letters that are meant, up to a number of them.

use super::{
    letter::Letter,
    queues::{AT_ONCE, Queues},
    select::Selection,
    sweep::Sweep,
};
use crate::Failure;

/// The letters that are meant. They and all others that were met on the way are held.
pub(crate) async fn collect<Q: Queues>(
    sweep: &mut Sweep<'_, Q>,
    selection: &mut Selection,
    limit: usize,
) -> Result<Vec<Letter>, Failure> {
    let mut letters = Vec::new();
    while let Some(some) = chosen(sweep, selection, limit - letters.len()).await? {
        letters.extend(some);
    }
    Ok(letters)
}

/// The next letters that are meant, at most so many; perhaps none of some that were met. `None` is the end.
pub(crate) async fn chosen<Q: Queues>(
    sweep: &mut Sweep<'_, Q>,
    selection: &mut Selection,
    most: usize,
) -> Result<Option<Vec<Letter>>, Failure> {
    if most == 0 || selection.is_done() {
        return Ok(None);
    }
    let receive = if selection.is_everything() {
        most
    } else {
        AT_ONCE
    };
    let met = sweep.next(receive).await?;
    if met.is_empty() {
        return Ok(None);
    }
    let mut chosen = Vec::new();
    for letter in met {
        if chosen.len() < most && selection.takes(&letter) {
            chosen.push(letter);
        }
    }
    Ok(Some(chosen))
}
