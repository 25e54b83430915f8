//! What policies of resources may allow roles, whatever the roles' own policies say.

use std::collections::BTreeMap;

use crate::look::{Part, Scope, View};
use schemas::actions::fits;

/// The statements of the policies of resources, by the prefix of the service whose resources they are about.
pub(super) struct Admissions<'a>(BTreeMap<&'static str, Vec<View<'a>>>);

/// Where policies of resources stand: prefix, type, and the paths to the policies.
static POLICIES: [(&str, &str, &str); 14] = [
    ("dynamodb", "AWS::DynamoDB::GlobalTable", "Replicas/*/ResourcePolicy/PolicyDocument"),
    ("dynamodb", "AWS::DynamoDB::Table", "ResourcePolicy/PolicyDocument"),
    ("events", "AWS::Events::EventBusPolicy", "Statement"),
    ("kinesis", "AWS::Kinesis::ResourcePolicy", "ResourcePolicy"),
    ("kms", "AWS::KMS::Key", "KeyPolicy"),
    ("kms", "AWS::KMS::ReplicaKey", "KeyPolicy"),
    ("lambda", "AWS::Lambda::Permission", "Principal"),
    ("s3", "AWS::S3::BucketPolicy", "PolicyDocument"),
    ("secretsmanager", "AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
    ("sns", "AWS::SNS::TopicInlinePolicy", "PolicyDocument"),
    ("sns", "AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("sqs", "AWS::SQS::QueueInlinePolicy", "PolicyDocument"),
    ("sqs", "AWS::SQS::QueuePolicy", "PolicyDocument"),
    ("ssm", "AWS::SSM::ResourcePolicy", "Policy"),
];

/// More statements than this are not looked through: one of them may allow it.
const MOST: usize = 100;

impl<'a> Admissions<'a> {
    pub fn read(scope: &'a Scope<'a>) -> Self {
        let mut admissions: BTreeMap<&str, Vec<View<'_>>> = BTreeMap::new();
        for resource in scope.resources() {
            let of_type = POLICIES.iter().filter(|(_, type_name, _)| *type_name == resource.type_name);
            for (prefix, _, path) in of_type {
                for view in resource.properties.select(path) {
                    let statements = view.get("Statement");
                    let statements = if view.is_known() && !statements.is_absent() { statements } else { view };
                    admissions.entry(prefix).or_default().extend(statements.one_or_more());
                }
            }
        }
        Self(admissions)
    }

    /// Tells whether a policy of some resource may allow roles an action.
    pub fn may_allow(&self, action: &str) -> bool {
        let prefix = action.split(':').next().unwrap_or_default();
        let statements = self.0.get(prefix).map(Vec::as_slice).unwrap_or_default();
        statements.len() > MOST || statements.iter().any(|statement| may_allow(*statement, action))
    }
}

fn may_allow(statement: View<'_>, action: &str) -> bool {
    if statement.is_unknown() {
        return true;
    }
    // A permission of Lambda names its principal only: a service, or an account.
    if statement.tree().is_some_and(|tree| tree.as_map().is_none()) {
        return statement.text().is_none_or(|text| !text.ends_with(".amazonaws.com"));
    }
    let reaches = |view: View<'_>| view.text().is_none_or(|text| fits(&text, action));
    let principal = statement.get("Principal");
    let is_open = principal.is_unknown() || principal.text().is_some() || !statement.get("NotPrincipal").is_absent();
    !statement.get("Effect").is("Deny")
        && (!statement.get("NotAction").is_absent() || statement.get("Action").one_or_more().into_iter().any(reaches))
        && (is_open || principal.get("AWS").one_or_more().into_iter().any(|one| !is_account(one)))
}

/// Tells whether a principal is a whole account, whose roles still need policies of their own.
fn is_account(principal: View<'_>) -> bool {
    matches!(principal.parts().last(), Some(Part::Text(text)) if text.ends_with(":root"))
}
