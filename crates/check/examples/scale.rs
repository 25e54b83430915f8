//! Measures how the cost of reading and checking grows with the number of resources:
//! `cargo run --release -p check --example scale`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]
#![expect(clippy::disallowed_types, reason = "the crate is pure, its measurement is not")]

use std::time::Instant;

use check::{Template, check};
use serde_json::{Map, Value, json};

fn main() {
    println!("resources      bytes  read ms  check ms  findings");
    for count in [1000, 2000, 5000, 10_000] {
        let text = json!({
            "Parameters": {"Stage": {"Type": "String"}},
            "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
            "Resources": (0..count).map(resource).collect::<Map<_, _>>(),
        })
        .to_string();
        let started = Instant::now();
        let Ok(tree) = tree::parse(&text) else { return };
        let read = started.elapsed();
        let started = Instant::now();
        let findings = check(&[Template { name: "scale", tree: &tree }]);
        let checked = started.elapsed();
        println!(
            "{count:>9} {:>10} {:>8} {:>9} {:>9}",
            text.len(),
            read.as_millis(),
            checked.as_millis(),
            findings.len()
        );
    }
}

/// Queues, roles that may send to them, topics for some stages only, and alarms.
fn resource(number: usize) -> (String, Value) {
    let queue = format!("R{}", number - number % 4);
    let resource = match number % 4 {
        0 => json!({"Type": "AWS::SQS::Queue", "Properties": {
            "QueueName": {"Fn::Sub": format!("${{AWS::StackName}}-{number}")}, "VisibilityTimeout": 30
        }}),
        1 => json!({"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ]},
            "Policies": [{"PolicyName": "send", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": [queue, "Arn"]}}
            ]}}]
        }}),
        2 => json!({"Type": "AWS::SNS::Topic", "Condition": "IsProd", "Properties": {
            "DisplayName": {"Fn::If": ["IsProd", "prod", "dev"]}
        }}),
        _ => json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {
            "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum",
            "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}],
            "Period": 60, "EvaluationPeriods": 1, "Threshold": 100, "ComparisonOperator": "GreaterThanThreshold"
        }}),
    };
    (format!("R{number}"), resource)
}
