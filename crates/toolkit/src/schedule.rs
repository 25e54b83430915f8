//! Runs what depends on each other: independent things at once, up to a limit.

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::Error;

/// How a thing ended.
pub(crate) enum Ended<T> {
    /// It was done.
    Done(T),
    /// It failed.
    Failed(Error),
    /// It was never begun: something before it failed, or it was asked to stop.
    NotBegun,
}

/// Runs each thing once all those that it comes `after` are done, at most `limit` at once, the first ones first.
///
/// After the first failure, or once `may_begin` says no, nothing new is begun; what runs is run to its end.
pub(crate) async fn schedule<T>(
    after: &[Vec<usize>],
    limit: usize,
    may_begin: impl Fn() -> bool,
    run: impl AsyncFn(usize) -> Result<T, Error>,
) -> Vec<Ended<T>> {
    let mut ended: Vec<Ended<T>> = after.iter().map(|_| Ended::NotBegun).collect();
    let mut waiting: Vec<usize> = (0..after.len()).collect();
    let mut running = FuturesUnordered::new();
    let mut failed = false;
    let run = &run;
    loop {
        let is_done = |place: &usize| matches!(ended.get(*place), Some(Ended::Done(_)));
        while running.len() < limit.max(1) && !failed && may_begin() {
            let Some(next) = waiting.iter().position(|place| after[*place].iter().all(is_done)) else { break };
            let place = waiting.remove(next);
            running.push(async move { (place, run(place).await) });
        }
        let Some((place, result)) = running.next().await else { return ended };
        ended[place] = match result {
            Ok(done) => Ended::Done(done),
            Err(error) => {
                failed = true;
                Ended::Failed(error)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use super::*;

    /// Runs a diamond (0 → 1, 2, 3 → 4) and returns the order of ends, the most that ran at once, and how each ended.
    async fn diamond(limit: usize, failing: Option<usize>) -> (Vec<usize>, usize, Vec<&'static str>) {
        let after = [vec![], vec![0], vec![0], vec![0], vec![1, 2, 3]];
        let (order, now, most) = (RefCell::new(Vec::new()), Cell::new(0), Cell::new(0));
        let run = async |place: usize| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            // The first of the three in the middle takes longest.
            tokio::time::sleep(Duration::from_secs(10 - place as u64)).await;
            now.set(now.get() - 1);
            order.borrow_mut().push(place);
            if failing == Some(place) { Err(Error::Declined { what: "it".to_owned() }) } else { Ok(()) }
        };
        let ended = schedule(&after, limit, || true, run).await;
        let words = ended.iter().map(|ended| match ended {
            Ended::Done(()) => "done",
            Ended::Failed(_) => "failed",
            Ended::NotBegun => "not begun",
        });
        (order.into_inner(), most.get(), words.collect())
    }

    #[tokio::test(start_paused = true)]
    async fn independent_things_run_at_once_up_to_the_limit() {
        let (order, most, _) = diamond(4, None).await;
        assert_eq!((order, most), (vec![0, 3, 2, 1, 4], 3));
        let (order, most, _) = diamond(1, None).await;
        assert_eq!((order, most), (vec![0, 1, 2, 3, 4], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_what_runs_is_run_to_its_end_and_nothing_new_begins() {
        let (order, _, words) = diamond(2, Some(2)).await;
        assert_eq!(order, [0, 2, 1]);
        assert_eq!(words, ["done", "done", "failed", "not begun", "not begun"]);
    }
}
