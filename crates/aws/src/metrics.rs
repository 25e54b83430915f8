use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::Result;
use cloud::metrics::{Datum, Metrics};

use crate::error::Endpoint;
use crate::query::{Form, Query};

pub(crate) struct Service(Query);

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self(Query::new(config, "monitoring", "2010-08-01", endpoint))
    }
}

#[async_trait]
impl Metrics for Service {
    async fn put(&self, namespace: &str, data: &[Datum]) -> Result<()> {
        let numbered = (1..).zip(data);
        let form = numbered.fold(Form::default().with("Namespace", namespace), |form, (number, datum)| {
            add(form, &format!("MetricData.member.{number}"), datum)
        });
        self.0.call("cloudwatch:PutMetricData", namespace, form).await
    }
}

fn add(form: Form, prefix: &str, datum: &Datum) -> Form {
    let form = form.with(format_args!("{prefix}.MetricName"), &datum.name);
    let form = form.with(format_args!("{prefix}.Unit"), datum.unit);
    let form = (1..).zip(&datum.dimensions).fold(form, |form, (number, (name, value))| {
        let prefix = format!("{prefix}.Dimensions.member.{number}");
        form.with(format_args!("{prefix}.Name"), name).with(format_args!("{prefix}.Value"), value)
    });
    (1..).zip(&datum.values).fold(form, |form, (number, (value, count))| {
        form.with(format_args!("{prefix}.Values.member.{number}"), value)
            .with(format_args!("{prefix}.Counts.member.{number}"), count)
    })
}
