//! Holds keys, roles and policies to what they promise, in every environment.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stacks::Environment;

use crate::support::{environment, environments, of_type, resource, resources};

/// Buckets that AWS's own keys encrypt: one is there before any key, logs are not delivered to the others otherwise.
const OF_AWS: [&str; 4] = ["Artifacts", "Locks", "Logs", "ViewersLog"];

/// The statements of a policy document.
fn statements(document: &Value) -> &Vec<Value> {
    document["Statement"].as_array().unwrap()
}

/// The statements of all policies of roles: logical id, statement.
fn granted(environment: &Environment) -> Vec<(String, Value)> {
    let policies = of_type(environment, "AWS::IAM::Policy").into_iter();
    let all = policies.flat_map(|(id, policy)| {
        let all = statements(&policy["Properties"]["PolicyDocument"]).clone();
        all.into_iter().map(move |statement| (id.clone(), statement))
    });
    all.collect()
}

/// The texts of an element that may be one or many.
fn texts(element: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    element.as_array().map_or_else(|| vec![text(element)], |many| many.iter().map(text).collect())
}

#[test]
fn all_that_is_stored_is_encrypted_by_keys_of_ones_own_where_there_are_any() {
    let places: [(&str, &[&str]); 6] = [
        ("AWS::DynamoDB::Table", &["SSESpecification", "KMSMasterKeyId"]),
        ("AWS::Lambda::Function", &["KmsKeyArn"]),
        ("AWS::Logs::LogGroup", &["KmsKeyId"]),
        ("AWS::S3::Bucket", &["BucketEncryption", "ServerSideEncryptionConfiguration"]),
        ("AWS::SNS::Topic", &["KmsMasterKeyId"]),
        ("AWS::SQS::Queue", &["KmsMasterKeyId"]),
    ];
    for environment in environments() {
        for (kind, place) in places {
            for (id, resource) in of_type(&environment, kind) {
                if kind == "AWS::Lambda::Function" && resource["Properties"].get("Environment").is_none() {
                    // It has nothing to encrypt.
                    continue;
                }
                let key = place.iter().fold(&resource["Properties"], |value, name| &value[name]);
                let key = key.get(0).map_or(key, |rule| &rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]);
                let own = environment.keys.is_some() && !OF_AWS.contains(&id.as_str());
                assert_eq!(!key.is_null(), own, "{}: {id}: {key}", environment.name);
            }
        }
    }
    for (id, bucket) in of_type(&environment("prod"), "AWS::S3::Bucket") {
        let rule = &bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
        assert_eq!(rule["BucketKeyEnabled"] == true, !OF_AWS.contains(&id.as_str()), "{id}");
    }
}

#[test]
fn keys_are_rotated_and_named_services_use_them_for_this_account() {
    for name in ["prod", "spot-fleet", "instance"] {
        for (id, key) in of_type(&environment(name), "AWS::KMS::Key") {
            let properties = &key["Properties"];
            assert_eq!(properties["EnableKeyRotation"], true, "{id}");
            for statement in statements(&properties["KeyPolicy"]) {
                let principal = &statement["Principal"];
                assert_ne!(principal, "*", "{id}");
                assert_ne!(principal["AWS"], "*", "{id}");
                if principal.get("Service").is_some() {
                    let condition = statement["Condition"].to_string();
                    assert!(condition.contains("AWS::AccountId"), "{id}: {statement}");
                } else if texts(&statement["Action"]) == ["kms:*"] {
                    let root = json!({ "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" });
                    assert_eq!(principal["AWS"], root, "{id}");
                }
            }
        }
    }
}

#[test]
fn whoever_starts_instances_may_use_the_key_of_their_disks() {
    for (name, role) in [
        ("prod", "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
        ("spot-fleet", "spotfleet.amazonaws.com/${FleetRole}"),
    ] {
        let key = resource(&environment(name), "keys", "DisksKey");
        let grants = statements(&key["Properties"]["KeyPolicy"]).iter().filter(|statement| {
            statement["Action"] == json!(["kms:CreateGrant"])
                && statement["Principal"]["AWS"]["Fn::Sub"].as_str().is_some_and(|arn| arn.ends_with(role))
                && statement["Condition"] == json!({ "Bool": { "kms:GrantIsForAWSResource": "true" } })
        });
        assert_eq!(grants.count(), 1, "{name}");
    }
    let single = resource(&environment("instance"), "keys", "DisksKey");
    assert_eq!(statements(&single["Properties"]["KeyPolicy"]).len(), 1);
}

#[test]
fn roles_use_keys_through_the_services_that_store_what_they_encrypt() {
    for environment in environments() {
        let uses: Vec<_> = granted(&environment)
            .into_iter()
            .filter(|(_, statement)| texts(&statement["Action"]).iter().any(|action| action.starts_with("kms:")))
            .collect();
        assert_eq!(uses.is_empty(), environment.keys.is_none(), "{}", environment.name);
        for (id, statement) in uses {
            assert!(statement["Condition"]["StringEquals"]["kms:ViaService"].is_array(), "{id}");
            assert_ne!(statement["Resource"], "*", "{id}");
        }
    }
}

#[test]
fn commands_go_to_own_documents_and_own_instances_only() {
    for environment in environments() {
        let mut on_instances = 0;
        for (id, statement) in granted(&environment) {
            if !texts(&statement["Action"]).contains(&"ssm:SendCommand".to_owned()) {
                continue;
            }
            for resource in texts(&statement["Resource"]) {
                assert_ne!(resource, "*", "{id}");
                // Whoever takes over an instance must not be able to have others install what they like.
                let to_any_of = resource.contains(":document/") && resource.contains('*');
                assert!(!to_any_of || resource.contains("-enhance-*"), "{id}: {resource}");
                if resource.contains(":instance/") {
                    let tags = &statement["Condition"]["StringEquals"];
                    assert_eq!(tags["ssm:resourceTag/app"], json!(["baleen"]), "{id}");
                    assert_eq!(tags["ssm:resourceTag/environment"], json!([environment.name]), "{id}");
                    on_instances += 1;
                }
            }
        }
        assert!(on_instances > 0, "{}", environment.name);
    }
}

#[test]
fn agents_come_from_the_bucket_of_artifacts_and_from_no_other() {
    for id in ["InstallAgent", "UpgradeAgent"] {
        let document = resource(&environment("prod"), "commands", id);
        let parameter = &document["Properties"]["Content"]["parameters"]["ArtifactBucket"];
        assert_eq!(parameter["allowedValues"], json!([{ "Ref": "BootstrapArtifacts" }]), "{id}");
    }
}

#[test]
fn roles_are_passed_on_to_named_services_only() {
    for environment in environments() {
        for (id, statement) in granted(&environment) {
            if texts(&statement["Action"]).contains(&"iam:PassRole".to_owned()) {
                assert_ne!(statement["Resource"], "*", "{id}");
                assert!(statement["Condition"]["StringEquals"]["iam:PassedToService"].is_array(), "{id}");
            }
        }
    }
}

#[test]
fn services_take_roles_for_this_account_only_where_they_say_for_whom() {
    // These do not say so.
    let silent =
        ["cloudformation.amazonaws.com", "ec2.amazonaws.com", "lambda.amazonaws.com", "spotfleet.amazonaws.com"];
    for environment in environments() {
        for (id, role) in of_type(&environment, "AWS::IAM::Role") {
            for statement in statements(&role["Properties"]["AssumeRolePolicyDocument"]) {
                // Whom an identity provider lets in, `deployer` tests.
                if !statement["Principal"]["Federated"].is_null() {
                    continue;
                }
                let service = statement["Principal"]["Service"].as_str().unwrap();
                let account = &statement["Condition"]["StringEquals"]["aws:SourceAccount"];
                assert_eq!(account.is_array(), !silent.contains(&service), "{id}: {service}");
            }
        }
    }
}

/// IAM counts the characters of all inline policies of a role, white space aside ("IAM and AWS STS quotas"). What is known
/// at deployment only is counted as an ARN of 100 characters.
#[test]
fn the_policies_of_a_role_are_not_too_long() {
    fn resolved(value: &Value) -> Value {
        match value {
            Value::Object(members) if members.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {
                json!("x".repeat(100))
            }
            Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), resolved(value))).collect(),
            Value::Array(items) => items.iter().map(resolved).collect(),
            other => other.clone(),
        }
    }
    for environment in environments() {
        let mut lengths: BTreeMap<String, usize> = BTreeMap::new();
        for (stack, _, policy) in resources(&environment) {
            if policy["Type"] == "AWS::IAM::Policy" {
                let length = resolved(&policy["Properties"]["PolicyDocument"]).to_string().len();
                let roles = texts(&policy["Properties"]["Roles"]).into_iter();
                // The same role goes by its logical id in the stack that makes it, and by a parameter elsewhere.
                for role in roles.map(|role| if stack == "identity" { role } else { role.replace("Identity", "") }) {
                    *lengths.entry(role).or_default() += length;
                }
            }
        }
        for (role, length) in lengths {
            assert!(length < 10_240, "{}: {role}: {length} characters", environment.name);
        }
    }
}

#[test]
fn roles_that_are_there_are_not_made() {
    let made = of_type(&environment("exports"), "AWS::IAM::Role");
    let ids: Vec<_> = made.iter().map(|(id, _)| id.as_str()).collect();
    for role in ["WorkerRole", "WorkflowRole", "PackagingRole"] {
        assert!(!ids.contains(&role), "{ids:?}");
    }
    let grant = resource(&environment("exports"), "fleet-blue", "WorkflowSendsTasks");
    assert_eq!(grant["Properties"]["Roles"], json!(["media-workflow"]));
    let named = resource(&environment("existing-network"), "identity", "PackagingRole");
    assert_eq!(named["Properties"]["RoleName"], "baleen-packaging");
}
