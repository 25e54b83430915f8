//! The cloud in memory, as strict as the real one: receipts go stale, tokens die, conditions hold, names are exact.

mod instance;
mod objects;
mod queues;
mod tables;
mod workflows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cloud::Cloud;

pub use instance::{GROUP, MemoryGroup, MemoryMetadata, MemoryMetrics};
pub use objects::MemoryObjects;
pub use queues::MemoryQueues;
pub use tables::MemoryTables;
pub use workflows::{MemoryWorkflows, Token};

/// All its services, for a test to prepare and to look into.
#[derive(Clone, Default)]
pub struct Memory {
    pub group: Arc<MemoryGroup>,
    pub metadata: Arc<MemoryMetadata>,
    pub metrics: Arc<MemoryMetrics>,
    pub objects: Arc<MemoryObjects>,
    pub queues: Arc<MemoryQueues>,
    pub tables: Arc<MemoryTables>,
    pub workflows: Arc<MemoryWorkflows>,
}

impl Memory {
    pub fn cloud(&self) -> Cloud {
        Cloud {
            auto_scaling: Arc::clone(&self.group) as _,
            metadata: Arc::clone(&self.metadata) as _,
            metrics: Arc::clone(&self.metrics) as _,
            objects: Arc::clone(&self.objects) as _,
            queues: Arc::clone(&self.queues) as _,
            tables: Arc::clone(&self.tables) as _,
            workflows: Arc::clone(&self.workflows) as _,
            ..Cloud::absent("eu-central-1")
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
