//! Takes the lock, and keeps it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cloud::ErrorKind;
use tokio::time::{Instant, sleep};

use super::item::{self, Seen, Taken};
use super::{LEASE, MARGIN, Shared, State, patiently};
use crate::call::Context;
use crate::{Error, Event, silent};

/// How often a lock that someone else holds is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);

/// A lock that was met, and how long it has stood still.
struct Met {
    seen: Seen,
    since: Instant,
    /// Whether whoever holds it was seen to renew it, or is known to run.
    is_alive: bool,
}

impl Shared {
    /// Takes the lock, or says who has it.
    pub(super) async fn take(&self, context: &Context<'_>, table: &str) -> Result<(), Error> {
        let key = item::key();
        let mut met: Option<Met> = None;
        loop {
            if self.write(context, table, &Taken::Free).await? {
                return Ok(());
            }
            let item = patiently(context, || self.cloud.tables.get(table, &key)).await?;
            let Some(seen) = item.as_ref().and_then(item::seen) else { continue };
            let now = self.met(context, met.take(), seen);
            if let Some((how, taken)) = self.may_take(&now) {
                if self.write(context, table, &taken).await? {
                    context.tell(Event::LockTaken { holder: now.seen.holder, how });
                    return Ok(());
                }
                continue;
            }
            if now.is_alive && !self.options.wait {
                return Err(Error::Locked { environment: self.environment.clone(), holder: Box::new(now.seen.holder) });
            }
            met = Some(now);
            sleep(LOOKED_AT_EVERY).await;
        }
    }

    /// Compares what is seen of the lock with what was seen before.
    fn met(&self, context: &Context<'_>, before: Option<Met>, seen: Seen) -> Met {
        let known = (self.options.is_alive)(&seen.holder);
        match before {
            Some(before) if before.seen == seen => Met { is_alive: before.is_alive || known == Some(true), ..before },
            // Renewed, or another one's in the meantime: either way someone is at work.
            Some(_) => Met { seen, since: Instant::now(), is_alive: true },
            None => {
                context.tell(Event::LockMet { holder: seen.holder.clone(), waits: self.options.wait });
                Met { seen, since: Instant::now(), is_alive: known == Some(true) }
            }
        }
    }

    fn may_take<'a>(&self, met: &'a Met) -> Option<(&'static str, Taken<'a>)> {
        if self.options.steal {
            return Some(("stolen", Taken::Stolen(&met.seen)));
        }
        let is_over = (self.options.is_alive)(&met.seen.holder) == Some(false);
        (is_over || met.since.elapsed() >= LEASE).then_some(("abandoned", Taken::Abandoned(&met.seen)))
    }

    /// Writes oneself into the lock; says whether that was possible.
    async fn write(&self, context: &Context<'_>, table: &str, when: &Taken<'_>) -> Result<bool, Error> {
        let holder = &self.options.holder;
        let began = Instant::now();
        let update = item::take(holder, &self.beat(), when);
        match patiently(context, || self.cloud.tables.update(table, &update)).await {
            Ok(_) => {
                self.hold(table, began);
                Ok(true)
            }
            Err(error) if error.kind == ErrorKind::ConditionFailed => Ok(false),
            // Deleted behind CloudFormation's back: there is nothing that could hold anyone off.
            Err(error) if error.kind == ErrorKind::NotFound => {
                context.tell(Event::NoLockTable { table: table.to_owned() });
                self.set(State::NoTable);
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Says that the lock is still held.
    pub(super) async fn renew(&self) -> cloud::Result<()> {
        let State::Held { table, .. } = self.state() else { return Ok(()) };
        let began = Instant::now();
        let update = item::renew(&self.options.holder.run, &self.beat());
        match self.cloud.tables.update(&table, &update).await {
            Ok(_) => {
                self.hold(&table, began);
                Ok(())
            }
            Err(error) if error.kind == ErrorKind::ConditionFailed => Err(self.lost(&table).await),
            Err(error) if error.kind == ErrorKind::NotFound => {
                self.set(State::Lost(format!("its table {table} is gone")));
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Finds out to whom the lock was lost, and makes the error of it.
    pub(super) async fn lost(&self, table: &str) -> cloud::Error {
        let (context, key) = (self.context(&silent), item::key());
        let item = patiently(&context, || self.cloud.tables.get(table, &key)).await;
        let seen = item.ok().flatten().and_then(|item| item::seen(&item));
        let reason = match seen {
            Some(seen) => format!("it was taken for {}", seen.holder),
            None => "somebody else has taken it and given it back".to_owned(),
        };
        self.set(State::Lost(reason.clone()));
        super::fence::lost(&reason)
    }

    /// Notes that the lock is held, counted from before it was asked for. What was lost, or is ending, stays so.
    fn hold(&self, table: &str, began: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::NoTable | State::Held { .. }) {
            *state = State::Held { table: table.to_owned(), until: began + LEASE - MARGIN };
        }
    }

    /// Makes what no renewal before has written. It is only ever compared.
    fn beat(&self) -> String {
        let number = self.beats.fetch_add(1, Ordering::Relaxed);
        format!("{}/{number}", self.options.holder.run)
    }
}
