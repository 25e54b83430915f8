//! Protects the instance from scale-in while it works.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Group;
use crate::Event;
use crate::board::Outlook;
use crate::retry::Backoff;

/// For how long no task must be held before the protection ends. Tasks that follow each other are one work to the group,
/// so that it is asked twice at most for all of them.
const RELEASE_AFTER: Duration = Duration::from_mins(2);

/// How long the group may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a group knows of the protection of one of its instances.
pub(super) struct Protection<'a> {
    group: Group<'a>,
    /// What was set last, by this process: unknown at first, because an agent that was killed ended nothing, and after a
    /// call without an answer.
    known: Mutex<Option<bool>>,
}

impl<'a> Protection<'a> {
    pub(super) fn new(group: Group<'a>) -> Self {
        Self { group, known: Mutex::new(None) }
    }

    /// Sets the protection by what is held.
    ///
    /// It begins once a task has been held for the settings' while: what is younger is done again as quickly as the group
    /// is asked. It ends when there was no task for some time.
    pub(super) async fn keep(&self) -> Infallible {
        let context = self.group.context;
        let mut holding = context.board.holding();
        loop {
            let wanted = *holding.borrow_and_update();
            if self.known() == Some(wanted) {
                if holding.changed().await.is_err() {
                    pending::<()>().await;
                }
                continue;
            }
            let after = if wanted { context.settings.protect_after } else { RELEASE_AFTER };
            tokio::select! {
                biased;
                Ok(()) = holding.changed() => continue,
                () = sleep(after) => {}
            }
            let mut trouble: Option<Backoff> = None;
            loop {
                if context.board.outlook() == Outlook::Goes {
                    // Nothing keeps it any more.
                    pending::<()>().await;
                }
                let Err(error) = self.set(wanted).await else { break };
                let backoff = trouble.get_or_insert_with(|| {
                    context.events.emit(Event::ProtectionFailed { wanted, error });
                    Backoff::new(Duration::from_secs(10), Duration::from_mins(5))
                });
                tokio::select! {
                    biased;
                    Ok(()) = holding.changed() => break,
                    () = sleep(backoff.rest()) => {}
                }
            }
        }
    }

    /// Ends the protection now.
    pub(super) async fn end(&self) {
        let context = self.group.context;
        if self.known() != Some(false)
            && context.board.outlook() != Outlook::Goes
            && let Err(error) = self.set(false).await
        {
            context.events.emit(Event::ProtectionFailed { wanted: false, error });
        }
    }

    async fn set(&self, wanted: bool) -> Result<(), String> {
        let Group { name, context, .. } = self.group;
        self.remember(None);
        let setting = async {
            let instance = self.group.instance().await?;
            context.cloud.auto_scaling.set_protection(name, instance, wanted).await
        };
        match timeout(PATIENCE, setting).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
        self.remember(Some(wanted));
        context.events.emit(Event::ProtectionSet { protected: wanted });
        Ok(())
    }

    fn known(&self) -> Option<bool> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, known: Option<bool>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}
