use std::time::Duration;

use cloud::{Cloud, ErrorKind, workflows};
use jiff::Timestamp;
use job::{JobItem, JobState};
use tokio::time::Instant;

use crate::call::{Patience, Pause};
use crate::{Error, Event, Events, Places, jobs};

/// How long a job may stand still before its execution and the queue are looked at.
const STANDSTILL: Duration = Duration::from_secs(20);

/// How to follow a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// The job's id.
    pub job: String,
    /// The key of its source, for messages.
    pub key: String,
    /// When it was submitted: an end before that is an earlier submission's. `None` takes any end.
    pub submitted: Option<Timestamp>,
    /// How long the workflow may take to register the job, or to take over one that ended badly.
    pub appears_within: Duration,
    /// How long a cloud that does not answer is asked again.
    pub patience: Duration,
}

/// Follows a job until it is done, failed or cancelled, and returns it as it is then.
///
/// A job that was done before it was submitted again is done: the same video by the same recipe is the same job.
pub async fn follow(cloud: &Cloud, places: &Places, follow: &Follow, events: &dyn Events) -> Result<JobItem, Error> {
    let watch = Watch { cloud, places, follow, events, patience: Patience { limit: follow.patience, events } };
    let mut last = watch.appearance().await?;
    let mut pause = Pause::default();
    let mut still_since = Instant::now();
    let mut looked_at = still_since;
    watch.tell(&last);
    while !last.state.is_final() {
        pause.wait().await;
        let now = watch.look().await?.ok_or_else(|| Error::NoSuchJob { id: follow.job.clone() })?;
        if is_same(&now, &last) {
            if looked_at.elapsed() >= STANDSTILL {
                watch.look_behind(&now, still_since.elapsed()).await?;
                looked_at = Instant::now();
            }
            continue;
        }
        watch.tell(&now);
        last = now;
        still_since = Instant::now();
        looked_at = still_since;
        pause = Pause::default();
    }
    Ok(last)
}

struct Watch<'a> {
    cloud: &'a Cloud,
    places: &'a Places,
    follow: &'a Follow,
    events: &'a dyn Events,
    patience: Patience<'a>,
}

impl Watch<'_> {
    async fn look(&self) -> Result<Option<JobItem>, Error> {
        let key = jobs::key(&self.follow.job);
        let table = &self.places.job_table;
        let item = self.patience.call(async || self.cloud.tables.get(table, &key).await).await?;
        item.map(|item| jobs::read(&item)).transpose()
    }

    /// Waits until the job is there, by this submission.
    async fn appearance(&self) -> Result<JobItem, Error> {
        let deadline = Instant::now() + self.follow.appears_within;
        let mut pause = Pause::default();
        let mut earlier = None;
        loop {
            match self.look().await? {
                Some(job) if !self.is_earlier_end(&job) => return Ok(job),
                Some(job) if earlier.is_none() => {
                    self.events.event(Event::EarlierEnd { job: job.id.clone(), state: job.state });
                    earlier = Some(job);
                }
                _ => {}
            }
            if Instant::now() >= deadline {
                // The workflow may have decided that there is nothing to take over: then the end is what it is.
                return earlier.ok_or_else(|| Error::NotRegistered {
                    key: self.follow.key.clone(),
                    job: self.follow.job.clone(),
                    seconds: self.follow.appears_within.as_secs(),
                });
            }
            pause.wait().await;
        }
    }

    /// Says whether a job ended badly before it was submitted now.
    fn is_earlier_end(&self, job: &JobItem) -> bool {
        let ended_badly = matches!(job.state, JobState::Failed | JobState::Cancelled);
        let Some(submitted) = self.follow.submitted.filter(|_| ended_badly) else { return false };
        let ended = job.finished.as_ref().unwrap_or(&job.updated).parse::<Timestamp>();
        ended.is_ok_and(|ended| ended < submitted)
    }

    fn tell(&self, job: &JobItem) {
        let tasks = job.tasks.unwrap_or(job::item::Tasks { done: 0, total: 1 });
        self.events.event(Event::State {
            job: job.id.clone(),
            state: job.state,
            done: tasks.done,
            total: tasks.total,
            attempt: job.attempt,
        });
    }

    /// Looks behind a job that stands still: whether its workflow lives, and whether anyone works.
    async fn look_behind(&self, job: &JobItem, still_for: Duration) -> Result<(), Error> {
        if let Some(execution) = &job.execution {
            self.look_at_execution(job, execution).await?;
        }
        if job.attempt == 0
            && let Some(queue) = job.colour.and_then(|colour| self.places.task_queues.get(&colour))
        {
            let counts = self.patience.call(async || self.cloud.queues.counts(queue).await).await?;
            self.events.event(Event::NoWorker {
                seconds: still_for.as_secs(),
                waiting: counts.visible + counts.delayed,
                held: counts.in_flight,
            });
        }
        Ok(())
    }

    async fn look_at_execution(&self, job: &JobItem, execution: &str) -> Result<(), Error> {
        use workflows::ExecutionStatus as Status;
        let described = self.patience.call(async || self.cloud.workflows.describe_execution(execution).await).await;
        let (status, reason) = match described {
            Ok(found) if matches!(found.status, Status::Running | Status::PendingRedrive) => return Ok(()),
            Ok(found) => {
                let parts: Vec<_> = [found.error, found.cause].into_iter().flatten().collect();
                (found.status.to_string(), parts.join(": "))
            }
            Err(error) if error.kind == ErrorKind::NotFound => ("NOT_FOUND".to_owned(), error.to_string()),
            Err(error) => return Err(error.into()),
        };
        // It may have written its last word since the job was read.
        match self.look().await? {
            Some(now) if !now.state.is_final() && now.execution == job.execution => {
                Err(Error::Abandoned { job: job.id.clone(), state: now.state, status, reason })
            }
            _ => Ok(()),
        }
    }
}

fn is_same(one: &JobItem, other: &JobItem) -> bool {
    one.state == other.state
        && one.tasks == other.tasks
        && one.attempt == other.attempt
        && one.execution == other.execution
}
