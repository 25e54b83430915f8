//! What statements are about.

use tree::Finding;

use super::iam_rules::{ARN, LEVEL, RESOURCE_NAME};
use crate::look::{Hole, Part, View};
use crate::words::{any_of, quoted};

/// Types of which `Ref` gives a name, an id or a URL, and what gives the ARN.
static NAMED: [(&str, &str); 21] = [
    ("AWS::Backup::BackupVault", "BackupVaultArn"),
    ("AWS::CloudWatch::Alarm", "Arn"),
    ("AWS::CodeBuild::Project", "Arn"),
    ("AWS::DynamoDB::Table", "Arn"),
    ("AWS::ECR::Repository", "Arn"),
    ("AWS::EFS::FileSystem", "Arn"),
    ("AWS::Events::EventBus", "Arn"),
    ("AWS::Events::Rule", "Arn"),
    ("AWS::IAM::InstanceProfile", "Arn"),
    ("AWS::IAM::Role", "Arn"),
    ("AWS::IAM::User", "Arn"),
    ("AWS::KMS::Key", "Arn"),
    ("AWS::Kinesis::Stream", "Arn"),
    ("AWS::KinesisFirehose::DeliveryStream", "Arn"),
    ("AWS::Lambda::Function", "Arn"),
    ("AWS::Logs::LogGroup", "Arn"),
    ("AWS::MediaConvert::JobTemplate", "Arn"),
    ("AWS::MediaConvert::Queue", "Arn"),
    ("AWS::RDS::DBInstance", "DBInstanceArn"),
    ("AWS::S3::Bucket", "Arn"),
    ("AWS::SQS::Queue", "Arn"),
];

/// Checks the resources that a statement names.
pub(super) fn check(statement: View<'_>, findings: &mut Vec<Finding>) {
    resources(statement, findings);
    levels(statement, findings);
}

fn resources(statement: View<'_>, findings: &mut Vec<Finding>) {
    for key in ["Resource", "NotResource"] {
        for view in statement.get(key).one_or_more() {
            if let Some(target) = view.target().filter(|target| target.attribute.is_none()) {
                let resource = target.resource;
                if let Some((_, attribute)) = NAMED.iter().find(|(type_name, _)| *type_name == resource.type_name) {
                    let message = format!("`Ref` of `{}` gives no ARN", resource.id);
                    let hint = format!("write `{{\"Fn::GetAtt\": [\"{}\", \"{attribute}\"]}}`", resource.id);
                    findings.push(view.finding(&RESOURCE_NAME, message).hint(hint));
                }
            }
            arn(view, findings);
        }
    }
}

/// Checks the form of an ARN as far as it is known.
fn arn(view: View<'_>, findings: &mut Vec<Finding>) {
    let parts = view.parts();
    let Some(Part::Text(first)) = parts.first() else { return };
    if first == "*" && parts.len() == 1 {
        return;
    }
    let fits = |start: &str| start.len() > first.len() && start.starts_with(first.as_ref()) || first.starts_with(start);
    if !fits("arn:") && !first.starts_with('*') {
        let message = format!("the resource begins with {}, but must be an ARN or `*`", quoted(first));
        findings.push(view.finding(&ARN, message));
        return;
    }
    // A hole may have colons in it: only text before the first one of unknown content can be counted.
    let mut text = String::new();
    for part in &parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Hole(Hole::Ref("AWS::AccountId" | "AWS::Partition" | "AWS::Region")) => text.push('x'),
            Part::Hole(_) => {
                text.push('\u{E000}');
                break;
            }
        }
    }
    let fields: Vec<&str> = text.split(':').collect();
    let is_whole = !text.contains('\u{E000}');
    if is_whole && fields.len() < 6 && !text.contains('*') {
        let message = format!("{} has {} parts, but an ARN has six", quoted(&text), fields.len());
        let hint = "arn:partition:service:region:account:resource; region and account may be empty";
        findings.push(view.finding(&ARN, message).hint(hint));
    }
    if let [_, _, service, region, account, ..] = fields.as_slice() {
        let is_empty = |field: &str| field.is_empty() || field == "*";
        let known = |field: &str| !field.contains('\u{E000}');
        if *service == "s3"
            && known(account)
            && fields.len() > 5
            && !(is_empty(region) && is_empty(account))
            && !text.contains("accesspoint")
            && !text.contains(":job/")
        {
            let message = "the ARN of a bucket has neither region nor account";
            findings
                .push(view.finding(&ARN, message).hint("arn:aws:s3:::bucket, and arn:aws:s3:::bucket/* for objects"));
        }
        if *service == "iam" && known(region) && !is_empty(region) {
            findings
                .push(view.finding(&ARN, "the ARN of something in IAM has no region").hint("arn:aws:iam::account:…"));
        }
    }
}

/// Tells whether an action of S3 is about objects, or about buckets; nothing if it is about something else or both.
fn is_about_objects(action: &str) -> Option<bool> {
    let name = action.to_ascii_lowercase();
    let name = name.strip_prefix("s3:")?;
    let objects =
        ["getobject", "putobject", "deleteobject", "restoreobject", "abortmultipartupload", "listmultipartuploadparts"];
    let buckets =
        ["listbucket", "getbucket", "putbucket", "deletebucket", "getlifecycle", "putlifecycle", "getencryption"];
    // Of whole buckets, although they are called so.
    let is_lock = name.starts_with("getobjectlockconfiguration") || name.starts_with("putobjectlockconfiguration");
    if objects.iter().any(|start| name.starts_with(start)) && !is_lock {
        return Some(true);
    }
    buckets.iter().any(|start| name.starts_with(start)).then_some(false)
}

/// Tells whether a resource is objects, or a bucket; nothing if it is neither, or nobody knows.
fn names_objects(view: View<'_>) -> Option<bool> {
    let parts = view.parts();
    if let Some(target) = view.target() {
        return (target.resource.type_name == "AWS::S3::Bucket" && target.attribute == Some("Arn")).then_some(false);
    }
    let is_bucket = match parts.as_slice() {
        [Part::Hole(hole), ..] => view
            .filled(*hole)
            .is_some_and(|target| target.resource.type_name == "AWS::S3::Bucket" && target.attribute == Some("Arn")),
        [Part::Text(text), ..] => text.starts_with("arn:") && text.contains(":s3:::"),
        [] => false,
    };
    let is_partition = matches!(parts.as_slice(), [Part::Text(first), Part::Hole(Hole::Ref("AWS::Partition")), Part::Text(rest), ..]
        if first == "arn:" && rest.starts_with(":s3:::"));
    if !is_bucket && !is_partition {
        return None;
    }
    let text: String =
        parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text.as_ref()) } else { None }).collect();
    // A star may stand for anything, and so may a hole at the end that is no bucket.
    let ends_open = match parts.last() {
        Some(Part::Hole(hole)) => view.filled(*hole).is_none(),
        _ => false,
    };
    if text.contains('/') {
        Some(true)
    } else if text.contains('*') || ends_open {
        None
    } else {
        Some(false)
    }
}

/// Reports actions of S3 that are about objects where only buckets are named, and the other way round.
fn levels(statement: View<'_>, findings: &mut Vec<Finding>) {
    let resources = statement.get("Resource");
    let levels: Option<Vec<bool>> = resources.one_or_more().into_iter().map(names_objects).collect();
    let Some(levels) = levels.filter(|levels| !levels.is_empty() && (resources.is_closed() || resources.is_unknown()))
    else {
        return;
    };
    if statement.get("Effect").is("Deny") {
        return;
    }
    let mut wrong = Vec::new();
    let mut wants_objects = true;
    for action in statement.get("Action").one_or_more() {
        let Some(text) = action.text() else { continue };
        if let Some(objects) = is_about_objects(&text)
            && levels.iter().all(|level| *level != objects)
        {
            wants_objects = objects;
            wrong.push(text.into_owned());
        }
    }
    if !wrong.is_empty() {
        let (what, named, hint) = if wants_objects {
            ("objects", "buckets", "add `/*` to the ARN of the bucket")
        } else {
            ("buckets", "objects", "name the bucket itself, without `/*`")
        };
        let actions = any_of(wrong.iter().map(String::as_str));
        let message = format!("{actions} is about {what}, but the statement names {named} only");
        findings.push(resources.finding(&LEVEL, message).hint(hint));
    }
}
