//! Security where a look at one property is not enough: conditions, intrinsic functions, and resources that stand beside
//! the one in question. Each rule's own examples are checked with all others.

use check::{Link, Surroundings, Template, check_within};
use serde_json::{Value, json};
use tree::{Origin, Tree};

/// Lists the findings of one rule, with their places and messages.
fn found(rule: &str, template: Value) -> Vec<String> {
    found_in(rule, &[("example", template)], &Surroundings::default())
}

fn found_in(rule: &str, templates: &[(&str, Value)], surroundings: &Surroundings<'_>) -> Vec<String> {
    let trees: Vec<_> =
        templates.iter().map(|(name, json)| (*name, Tree::from_json(json.clone(), Origin::Unknown))).collect();
    let templates: Vec<_> = trees.iter().map(|(name, tree)| Template { name, tree }).collect();
    let rule = format!("security/{rule}");
    let findings = check_within(&templates, surroundings).into_iter().filter(|finding| finding.rule == rule);
    findings.map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
}

fn deny_without_tls(effect: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Principal": {"AWS": "*"}, "Action": "*",
        "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]})
}

#[test]
fn the_policy_of_a_queue_stands_beside_it() {
    let template = |queues: Value, effect: &str| {
        json!({"Resources": {
            "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "tasks"}},
            "Policy": {"Type": "AWS::SQS::QueuePolicy",
                "Properties": {"Queues": queues, "PolicyDocument": deny_without_tls(effect)}}
        }})
    };
    assert_eq!(found("tls-only", template(json!([{"Ref": "Tasks"}]), "Deny")), super::NOTHING);
    let by_name = json!(["https://sqs.eu-west-1.amazonaws.com/123456789012/tasks"]);
    assert_eq!(found("tls-only", template(by_name, "Deny")), super::NOTHING);
    assert_eq!(found("tls-only", template(json!([{"Ref": "Tasks"}]), "Allow")).len(), 1);
    assert_eq!(found("tls-only", template(json!(["elsewhere"]), "Deny")).len(), 1);
}

#[test]
fn a_policy_that_is_not_always_there_does_not_count() {
    let template = |condition: Value, own: Value| {
        json!({
            "Parameters": {"Stage": {"Type": "String"}},
            "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
            "Resources": {
                "Videos": {"Type": "AWS::S3::Bucket", "Condition": own},
                "Policy": {"Type": "AWS::S3::BucketPolicy", "Condition": condition,
                    "Properties": {"Bucket": {"Ref": "Videos"}, "PolicyDocument": deny_without_tls("Deny")}}
            }
        })
    };
    assert_eq!(found("tls-only", template(json!("IsProd"), json!("IsProd"))), super::NOTHING);
    let mut always = template(json!("IsProd"), json!("IsProd"));
    if let Some(bucket) = always.pointer_mut("/Resources/Videos").and_then(Value::as_object_mut) {
        bucket.remove("Condition");
    }
    assert_eq!(found("tls-only", always).len(), 1);
}

#[test]
fn a_dead_letter_queue_needs_none_also_across_stacks() {
    let letters = json!({
        "Resources": {"DeadLetters": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}}
    });
    let tasks = json!({
        "Parameters": {"DeadLetters": {"Type": "String"}},
        "Resources": {"Tasks": {"Type": "AWS::SQS::Queue", "Properties": {
            "RedrivePolicy": {"deadLetterTargetArn": {"Ref": "DeadLetters"}, "maxReceiveCount": 5}}}}
    });
    let templates = [("letters", letters), ("tasks", tasks)];
    assert_eq!(found_in("dead-letter-queue", &templates, &Surroundings::default()).len(), 1);
    let link = Link { template: "tasks", parameter: "DeadLetters", from: "letters", output: "Arn" };
    let linked = Surroundings { links: vec![link], ..Surroundings::default() };
    assert_eq!(found_in("dead-letter-queue", &templates, &linked), super::NOTHING);
}

#[test]
fn the_bucket_of_access_logs_logs_nothing_itself() {
    let template = json!({"Resources": {
        "Logs": {"Type": "AWS::S3::Bucket"},
        "Videos": {"Type": "AWS::S3::Bucket",
            "Properties": {"LoggingConfiguration": {"DestinationBucketName": {"Ref": "Logs"}}}}
    }});
    assert_eq!(found("access-logs", template.clone()), super::NOTHING);
    let keys = found("customer-managed-key", template);
    assert!(matches!(keys.as_slice(), [one] if one.starts_with("Resources/Videos/")), "{keys:#?}");
}

#[test]
fn a_switch_that_only_the_stack_knows_is_not_judged_but_each_branch_is() {
    let template = |encrypted: Value| {
        json!({
            "Parameters": {"Stage": {"Type": "String"}, "Encrypted": {"Type": "String"}},
            "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
            "Resources": {"Work": {"Type": "AWS::EC2::Volume",
                "Properties": {"AvailabilityZone": "eu-west-1a", "Size": 1, "Encrypted": encrypted}}}
        })
    };
    assert_eq!(found("encryption-at-rest", template(json!({"Ref": "Encrypted"}))), super::NOTHING);
    assert_eq!(found("encryption-at-rest", template(json!("true"))), super::NOTHING);
    assert_eq!(
        found("encryption-at-rest", template(json!({"Fn::If": ["IsProd", true, {"Ref": "AWS::NoValue"}]}))),
        ["Resources/Work/Properties/Encrypted: encryption at rest is off (`Encrypted` is absent): data is stored \
             unencrypted, when `IsProd` is false"]
    );
}

#[test]
fn conditions_of_policies_say_who_everyone_is() {
    let template = |principal: Value, condition: Value| {
        json!({"Resources": {"Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {
            "Topics": ["arn:aws:sns:eu-west-1:123456789012:done"],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": principal,
                "Action": "sns:Publish", "Resource": "*", "Condition": condition}}}}}})
    };
    for (principal, condition, is_public) in [
        (json!("*"), json!({}), true),
        (json!({"AWS": ["*"]}), json!({}), true),
        (json!({"AWS": "arn:aws:iam::123456789012:root"}), json!({}), false),
        (json!("*"), json!({"StringEquals": {"AWS:SourceOwner": "123456789012"}}), false),
        (json!("*"), json!({"ArnLike": {"aws:SourceArn": "*"}}), true),
        (json!("*"), json!({"StringNotEquals": {"aws:PrincipalAccount": "123456789012"}}), true),
        (json!("*"), json!({"Bool": {"aws:SecureTransport": "true"}}), true),
        (json!("*"), json!({"Ref": "Unknown"}), false),
    ] {
        let findings = found("public-policy", template(principal.clone(), condition.clone()));
        assert_eq!(!findings.is_empty(), is_public, "{principal} {condition}: {findings:?}");
    }
}

#[test]
fn policies_are_read_also_as_text() {
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "logs:*",
        "Resource": "*"}]}"#;
    let template = json!({"Resources": {"Policy": {"Type": "AWS::Logs::ResourcePolicy",
        "Properties": {"PolicyName": "all", "PolicyDocument": text}}}});
    assert_eq!(
        found("public-policy", template),
        ["Resources/Policy/Properties/PolicyDocument/Statement/0/Principal: the principal is `*` and no condition \
             limits the callers: everyone is allowed `logs:*`"]
    );
}

#[test]
fn what_can_be_limited_to_resources_is_told_from_what_cannot() {
    let template = |actions: Value, resource: Value| {
        json!({"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "own", "Roles": ["worker"],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": actions, "Resource": resource}]}}}}})
    };
    for (actions, count) in [
        (json!("ec2:DescribeInstances"), 0),
        (json!("ec2:Describe*"), 0),
        (json!(["cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "states:SendTaskSuccess"]), 0),
        (json!("ec2:TerminateInstances"), 1),
        (json!("s3:Get*"), 1),
        (json!("nosuchservice:Do"), 0),
    ] {
        assert_eq!(found("iam-any-resource", template(actions.clone(), json!("*"))).len(), count, "{actions}");
        let named = json!({"Fn::GetAtt": ["Videos", "Arn"]});
        assert_eq!(found("iam-any-resource", template(actions, named)), super::NOTHING);
    }
}

#[test]
fn functions_that_nobody_calls_asynchronously_lose_no_calls() {
    let function = json!({"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.14", "Handler": "a.b",
        "Role": "arn:aws:iam::123456789012:role/a", "Code": {"ZipFile": "pass"}}});
    let beside = |other: Value| json!({"Resources": {"Work": function, "Other": other}});
    let mapping = json!({"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Work"},
        "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:tasks"}});
    let custom = json!({"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Work", "Arn"]}}});
    let topic = json!({"Type": "AWS::SNS::Topic"});
    assert_eq!(found("failed-events", beside(mapping)), super::NOTHING);
    assert_eq!(found("failed-events", beside(custom)), super::NOTHING);
    assert_eq!(found("failed-events", beside(topic)).len(), 1);
}

#[test]
fn messages_begin_with_the_property_and_what_it_is() {
    let bucket = |versioning: Value| {
        json!({"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties":
        {"VersioningConfiguration": versioning}}}})
    };
    let at = "Resources/Videos/Properties/VersioningConfiguration/Status: versioning is off";
    let lost = "objects that are overwritten or deleted are lost";
    assert_eq!(
        found("versioning", bucket(json!({"Status": "Suspended"}))),
        [format!("{at} (`Status` is `Suspended`): {lost}")]
    );
    assert_eq!(found("versioning", bucket(json!({}))), [format!("{at} (`Status` is absent): {lost}")]);
    assert_eq!(
        found("versioning", json!({"Resources": {"Videos": {"Type": "AWS::S3::Bucket"}}})),
        [format!("Resources/Videos/Properties: versioning is off (the resource has no `Properties`): {lost}")]
    );
    let default =
        |properties: Value| json!({"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": properties}}});
    let encrypted = json!({"BucketEncryption": {"ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}});
    let messages = found("customer-managed-key", default(encrypted));
    assert!(matches!(messages.as_slice(), [one] if one.contains("(`SSEAlgorithm` is `AES256`)")), "{messages:#?}");
}
