//! How long resources take.

use std::time::Duration;

use crate::random::Random;
use crate::settings::Verb;

/// Seconds to create, update and delete.
///
/// Rough estimates: services state none. Those that are known to be slow are from what their documentation says about
/// waiting (CloudFront: "typically within a few minutes"; NAT gateways and interface endpoints: minutes), the rest from
/// the shape of their API: whether it answers at once, or with something that is pending.
const SECONDS: [(&str, [u64; 3]); 23] = [
    ("AWS::ApplicationAutoScaling::", [15, 10, 10]),
    ("AWS::AutoScaling::AutoScalingGroup", [60, 120, 180]),
    ("AWS::CloudFront::Distribution", [240, 180, 300]),
    ("AWS::CloudFront::", [5, 5, 5]),
    ("AWS::CloudWatch::", [8, 6, 6]),
    ("AWS::DynamoDB::Table", [25, 20, 15]),
    ("AWS::EC2::FlowLog", [5, 5, 5]),
    ("AWS::EC2::Instance", [40, 60, 60]),
    ("AWS::EC2::InternetGateway", [16, 5, 16]),
    ("AWS::EC2::LaunchTemplate", [6, 6, 6]),
    ("AWS::EC2::NatGateway", [100, 10, 60]),
    ("AWS::EC2::SpotFleet", [30, 30, 60]),
    ("AWS::EC2::VPCEndpoint", [75, 20, 60]),
    ("AWS::EC2::", [12, 8, 10]),
    ("AWS::IAM::InstanceProfile", [120, 10, 5]),
    ("AWS::IAM::", [18, 15, 5]),
    ("AWS::KMS::Key", [20, 10, 5]),
    ("AWS::Lambda::EventSourceMapping", [25, 15, 20]),
    ("AWS::Lambda::Function", [8, 8, 4]),
    ("AWS::S3::Bucket", [22, 15, 5]),
    ("AWS::SQS::Queue", [65, 45, 60]),
    ("AWS::StepFunctions::", [5, 8, 60]),
    ("Custom::", [10, 10, 10]),
];

/// What all others take.
const OTHERS: [u64; 3] = [6, 5, 5];

/// Says how long it takes to do something to a resource: what is usual, give or take a quarter.
pub(crate) fn of(resource_type: &str, verb: Verb, random: Random, words: &[&str]) -> Duration {
    let found = SECONDS.iter().find(|(prefix, _)| resource_type.starts_with(prefix));
    let [create, update, delete] = found.map_or(OTHERS, |(_, seconds)| *seconds);
    let usual = match verb {
        Verb::Create => create,
        Verb::Update => update,
        Verb::Delete => delete,
    };
    Duration::from_millis(usual * (750 + random.draw(words) % 500))
}

/// Draws a time up to `most`.
pub(crate) fn up_to(most: Duration, random: Random, words: &[&str]) -> Duration {
    most.mul_f64(f64::from(u32::try_from(random.per_thousand(words)).unwrap_or_default()) / 1000.0)
}
