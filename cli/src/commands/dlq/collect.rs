//! Takes letters that are meant, up to a limit.

use super::{
    letter::Letter,
    queues::{AT_ONCE, Queues},
    select::Selection,
    sweep::Sweep,
};
use crate::terminal::failure::Failure;

/// The letters that are meant. They are held, and so are all other letters that were met.
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

/// The next letters that are meant, at most `most`. The list is empty if none of the letters that were met is meant;
/// `None` is the end.
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
