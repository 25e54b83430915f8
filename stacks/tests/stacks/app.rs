//! Holds the synthesized stacks to what they promise.

use job::item::JobItem;
use job::{ErrorKind, TaskMessage};
use serde_json::{Map, Value, json};
use stacks::environment::{Environment, OnDestroy, Ownership, References};
use stacks::outputs;

use crate::support::{environment, environments, of_type, resource, resources, synth};

#[test]
fn every_environment_is_synthesized_to_the_same_bytes_each_time() {
    for environment in environments() {
        let bytes = || {
            let stacks = synth(&environment).stacks.into_iter();
            stacks.map(|stack| stack.template.to_json_pretty()).collect::<Vec<_>>()
        };
        assert_eq!(bytes(), bytes());
    }
}

#[test]
fn values_go_from_stack_to_stack_as_the_environment_says() {
    for (references, parameters, exports) in [(References::Weak, true, false), (References::Exports, false, true)] {
        let assembly = synth(&Environment { references, ..environment("dev") });
        let jobs = assembly.stack("jobs").unwrap();
        assert_eq!(!jobs.parameters.is_empty(), parameters);
        let templates: String = assembly.stacks.iter().map(|stack| stack.template.to_json_compact()).collect();
        assert_eq!(templates.contains("Fn::ImportValue"), exports);
    }
}

#[test]
fn the_outputs_that_the_command_line_reads_are_there() {
    for environment in environments() {
        let assembly = synth(&environment);
        for output in outputs::ALL {
            let stack = assembly.stack(output.stack).unwrap_or_else(|| panic!("no stack {}", output.stack));
            let found = stack.template.find(["Outputs", output.name]);
            assert!(found.is_some(), "{}: {} has no output {}", environment.name, output.stack, output.name);
        }
    }
}

#[test]
fn what_holds_data_outlives_its_stack_unless_the_environment_may_be_thrown_away() {
    // What a failed deployment made is in the way of the next one.
    for (on_destroy, expected, replaced) in
        [(OnDestroy::Retain, "RetainExceptOnCreate", "Retain"), (OnDestroy::Delete, "Delete", "Delete")]
    {
        let environment = Environment { on_destroy, ..environment("dev") };
        for name in ["AWS::S3::Bucket", "AWS::DynamoDB::Table"] {
            for (id, resource) in of_type(&environment, name) {
                assert_eq!(resource["DeletionPolicy"], expected, "{id}");
                assert_eq!(resource["UpdateReplacePolicy"], replaced, "{id}");
            }
        }
        for (id, table) in of_type(&environment, "AWS::DynamoDB::Table") {
            assert_eq!(table["Properties"]["DeletionProtectionEnabled"], on_destroy == OnDestroy::Retain, "{id}");
        }
    }
}

#[test]
fn every_bucket_is_encrypted_private_versioned_and_tidied_up() {
    let environment = environment("dev");
    for (id, bucket) in of_type(&environment, "AWS::S3::Bucket") {
        let properties = &bucket["Properties"];
        let blocks = properties["PublicAccessBlockConfiguration"].as_object().unwrap();
        assert!(blocks.len() == 4 && blocks.values().all(|block| block == true), "{id}");
        assert_eq!(properties["VersioningConfiguration"]["Status"], "Enabled", "{id}");
        assert!(properties["BucketEncryption"].is_object(), "{id}");
        let rules = properties["LifecycleConfiguration"]["Rules"].as_array().unwrap();
        assert!(rules.iter().any(|rule| rule["AbortIncompleteMultipartUpload"].is_object()), "{id}");
    }
}

#[test]
fn nobody_pays_for_old_versions_of_what_passes() {
    let days = |id: &str| {
        let bucket = resource(&environment("prod"), "storage", id);
        let rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"].as_array().unwrap().clone();
        let found = rules.iter().find_map(|rule| rule["NoncurrentVersionExpiration"]["NoncurrentDays"].as_u64());
        found.unwrap()
    };
    assert_eq!(["Work", "Logs", "Sources", "Enhanced"].map(days), [1, 1, 30, 30]);
}

#[test]
fn buckets_queues_and_topics_refuse_what_does_not_come_by_tls() {
    let environment = environment("dev");
    for (holder, policy) in [
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy"),
    ] {
        let policies = of_type(&environment, policy);
        for (id, _) in of_type(&environment, holder) {
            let (_, policy) = policies.iter().find(|(name, _)| *name == format!("{id}Policy")).unwrap();
            let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap();
            let refuses = |statement: &Value| {
                statement["Effect"] == "Deny"
                    && statement["Principal"] == "*"
                    && statement["Condition"] == json!({ "Bool": { "aws:SecureTransport": "false" } })
            };
            assert!(statements.iter().any(refuses), "{id}");
        }
    }
}

#[test]
fn only_actions_that_know_no_resources_are_allowed_on_all() {
    let mut on_all = Vec::new();
    let policies = environments().into_iter().flat_map(|environment| of_type(&environment, "AWS::IAM::Policy"));
    for (_, resource) in policies {
        for statement in resource["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap() {
            let actions = statement["Action"].as_array().unwrap().iter().filter_map(Value::as_str);
            assert!(actions.clone().all(|action| !action.contains('*')), "{statement}");
            if statement["Resource"] == "*" {
                on_all.extend(actions.map(str::to_owned));
            }
        }
    }
    on_all.sort();
    on_all.dedup();
    let expected = [
        "cloudwatch:PutMetricData",
        "ec2:DescribeSecurityGroupRules",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "ssm:CancelCommand",
        "ssm:DescribeInstanceInformation",
        "ssm:GetCommandInvocation",
        "ssm:ListCommandInvocations",
        "ssm:ListCommands",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ];
    assert_eq!(on_all, expected);
}

#[test]
fn a_role_that_is_there_is_not_made_but_granted_to() {
    let mut environment = environment("dev");
    environment.identity.worker_role = Ownership::Existing;
    environment.identity.worker_role_name = "media-worker".to_owned();
    let roles = of_type(&environment, "AWS::IAM::Role");
    assert!(roles.iter().all(|(id, _)| id != "WorkerRole"), "{roles:?}");
    let grant = resource(&environment, "storage", "WorkerUsesStorage");
    assert_eq!(grant["Properties"]["Roles"], json!(["media-worker"]));
}

#[test]
fn instances_are_there_only_where_the_environment_says_so() {
    let kinds = |name| resources(&environment(name)).into_iter().map(|(_, _, resource)| resource["Type"].clone());
    assert!(
        kinds("local").all(|kind| kind != "AWS::EC2::LaunchTemplate" && kind != "AWS::AutoScaling::AutoScalingGroup")
    );
    assert!(kinds("dev").any(|kind| kind == "AWS::EC2::LaunchTemplate"));
}

#[test]
fn what_the_workflow_writes_is_an_item_of_the_job_table() {
    let states = workflow();
    let item = plain(&sample(&states["Register"]["Arguments"]["Item"]));
    let item: JobItem = serde_json::from_value(item).unwrap();
    assert_eq!(item.recipe, environment("dev").recipe);
    assert_eq!(item.attempt, 0);
    for state in ["RecordSuccess", "RecordFailure", "StartEnhancing", "TakeOver"] {
        let values = sample(&states[state]["Arguments"]["ExpressionAttributeValues"]);
        let state = plain(&values[":state"]);
        serde_json::from_value::<job::JobState>(state.clone()).unwrap_or_else(|error| panic!("{state}: {error}"));
    }
}

#[test]
fn what_the_workflow_sends_is_a_task_message() {
    let body = sample(&workflow()["Enhance"]["Arguments"]["MessageBody"]);
    let message = TaskMessage::parse(&body.to_string()).unwrap();
    assert_eq!(message.recipe, environment("dev").recipe);
}

#[test]
fn failures_are_retried_by_their_kind() {
    let states = workflow();
    let retriers = states["Enhance"]["Retry"].as_array().unwrap();
    let attempts = |error: &str| {
        let names = |retrier: &&Value| {
            let names = retrier["ErrorEquals"].as_array().unwrap();
            names.contains(&json!(error)) || names.contains(&json!("States.ALL"))
        };
        retriers.iter().find(names).and_then(|retrier| retrier["MaxAttempts"].as_u64()).unwrap()
    };
    for (kind, expected) in [
        (ErrorKind::Input, 0),
        (ErrorKind::Internal, 0),
        (ErrorKind::Engine, 1),
        (ErrorKind::Transient, 3),
        (ErrorKind::Interrupted, 3),
        (ErrorKind::Resource, 3),
    ] {
        assert_eq!(attempts(kind.as_str()), expected, "{kind}");
    }
    assert_eq!(attempts(stacks::fleet::DEAD_LETTER_ERROR), 0);
    assert_eq!(attempts("States.Timeout"), 0);
}

#[test]
fn every_error_of_the_workflow_is_caught_until_it_is_told() {
    for (name, state) in &workflow() {
        if state["Type"] == "Task" || state["Type"] == "Map" {
            let catchers = state["Catch"].as_array().unwrap_or_else(|| panic!("{name} catches nothing"));
            assert_eq!(catchers.last().unwrap()["ErrorEquals"], json!(["States.ALL"]), "{name}");
        }
    }
}

fn workflow() -> Map<String, Value> {
    let machine = resource(&environment("dev"), "jobs", "Workflow");
    machine["Properties"]["Definition"]["States"].as_object().unwrap().clone()
}

/// Puts samples in the place of `JSONata` and references.
fn sample(value: &Value) -> Value {
    let source = json!({ "bucket": "sources", "key": "clip.mp4", "version": "v1", "etag": "e", "bytes": 12 });
    match value {
        Value::String(text) if text.starts_with("{% $source.{") => {
            json!({ "bucket": {"S": "sources"}, "key": {"S": "clip.mp4"}, "etag": {"S": "e"}, "bytes": {"N": "12"} })
        }
        Value::String(text) if text == "{% $source %}" => source,
        Value::String(text) if text == "{% $turn %}" => json!(1),
        Value::String(text) if text.starts_with("{% $string(") => json!("1"),
        Value::String(text) if text.starts_with("{%") => json!("text"),
        Value::Object(members) if members.contains_key("Ref") => json!("reference"),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), sample(value))).collect(),
        Value::Array(items) => items.iter().map(sample).collect(),
        other => other.clone(),
    }
}

/// Turns `DynamoDB`'s JSON into plain JSON.
fn plain(attribute: &Value) -> Value {
    let members = attribute.as_object().unwrap();
    match members.iter().next().unwrap() {
        (kind, value) if members.len() == 1 && kind == "S" => value.clone(),
        (kind, value) if members.len() == 1 && kind == "N" => {
            serde_json::from_str(value.as_str().unwrap()).unwrap_or_else(|error| panic!("{value}: {error}"))
        }
        (kind, value) if members.len() == 1 && kind == "M" => plain(value),
        _ => members.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
    }
}
