//! Implements the traits of `cloud` over the AWS SDK for Rust: the only crate that links it.
//!
//! The same code talks to AWS and to the local emulator; see [`Target`]. Transient failures are retried inside, with
//! backoff and jitter (the SDK's standard mode; its adaptive mode for CloudFormation, which throttles parallel
//! deployments), so an error that comes out has outlived a few tries.

mod alarms;
mod auto_scaling;
mod bare;
mod cloud_formation;
mod commands;
mod error;
mod identity;
mod instances;
mod json;
mod metadata;
mod metrics;
mod objects;
mod parameters;
mod query;
mod queues;
mod quotas;
mod roles;
mod settings;
mod tables;
mod workflows;
mod xml;

use std::sync::Arc;

use cloud::Cloud;

pub use settings::{Settings, Target};

use crate::error::Endpoint;

/// Makes the clients of all services. Nothing is sent yet: credentials are looked for at the first call.
pub async fn connect(settings: &Settings) -> cloud::Result<Cloud> {
    let config = settings::load(settings).await?;
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    let endpoint = |service| Endpoint {
        service,
        region: region.clone(),
        url: config.endpoint_url().map(str::to_owned),
        profile: settings.profile_in_use(),
    };
    let emulator = config.endpoint_url().filter(|_| settings.is_local());
    Ok(Cloud {
        alarms: Arc::new(alarms::Service::new(&config, endpoint("CloudWatch"))),
        auto_scaling: Arc::new(auto_scaling::Service::new(&config, endpoint("Auto Scaling"))),
        cloud_formation: Arc::new(cloud_formation::Service::new(
            &config,
            endpoint("CloudFormation"),
            settings.is_local(),
        )),
        commands: Arc::new(commands::Service::new(&config, endpoint("Systems Manager"))),
        identity: Arc::new(identity::Service::new(&config, endpoint("STS"))),
        instances: Arc::new(instances::Service::new(&config, endpoint("EC2"))),
        metadata: Arc::new(metadata::Service::new(&config, emulator)?),
        metrics: Arc::new(metrics::Service::new(&config, endpoint("CloudWatch"))),
        objects: Arc::new(objects::Service::new(&config, endpoint("S3"), settings.is_local())),
        parameters: Arc::new(parameters::Service::new(&config, endpoint("Systems Manager"))),
        queues: Arc::new(queues::Service::new(&config, endpoint("SQS"))),
        quotas: Arc::new(quotas::Service::new(&config, endpoint("Service Quotas"))),
        roles: Arc::new(roles::Service::new(&config, endpoint("IAM"))),
        tables: Arc::new(tables::Service::new(&config, endpoint("DynamoDB"))),
        workflows: Arc::new(workflows::Service::new(&config, endpoint("Step Functions"))),
        region: region.clone(),
    })
}

/// Converts a time of the SDK; one outside of any calendar is dropped.
fn time(time: Option<&aws_smithy_types::DateTime>) -> Option<jiff::Timestamp> {
    let time = time?;
    jiff::Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

/// Returns the beginning of a text that a service takes no more of.
fn cut(text: &str, max_characters: usize) -> &str {
    text.char_indices().nth(max_characters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cause_is_cut_between_characters() {
        assert_eq!(cut("größer", 3), "grö");
        assert_eq!(cut("größer", 6), "größer");
    }
}
