//! Watches for what says that the instance goes, and lets it go once its task is given back.

use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloud::ErrorKind;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{Group, Metadata};
use crate::Event;
use crate::board::Outlook;
use crate::retry::{Backoff, retrying};
use crate::task::Context;

/// How often the instance is asked: as often as AWS recommends for Spot's notice, which comes two minutes ahead at best.
const EVERY: Duration = Duration::from_secs(5);

/// How often it is asked at least while it does not answer.
const SELDOM: Duration = Duration::from_mins(1);

/// How long no task is taken after the recommendation to replace the instance: as long as replacing it may take. Where
/// nobody does, it works on.
const REPLACEMENT: Duration = Duration::from_mins(10);

/// For how long the group is told again that the instance may go; the hook waits no longer.
const PATIENCE: Duration = Duration::from_mins(2);

/// What says that an instance goes, or may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// The Auto Scaling group terminates it.
    Termination,
    /// Spot takes it back.
    Interruption,
    /// Spot is likely to take it back.
    Rebalance,
}

/// Watches one instance.
pub(super) struct Watch<'a> {
    context: Context<'a>,
    group: Option<Group<'a>>,
    /// Whether the group knows that the instance may go.
    completed: AtomicBool,
}

impl<'a> Watch<'a> {
    pub(super) fn new(context: Context<'a>, group: Option<Group<'a>>) -> Self {
        Self { context, group, completed: AtomicBool::new(false) }
    }

    /// Looks for notices, and acts on them.
    pub(super) async fn keep(&self) -> Infallible {
        let Context { board, events, .. } = self.context;
        let mut told = Vec::new();
        let mut trouble: Option<Backoff> = None;
        loop {
            let rest = match self.look().await {
                Ok(notice) => {
                    trouble = None;
                    if let Some(notice) = notice.filter(|notice| !told.contains(notice)) {
                        told.push(notice);
                        events.emit(Event::Noticed { notice });
                        self.act(notice).await;
                    }
                    EVERY
                }
                Err(error) => {
                    let told = trouble.is_some();
                    let backoff = trouble.get_or_insert_with(|| Backoff::new(EVERY, SELDOM));
                    if !told {
                        events.emit(Event::MetadataUnreachable { error: error.to_string() });
                    }
                    backoff.rest()
                }
            };
            if board.outlook() == Outlook::Goes && self.group.is_none() {
                pending::<()>().await;
            }
            sleep(rest).await;
        }
    }

    /// Lets the instance go, if the group terminates it and was not told yet.
    pub(super) async fn end(&self) {
        if let Some(group) = &self.group
            && !self.completed.load(Ordering::Relaxed)
            && matches!(is_terminating(&*self.context.cloud.metadata).await, Ok(true))
        {
            self.complete(group).await;
        }
    }

    async fn act(&self, notice: Notice) {
        let board = self.context.board;
        match notice {
            Notice::Rebalance if board.outlook() == Outlook::Stays => {
                board.set_outlook(Outlook::Doubtful { until: Instant::now() + REPLACEMENT });
            }
            Notice::Rebalance => {}
            Notice::Interruption => board.set_outlook(Outlook::Goes),
            Notice::Termination => {
                board.set_outlook(Outlook::Goes);
                board.idle().await;
                if let Some(group) = &self.group {
                    self.complete(group).await;
                }
            }
        }
    }

    /// Returns the gravest notice that stands.
    async fn look(&self) -> cloud::Result<Option<Notice>> {
        let metadata = &*self.context.cloud.metadata;
        if self.group.is_some() && is_terminating(metadata).await? {
            return Ok(Some(Notice::Termination));
        }
        for (path, notice) in
            [("spot/instance-action", Notice::Interruption), ("events/recommendations/rebalance", Notice::Rebalance)]
        {
            if metadata.get(path).await?.is_some() {
                return Ok(Some(notice));
            }
        }
        Ok(None)
    }

    /// Completes the hook that holds the instance. Where it does not any more, it has ended before.
    async fn complete(&self, group: &Group<'_>) {
        let Context { cloud, events, .. } = self.context;
        let completing = retrying(PATIENCE, async || {
            let instance = group.instance().await?;
            cloud.auto_scaling.complete_lifecycle_action(group.name, job::group::FAREWELL_HOOK, instance).await
        });
        match completing.await {
            Err(error) if error.kind != ErrorKind::Validation => {
                events.emit(Event::FarewellFailed { error: error.to_string() });
            }
            _ => {
                self.completed.store(true, Ordering::Relaxed);
                events.emit(Event::Farewell);
            }
        }
    }
}

async fn is_terminating(metadata: &dyn Metadata) -> cloud::Result<bool> {
    Ok(metadata.get("autoscaling/target-lifecycle-state").await?.as_deref() == Some("Terminated"))
}
