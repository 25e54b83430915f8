use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Asks a deployment to stop: what is under way is followed to its end, and nothing new begins. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    requested: AtomicBool,
    told: Notify,
}

impl Stop {
    /// Asks for it.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Says whether it was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// Waits until it is asked for.
    pub async fn requested(&self) {
        loop {
            let told = self.0.told.notified();
            if self.is_requested() {
                return;
            }
            told.await;
        }
    }
}
