//! What the parts of an agent tell each other while they run side by side.

use tokio::sync::watch;
use tokio::time::Instant;

/// Says whether a task is held, and what becomes of the instance.
#[derive(Debug)]
pub(crate) struct Board {
    holding: watch::Sender<bool>,
    outlook: watch::Sender<Outlook>,
}

/// What becomes of the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// Nothing is known against it.
    Stays,
    /// It is likely to be replaced before this time.
    Doubtful {
        /// If nothing has happened by then, it goes on.
        until: Instant,
    },
    /// It goes: what is held is to be given back.
    Goes,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { holding: watch::Sender::new(false), outlook: watch::Sender::new(Outlook::Stays) }
    }

    /// Says that a task is held, until what this returns is dropped.
    pub(crate) fn hold(&self) -> Holding<'_> {
        self.holding.send_replace(true);
        Holding(self)
    }

    /// Returns what tells of tasks that begin and end.
    pub(crate) fn holding(&self) -> watch::Receiver<bool> {
        self.holding.subscribe()
    }

    /// Is ready once no task is held.
    pub(crate) async fn idle(&self) {
        // The sender lives as long as this.
        let _ = self.holding.subscribe().wait_for(|holding| !holding).await;
    }

    pub(crate) fn outlook(&self) -> Outlook {
        *self.outlook.borrow()
    }

    pub(crate) fn set_outlook(&self, outlook: Outlook) {
        self.outlook.send_replace(outlook);
    }

    /// Is ready once the instance goes.
    pub(crate) async fn going(&self) {
        let _ = self.outlook.subscribe().wait_for(|outlook| *outlook == Outlook::Goes).await;
    }
}

/// A task that is held.
#[derive(Debug)]
pub(crate) struct Holding<'a>(&'a Board);

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.holding.send_replace(false);
    }
}
