//! Several things at a time, on the one thread that waits for the server.

use super::At;
use miette::Result;
use std::{
    cell::RefCell,
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// Something that is yet to be done.
pub(super) type Task<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Who hears of the progress, from all that is at work.
pub(super) struct Talk<'a>(RefCell<&'a mut dyn FnMut(&At<'_>)>);

impl<'a> Talk<'a> {
    pub(super) fn new(hears: &'a mut dyn FnMut(&At<'_>)) -> Self {
        Self(RefCell::new(hears))
    }

    pub(super) fn say(&self, at: &At<'_>) {
        if let Ok(mut hears) = self.0.try_borrow_mut() {
            hears(at);
        }
    }
}

/// Does all of it, no more than so many at a time, begun in their order.
///
/// # Errors
/// The first one; what is left is given up.
pub(super) async fn at_once(most: usize, tasks: Vec<Task<'_>>) -> Result<()> {
    let mut waiting = VecDeque::from(tasks);
    let mut active: Vec<Task<'_>> = Vec::new();
    poll_fn(|context| {
        loop {
            while active.len() < most.max(1)
                && let Some(next) = waiting.pop_front()
            {
                active.push(next);
            }
            let before = active.len();
            let mut failed = None;
            active.retain_mut(|it| match it.as_mut().poll(context) {
                Poll::Pending => true,
                Poll::Ready(answer) => {
                    failed = failed.take().or(answer.err());
                    false
                }
            });
            if let Some(error) = failed {
                return Poll::Ready(Err(error));
            }
            if active.is_empty() && waiting.is_empty() {
                return Poll::Ready(Ok(()));
            }
            // A place that is free is taken at once.
            if active.len() == before || waiting.is_empty() {
                return Poll::Pending;
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{Task, at_once};
    use std::{
        cell::{Cell, RefCell},
        time::Duration,
    };

    #[test]
    fn no_more_than_so_many_are_at_work() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (most, expected) in [(1, 1), (2, 2), (9, 5)] {
            let (now, top, done) = (Cell::new(0), Cell::new(0), RefCell::new(Vec::new()));
            let one = |number: u64| -> Task<'_> {
                let (now, top, done) = (&now, &top, &done);
                Box::pin(async move {
                    now.set(now.get() + 1);
                    top.set(top.get().max(now.get()));
                    tokio::time::sleep(Duration::from_millis(5 * number)).await;
                    now.set(now.get() - 1);
                    done.borrow_mut().push(number);
                    Ok(())
                })
            };
            runtime.block_on(at_once(most, (1..6).map(one).collect())).unwrap();
            assert_eq!((top.get(), done.borrow().len()), (expected, 5));
        }
        let failing: Task<'_> = Box::pin(async { Err(crate::fault::plain("no")) });
        let endless: Task<'_> = Box::pin(std::future::pending());
        assert!(runtime.block_on(at_once(2, vec![endless, failing])).is_err());
    }
}
