//! What a resource has beside its properties.

use tree::{Entry, Finding, Severity, Tree};

use super::{DUPLICATE_KEY, object, policies};
use crate::outline::{Outline, function};
use crate::place::Place;
use crate::references::functions::EXTENSION;
use crate::rule::Rule;
use crate::words::{all_of, any_of, did_you_mean, given, quoted};

const FIELDS: [&str; 9] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

/// The functions that can stand for all properties of a resource.
const MAKE_PROPERTIES: [&str; 3] = ["Fn::FindInMap", "Fn::If", "Fn::Transform"];

/// The types of which CloudFormation takes a snapshot before it deletes them, says the AWS page "`DeletionPolicy`
/// attribute".
const WITH_SNAPSHOT: [&str; 8] = [
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

/// Checks one resource, but neither its properties nor what it refers to.
pub(crate) fn resource(outline: &Outline<'_>, entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(fields) = entry.value.as_map() else {
        object(&entry.key, &entry.value, place, findings);
        return;
    };
    if outline.parameters.contains_key(entry.key.as_str()) {
        let message = format!("`{}` is a parameter and a resource: `Ref` could mean either", entry.key);
        findings.push(DUPLICATE_KEY.at(place, message).hint("give one of the two another name"));
    }
    let type_name = entry.value.get("Type").and_then(Tree::as_str);
    if entry.value.get("Type").is_none() {
        let message = format!("resource `{}` has no `Type`", entry.key);
        findings.push(RESOURCE.at(place, message).hint("add one, such as `\"Type\": \"AWS::S3::Bucket\"`"));
    }
    for field in fields {
        self::field(outline, type_name.unwrap_or_default(), field, &place.entry(field), findings);
    }
}

fn field(outline: &Outline<'_>, type_name: &str, field: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let value = &field.value;
    let literal = |what: &str| {
        let wrong = value.as_str().is_none();
        wrong.then(|| RESOURCE.at(place, format!("`{}` must be {what}, but is {}", field.key, given(value))))
    };
    match field.key.as_str() {
        "Type" => findings.extend(literal("the name of a resource type")),
        "Condition" => findings.extend(literal("the name of a condition")),
        "Properties" if matches!(function(value), Some((name, _)) if !MAKE_PROPERTIES.contains(&name) && !name.starts_with("Fn::ForEach::")) =>
        {
            let name = function(value).map(|(name, _)| name).unwrap_or_default();
            let message = format!("`Properties` must be an object, but `{name}` gives none");
            findings.push(RESOURCE.at(place, message).hint("leave `Properties` out if there are none"));
        }
        "Properties" | "Metadata" => {
            object(&field.key, value, place, findings);
            module(type_name, field, place, findings);
        }
        "DependsOn" => depends_on(value, place, findings),
        "DeletionPolicy" | "UpdateReplacePolicy" => deletion_policy(outline, type_name, field, place, findings),
        "CreationPolicy" => policies::creation(outline, type_name, value, place, findings),
        "UpdatePolicy" => policies::update(outline, type_name, value, place, findings),
        "Version" if type_name.starts_with("Custom::") || type_name == "AWS::CloudFormation::CustomResource" => {}
        "Fn::Transform" => {}
        key if !outline.transformed => {
            let mut finding = RESOURCE.at(place, format!("a resource has no field {}", quoted(key)));
            finding.hint = did_you_mean(key, FIELDS).or_else(|| {
                let is_property = schemas::schema(type_name).is_some_and(|schema| schema.property(key).is_some());
                is_property.then(|| format!("`{key}` is a property: put it into `Properties`"))
            });
            finding.hint = finding.hint.or(Some(format!("the fields are {}", all_of(FIELDS))));
            findings.push(finding);
        }
        _ => {}
    }
}

/// Reports what a module does not take.
fn module(type_name: &str, field: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let refused = match field.key.as_str() {
        "Properties" => "Tags",
        _ => "AWS::CloudFormation::Module",
    };
    let entry = field.value.as_map().and_then(|map| map.entry(refused));
    if let Some(entry) = entry.filter(|_| type_name.ends_with("::MODULE")) {
        let message = format!("a module takes no `{refused}` in its `{}`", field.key);
        findings.push(RESOURCE.at(&place.entry(entry), message));
    }
}

fn depends_on(value: &Tree, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let names = value.as_list().unwrap_or(std::slice::from_ref(value));
    for name in names.iter().filter(|name| name.as_str().is_none()) {
        let message = format!("`DependsOn` must be a logical id or a list of them, but here is {}", given(name));
        findings.push(RESOURCE.at(place, message).hint("functions are not allowed here"));
    }
}

fn deletion_policy(
    outline: &Outline<'_>,
    type_name: &str,
    field: &Entry,
    place: &Place<'_>,
    findings: &mut Vec<Finding>,
) {
    if function(&field.value).is_some() {
        if !outline.extended && !outline.transformed {
            let message = format!("`{}` takes functions only with the transform `AWS::LanguageExtensions`", field.key);
            findings.push(EXTENSION.at(place, message).hint("write the policy itself"));
        }
        return;
    }
    let mut allowed = vec!["Delete", "Retain"];
    if field.key == "DeletionPolicy" {
        allowed.push("RetainExceptOnCreate");
    }
    // What an unknown type can do is for whoever made it to say.
    if WITH_SNAPSHOT.contains(&type_name) || !schemas::exists(type_name) {
        allowed.push("Snapshot");
    }
    if field.value.as_str().is_some_and(|policy| allowed.contains(&policy)) {
        return;
    }
    let message =
        format!("`{}` is {}, but must be {}", field.key, given(&field.value), any_of(allowed.iter().copied()));
    let mut finding = DELETION_POLICY.at(place, message);
    finding.hint = match field.value.as_str() {
        Some("Snapshot") => Some(format!("CloudFormation takes no snapshot of `{type_name}`")),
        Some(policy) => did_you_mean(policy, allowed),
        None => None,
    };
    findings.push(finding);
}

pub(crate) static RESOURCE: Rule = Rule {
    id: "structure/resource",
    severity: Severity::Error,
    statement: "a resource has a type and only the fields that resources have",
    why: "CloudFormation refuses the template; properties that stand beside `Properties` are the usual reason",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "TopicName": "done"}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "done"}}}}"#,
};

pub(crate) static DELETION_POLICY: Rule = Rule {
    id: "structure/deletion-policy",
    severity: Severity::Error,
    statement: "`DeletionPolicy` and `UpdateReplacePolicy` are `Delete`, `Retain` or, where there are such, `Snapshot`",
    why: "CloudFormation refuses other words, and a snapshot of what it cannot take one of",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Snapshot"}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"}}}"#,
};

pub(crate) static CREATION_POLICY: Rule = Rule {
    id: "structure/creation-policy",
    severity: Severity::Error,
    statement: "only resources that can be waited for have a `CreationPolicy`, with the settings of their type",
    why: "CloudFormation refuses the template, or waits for signals that never come",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-creationpolicy.html",
    bad: r#"{"Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitCondition",
        "CreationPolicy": {"ResourceSignal": {"Timeout": 15}, "Signals": 2}}}}"#,
    good: r#"{"Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitCondition",
        "CreationPolicy": {"ResourceSignal": {"Timeout": "PT15M", "Count": 2}}}}}"#,
};

pub(crate) static UPDATE_POLICY: Rule = Rule {
    id: "structure/update-policy",
    severity: Severity::Error,
    statement: "only resources that have one take an `UpdatePolicy`, with the settings of their type",
    why: "CloudFormation refuses the template, or updates otherwise than meant",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic",
        "UpdatePolicy": {"AutoScalingReplacingUpdate": {"WillReplace": true}}}}}"#,
    good: r#"{"Resources": {"Group": {"Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {"MinSize": "0", "MaxSize": "1", "LaunchTemplate": {"LaunchTemplateName": "worker", "Version": "1"}},
        "UpdatePolicy": {"AutoScalingReplacingUpdate": {"WillReplace": true}}}}}"#,
};
