//! Every IAM policy document of an environment's templates, wherever it is, as parliament can read it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::literals::Literals;

/// A policy document, and which resource holds it.
#[derive(Debug, PartialEq)]
pub struct Policy {
    pub stack: String,
    pub logical_id: String,
    /// Where it is in the resource: `Properties.Policies.0.PolicyDocument`.
    pub path: String,
    /// Whether it says what an identity may do. Others say who may use the thing that they belong to.
    pub identity: bool,
    pub document: Value,
}

/// Finds the policies of an environment; `templates` are its templates by stack.
pub fn policies(templates: &BTreeMap<String, Value>) -> Vec<Policy> {
    let mut found = Vec::new();
    for (stack, template) in templates {
        let literals = Literals { templates, stack };
        for (logical_id, resource) in template["Resources"].as_object().into_iter().flatten() {
            let resource_type = resource["Type"].as_str().unwrap_or_default();
            let bounds = resource_type == "AWS::IAM::ManagedPolicy" && !is_attached(template, logical_id);
            let Some(properties) = literals.resolve(&resource["Properties"]) else { continue };
            walk("Properties", &properties, &mut |path, document| {
                let trust = path.ends_with("AssumeRolePolicyDocument");
                found.push(Policy {
                    stack: stack.clone(),
                    logical_id: logical_id.clone(),
                    path: path.to_owned(),
                    identity: resource_type.starts_with("AWS::IAM::") && !trust && !bounds,
                    document: completed(document.clone(), trust, resource_type),
                });
            });
        }
    }
    found
}

/// Tells whether a managed policy allows anybody anything. One that is attached to nobody is a boundary, which allows nothing.
fn is_attached(template: &Value, logical_id: &str) -> bool {
    let own = &template["Resources"][logical_id]["Properties"];
    let by_itself = ["Groups", "Roles", "Users"].iter().any(|who| !own[who].is_null());
    let resources = template["Resources"].as_object();
    by_itself
        || resources.into_iter().flatten().any(|(_, resource)| {
            let attached = resource["Properties"]["ManagedPolicyArns"].as_array();
            attached.into_iter().flatten().any(|arn| arn["Ref"] == logical_id)
        })
}

fn walk(path: &str, value: &Value, found: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(map) if is_policy(map) => found(path, map),
        Value::Object(map) => map.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| walk(&format!("{path}.{at}"), item, found));
        }
        // Some types take their policy as text.
        Value::String(text) if text.trim_start().starts_with('{') => {
            if let Ok(value @ Value::Object(_)) = serde_json::from_str(text) {
                walk(path, &value, found);
            }
        }
        _ => {}
    }
}

fn is_policy(map: &Map<String, Value>) -> bool {
    match map.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().any(|statement| statement.get("Effect").is_some()),
        Some(statement) => statement.get("Effect").is_some(),
        None => false,
    }
}

/// Says in full what the place of a policy implies, and parliament does not know.
fn completed(mut document: Map<String, Value>, trust: bool, resource_type: &str) -> Value {
    let statements = match document.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.iter_mut().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    for statement in statements.into_iter().filter_map(Value::as_object_mut) {
        if trust {
            // A trust policy names no resource, since it belongs to the role.
            statement.entry("Resource").or_insert_with(|| json!("arn:aws:iam::123456789012:role/this"));
        } else if resource_type == "AWS::KMS::Key" && [json!("*"), json!(["*"])].contains(&statement["Resource"]) {
            // In a key policy, `*` is this key (KMS developer guide, "Key policies").
            let this = "arn:aws:kms:ap-northeast-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
            statement["Resource"] = json!(this);
        }
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_resource(resource_type: &str, properties: &Value) -> Vec<Policy> {
        let template = json!({ "Resources": { "It": { "Type": resource_type, "Properties": properties } } });
        policies(&[("stack".to_owned(), template)].into())
    }

    fn statement(resource: &Value) -> Value {
        json!({ "Statement": [{ "Effect": "Allow", "Action": "a:B", "Resource": resource }] })
    }

    #[test]
    fn policies_are_found_wherever_they_are() {
        let properties = json!({
            "Policies": [{ "PolicyName": "one", "PolicyDocument": statement(&json!("*")) }],
            "AssumeRolePolicyDocument": { "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole" } },
            "Text": statement(&json!("*")).to_string(),
            "Statement": "no policy",
        });
        let found = in_resource("AWS::IAM::Role", &properties);
        let paths: Vec<_> = found.iter().map(|policy| policy.path.as_str()).collect();
        assert_eq!(
            paths,
            ["Properties.Policies.0.PolicyDocument", "Properties.AssumeRolePolicyDocument", "Properties.Text"]
        );
    }

    #[test]
    fn a_trust_policy_gets_the_role_that_it_is_about() {
        let properties =
            json!({ "AssumeRolePolicyDocument": { "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole" } } });
        let found = in_resource("AWS::IAM::Role", &properties);
        assert!(!found[0].identity);
        assert_eq!(found[0].document["Statement"]["Resource"], "arn:aws:iam::123456789012:role/this");
    }

    #[test]
    fn a_star_in_a_key_policy_is_the_key_and_elsewhere_stays() {
        let policy = |resource_type| in_resource(resource_type, &json!({ "P": statement(&json!("*")) })).remove(0);
        assert_ne!(policy("AWS::KMS::Key").document["Statement"][0]["Resource"], "*");
        assert_eq!(policy("AWS::EC2::VPCEndpoint").document["Statement"][0]["Resource"], "*");
    }

    #[test]
    fn a_managed_policy_that_is_attached_to_nobody_bounds() {
        let policy = json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": { "P": statement(&json!("*")) } });
        let role = json!({ "Type": "AWS::IAM::Role", "Properties": { "ManagedPolicyArns": [{ "Ref": "Rights" }] } });
        let template = json!({ "Resources": { "Bounds": policy, "Rights": policy, "Role": role } });
        let found = policies(&[("identity".to_owned(), template)].into());
        let identity: Vec<_> = found.iter().map(|policy| (policy.logical_id.as_str(), policy.identity)).collect();
        assert_eq!(identity, [("Bounds", false), ("Rights", true)]);
    }

    #[test]
    fn intrinsic_functions_are_replaced_first() {
        let properties = json!({ "P": statement(&json!([{ "Fn::GetAtt": ["It", "Arn"] }])) });
        let found = in_resource("AWS::S3::Bucket", &properties);
        assert_eq!(found[0].document, statement(&json!(["arn:aws:s3:::It"])));
    }
}
