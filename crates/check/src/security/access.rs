//! What is open to everyone: policies, access control lists, addresses of functions and APIs.

use tree::{Finding, Severity};

use super::policy::{Statement, each_allow};
use crate::look::{Resource, View};
use crate::rule::Rule;
use crate::words::quoted;

/// The types with policies that say who may use them. Policies of endpoints and private APIs are about a network's own
/// callers, so `*` is no one from outside there.
const POLICIES: [(&str, &str); 17] = [
    ("AWS::Backup::BackupVault", "AccessPolicy"),
    ("AWS::DynamoDB::Table", "ResourcePolicy/PolicyDocument"),
    ("AWS::ECR::Repository", "RepositoryPolicyText"),
    ("AWS::EFS::FileSystem", "FileSystemPolicy"),
    ("AWS::Events::EventBus", "Policy"),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
    ("AWS::KMS::Key", "KeyPolicy"),
    ("AWS::Kinesis::ResourcePolicy", "ResourcePolicy"),
    ("AWS::Logs::ResourcePolicy", "PolicyDocument"),
    ("AWS::MediaStore::Container", "Policy"),
    ("AWS::S3::AccessPoint", "Policy"),
    ("AWS::S3::BucketPolicy", "PolicyDocument"),
    ("AWS::SNS::TopicInlinePolicy", "PolicyDocument"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("AWS::SQS::QueueInlinePolicy", "PolicyDocument"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
];

/// Checks policies of resources.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    if let Some((_, path)) = POLICIES.iter().find(|(type_name, _)| *type_name == resource.type_name) {
        each_allow(resource.at(path), |statement| policy(statement, findings));
    }
    match resource.type_name {
        "AWS::Events::EventBusPolicy" => {
            let statement = Statement { view: resource.at("Statement") };
            policy(&statement, findings);
            let principal = resource.at("Principal");
            if principal.is("*") && resource.at("Condition").is_absent() {
                let message = "`Principal` is `*` without `Condition`: every AWS account may send events to this bus";
                findings.push(principal.finding(&PUBLIC_POLICY, message).hint(CONDITION));
            }
        }
        "AWS::Lambda::Permission" => permission(resource, findings),
        "AWS::Lambda::Url" => {
            let kind = resource.at("AuthType");
            if kind.is("NONE") {
                let message = "`AuthType` is `NONE`: everyone who knows the function URL can invoke the function, at \
                     your expense";
                findings.push(kind.finding(&FUNCTION_URL, message).hint("set `AuthType` to `AWS_IAM`"));
            }
            cors(resource.at("Cors/AllowOrigins"), findings);
        }
        "AWS::ApiGatewayV2::Api" => cors(resource.at("CorsConfiguration/AllowOrigins"), findings),
        "AWS::S3::Bucket" => list(resource.at("AccessControl"), findings),
        "AWS::MediaConvert::JobTemplate" | "AWS::MediaConvert::Preset" => {
            outputs(resource.at("SettingsJson"), findings);
        }
        "AWS::Cognito::IdentityPool" => {
            let guests = resource.at("AllowUnauthenticatedIdentities");
            if guests.flag() == Some(true) {
                let message = "`AllowUnauthenticatedIdentities` is `true`: guests get credentials of this account \
                     without signing in";
                findings.push(guests.finding(&GUESTS, message).hint("set it to false"));
            }
        }
        _ => {}
    }
}

const CONDITION: &str = "name the principals, or add a condition on `aws:SourceArn`, `aws:PrincipalOrgID` or the like";

/// Reports a statement that lets everyone in.
fn policy(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let except = statement.view.get("NotPrincipal");
    if !except.is_absent() && statement.view.get("Effect").is("Allow") {
        let message = "an Allow statement has `NotPrincipal`: everyone but the named principals is allowed";
        findings.push(except.finding(&PUBLIC_POLICY, message).hint(CONDITION));
    }
    let Some(everyone) = statement.everyone() else { return };
    if statement.view.get("Effect").is("Allow") && !statement.is_limited() {
        let actions = statement.actions();
        let what = actions.first().and_then(|action| action.text()).map(|action| quoted(&action)).unwrap_or_default();
        let more = if actions.len() > 1 { " and more" } else { "" };
        let message =
            format!("the principal is `*` and no condition limits the callers: everyone is allowed {what}{more}");
        findings.push(everyone.finding(&PUBLIC_POLICY, message).hint(CONDITION));
    }
}

/// Reports who may call a function without saying for what.
fn permission(permission: &Resource<'_>, findings: &mut Vec<Finding>) {
    let principal = permission.at("Principal");
    let bounds = ["PrincipalOrgID", "SourceAccount", "SourceArn"];
    if bounds.iter().any(|bound| !permission.at(bound).is_absent()) {
        return;
    }
    if principal.is("*") {
        let is_signed = permission.at("FunctionUrlAuthType").is("AWS_IAM");
        // With an address that asks for no signature this is what opens it; the address has a rule of its own.
        if !is_signed && permission.at("FunctionUrlAuthType").is_absent() {
            let message = "`Principal` is `*` without `SourceArn`, `SourceAccount` or `PrincipalOrgID`: everyone may \
                 invoke the function";
            findings.push(principal.finding(&PUBLIC_POLICY, message).hint(CONDITION));
        }
        return;
    }
    if let Some(service) = principal.text().filter(|name| name.contains(".amazonaws.com")) {
        let message = format!(
            "`SourceArn` and `SourceAccount` are absent: {} may invoke the function on behalf of any account",
            quoted(&service)
        );
        let hint = "add `SourceArn`, or `SourceAccount`";
        findings.push(principal.finding(&PERMISSION_SOURCE, message).hint(hint));
    }
}

const PUBLIC_LISTS: [&str; 3] = ["AuthenticatedRead", "PublicRead", "PublicReadWrite"];

fn list(control: View<'_>, findings: &mut Vec<Finding>) {
    if let Some(name) = control.text().filter(|name| PUBLIC_LISTS.contains(&name.as_ref())) {
        let message =
            format!("`AccessControl` is {}, a public access control list: everyone can read the bucket", quoted(&name));
        let hint = "leave it out, and let those in who should be by a bucket policy or by CloudFront";
        findings.push(control.finding(&PUBLIC_ACL, message).hint(hint));
    }
}

/// Reports outputs of MediaConvert that get an access control list for everyone.
fn outputs(settings: View<'_>, findings: &mut Vec<Finding>) {
    for group in
        settings.select("OutputGroups/*/OutputGroupSettings/*/DestinationSettings/S3Settings/AccessControl/CannedAcl")
    {
        if group.is("PUBLIC_READ") || group.is("AUTHENTICATED_READ") {
            let message = format!(
                "{}, a public access control list: everyone can read the outputs of the job",
                super::state(group)
            );
            findings
                .push(group.finding(&PUBLIC_ACL, message).hint("leave the list out, and serve streams by CloudFront"));
        }
    }
}

fn cors(origins: View<'_>, findings: &mut Vec<Finding>) {
    if let Some(any) = origins.items().find(|origin| origin.is("*")) {
        let message = "`AllowOrigins` has `*`: pages of every origin may send requests (CORS)";
        findings.push(any.finding(&CORS, message).hint("name the origins of your own pages"));
    }
}

pub(crate) static PUBLIC_POLICY: Rule = Rule {
    id: "security/public-policy",
    severity: Severity::Error,
    statement: "no policy of a resource or trust policy lets everyone in",
    why: "the principal `*` is every account of AWS, and without credentials where the service allows it",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "videos",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "videos",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]}}}}}"#,
};

pub(crate) static PUBLIC_ACL: Rule = Rule {
    id: "security/public-acl",
    severity: Severity::Error,
    statement: "no access control list lets everyone read",
    why: "buckets that were meant for one page have been found, listed and copied within hours",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead"}}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "videos-of-ours"}}}}"#,
};

pub(crate) static PERMISSION_SOURCE: Rule = Rule {
    id: "security/permission-source",
    severity: Severity::Warning,
    statement: "a service may call a function for a certain source only",
    why: "anybody can have a bucket or a topic that calls your function, through a service that you let in",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html",
    bad: r#"{"Resources": {"Call": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:InvokeFunction",
        "FunctionName": "resize", "Principal": "s3.amazonaws.com"}}}}"#,
    good: r#"{"Resources": {"Call": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:InvokeFunction",
        "FunctionName": "resize", "Principal": "s3.amazonaws.com", "SourceAccount": {"Ref": "AWS::AccountId"},
        "SourceArn": "arn:aws:s3:::videos"}}}}"#,
};

pub(crate) static FUNCTION_URL: Rule = Rule {
    id: "security/function-url",
    severity: Severity::Warning,
    statement: "a function URL requires IAM authorization",
    why: "without it anyone on the internet runs your code, and you pay",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    bad: r#"{"Resources": {"Address": {"Type": "AWS::Lambda::Url",
        "Properties": {"AuthType": "NONE", "TargetFunctionArn": "resize"}}}}"#,
    good: r#"{"Resources": {"Address": {"Type": "AWS::Lambda::Url",
        "Properties": {"AuthType": "AWS_IAM", "TargetFunctionArn": "resize"}}}}"#,
};

pub(crate) static CORS: Rule = Rule {
    id: "security/cors",
    severity: Severity::Info,
    statement: "an API names the origins whose pages may call it",
    why: "pages of strangers can otherwise act in the name of whoever looks at them",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html",
    bad: r#"{"Resources": {"Address": {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "AWS_IAM",
        "TargetFunctionArn": "resize", "Cors": {"AllowOrigins": ["*"]}}}}}"#,
    good: r#"{"Resources": {"Address": {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "AWS_IAM",
        "TargetFunctionArn": "resize", "Cors": {"AllowOrigins": ["https://example.com"]}}}}}"#,
};

pub(crate) static GUESTS: Rule = Rule {
    id: "security/guests",
    severity: Severity::Warning,
    statement: "an identity pool gives no credentials to guests",
    why: "anyone who finds the pool's id, which is in every page, gets the role of guests",
    page: "https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html",
    bad: r#"{"Resources": {"Viewers": {"Type": "AWS::Cognito::IdentityPool",
        "Properties": {"AllowUnauthenticatedIdentities": true}}}}"#,
    good: r#"{"Resources": {"Viewers": {"Type": "AWS::Cognito::IdentityPool",
        "Properties": {"AllowUnauthenticatedIdentities": false}}}}"#,
};
