//! The templates that are checked and compared: those of prod, with and without edits, and larger ones.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

/// The folders that commands read and write.
pub struct Work {
    /// The templates of prod, as the snapshots have them.
    pub prod: PathBuf,
    pub prod_files: Vec<PathBuf>,
    /// The same, and with edits.
    pub old: PathBuf,
    pub new: PathBuf,
    /// Templates with more and more resources, without and with edits.
    pub growth: Vec<Pair>,
    /// Where our synthesis writes.
    pub out: PathBuf,
    /// Where the peers write.
    pub peer_out: PathBuf,
}

/// Two folders of templates.
pub struct Pair {
    pub old: PathBuf,
    pub new: PathBuf,
}

/// How many resources the larger folders have.
const SIZES: [usize; 2] = [1_000, 10_000];
/// As many as CloudFormation takes in a template.
const RESOURCES_OF_A_TEMPLATE: usize = 500;

/// Writes all of them anew into `.baleen/bench/work`.
pub fn write(root: &Path) -> anyhow::Result<Work> {
    let work = root.join(".baleen/bench/work");
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    let (old, new, prod) = (work.join("old"), work.join("new"), root.join("snapshots/prod"));
    let peer_out = work.join("peers");
    for folder in [&old, &new, &peer_out] {
        std::fs::create_dir_all(folder)?;
    }
    let mut prod_files = Vec::new();
    for entry in std::fs::read_dir(&prod).context("cannot read the snapshots of prod")? {
        let file = entry?.path();
        let is_template = file.extension().is_some_and(|extension| extension == "json");
        let Some(name) = file.file_name().filter(|name| is_template && *name != "manifest.json") else { continue };
        let text = std::fs::read_to_string(&file)?;
        let mut template: Value = serde_json::from_str(&text)?;
        std::fs::write(old.join(name), &text)?;
        edit(&mut template)?;
        std::fs::write(new.join(name), serde_json::to_string_pretty(&template)?)?;
        prod_files.push(file);
    }
    prod_files.sort();
    let growth = SIZES.iter().map(|size| grown(&work, *size)).collect::<anyhow::Result<_>>()?;
    Ok(Work { prod, prod_files, old, new, growth, out: work.join("out"), peer_out })
}

/// Takes the last resource away, and says that the first one is to stay when the stack goes.
fn edit(template: &mut Value) -> anyhow::Result<()> {
    let Some(resources) = template["Resources"].as_object_mut() else { bail!("a template has no resources") };
    let last = resources.keys().next_back().cloned().unwrap_or_default();
    resources.shift_remove(&last);
    if let Some(first) = resources.values_mut().next() {
        first["DeletionPolicy"] = "RetainExceptOnCreate".into();
    }
    Ok(())
}

fn grown(work: &Path, size: usize) -> anyhow::Result<Pair> {
    let pair = Pair { old: work.join(format!("{size}/old")), new: work.join(format!("{size}/new")) };
    for folder in [&pair.old, &pair.new] {
        std::fs::create_dir_all(folder)?;
    }
    for number in 0..size / RESOURCES_OF_A_TEMPLATE {
        let mut template = template(number);
        let name = format!("part-{number}.json");
        std::fs::write(pair.old.join(&name), serde_json::to_string_pretty(&template)?)?;
        edit(&mut template)?;
        std::fs::write(pair.new.join(&name), serde_json::to_string_pretty(&template)?)?;
    }
    Ok(pair)
}

/// Makes a template of groups of four resources that refer to each other: two queues, an alarm and a policy.
fn template(number: usize) -> Value {
    let mut resources = Map::new();
    for group in 0..RESOURCES_OF_A_TEMPLATE / 4 {
        let (queue, dead) = (format!("Queue{group}"), format!("DeadLetters{group}"));
        let tags = json!([{"Key": "app", "Value": "bench"}, {"Key": "part", "Value": number.to_string()}]);
        resources.insert(
            queue.clone(),
            json!({
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "VisibilityTimeout": 300,
                    "SqsManagedSseEnabled": true,
                    "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]}, "maxReceiveCount": 5},
                    "Tags": tags,
                },
            }),
        );
        resources.insert(
            dead.clone(),
            json!({
                "Type": "AWS::SQS::Queue",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"MessageRetentionPeriod": 1_209_600, "SqsManagedSseEnabled": true, "Tags": tags},
            }),
        );
        resources.insert(
            format!("Alarm{group}"),
            json!({
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": [dead, "QueueName"]}}],
                    "Statistic": "Maximum",
                    "Period": 60,
                    "EvaluationPeriods": 5,
                    "ComparisonOperator": "GreaterThanThreshold",
                    "Threshold": 0,
                },
            }),
        );
        resources.insert(
            format!("Policy{group}"),
            json!({
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": queue}],
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "sqs:*",
                            "Resource": {"Fn::GetAtt": [queue, "Arn"]},
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }],
                    },
                },
            }),
        );
    }
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
}
