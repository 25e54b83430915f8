//! Holds the roles that deploy to what they promise: enough for each resource, and no way to more.

use serde_json::Value;
use stacks::{Environment, deployer};

use crate::support::{environment, environments, resource, resources};

fn deployed_by_github() -> impl Iterator<Item = Environment> {
    environments().into_iter().filter(|environment| environment.deployer.is_some())
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        _ => vec![value.as_str().unwrap().to_owned()],
    }
}

/// The actions that statements of a document allow.
fn allowed(document: &Value) -> Vec<String> {
    let statements = document["Statement"].as_array().unwrap().iter();
    statements
        .filter(|statement| statement["Effect"] == "Allow")
        .flat_map(|statement| texts(&statement["Action"]))
        .collect()
}

/// Tells whether a pattern of actions has an action, in capitals or not.
fn has(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let pieces: Vec<_> = pattern.split('*').collect();
    let [first, middle @ .., last] = &pieces[..] else { return pattern == action };
    let Some(mut rest) = action.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    middle.iter().all(|piece| {
        rest.find(piece).is_some_and(|at| {
            rest = &rest[at + piece.len()..];
            true
        })
    })
}

/// What the execution role may do.
fn execution(environment: &Environment) -> Vec<String> {
    let policies =
        resources(environment).into_iter().filter(|(stack, id, _)| stack == "deployer" && id.starts_with("Makes"));
    policies.flat_map(|(_, _, policy)| allowed(&policy["Properties"]["PolicyDocument"])).collect()
}

#[test]
fn each_action_that_a_type_takes_has_a_place() {
    for environment in deployed_by_github() {
        let allowed = execution(&environment);
        let taken = deployer::taken(&stacks::app(&environment), &environment);
        let is_missing = |action: &&String| !allowed.iter().any(|pattern| has(pattern, action));
        let missing: Vec<_> = taken.iter().filter(is_missing).collect();
        assert!(missing.is_empty() && taken.len() > 200, "{}: {missing:#?}", environment.name);
    }
}

/// Where people deploy, nobody is bound; were it otherwise, each kind of fleet and of network would find what it takes.
#[test]
fn other_environments_could_be_deployed_as_well() {
    let settings = environment("prod").deployer;
    for mut environment in environments() {
        environment.deployer.clone_from(&settings);
        let allowed = execution(&environment);
        let taken = deployer::taken(&stacks::app(&environment), &environment);
        let missing: Vec<_> =
            taken.iter().filter(|action| !allowed.iter().any(|pattern| has(pattern, action))).collect();
        assert!(missing.is_empty(), "{}: {missing:#?}", environment.name);
    }
}

#[test]
fn what_is_left_out_is_what_a_schema_names() {
    let left: Vec<_> = deployer::LEFT_OUT
        .iter()
        .filter(|pattern| {
            let mut all = schemas::type_names().flat_map(|name| schemas::handlers::called(name, |_| true));
            !all.any(|action| has(pattern, &action))
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn execution_reads_nothing_that_resources_hold() {
    for environment in deployed_by_github() {
        let allowed = execution(&environment);
        for action in [
            "s3:GetObject",
            "dynamodb:GetItem",
            "dynamodb:Query",
            "sqs:ReceiveMessage",
            "logs:GetLogEvents",
            "ssm:SendCommand",
            "ssm:StartSession",
            "states:GetExecutionHistory",
            "iam:CreateUser",
            "iam:CreatePolicyVersion",
            "iam:DeleteRolePermissionsBoundary",
            "sts:AssumeRole",
        ] {
            let by = allowed.iter().find(|pattern| has(pattern, action));
            assert_eq!(by, None, "{}: {action}", environment.name);
        }
    }
}

#[test]
fn bounds_have_room_for_each_role() {
    for environment in deployed_by_github() {
        let bounds = allowed(&resource(&environment, "deployer", "Boundary")["Properties"]["PolicyDocument"]);
        let all = resources(&environment);
        let others = all.iter().filter(|(stack, ..)| stack != "deployer");
        for (stack, id, resource) in others {
            let properties = &resource["Properties"];
            match resource["Type"].as_str().unwrap() {
                "AWS::IAM::Role" => {
                    assert_eq!(
                        properties["PermissionsBoundary"],
                        serde_json::json!({ "Ref": "DeployerBoundary" }),
                        "{id}"
                    );
                }
                "AWS::IAM::Policy" => {
                    let within = |action: &String| bounds.iter().any(|pattern| has(pattern, action));
                    let beyond: Vec<_> =
                        allowed(&properties["PolicyDocument"]).into_iter().filter(|action| !within(action)).collect();
                    assert!(beyond.is_empty(), "{}/{stack}/{id}: {beyond:?}", environment.name);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn only_the_repository_is_trusted_and_only_for_one_environment() {
    for environment in deployed_by_github() {
        let trusted = |role: &str| {
            let role = resource(&environment, "deployer", role);
            let statement = &role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
            assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
            let tests = statement["Condition"].as_object().unwrap();
            assert_eq!(tests.keys().collect::<Vec<_>>(), ["StringEquals"], "no pattern");
            let equal = &tests["StringEquals"];
            assert_eq!(texts(&equal["token.actions.githubusercontent.com:aud"]), ["sts.amazonaws.com"]);
            texts(&equal["token.actions.githubusercontent.com:sub"])
        };
        let name = &environment.name;
        assert_eq!(trusted("Deployer"), [format!("repo:example/baleen:environment:{name}")]);
        assert_eq!(trusted("Reader"), ["repo:example/baleen:pull_request", "repo:example/baleen:ref:refs/heads/main"]);
    }
}

/// A managed policy has 6,144 characters at most, white space aside ("IAM and AWS STS quotas"). References are longer
/// here than what they give.
#[test]
fn policies_are_not_too_long() {
    for environment in deployed_by_github() {
        for (stack, id, policy) in resources(&environment) {
            let length = policy["Properties"]["PolicyDocument"].to_string().len();
            assert!(policy["Type"] != "AWS::IAM::ManagedPolicy" || length <= 6144, "{stack}/{id}: {length}");
        }
    }
}
