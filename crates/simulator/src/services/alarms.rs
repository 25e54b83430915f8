//! Amazon CloudWatch: alarms. There are those that stacks have made, and they ring when a test says so.

use async_trait::async_trait;
use cloud::Result;
use cloud::alarms::{AlarmDescription, AlarmState, Alarms};
use serde_json::Value;

use crate::Simulator;
use crate::clock::date;
use crate::state::State;

/// The types of alarms.
pub(crate) const ALARMS: [&str; 2] = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];

#[async_trait]
impl Alarms for Simulator {
    async fn describe(&self, names: &[String]) -> Result<Vec<AlarmDescription>> {
        self.call("cloudwatch:DescribeAlarms", |state| Ok(names.iter().filter_map(|name| state.alarm(name)).collect()))
            .await
    }
}

impl State {
    fn alarm(&self, name: &str) -> Option<AlarmDescription> {
        let thing = ALARMS.iter().find_map(|kind| self.world.get(kind, name))?;
        let told = self.storage.alarms.get(name);
        let (state, changed) =
            told.map_or((AlarmState::InsufficientData, thing.made), |(state, at)| (state.clone(), *at));
        Some(AlarmDescription {
            name: name.to_owned(),
            arn: thing.attributes.get("Arn").and_then(Value::as_str).unwrap_or_default().to_owned(),
            reason: if told.is_some() { "Threshold Crossed" } else { "Unchecked: Initial alarm creation" }.to_owned(),
            state,
            changed: Some(date(changed)),
        })
    }
}
