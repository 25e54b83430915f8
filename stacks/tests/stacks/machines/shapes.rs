//! What services want for arguments. Step Functions refuses others when it runs, and the emulator asks for none.

use serde_json::{Value, json};

/// Says what each argument of a call is, by an example: a list by its first member, a map of any keys by `*`. From the API
/// references.
fn example(call: &str) -> Option<Value> {
    let example = match call {
        "aws-sdk:ssm:describeDocument" => json!({ "Name": "" }),
        "aws-sdk:ssm:describeInstanceInformation" => {
            json!({ "Filters": [{ "Key": "", "Values": [""] }], "MaxResults": 1, "NextToken": "" })
        }
        "aws-sdk:ssm:sendCommand" => json!({
            "DocumentName": "", "DocumentVersion": "", "InstanceIds": [""], "Comment": "", "TimeoutSeconds": 1,
            "Parameters": { "*": [""] },
            "CloudWatchOutputConfig": { "CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": true },
        }),
        "aws-sdk:ssm:getCommandInvocation" => json!({ "CommandId": "", "InstanceId": "" }),
        "aws-sdk:ssm:cancelCommand" => json!({ "CommandId": "", "InstanceIds": [""] }),
        "aws-sdk:cloudwatch:putMetricData" => json!({
            "Namespace": "",
            "MetricData": [{
                "MetricName": "", "Dimensions": [{ "Name": "", "Value": "" }], "Unit": "", "Value": 1,
            }],
        }),
        "aws-sdk:autoscaling:setInstanceProtection" => {
            json!({ "AutoScalingGroupName": "", "InstanceIds": [""], "ProtectedFromScaleIn": true })
        }
        "aws-sdk:dynamodb:batchGetItem" => {
            json!({ "RequestItems": { "*": { "Keys": [{ "*": { "S": "" } }], "ConsistentRead": true } } })
        }
        // Its settings have types of their own.
        "mediaconvert:createJob.sync" => return None,
        _ => panic!("nobody knows the arguments of {call}"),
    };
    Some(example)
}

/// Checks that the arguments of a call are what it takes.
pub fn check(call: &str, arguments: &Value) {
    let Some(example) = example(call) else { return };
    compare(&format!("{call}: "), arguments, &example);
    if let Some(comment) = arguments.get("Comment") {
        assert!(comment.as_str().unwrap().chars().count() <= 100, "{call}: {comment}");
    }
}

fn compare(place: &str, value: &Value, example: &Value) {
    match (value, example) {
        (Value::Object(members), Value::Object(known)) => {
            for (name, member) in members {
                let example = known.get(name).or_else(|| known.get("*"));
                compare(&format!("{place}/{name}"), member, example.unwrap_or_else(|| panic!("{place}: {name}?")));
            }
        }
        (Value::Array(items), Value::Array(examples)) => {
            for item in items {
                compare(&format!("{place}[]"), item, &examples[0]);
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        _ => panic!("{place} is {value}, and would be like {example}"),
    }
}
