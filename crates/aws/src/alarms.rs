use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::Result;
use cloud::alarms::{AlarmDescription, AlarmState, Alarms};

use crate::error::Endpoint;
use crate::query::{Form, Query};
use crate::xml::Element;

/// How many names one call takes (API reference, `DescribeAlarms`).
const MOST_NAMES: usize = 100;

pub(crate) struct Service(Query);

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self(Query::new(config, "monitoring", "2010-08-01", endpoint))
    }
}

#[async_trait]
impl Alarms for Service {
    async fn describe(&self, names: &[String]) -> Result<Vec<AlarmDescription>> {
        let mut alarms = Vec::new();
        // Without a name, the service would describe all alarms that there are.
        for names in names.chunks(MOST_NAMES) {
            // Without the types, it would leave out composite alarms.
            let form = Form::default()
                .with_list("AlarmNames.member", names)
                .with_list("AlarmTypes.member", &["MetricAlarm", "CompositeAlarm"])
                .with("MaxRecords", MOST_NAMES);
            let mut page = form.clone();
            loop {
                let answer = self.0.ask("cloudwatch:DescribeAlarms", &names.join(", "), page).await?;
                let Some(result) = answer.child("DescribeAlarmsResult") else { break };
                let found = ["MetricAlarms", "CompositeAlarms"].iter().flat_map(|kind| result.list(kind));
                alarms.extend(found.filter_map(alarm));
                let Some(token) = result.text("NextToken").filter(|token| !token.is_empty()) else { break };
                page = form.clone().with("NextToken", token);
            }
        }
        Ok(alarms)
    }
}

fn alarm(alarm: &Element) -> Option<AlarmDescription> {
    Some(AlarmDescription {
        name: alarm.text("AlarmName")?.to_owned(),
        arn: alarm.text("AlarmArn")?.to_owned(),
        state: AlarmState::from(alarm.text("StateValue").unwrap_or_default()),
        reason: alarm.text("StateReason").unwrap_or_default().to_owned(),
        changed: alarm.text("StateUpdatedTimestamp").and_then(|time| time.parse().ok()),
    })
}
