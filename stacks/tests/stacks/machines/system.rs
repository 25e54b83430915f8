//! The workflow on an emulator, with all that it uses.

use job::{Failure, JobItem, TaskMessage};
use serde_json::{Value, json};
use stacks::Environment;
use template::StackTemplate;

use super::emulator::{ACCOUNT, Emulator, Queue, REGION, until};
use super::shapes;
use crate::support::synth;

/// The name of the table, of the parameter and of the role.
const NAME: &str = "jobs";

/// The cause of an error that a call throws: such as Step Functions tells of a job of MediaConvert.
const CAUSE: &str = r#"{"Id":"1","Status":"ERROR","ErrorCode":1040,"ErrorMessage":"1040: no picture"}"#;

/// The workflow, and what a test sees of it.
pub struct System<'e> {
    emulator: &'e Emulator,
    /// The stack `jobs`, as it is synthesized.
    jobs: StackTemplate,
    workflow: String,
    /// Takes the tasks of the blue fleet.
    pub blue: Queue<'e>,
    /// Takes the tasks of the green fleet.
    pub green: Queue<'e>,
    /// Gets what is told of jobs.
    pub told: Queue<'e>,
    /// Gets the calls that the test answers for.
    calls: Queue<'e>,
}

/// What a call gets for an answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What it returns.
    Returns(Value),
    /// The error that it throws.
    Throws(&'static str),
    /// It waits for ever.
    Never,
}

/// The event that S3 sends when a video was uploaded.
pub fn upload(key: &str) -> Value {
    json!({
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": { "name": "sources" },
            "object": { "key": key, "size": 12, "etag": "0f", "version-id": "v1", "sequencer": "1" },
        },
    })
}

impl<'e> System<'e> {
    /// Makes the workflow of an environment, and what it uses. The test answers for what the emulator lacks, and for the
    /// states that are named.
    pub fn deploy(emulator: &'e Emulator, environment: &Environment, answered: &[&str]) -> Self {
        let assembly = synth(environment);
        let queue = |name: &str| Queue::create(emulator, name);
        let [blue, green, told, calls] = ["blue", "green", "told", "calls"].map(queue);
        emulator.call(
            "DynamoDB_20120810.CreateTable",
            &json!({
                "TableName": NAME, "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
                "AttributeDefinitions": [
                    { "AttributeName": "id", "AttributeType": "S" },
                    { "AttributeName": "demand", "AttributeType": "S" },
                ],
                "GlobalSecondaryIndexes": [{
                    "IndexName": "demand", "Projection": { "ProjectionType": "KEYS_ONLY" },
                    "KeySchema": [{ "AttributeName": "demand", "KeyType": "HASH" }],
                }],
            }),
        );
        for topic in ["done", "failed"] {
            emulator.query("sns", &format!("Action=CreateTopic&Version=2010-03-31&Name={topic}"));
            let endpoint = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:told");
            emulator.query(
                "sns",
                &format!(
                    "Action=Subscribe&Version=2010-03-31&TopicArn={}&Protocol=sqs&Endpoint={endpoint}\
                     &Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true",
                    topic_arn(topic)
                ),
            );
        }
        let jobs = assembly.stack("jobs").unwrap().clone();
        let mut system = Self { emulator, jobs, workflow: String::new(), blue, green, told, calls };
        system.workflow = system.machine("Workflow", answered);
        system.weigh(r#"{"blue":100,"green":0,"live":"blue"}"#);
        system
    }

    /// Makes a state machine of the stack `jobs`; returns its ARN.
    pub fn machine(&self, logical_id: &str, answered: &[&str]) -> String {
        let mut definition = self.jobs.template.to_json()["Resources"][logical_id]["Properties"]["Definition"].clone();
        resolve(&mut definition, &|name| self.value(name));
        stand_in(&mut definition, &self.calls.url, answered);
        let machine = self.emulator.call(
            "AWSStepFunctions.CreateStateMachine",
            &json!({
                "name": logical_id, "definition": definition.to_string(),
                "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/{NAME}"),
            }),
        );
        machine["stateMachineArn"].as_str().unwrap().to_owned()
    }

    /// Returns what a parameter of the stack is here.
    fn value(&self, parameter: &str) -> String {
        let reference = self.jobs.parameters.iter().find(|reference| reference.parameter == parameter);
        let reference = reference.unwrap_or_else(|| panic!("{parameter} comes from no other stack"));
        match (reference.stack.as_str(), reference.output.as_str()) {
            ("storage", "JobTable") | ("router", _) => NAME.to_owned(),
            ("fleet-blue", "TaskQueue") => self.blue.url.clone(),
            ("fleet-green", "TaskQueue") => self.green.url.clone(),
            ("notifications", "DoneTopic") => topic_arn("done"),
            ("notifications", "FailedTopic") => topic_arn("failed"),
            (stack, output) => format!("{stack}-{output}").to_lowercase(),
        }
    }

    /// Sets the weights of the colours.
    pub fn weigh(&self, weights: &str) {
        let parameter = json!({ "Name": NAME, "Value": weights, "Type": "String", "Overwrite": true });
        self.emulator.call("AmazonSSM.PutParameter", &parameter);
    }

    /// Starts an execution of the workflow; returns its ARN.
    pub fn start(&self, event: &Value) -> String {
        self.start_machine(&self.workflow, event)
    }

    /// Starts an execution of a state machine; returns its ARN.
    pub fn start_machine(&self, machine: &str, input: &Value) -> String {
        let start = json!({ "stateMachineArn": machine, "input": input.to_string() });
        let started = self.emulator.call("AWSStepFunctions.StartExecution", &start);
        started["executionArn"].as_str().unwrap().to_owned()
    }

    /// Stops an execution, as a person does.
    pub fn stop(&self, execution: &str) {
        self.emulator.call("AWSStepFunctions.StopExecution", &json!({ "executionArn": execution }));
    }

    /// Waits until an execution has ended; returns its description.
    pub fn end_of(&self, execution: &str) -> Value {
        self.answering(execution, |call, arguments| panic!("nobody answers {call} of {arguments}"))
    }

    /// Answers for what the emulator lacks until an execution has ended; returns its description.
    pub fn answering(&self, execution: &str, mut answer: impl FnMut(&str, &Value) -> Answer) -> Value {
        until("the execution ends", || {
            while let Some(call) = self.calls.take() {
                let token = &call["token"];
                let (name, arguments) = (call["call"].as_str().unwrap(), &call["arguments"]);
                shapes::check(name, arguments);
                match answer(name, arguments) {
                    Answer::Returns(result) => self.emulator.call(
                        "AWSStepFunctions.SendTaskSuccess",
                        &json!({ "taskToken": token, "output": result.to_string() }),
                    ),
                    Answer::Throws(error) => self.emulator.call(
                        "AWSStepFunctions.SendTaskFailure",
                        &json!({ "taskToken": token, "error": error, "cause": CAUSE }),
                    ),
                    Answer::Never => Value::Null,
                };
            }
            let described =
                self.emulator.call("AWSStepFunctions.DescribeExecution", &json!({ "executionArn": execution }));
            (described["status"] != "RUNNING").then_some(described)
        })
    }

    /// Reports a task's success, as a worker does.
    pub fn succeed(&self, task: &TaskMessage, report: &Value) {
        let success = json!({ "taskToken": task.token.as_str(), "output": report.to_string() });
        self.emulator.call("AWSStepFunctions.SendTaskSuccess", &success);
    }

    /// Reports a task's failure, as a worker does.
    pub fn fail(&self, task: &TaskMessage, failure: &Failure) {
        self.fail_with(task, failure.error(), &failure.cause());
    }

    /// Reports a task's failure, in any words.
    pub fn fail_with(&self, task: &TaskMessage, error: &str, cause: &str) {
        let failure = json!({ "taskToken": task.token.as_str(), "error": error, "cause": cause });
        self.emulator.call("AWSStepFunctions.SendTaskFailure", &failure);
    }

    /// Reads a job's item.
    pub fn item(&self, id: &str) -> JobItem {
        serde_json::from_value(self.raw_item(id).unwrap_or_else(|| panic!("no item {id}"))).unwrap()
    }

    /// Reads an item of the job table, whatever it is.
    pub fn raw_item(&self, id: &str) -> Option<Value> {
        let key = json!({ "TableName": NAME, "Key": { "id": { "S": id } }, "ConsistentRead": true });
        let answer = self.emulator.call("DynamoDB_20120810.GetItem", &key);
        answer.get("Item").map(|item| plain(&json!({ "M": item })))
    }

    /// Writes an item of the job table.
    pub fn put_item(&self, item: &Value) {
        self.emulator.call("DynamoDB_20120810.PutItem", &json!({ "TableName": NAME, "Item": item }));
    }
}

fn topic_arn(name: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}")
}

/// Puts values in the place of references.
fn resolve(value: &mut Value, find: &dyn Fn(&str) -> String) {
    if let Some(name) = value.get("Ref").and_then(Value::as_str) {
        *value = Value::String(find(name));
        return;
    }
    if let Some(text) = value.get("Fn::Sub").and_then(Value::as_str) {
        let mut parts = text.split("${");
        let begin = parts.next().unwrap().to_owned();
        *value = Value::String(parts.fold(begin, |filled, part| {
            let (name, rest) = part.split_once('}').unwrap();
            filled + &find(name) + rest
        }));
        return;
    }
    match value {
        Value::Object(members) => {
            assert!(!members.keys().any(|key| key.starts_with("Fn::")), "{members:?}");
            members.values_mut().for_each(|member| resolve(member, find));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, find)),
        _ => {}
    }
}

/// Has calls come to the test: as messages that say the arguments, and wait for an answer.
fn stand_in(value: &mut Value, calls: &str, answered: &[&str]) {
    if let Some(states) = value["States"].as_object_mut() {
        for (name, state) in states {
            if let Some(call) =
                state["Resource"].as_str().and_then(|resource| resource.strip_prefix("arn:aws:states:::"))
                && (answered.contains(&name.as_str()) || is_lacking(call))
            {
                let message = json!({
                    "token": "{% $states.context.Task.Token %}", "call": call, "arguments": state["Arguments"],
                });
                state["Resource"] = "arn:aws:states:::sqs:sendMessage.waitForTaskToken".into();
                state["Arguments"] = json!({ "QueueUrl": calls, "MessageBody": message });
            }
            for branch in state["Branches"].as_array_mut().into_iter().flatten() {
                stand_in(branch, calls, answered);
            }
        }
    }
}

/// Says whether a call is one that the emulator lacks, or would answer as it likes.
fn is_lacking(call: &str) -> bool {
    let services = ["aws-sdk:ssm:", "aws-sdk:cloudwatch:", "aws-sdk:autoscaling:", "mediaconvert:"];
    services.iter().any(|service| call.starts_with(service)) && !call.ends_with(":getParameter")
}

/// Turns `DynamoDB`'s JSON into plain JSON.
fn plain(attribute: &Value) -> Value {
    let (kind, value) = attribute.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => serde_json::from_str(number).unwrap(),
        ("M", Value::Object(members)) => members.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        ("L", Value::Array(items)) => items.iter().map(plain).collect(),
        _ => value.clone(),
    }
}
