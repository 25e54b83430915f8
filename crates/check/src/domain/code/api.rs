//! What IAM calls the operations of SDKs.

use schemas::actions;

use super::Call;
use super::javascript::DOCUMENTS;

/// Services that SDKs call otherwise than IAM does.
static PREFIXES: [(&str, &str); 17] = [
    ("bedrock-agent-runtime", "bedrock"),
    ("bedrock-runtime", "bedrock"),
    ("cloudwatch-logs", "logs"),
    ("dynamodbstreams", "dynamodb"),
    ("efs", "elasticfilesystem"),
    ("elastic-load-balancing-v2", "elasticloadbalancing"),
    ("elb", "elasticloadbalancing"),
    ("elbv2", "elasticloadbalancing"),
    ("emr", "elasticmapreduce"),
    ("eventbridge", "events"),
    ("lib-dynamodb", "dynamodb"),
    ("opensearch", "es"),
    ("resourcegroupstaggingapi", "tag"),
    ("sagemaker-runtime", "sagemaker"),
    ("sesv2", "ses"),
    ("sfn", "states"),
    ("stepfunctions", "states"),
];

/// Operations whose action has another name: prefix, operation without regard to case and underscores, action.
static OTHERS: [(&str, &str, &str); 31] = [
    ("bedrock", "converse", "InvokeModel"),
    ("bedrock", "conversestream", "InvokeModelWithResponseStream"),
    ("dynamodb", "batchget", "BatchGetItem"),
    ("dynamodb", "batchwrite", "BatchWriteItem"),
    ("dynamodb", "batchwriter", "BatchWriteItem"),
    ("lambda", "invoke", "InvokeFunction"),
    ("s3", "completemultipartupload", "PutObject"),
    ("s3", "copyobject", "PutObject"),
    ("s3", "createmultipartupload", "PutObject"),
    ("s3", "deleteobjects", "DeleteObject"),
    ("s3", "downloadfile", "GetObject"),
    ("s3", "downloadfileobj", "GetObject"),
    ("s3", "headbucket", "ListBucket"),
    ("s3", "headobject", "GetObject"),
    ("s3", "listbuckets", "ListAllMyBuckets"),
    ("s3", "listmultipartuploads", "ListBucketMultipartUploads"),
    ("s3", "listobjects", "ListBucket"),
    ("s3", "listobjectsv2", "ListBucket"),
    ("s3", "listobjectversions", "ListBucketVersions"),
    ("s3", "listparts", "ListMultipartUploadParts"),
    ("s3", "selectobjectcontent", "GetObject"),
    ("s3", "uploadfile", "PutObject"),
    ("s3", "uploadfileobj", "PutObject"),
    ("s3", "uploadpart", "PutObject"),
    ("s3", "uploadpartcopy", "PutObject"),
    ("sns", "publishbatch", "Publish"),
    ("sqs", "changemessagevisibilitybatch", "ChangeMessageVisibility"),
    ("sqs", "deletemessagebatch", "DeleteMessage"),
    ("sqs", "sendmessagebatch", "SendMessage"),
    ("s3", "getbucketlifecycleconfiguration", "GetLifecycleConfiguration"),
    ("s3", "putbucketlifecycleconfiguration", "PutLifecycleConfiguration"),
];

/// What boto3's resources do: service, kind, method, action.
static RESOURCES: [(&str, &str, &str, &str); 12] = [
    ("s3", "Bucket", "download_file", "s3:GetObject"),
    ("s3", "Bucket", "download_fileobj", "s3:GetObject"),
    ("s3", "Bucket", "put_object", "s3:PutObject"),
    ("s3", "Bucket", "upload_file", "s3:PutObject"),
    ("s3", "Bucket", "upload_fileobj", "s3:PutObject"),
    ("s3", "Object", "delete", "s3:DeleteObject"),
    ("s3", "Object", "get", "s3:GetObject"),
    ("s3", "Object", "put", "s3:PutObject"),
    ("sns", "Topic", "publish", "sns:Publish"),
    ("sqs", "Queue", "delete_messages", "sqs:DeleteMessage"),
    ("sqs", "Queue", "receive_messages", "sqs:ReceiveMessage"),
    ("sqs", "Queue", "send_message", "sqs:SendMessage"),
];

/// What anybody may do.
static FREE: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];

/// Says which action a call needs, if that is certain.
pub(super) fn action(call: &Call<'_>) -> Option<String> {
    let prefix = PREFIXES.iter().find(|(own, _)| *own == call.service).map_or(call.service, |(_, prefix)| prefix);
    match call.kind {
        // A table has the operations of the service.
        None | Some("Table") => {}
        Some(kind) => {
            let of_kind = RESOURCES
                .iter()
                .find(|(service, own, method, _)| *service == prefix && *own == kind && *method == call.method);
            return of_kind.map(|(.., action)| (*action).to_owned());
        }
    }
    let mut operation = call.method.replace('_', "").to_ascii_lowercase();
    if call.service == DOCUMENTS && ["get", "put", "update", "delete"].contains(&operation.as_str()) {
        operation.push_str("item");
    }
    let service = actions::service(prefix)?;
    let other = OTHERS.iter().find(|(own, name, _)| *own == prefix && *name == operation);
    let action = service.action(other.map_or(operation.as_str(), |(.., action)| action))?;
    let action = format!("{}:{}", service.prefix(), action.name());
    (!FREE.contains(&action.as_str())).then_some(action)
}
