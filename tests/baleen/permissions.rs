//! What it takes to deploy, and what roles may do.

use serde_json::Value;

use crate::harness::Checkout;

/// The longest managed policy that IAM takes, in characters without white space.
const QUOTA: usize = 6_144;

fn statements(report: &Value) -> Vec<&Value> {
    let policies = report["policies"].as_array().expect("policies");
    policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements")).collect()
}

fn resources_of<'r>(report: &'r Value, action: &str) -> Vec<&'r str> {
    let has =
        |statement: &&&Value| statement["Action"].as_array().is_some_and(|list| list.iter().any(|own| own == action));
    let found: Vec<_> = statements(report);
    let found: Vec<_> = found.iter().filter(has).collect();
    assert_eq!(found.len(), 1, "{action} is allowed once");
    found[0]["Resource"].as_array().expect("resources").iter().filter_map(Value::as_str).collect()
}

#[test]
fn the_policy_that_deploys_is_bound_to_the_environment() {
    let report = Checkout::new().json(&["permissions", "--env", "prod"]);
    for policy in report["policies"].as_array().expect("policies") {
        assert!(policy.to_string().len() <= QUOTA);
    }
    let account = "ap-northeast-2:444455556666";
    assert_eq!(resources_of(&report, "sqs:CreateQueue"), [format!("arn:aws:sqs:{account}:baleen-prod-*")]);
    assert_eq!(
        resources_of(&report, "cloudformation:ExecuteChangeSet"),
        [format!("arn:aws:cloudformation:{account}:stack/baleen-prod-*/*")]
    );
    let lock = format!("arn:aws:dynamodb:{account}:table/baleen-prod-bootstrap-Locks-*");
    let is_lock = |statement: &&Value| statement["Resource"][0] == lock.as_str();
    assert!(statements(&report).iter().any(is_lock), "the lock of the environment, and no other table");
    assert_eq!(
        resources_of(&report, "iam:CreateRole"),
        ["arn:aws:iam::444455556666:role/EC2-SSM-ROLE", "arn:aws:iam::444455556666:role/baleen-prod-*"]
    );
    assert!(resources_of(&report, "kms:CreateAlias").iter().all(|arn| !arn.contains("alias/alias")));
    let unbound = ["iam:PutUserPolicy", "iam:PutGroupPolicy", "dynamodb:ImportTable"];
    assert!(unbound.iter().all(|action| report["actions"].get(action).is_none()), "what is not used is not allowed");
}

#[test]
fn roles_are_passed_to_the_services_that_they_trust() {
    let report = Checkout::new().json(&["permissions", "--env", "dev"]);
    let statements = statements(&report);
    let pass = statements.iter().find(|statement| statement["Action"][0] == "iam:PassRole").expect("a statement");
    let services = pass["Condition"]["StringEquals"]["iam:PassedToService"].as_array().expect("services");
    assert!(services.iter().any(|service| service == "ec2.amazonaws.com"), "{services:?}");
    assert!(!pass["Resource"].to_string().contains("\"*\""), "{pass}");
}

#[test]
fn a_role_is_described_in_plain_words_with_the_lines_that_say_so() {
    let output = Checkout::new().run(&["permissions", "--env", "local", "--for-role", "jobs/DeadLetterFunctionRole"]);
    let unknown = output.to_string();
    assert!(unknown.contains("there is no role `jobs/DeadLetterFunctionRole`"), "{unknown}");
    let output = Checkout::new().run(&["permissions", "--env", "local", "--for-role", "WorkerRole"]);
    // Which line it is changes with every change of the file.
    let words = |line: &str| line.split_once(".rs:").map_or(line.to_owned(), |(words, _)| format!("{words}.rs"));
    let said: Vec<_> = output.stdout.lines().map(words).collect();
    let wanted = [
        "identity/WorkerRole",
        "  the service ec2.amazonaws.com may sts:AssumeRole  stacks/identity.rs",
        "  may s3:ListBucket on Sources, Work, Enhanced  stacks/storage.rs",
        "  may states:SendTaskFailure, states:SendTaskHeartbeat, states:SendTaskSuccess on Workflow  stacks/jobs.rs",
    ];
    assert!(wanted.iter().all(|line| said.iter().any(|own| own == line)), "{output}");
}
