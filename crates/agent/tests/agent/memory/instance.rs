//! An instance in memory: its metadata, its Auto Scaling group, and the metrics that it publishes.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use cloud::auto_scaling::{AutoScaling, Group};
use cloud::metrics::{Datum, Metrics};
use cloud::{Error, ErrorKind, Metadata, Result};

use super::lock;

/// The instance's id.
pub const INSTANCE: &str = "i-0123456789abcdef0";

/// The name of its group.
pub const GROUP: &str = "baleen-test-blue";

/// What the instance says of itself.
#[derive(Default)]
pub struct MemoryMetadata(Mutex<BTreeMap<String, String>>);

impl MemoryMetadata {
    pub fn set(&self, path: &str, text: &str) {
        lock(&self.0).insert(path.to_owned(), text.to_owned());
    }
}

#[async_trait]
impl Metadata for MemoryMetadata {
    async fn get(&self, path: &str) -> Result<Option<String>> {
        if path == "instance-id" {
            return Ok(Some(INSTANCE.to_owned()));
        }
        Ok(lock(&self.0).get(path).cloned())
    }
}

/// An Auto Scaling group of one instance.
#[derive(Default)]
pub struct MemoryGroup {
    /// What its protection was set to, one after the other.
    protections: Mutex<Vec<bool>>,
    /// How often the instance was let go.
    farewells: Mutex<u32>,
}

impl MemoryGroup {
    pub fn protections(&self) -> Vec<bool> {
        lock(&self.protections).clone()
    }

    pub fn farewells(&self) -> u32 {
        *lock(&self.farewells)
    }
}

#[async_trait]
impl AutoScaling for MemoryGroup {
    async fn set_protection(&self, group: &str, instance: &str, protected: bool) -> Result<()> {
        assert_eq!((group, instance), (GROUP, INSTANCE));
        lock(&self.protections).push(protected);
        Ok(())
    }

    async fn complete_lifecycle_action(&self, group: &str, hook: &str, instance: &str) -> Result<()> {
        assert_eq!((group, hook, instance), (GROUP, job::group::FAREWELL_HOOK, INSTANCE));
        let mut farewells = lock(&self.farewells);
        *farewells += 1;
        if *farewells > 1 {
            let message = "No active Lifecycle Action found";
            return Err(Error::new(ErrorKind::Validation, "autoscaling:CompleteLifecycleAction", message));
        }
        Ok(())
    }

    async fn group(&self, name: &str) -> Result<Option<Group>> {
        let group = Group { desired: 1, minimum: 0, maximum: 1, in_service: 1 };
        Ok((name == GROUP).then_some(group))
    }
}

/// The metrics that were published.
#[derive(Default)]
pub struct MemoryMetrics(Mutex<Vec<Datum>>);

impl MemoryMetrics {
    pub fn data(&self) -> Vec<Datum> {
        lock(&self.0).clone()
    }

    /// The sum of a metric, as it is written.
    pub fn sum(&self, name: &str) -> String {
        let data = lock(&self.0);
        let of_name = data.iter().filter(|datum| datum.name == name).flat_map(|datum| &datum.values);
        of_name.map(|(value, count)| value * count).sum::<f64>().to_string()
    }
}

#[async_trait]
impl Metrics for MemoryMetrics {
    async fn put(&self, namespace: &str, data: &[Datum]) -> Result<()> {
        assert_eq!(namespace, job::metrics::NAMESPACE);
        assert!(!data.is_empty() && data.len() <= cloud::metrics::MOST_DATA);
        lock(&self.0).extend_from_slice(data);
        Ok(())
    }
}
