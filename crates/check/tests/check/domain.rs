//! What one template allows and another one needs.

use check::{Link, Surroundings, Template, check_within};
use serde_json::{Value, json};
use tree::{Origin, Tree};

/// Checks a role, the policy that another template gives it, and the machine of a third that takes it, as the toolkit does.
fn findings(action: &str, links: bool) -> Vec<String> {
    let tree = |json: Value| Tree::from_json(json, Origin::Unknown);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let identity = tree(json!({
        "Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}},
        "Outputs": {"Name": {"Value": {"Ref": "Role"}}, "Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}}
    }));
    let allow = json!({"Effect": "Allow", "Action": action, "Resource": {"Fn::GetAtt": ["Tasks", "Arn"]}});
    let fleet = tree(json!({
        "Parameters": {"RoleName": {"Type": "String"}},
        "Resources": {
            "Tasks": {"Type": "AWS::SQS::Queue"},
            "Send": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "send", "Roles": [{"Ref": "RoleName"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}}}
        },
        "Outputs": {"Url": {"Value": {"Ref": "Tasks"}}}
    }));
    let send = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
        "Parameters": {"QueueUrl": {"Ref": "TasksUrl"}, "MessageBody": "start"}});
    let jobs = tree(json!({
        "Parameters": {"RoleArn": {"Type": "String"}, "TasksUrl": {"Type": "String"}},
        "Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "RoleArn": {"Ref": "RoleArn"}, "Definition": {"StartAt": "Send", "States": {"Send": send}}}}}
    }));
    let link = |template, parameter, from, output| Link { template, parameter, from, output };
    let links = if links {
        vec![
            link("fleet", "RoleName", "identity", "Name"),
            link("jobs", "RoleArn", "identity", "Arn"),
            link("jobs", "TasksUrl", "fleet", "Url"),
        ]
    } else {
        Vec::new()
    };
    let templates = [("identity", &identity), ("fleet", &fleet), ("jobs", &jobs)];
    let templates = templates.map(|(name, tree)| Template { name, tree });
    let found = check_within(&templates, &Surroundings { links, ..Surroundings::default() });
    found.into_iter().filter(|one| !one.rule.starts_with("security/")).map(|one| one.to_string()).collect()
}

#[test]
fn a_permission_of_another_template_counts() {
    assert_eq!(findings("sqs:SendMessage", true), super::NOTHING);
}

#[test]
fn a_permission_that_no_template_gives_is_missed() {
    assert_eq!(
        findings("sqs:GetQueueUrl", true),
        ["error[states/permission]: the task calls it, but role `Role` is not allowed `sqs:SendMessage` \
          (jobs, Resources/Machine/Properties/Definition/States/Send/Resource)"]
    );
}

#[test]
fn nothing_is_missed_where_nobody_knows_who_is_meant() {
    assert_eq!(findings("sqs:GetQueueUrl", false), super::NOTHING);
}
