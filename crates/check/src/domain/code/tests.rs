use super::{Call, api, javascript, python};

/// Writes what a call needs, or what it is if nobody knows that.
fn needed(calls: Vec<Call<'_>>) -> Vec<String> {
    let text = |call: Call<'_>| {
        let action = api::action(&call).unwrap_or_else(|| format!("{} {}?", call.service, call.method));
        format!("{}: {action}", call.line)
    };
    calls.into_iter().map(text).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn python_is_read() {
    let code = r#"
import boto3
s3 = boto3.client("s3", region_name=os.environ["REGION"])
tables = boto3.resource('dynamodb')
jobs = tables.Table(os.environ["JOBS"])
ec2 = None  # boto3.client("ec2")

class Worker:
    def __init__(self):
        self.queue = boto3.Session().client("sqs")

    def run(self):
        """s3.put_object() is not called."""
        self.queue.send_message_batch(QueueUrl=url)
        jobs.put_item(Item={"id": s3.head_object(Bucket=b, Key=k)["ETag"]})
        for page in s3.get_paginator("list_objects_v2").paginate():
            boto3.client("stepfunctions").send_task_success(
                taskToken=token,
            )
        boto3.resource("s3").Object(b, k).put(Body=b"x")
        s3.meta.client
        boto3.client("lambda").invoke(FunctionName=f)
        boto3.client("sts").get_caller_identity()

def later():
    global ec2
    ec2 = boto3.client("ec2")
    ec2.describe_instances()
"#;
    assert_eq!(
        needed(python::calls(code)),
        [
            "14: sqs:SendMessage",
            "15: dynamodb:PutItem",
            "15: s3:GetObject",
            "16: s3:ListBucket",
            "17: states:SendTaskSuccess",
            "20: s3:PutObject",
            "22: lambda:InvokeFunction",
            "23: sts get_caller_identity?",
            "28: ec2:DescribeInstances",
        ]
    );
}

#[test]
fn a_name_that_means_two_things_means_nothing() {
    for code in [
        "c = boto3.client('s3')\nc = boto3.client('sqs')\nc.receive_message()\n",
        "c = boto3.client('sqs')\nc = Fake(c)\nc.receive_message()\n",
        "c = boto3.client('sqs')\ndef f(c):\n    c.receive_message()\n",
        "c = boto3.client('sqs')\nfor c in d:\n    c.receive_message()\n",
        "c = boto3.client('sqs')\nwith d as c:\n    c.receive_message()\n",
        "c = boto3.client('sqs')\na, c = d\nc.receive_message()\n",
        "c = boto3.client('sqs')\nc: Any = d\nc.receive_message()\n",
        "c = boto3.client(name)\nc.receive_message()\n",
        "c = boto3.client('sqs').meta\nc.receive_message()\n",
        "x.c.receive_message()\nf(c=boto3.client('sqs'))\nc.receive_message()\n",
    ] {
        assert_eq!(needed(python::calls(code)), NOTHING, "{code}");
    }
}

#[test]
fn javascript_is_read() {
    let code = r#"
import { S3Client, GetObjectCommand, PutObjectCommand as Put } from "@aws-sdk/client-s3";
const { SFNClient, SendTaskFailureCommand } = require('@aws-sdk/client-sfn');
import { PutCommand } from "@aws-sdk/lib-dynamodb"; // new PutCommand({})
/* new GetObjectCommand({}) */
exports.handler = async () => {
  await s3.send(new GetObjectCommand({ Key: `${key} new PutCommand(` }));
  await states.send(new SendTaskFailureCommand({}));
  await tables.send(new PutCommand({}));
  new UnknownCommand();
};
"#;
    assert_eq!(
        needed(javascript::calls(code)),
        ["7: s3:GetObject", "8: states:SendTaskFailure", "9: dynamodb:PutItem"]
    );
}

#[test]
fn any_code_is_read_to_its_end() {
    for code in ["'", "\"\"\"", "/*", "a = (", "boto3.client(", "c = boto3.client('s3'", "é\\'é", "import {", "\\"] {
        for code in [code.to_owned(), code.repeat(10_000)] {
            let _ = (python::calls(&code), javascript::calls(&code));
        }
    }
}
