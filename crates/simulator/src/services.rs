//! The services, as the traits of `cloud` want them.

mod absent;
mod alarms;
mod capacity;
mod cloud_formation;
mod expression;
mod identity;
mod objects;
mod parameters;
mod tables;

use std::sync::Arc;

use cloud::Cloud;

use crate::Simulator;
use absent::Absent;
pub(crate) use alarms::ALARMS;

pub(crate) fn cloud(simulator: &Simulator, region: String) -> Cloud {
    Cloud {
        region,
        alarms: Arc::new(simulator.clone()),
        auto_scaling: Arc::new(simulator.clone()),
        cloud_formation: Arc::new(simulator.clone()),
        commands: Arc::new(Absent),
        identity: Arc::new(simulator.clone()),
        instances: Arc::new(simulator.clone()),
        metadata: Arc::new(Absent),
        metrics: Arc::new(Absent),
        objects: Arc::new(simulator.clone()),
        parameters: Arc::new(simulator.clone()),
        queues: Arc::new(Absent),
        quotas: Arc::new(simulator.clone()),
        roles: Arc::new(simulator.clone()),
        tables: Arc::new(simulator.clone()),
        workflows: Arc::new(Absent),
    }
}
