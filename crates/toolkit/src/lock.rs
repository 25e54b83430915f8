//! Lets one deployer at a time work on an environment.
//!
//! The lock is an item of the environment's own table of locks, written by conditions. Whoever holds it renews it every
//! few seconds; whoever meets it watches for that, by its own clock alone, so that clocks that differ do no harm. A lock
//! that nobody renews any more is abandoned, and may be taken.
//!
//! [`Lock::cloud`] asks before everything that changes something whether the lock is still held, so that a deployer that
//! slept, or lost it, begins nothing more.

mod fence;
mod item;
mod taking;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cloud::Cloud;
use cloud::intercept::Interceptor;
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use template::Assembly;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::call::{Context, Pause};
use crate::selection::values;
use crate::status::has_outputs;
use crate::{Error, Event, Events, Patience, preflight, silent};

pub(crate) use fence::refusal;

/// How often whoever holds the lock renews it.
const RENEWED_EVERY: Duration = Duration::from_secs(5);

/// How long a lock is watched that nobody renews before it counts as abandoned.
const LEASE: Duration = Duration::from_secs(30);

/// How long before that its holder stops by itself, so that what it began last is under way by then.
const MARGIN: Duration = Duration::from_secs(10);

/// Names the output that is the table of locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockTable {
    /// The stack's name within the app.
    pub stack: String,
    /// The output, whose value is the table's name.
    pub output: String,
}

/// Who holds the lock, or wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Tells this run from all others.
    pub run: String,
    /// Who it is, as people say it: `user@host`.
    pub name: String,
    /// The process, in words that [`LockOptions::is_alive`] understands.
    pub process: String,
    /// What is being done: `deploy`.
    pub command: String,
    /// Since when, as RFC 3339 writes it.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, name, command, since, .. } = self;
        write!(formatter, "`{command}` by {name} since {since} (run {run})")
    }
}

/// How to lock.
#[derive(Clone, Debug)]
pub struct LockOptions {
    /// Where the table is.
    pub table: LockTable,
    /// Who wants it.
    pub holder: Holder,
    /// Whether to wait for as long as someone else holds it.
    pub wait: bool,
    /// Whether to take it away from whoever holds it.
    pub steal: bool,
    /// Says whether a process runs, where that can be told from here; one that does not has abandoned its lock.
    pub is_alive: fn(&Holder) -> Option<bool>,
    /// How long a cloud that does not answer is borne with.
    pub patience: Patience,
}

/// What the table of locks says of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LockState {
    /// Who holds the lock.
    pub holder: Option<Holder>,
    /// What a swap that is under way has written down.
    pub journal: Option<Value>,
}

/// The lock of an environment, held until it is released, or the process ends.
///
/// An environment that has no table yet has no lock: it is taken as soon as the table is there.
#[derive(Debug)]
pub struct Lock {
    shared: Arc<Shared>,
    fenced: Cloud,
    renewal: JoinHandle<()>,
}

/// What the lock, its renewal and its fence share.
#[derive(Debug)]
struct Shared {
    cloud: Cloud,
    options: LockOptions,
    environment: String,
    /// The name in CloudFormation of the stack that has the table; `None` where the app has no such stack.
    stack_name: Option<String>,
    state: Mutex<State>,
    /// How often the lock was written.
    beats: AtomicU64,
}

#[derive(Clone, Debug)]
enum State {
    /// There is no table yet.
    NoTable,
    /// It is held, as far as is known until then.
    Held { table: String, until: Instant },
    /// The stack with the table is being deleted by whoever holds the lock.
    Ending { table: String },
    /// It is somebody else's now.
    Lost(String),
}

/// Takes the lock of an environment, does something, and releases it.
///
/// What is done should talk to [`Lock::cloud`].
pub async fn locked<T, E: From<Error>>(
    assembly: &Assembly,
    cloud: &Cloud,
    options: &LockOptions,
    events: &dyn Events,
    work: impl AsyncFnOnce(&Lock) -> Result<T, E>,
) -> Result<T, E> {
    let lock = lock(assembly, cloud, options, events).await?;
    let done = work(&lock).await;
    if let Err(error) = lock.release().await {
        // It is abandoned then, and what was done is done.
        events.event(Event::LockLeft { error: error.to_string() });
    }
    done
}

/// Takes the lock of an environment.
pub async fn lock(
    assembly: &Assembly,
    cloud: &Cloud,
    options: &LockOptions,
    events: &dyn Events,
) -> Result<Lock, Error> {
    let shared = Arc::new(Shared {
        cloud: cloud.clone(),
        options: options.clone(),
        environment: assembly.environment.clone(),
        stack_name: assembly.stack(&options.table.stack).map(|stack| stack.stack_name.clone()),
        state: Mutex::new(State::NoTable),
        beats: AtomicU64::new(0),
    });
    // Another account's table is not to be written into. Whoever works will be told of the account.
    preflight::verify(&shared.context(&silent), assembly).await?;
    let context = shared.context(events);
    if let Some(table) = shared.find_table(&context).await? {
        shared.take(&context, &table).await?;
    }
    let fence: Arc<dyn Interceptor> = Arc::new(fence::Fence(Arc::clone(&shared)));
    let weak = Arc::downgrade(&shared);
    let renewal = tokio::spawn(async move {
        loop {
            sleep(RENEWED_EVERY).await;
            let Some(shared) = weak.upgrade() else { return };
            // One that fails is tried again; the fence says when that has gone on for too long.
            let _ = shared.renew().await;
        }
    });
    Ok(Lock { fenced: cloud.intercepted(&fence), shared, renewal })
}

/// Reads what the table of locks says, without taking the lock; nothing where there is no table.
pub async fn lock_state(
    assembly: &Assembly,
    cloud: &Cloud,
    table: &LockTable,
    patience: Patience,
) -> Result<LockState, Error> {
    let context = Context { cloud, events: &silent, patience, run: "" };
    let Some(stack) = assembly.stack(&table.stack) else { return Ok(LockState::default()) };
    let Some(table) = table_name(&context, &stack.stack_name, &table.output).await? else {
        return Ok(LockState::default());
    };
    let key = item::key();
    match patiently(&context, || cloud.tables.get(&table, &key)).await {
        Ok(item) => Ok(item.map(|item| item::state(&item)).unwrap_or_default()),
        Err(error) if error.kind == cloud::ErrorKind::NotFound => Ok(LockState::default()),
        Err(error) => Err(error.into()),
    }
}

async fn table_name(context: &Context<'_>, stack_name: &str, output: &str) -> Result<Option<String>, Error> {
    let description = patiently(context, || context.cloud.cloud_formation.describe_stack(stack_name)).await?;
    let standing = description.filter(|description| has_outputs(&description.status));
    Ok(standing.and_then(|description| values(&description).remove(output)))
}

/// Makes a call as [`Context::call`] does, in a form that can also run beside the rest, on another thread.
async fn patiently<'a, T>(
    context: &Context<'_>,
    call: impl Fn() -> BoxFuture<'a, cloud::Result<T>> + Send + Sync,
) -> cloud::Result<T> {
    let mut pause = Pause::default();
    let began = Instant::now();
    loop {
        match call().await {
            Err(error) if error.is_transient() && began.elapsed() < context.patience.0 => pause.wait().await,
            answer => return answer,
        }
    }
}

impl Lock {
    /// Returns the connection by which to work while the lock is held: it refuses to change anything once it is lost.
    pub fn cloud(&self) -> &Cloud {
        &self.fenced
    }

    /// Reads what a swap has written down.
    pub async fn journal(&self) -> Result<Option<Value>, Error> {
        let Some(table) = self.shared.table() else { return Ok(None) };
        let (context, key) = (self.shared.context(&silent), item::key());
        let item = patiently(&context, || self.shared.cloud.tables.get(&table, &key)).await?;
        Ok(item.and_then(|item| item::state(&item).journal))
    }

    /// Writes down how far a swap is, for whoever continues it; `None` once it has ended.
    pub async fn write_journal(&self, journal: Option<&Value>) -> Result<(), Error> {
        self.shared.verify().await?;
        let Some(table) = self.shared.table() else {
            return Err(Error::LockLost { reason: "the environment has no table of locks".to_owned() });
        };
        let update = item::journal(&self.shared.options.holder.run, journal);
        let context = self.shared.context(&silent);
        match patiently(&context, || self.shared.cloud.tables.update(&table, &update)).await {
            Err(error) if error.kind == cloud::ErrorKind::ConditionFailed => Err(self.shared.lost(&table).await.into()),
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Gives the lock back. One that is dropped instead is abandoned.
    pub async fn release(self) -> Result<(), Error> {
        self.renewal.abort();
        let Some(table) = self.shared.table() else { return Ok(()) };
        let update = item::release(&self.shared.options.holder.run);
        let context = self.shared.context(&silent);
        match patiently(&context, || self.shared.cloud.tables.update(&table, &update)).await {
            // It is somebody else's, or was deleted with its table.
            Err(error) if matches!(error.kind, cloud::ErrorKind::ConditionFailed | cloud::ErrorKind::NotFound) => {
                Ok(())
            }
            answer => Ok(answer.map(drop)?),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

impl Shared {
    fn context<'a>(&'a self, events: &'a dyn Events) -> Context<'a> {
        Context { cloud: &self.cloud, events, patience: self.options.patience, run: &self.options.holder.run }
    }

    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Returns the table in which the lock is held.
    fn table(&self) -> Option<String> {
        match self.state() {
            State::Held { table, .. } | State::Ending { table } => Some(table),
            State::NoTable | State::Lost(_) => None,
        }
    }

    async fn find_table(&self, context: &Context<'_>) -> Result<Option<String>, Error> {
        let Some(stack_name) = &self.stack_name else { return Ok(None) };
        table_name(context, stack_name, &self.options.table.output).await
    }
}
