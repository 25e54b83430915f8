//! The loop of an agent: one task after the other, until it is asked to stop.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::pin::{Pin, pin};
use std::time::Duration;

use cloud::Cloud;
use cloud::queues::{Message, ReceiveRequest};
use job::{ErrorKind, Failure, MessageError, TaskKind, TaskMessage};
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout};

use crate::attempt::uncount;
use crate::board::Board;
use crate::folder::WorkFolder;
use crate::instance::Instance;
use crate::lease::{Lease, Lost};
use crate::metering::Meter;
use crate::pause;
use crate::process::{End, Invocation, capture};
use crate::retry::{Backoff, retrying};
use crate::task::{Context, Ending, State, perform, report_failure};
use crate::{Error, Event, Events, LossReason, Settings};

/// How long an outcome that is just being told may take once the agent was asked to stop. This and the two times below
/// together stay within the 10 seconds in which an interrupted task has to be released.
const REPORT_GRACE: Duration = Duration::from_secs(4);

/// How long taking an attempt back may take once the agent was asked to stop.
const UNCOUNT_GRACE: Duration = Duration::from_millis(2500);

/// How long giving a message back may take.
const RELEASE_GRACE: Duration = Duration::from_secs(3);

/// How long the last metrics, and what the Auto Scaling group is told, may take after that.
const FAREWELL_GRACE: Duration = Duration::from_secs(3);

/// For how long deleting a message is tried.
const DELETE_PATIENCE: Duration = Duration::from_secs(30);

/// What an agent did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Tasks that ended well.
    pub succeeded: u64,
    /// Tasks that failed, and were reported.
    pub failed: u64,
    /// Tasks and messages that were given back to the queue.
    pub released: u64,
    /// Tasks that nobody waited for any more.
    pub abandoned: u64,
    /// Tasks whose lease was lost.
    pub lost: u64,
    /// Messages that are no task messages.
    pub unreadable: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { succeeded, failed, released, abandoned, lost, unreadable } = self;
        write!(
            formatter,
            "{succeeded} succeeded, {failed} failed, {released} released, {abandoned} abandoned, {lost} lost, {unreadable} unreadable"
        )
    }
}

/// Runs an agent until `shutdown` is ready, or so many messages were dealt with as the settings say.
///
/// Once `shutdown` is ready, a task at work is stopped and given back within 10 seconds, its attempt uncounted; one
/// whose outcome is just being told gets a few seconds for that first.
pub async fn run(
    settings: Settings,
    cloud: Cloud,
    shutdown: impl Future<Output = ()>,
    events: &dyn Events,
) -> Result<Summary, Error> {
    settings.check()?;
    let (folder, leftovers) = WorkFolder::open(&settings)?;
    if leftovers > 0 {
        events.emit(Event::LeftoversRemoved { entries: leftovers });
    }
    let (board, meter) = (Board::new(), Meter::new(events));
    let context = Context { settings: &settings, cloud: &cloud, folder: &folder, events: &meter, board: &board };
    for program in [&settings.ffmpeg, &settings.ffprobe] {
        try_out(&settings, program).await?;
    }
    events.emit(Event::Started {
        worker: settings.worker.clone(),
        colour: settings.colour,
        queue: settings.queue.clone(),
    });

    let instance = Instance::new(context);
    let summary = tokio::select! {
        biased;
        summary = work(context, shutdown) => summary,
        never = look_after(context, instance.as_ref(), &meter) => match never {},
    };
    say_farewell(context, instance.as_ref(), &meter).await;
    events.emit(Event::Stopped { summary });
    Ok(summary)
}

/// Takes tasks and does them.
async fn work(context: Context<'_>, shutdown: impl Future<Output = ()>) -> Summary {
    let mut shutdown = pin!(shutdown);
    let mut summary = Summary::default();
    let mut messages = 0;
    while context.settings.max_tasks.is_none_or(|most| messages < most) {
        let Some(message) = next_message(context, shutdown.as_mut()).await else { break };
        messages += 1;
        if handle(context, &message, shutdown.as_mut(), &mut summary).await == Next::Stop {
            break;
        }
    }
    summary
}

/// Does what goes on beside the work, and must never hold it up.
async fn look_after(context: Context<'_>, instance: Option<&Instance<'_>>, meter: &Meter<'_>) -> Infallible {
    let Context { settings, cloud, .. } = context;
    let measuring = async {
        match &settings.deployment {
            Some(deployment) => meter.publish_regularly(&*cloud.metrics, deployment, settings.colour).await,
            None => pending().await,
        }
    };
    let keeping = async {
        match instance {
            Some(instance) => instance.look_after().await,
            None => pending().await,
        }
    };
    tokio::join!(measuring, keeping).0
}

/// Ends what goes on beside the work, within [`FAREWELL_GRACE`].
async fn say_farewell(context: Context<'_>, instance: Option<&Instance<'_>>, meter: &Meter<'_>) {
    let Context { settings, cloud, .. } = context;
    let measuring = async {
        if let Some(deployment) = &settings.deployment {
            meter.publish(&*cloud.metrics, deployment, settings.colour, FAREWELL_GRACE).await;
        }
    };
    let leaving = async {
        if let Some(instance) = instance {
            let _ = timeout(FAREWELL_GRACE, instance.say_farewell()).await;
        }
    };
    tokio::join!(measuring, leaving);
}

/// Runs a program once, so that a missing one is found before any task suffers from it.
async fn try_out(settings: &Settings, program: &std::path::Path) -> Result<(), Error> {
    let failed = |reason: String| Error::Program { program: program.display().to_string(), reason };
    let arguments = ["-hide_banner".to_owned(), "-version".to_owned()];
    let supervisor = &settings.supervisor;
    let folder = &settings.work_folder;
    let invocation = Invocation { supervisor, program, arguments: &arguments, folder, variables: &[] };
    match capture(&invocation, settings.stall, 64 * 1024).await {
        Ok((finished, _)) if finished.end == End::Code(0) => Ok(()),
        Ok((finished, _)) => Err(failed(format!("{:?} {}", finished.end, finished.errors.trim()))),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Continue,
    Stop,
}

/// A message, and when it arrived.
struct Received {
    message: Message,
    at: Instant,
}

/// Waits for a message. A queue that does not answer is asked again, ever more seldom, and told of once. Returns
/// `None` when the agent was asked to stop.
async fn next_message(context: Context<'_>, mut shutdown: Pin<&mut impl Future<Output = ()>>) -> Option<Received> {
    let Context { settings, cloud, events, .. } = context;
    let request = ReceiveRequest { max: 1, wait: settings.poll, visibility: Some(settings.visibility) };
    let mut trouble: Option<Backoff> = None;
    loop {
        pause::over(context, shutdown.as_mut()).await?;
        let received = tokio::select! {
            biased;
            () = shutdown.as_mut() => return None,
            received = cloud.queues.receive(&settings.queue, &request) => received,
        };
        match received {
            Ok(messages) => {
                if trouble.take().is_some() {
                    events.emit(Event::QueueReachable);
                }
                if let Some(message) = messages.into_iter().next() {
                    if pause::reason(context).is_none() {
                        return Some(Received { message, at: Instant::now() });
                    }
                    // The reason came while the queue was asked. What cannot be given back comes again by itself.
                    let _ = give_back(context, &message, Duration::ZERO).await;
                    continue;
                }
                if settings.poll.is_zero() {
                    // An answer at once must not become a loop without rest.
                    tokio::select! {
                        () = shutdown.as_mut() => return None,
                        () = sleep(Duration::from_millis(200)) => {}
                    }
                }
            }
            Err(error) => {
                let backoff = trouble.get_or_insert_with(|| {
                    events.emit(Event::QueueUnreachable { error: error.to_string() });
                    Backoff::new(Duration::from_secs(1), Duration::from_secs(30))
                });
                tokio::select! {
                    () = shutdown.as_mut() => return None,
                    () = sleep(backoff.rest()) => {}
                }
            }
        }
    }
}

async fn handle(
    context: Context<'_>,
    received: &Received,
    shutdown: Pin<&mut impl Future<Output = ()>>,
    summary: &mut Summary,
) -> Next {
    let Received { message, .. } = received;
    let Context { events, .. } = context;
    let task = match TaskMessage::parse(&message.body) {
        Ok(task) if task.task == TaskKind::Enhance && task.chunk.is_none() => task,
        Ok(task) => {
            let part = if task.chunk.is_some() { "of a chunk" } else { "of a whole title" };
            return unknown(context, message, format!("this worker does not do {} {part} yet", task.task), summary)
                .await;
        }
        Err(error @ MessageError::UnknownVersion { .. }) => {
            return unknown(context, message, error.to_string(), summary).await;
        }
        Err(error @ MessageError::Unreadable(_)) => {
            // It stays where it is: the queue counts how often it comes, and puts it aside.
            events.emit(Event::MessageUnreadable { message: message.id.clone(), error: error.to_string() });
            summary.unreadable += 1;
            return Next::Continue;
        }
    };

    let _holding = context.board.hold();
    let state = State::default();
    let (held, next) = hold(context, received, &task, &state, shutdown).await;
    let ending = match held {
        Held::Ended(ending) => ending,
        Held::Interrupted => {
            let failure = Failure::new(ErrorKind::Interrupted, "the worker had to stop");
            Ending::Unfinished(failure)
        }
        Held::Lost(Lost::Ceiling) => {
            let message = "the task takes longer than the 12 hours for which the queue lets a worker hold it";
            let failure = Failure::new(ErrorKind::Engine, message).with_hint("use a faster instance or engine");
            report_failure(context, &task, failure).await
        }
        Held::Lost(lost) => {
            let reason = if lost == Lost::TakenOver { LossReason::TakenOver } else { LossReason::NotRenewed };
            events.emit(Event::LeaseLost { job: task.job, reason });
            summary.lost += 1;
            return next;
        }
    };
    settle(context, message, &task, &state, ending, summary).await;
    next
}

/// How holding a task ended.
enum Held {
    Ended(Ending),
    Interrupted,
    Lost(Lost),
}

/// Does a task for as long as its lease holds, nobody asks the agent to stop, and the instance stays. What is running for the task is gone
/// when this returns.
async fn hold(
    context: Context<'_>,
    received: &Received,
    task: &TaskMessage,
    state: &State,
    mut shutdown: Pin<&mut impl Future<Output = ()>>,
) -> (Held, Next) {
    let Context { settings, cloud, events, .. } = context;
    let lease = Lease {
        queues: &*cloud.queues,
        queue: &settings.queue,
        receipt: &received.message.receipt,
        visibility: settings.visibility,
        renewal: settings.renewal,
        received: received.at,
    };
    let failed = |error: &cloud::Error| {
        events.emit(Event::RenewalFailed { job: task.job.clone(), error: error.to_string() });
    };
    let stopping = async {
        tokio::select! {
            biased;
            () = shutdown.as_mut() => Next::Stop,
            () = context.board.going() => Next::Continue,
        }
    };
    let mut performing = pin!(perform(context, task, state));
    tokio::select! {
        biased;
        ending = performing.as_mut() => (Held::Ended(ending), Next::Continue),
        lost = lease.keep(failed) => (Held::Lost(lost), Next::Continue),
        next = stopping => {
            let ended = if state.is_reporting() { timeout(REPORT_GRACE, performing).await.ok() } else { None };
            (ended.map_or(Held::Interrupted, Held::Ended), next)
        }
    }
}

/// Deals with the message of a task that has ended.
async fn settle(
    context: Context<'_>,
    message: &Message,
    task: &TaskMessage,
    state: &State,
    ending: Ending,
    summary: &mut Summary,
) {
    let Context { events, .. } = context;
    let job = task.job.clone();
    match ending {
        Ending::Succeeded(report) => {
            summary.succeeded += 1;
            let (frames, elapsed_seconds) = (report.frames, report.elapsed_seconds);
            events.emit(Event::TaskSucceeded { job, frames, elapsed_seconds });
            delete(context, message, task).await;
        }
        Ending::Failed(failure) => {
            summary.failed += 1;
            events.emit(Event::TaskFailed { job, failure });
            delete(context, message, task).await;
        }
        Ending::TokenDead { worked } => {
            summary.abandoned += 1;
            events.emit(Event::TokenDead { job, worked });
            delete(context, message, task).await;
        }
        Ending::Unfinished(failure) => {
            summary.released += 1;
            release(context, message, task, state, failure).await;
        }
    }
}

async fn delete(context: Context<'_>, message: &Message, task: &TaskMessage) {
    let Context { settings, cloud, events, .. } = context;
    let deleting = retrying(DELETE_PATIENCE, || cloud.queues.delete(&settings.queue, &message.receipt));
    if let Err(error) = deleting.await {
        // It will come again, and its token will be dead then.
        events.emit(Event::CleanupFailed { job: task.job.clone(), error: error.to_string() });
    }
}

/// Gives a task back. One that was interrupted is for others at once, and its attempt does not count; another rests.
async fn release(context: Context<'_>, message: &Message, task: &TaskMessage, state: &State, failure: Failure) {
    let Context { settings, cloud, events, .. } = context;
    let cleanup_failed = |error: String| events.emit(Event::CleanupFailed { job: task.job.clone(), error });
    let mut delay = settings.pause;
    if failure.kind == ErrorKind::Interrupted {
        delay = Duration::ZERO;
        // First, or the next worker might count its attempt before this one is taken back.
        if let Some(attempt) = state.attempt() {
            let uncounting = uncount(&*cloud.tables, &settings.table, &task.job, &attempt);
            match timeout(UNCOUNT_GRACE, uncounting).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => cleanup_failed(error.to_string()),
                Err(_) => cleanup_failed("the job table does not answer; the attempt stays counted".to_owned()),
            }
        }
    }
    match give_back(context, message, delay).await {
        Ok(()) => {
            let after_seconds = delay.as_secs_f64();
            events.emit(Event::TaskReleased { job: task.job.clone(), failure, after_seconds });
        }
        Err(error) => cleanup_failed(error),
    }
}

/// Gives back, uncounted, what only another worker can do.
async fn unknown(context: Context<'_>, message: &Message, error: String, summary: &mut Summary) -> Next {
    let Context { settings, events, .. } = context;
    events.emit(Event::MessageUnknown { message: message.id.clone(), error });
    // Not at once: it would come back at once, and use up its receives before a newer worker sees it.
    if let Err(error) = give_back(context, message, settings.pause).await {
        events.emit(Event::CleanupFailed { job: message.id.clone(), error });
    }
    summary.released += 1;
    Next::Continue
}

async fn give_back(context: Context<'_>, message: &Message, delay: Duration) -> Result<(), String> {
    let Context { settings, cloud, .. } = context;
    let receipt = &message.receipt;
    let changing = retrying(RELEASE_GRACE, || cloud.queues.change_visibility(&settings.queue, receipt, delay));
    match timeout(RELEASE_GRACE, changing).await {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err("the queue does not answer; the task comes back when its lease ends".to_owned()),
    }
}
