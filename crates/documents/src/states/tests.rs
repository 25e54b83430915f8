use serde_json::json;
use template::{Json, Raw, Stack, aws, sub};

use super::*;
use crate::{object, synthesis};

fn json(machine: StateMachine) -> serde_json::Value {
    synthesis::json::<Json, _>(|_| machine)
}

#[track_caller]
fn mistakes(flow: Flow) -> Vec<String> {
    synthesis::mistakes::<Json, _>(|_| machine("x", flow))
}

#[test]
fn smallest() {
    let machine = json(machine("Does nothing", start_at("Done", succeed())).timeout_seconds(60));
    assert_eq!(
        machine,
        json!({
            "Comment": "Does nothing",
            "QueryLanguage": "JSONata",
            "TimeoutSeconds": 60,
            "StartAt": "Done",
            "States": { "Done": { "Type": "Succeed" } },
        })
    );
}

fn every_kind(stack: &mut Stack) -> StateMachine {
    let table = stack.add("Jobs", Raw::new("AWS::DynamoDB::Table"));
    let queue = stack.add("Tasks", Raw::new("AWS::SQS::Queue"));
    let topic = stack.add("News", Raw::new("AWS::SNS::Topic"));
    let function = stack.add("Plan", Raw::new("AWS::Lambda::Function"));
    let id = || object! { "id": { "S": jsonata("$id") } };

    let read = pass().comment("Takes over what counts").assign("id", jsonata("$states.input.id")).assign("attempt", 1);
    let register = dynamodb::put_item(table.reference::<String>(), id())
        .argument("ConditionExpression", "attribute_not_exists(id)")
        .retry([
            retry([errors::CONDITIONAL_CHECK_FAILED]).max_attempts(0),
            retry([errors::ALL])
                .interval_seconds(2)
                .max_attempts(6)
                .backoff_rate(1.5)
                .max_delay_seconds(30)
                .full_jitter(),
        ])
        .catch([
            catch([errors::CONDITIONAL_CHECK_FAILED], "Duplicate").output("known").comment("It is done already"),
            catch_all("Failed").assign("failure", jsonata("$states.errorOutput")),
        ]);
    let enhance = sqs::send_message(queue.reference::<String>(), object! { "token": task_token() })
        .wait_for_task_token()
        .timeout_seconds(jsonata("$attempt * 60"))
        .heartbeat_seconds(40)
        .output(object! { "frames": jsonata("$states.result.frames"), "of": [jsonata("$id"), null, true] });
    let chunks = task(function.attribute::<String>("Arn"))
        .argument("id", jsonata("$id"))
        .role("arn:aws:iam::111122223333:role/other");
    let each = start_at("ReadChunk", dynamodb::get_item(table.reference::<String>(), id()))
        .state("IsItThere", choice().when("$states.input.Item", "DeleteChunk").otherwise("NoChunk"))
        .state("DeleteChunk", dynamodb::delete_item(table.reference::<String>(), id()).end())
        .state("NoChunk", succeed().output(jsonata("{}")));
    let both = parallel([
        start_at("Announce", sns::publish(topic.reference::<String>(), "done")),
        start_at("Start", sfn::start_execution("arn:aws:states:::stateMachine:next", object! {}).sync()),
    ]);
    let flow = start_at("Read", read)
        .state("Register", register)
        .state("Enhance", enhance)
        .state("Enough", choice().when("$states.input.frames = 0", "Failed").when("$attempt > 3", "Later"))
        .state("Chunks", chunks.next("EachChunk"))
        .state("Later", wait_seconds(60))
        .state("MuchLater", wait_until(jsonata("$states.input.until")).next("Enhance"))
        .state(
            "EachChunk",
            map(jsonata("$states.input"), each)
                .item_selector(object! { "chunk": jsonata("$states.context.Map.Item.Value") })
                .max_concurrency(5)
                .raw("ToleratedFailurePercentage", 5)
                .retry([retry([errors::TASK_FAILED, errors::TIMEOUT])]),
        )
        .state("Both", both.argument("x", 1))
        .state("Describe", aws_sdk("sfn", "describeExecution").argument("ExecutionArn", jsonata("$id")))
        .state(
            "Update",
            dynamodb::update_item(table.reference::<String>(), id(), "SET done = :here")
                .argument("ExpressionAttributeValues", object! { ":here": { "S": aws::region() } }),
        )
        .state("Duplicate", succeed())
        .state("Failed", fail("failed", jsonata("$failure.Cause")));
    machine("Has a state of every kind", flow)
}

/// Each field as the Amazon States Language wants it: <https://states-language.net>.
#[test]
fn every_kind_of_state() {
    let key = json!({ "id": { "S": "{% $id %}" } });
    let expected = json!({
        "Comment": "Has a state of every kind",
        "QueryLanguage": "JSONata",
        "StartAt": "Read",
        "States": {
            "Read": {
                "Type": "Pass",
                "Comment": "Takes over what counts",
                "Assign": { "id": "{% $states.input.id %}", "attempt": 1 },
                "Next": "Register",
            },
            "Register": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:putItem",
                "Arguments": {
                    "TableName": { "Ref": "Jobs" },
                    "Item": key,
                    "ConditionExpression": "attribute_not_exists(id)",
                },
                "Retry": [
                    { "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "MaxAttempts": 0 },
                    {
                        "ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": 2,
                        "MaxAttempts": 6,
                        "BackoffRate": 1.5,
                        "MaxDelaySeconds": 30,
                        "JitterStrategy": "FULL",
                    },
                ],
                "Catch": [
                    {
                        "Comment": "It is done already",
                        "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
                        "Output": "known",
                        "Next": "Duplicate",
                    },
                    {
                        "ErrorEquals": ["States.ALL"],
                        "Assign": { "failure": "{% $states.errorOutput %}" },
                        "Next": "Failed",
                    },
                ],
                "Next": "Enhance",
            },
            "Enhance": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "TimeoutSeconds": "{% $attempt * 60 %}",
                "HeartbeatSeconds": 40,
                "Arguments": {
                    "QueueUrl": { "Ref": "Tasks" },
                    "MessageBody": { "token": "{% $states.context.Task.Token %}" },
                },
                "Output": { "frames": "{% $states.result.frames %}", "of": ["{% $id %}", null, true] },
                "Next": "Enough",
            },
            "Enough": {
                "Type": "Choice",
                "Choices": [
                    { "Condition": "{% $states.input.frames = 0 %}", "Next": "Failed" },
                    { "Condition": "{% $attempt > 3 %}", "Next": "Later" },
                ],
                "Default": "Chunks",
            },
            "Chunks": {
                "Type": "Task",
                "Resource": { "Fn::GetAtt": ["Plan", "Arn"] },
                "Credentials": { "RoleArn": "arn:aws:iam::111122223333:role/other" },
                "Arguments": { "id": "{% $id %}" },
                "Next": "EachChunk",
            },
            "Later": { "Type": "Wait", "Seconds": 60, "Next": "MuchLater" },
            "MuchLater": { "Type": "Wait", "Timestamp": "{% $states.input.until %}", "Next": "Enhance" },
            "EachChunk": {
                "Type": "Map",
                "Items": "{% $states.input %}",
                "ItemSelector": { "chunk": "{% $states.context.Map.Item.Value %}" },
                "MaxConcurrency": 5,
                "ToleratedFailurePercentage": 5,
                "ItemProcessor": {
                    "StartAt": "ReadChunk",
                    "States": {
                        "ReadChunk": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::dynamodb:getItem",
                            "Arguments": { "TableName": { "Ref": "Jobs" }, "Key": key },
                            "Next": "IsItThere",
                        },
                        "IsItThere": {
                            "Type": "Choice",
                            "Choices": [{ "Condition": "{% $states.input.Item %}", "Next": "DeleteChunk" }],
                            "Default": "NoChunk",
                        },
                        "DeleteChunk": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::dynamodb:deleteItem",
                            "Arguments": { "TableName": { "Ref": "Jobs" }, "Key": key },
                            "End": true,
                        },
                        "NoChunk": { "Type": "Succeed", "Output": "{% {} %}" },
                    },
                },
                "Retry": [{ "ErrorEquals": ["States.TaskFailed", "States.Timeout"] }],
                "Next": "Both",
            },
            "Both": {
                "Type": "Parallel",
                "Arguments": { "x": 1 },
                "Branches": [
                    {
                        "StartAt": "Announce",
                        "States": {
                            "Announce": {
                                "Type": "Task",
                                "Resource": "arn:aws:states:::sns:publish",
                                "Arguments": { "TopicArn": { "Ref": "News" }, "Message": "done" },
                                "End": true,
                            },
                        },
                    },
                    {
                        "StartAt": "Start",
                        "States": {
                            "Start": {
                                "Type": "Task",
                                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                                "Arguments": { "StateMachineArn": "arn:aws:states:::stateMachine:next", "Input": {} },
                                "End": true,
                            },
                        },
                    },
                ],
                "Next": "Describe",
            },
            "Describe": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:describeExecution",
                "Arguments": { "ExecutionArn": "{% $id %}" },
                "Next": "Update",
            },
            "Update": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:updateItem",
                "Arguments": {
                    "TableName": { "Ref": "Jobs" },
                    "Key": key,
                    "UpdateExpression": "SET done = :here",
                    "ExpressionAttributeValues": { ":here": { "S": { "Ref": "AWS::Region" } } },
                },
                "Next": "Duplicate",
            },
            "Duplicate": { "Type": "Succeed" },
            "Failed": { "Type": "Fail", "Error": "failed", "Cause": "{% $failure.Cause %}" },
        },
    });
    let machine = synthesis::json::<Json, _>(every_kind);
    assert_eq!(serde_json::to_string_pretty(&machine).unwrap(), serde_json::to_string_pretty(&expected).unwrap());
}

#[test]
fn jsonata_can_hold_references() {
    let machine = synthesis::json::<Json, _>(|stack| {
        let bucket = stack.add("Sources", Raw::new("AWS::S3::Bucket"));
        let ours = jsonata(sub!("$states.input.{{'ours': bucket = '{}'}}", bucket.reference::<String>()));
        machine("x", start_at("Read", pass().output(ours)))
    });
    let expected = json!({ "Fn::Sub": "{% $states.input.{'ours': bucket = '${Sources}'} %}" });
    assert_eq!(machine["States"]["Read"]["Output"], expected);
}

#[test]
fn transitions_lead_somewhere() {
    let found = mistakes(
        start_at("Read", choice().when("true", "Enhnace").otherwise("Inside"))
            .state("Enhance", pass().end())
            .state("Repeat", map(jsonata("[1]"), start_at("Inside", pass().next("Enhance"))))
            .state("Again", aws_sdk("sqs", "receiveMessage").catch([catch_all("Nowhere")])),
    );
    assert_eq!(
        found,
        [
            "States/Repeat/ItemProcessor/States/Inside: state `Inside` goes on to `Enhance`, which is no state beside it; \
             add the state; nothing goes into a map or a branch from outside, nor out of it",
            "States/Read: state `Read` goes on to `Inside`, which is no state beside it; add the state; nothing goes into a \
             map or a branch from outside, nor out of it",
            "States/Read: state `Read` goes on to `Enhnace`, which is no state beside it; did you mean `Enhance`?",
            "States/Again: state `Again` goes on to `Nowhere`, which is no state beside it; add the state; nothing goes into \
             a map or a branch from outside, nor out of it",
            "States/Enhance: nothing leads to state `Enhance`; go on to it from another state, or remove it",
            "States/Repeat: nothing leads to state `Repeat`; go on to it from another state, or remove it",
            "States/Again: nothing leads to state `Again`; go on to it from another state, or remove it",
        ]
    );
}

#[test]
fn every_state_leads_to_an_end() {
    let loop_without_end = start_at("Wait", wait_seconds(5)).state("Again", pass().next("Wait"));
    assert_eq!(
        mistakes(loop_without_end),
        [
            "States/Wait: state `Wait` leads to no end; add a way out of the loop",
            "States/Again: state `Again` leads to no end; add a way out of the loop",
        ]
    );
    let with_a_way_out = start_at("Wait", wait_seconds(5))
        .state("Again", pass().next("Is"))
        .state("Is", choice().when("$states.input", "Wait").otherwise("Done"))
        .state("Done", succeed());
    json(machine("x", with_a_way_out));
    let ends_unless_it_fails =
        start_at("Wait", wait_seconds(5)).state("Call", aws_sdk("sqs", "receiveMessage").catch([catch_all("Wait")]));
    json(machine("x", ends_unless_it_fails));
}

#[test]
fn names_are_unique_in_the_whole_machine() {
    let inner = start_at("Read", pass());
    let found = mistakes(start_at("Read", parallel([inner])).state("x".repeat(81), succeed()));
    assert!(found[0].starts_with("States/Read/Branches/0/States/Read: state `Read` stands twice in the state machine"));
    assert!(found[1].ends_with("is not 1 to 80 characters long; shorten it"), "{}", found[1]);
    assert_eq!(found.len(), 2);
}

#[test]
fn choices_are_complete() {
    assert_eq!(
        mistakes(start_at("Empty", choice()).state("Last", choice().when("true", "Empty"))),
        [
            "States/Empty: choice `Empty` has nothing to choose from; add a rule with `when`",
            "States/Last: choice `Last` stands last and says not what comes if no rule holds; add `otherwise`, or a state \
             after it",
        ]
    );
    assert_eq!(
        mistakes(start_at("Both", parallel([]))),
        ["States/Both: parallel state `Both` has no branch; give it flows to run"]
    );
}

#[test]
fn retriers_and_catchers_make_sense() {
    let call = || aws_sdk("sqs", "receiveMessage");
    let no_errors: [&str; 0] = [];
    let found = mistakes(
        start_at("Order", call().retry([retry([errors::ALL]), retry([errors::TIMEOUT])]))
            .state("Alone", call().catch([catch([errors::ALL, errors::TIMEOUT], "End")]))
            .state("None", call().retry([retry(no_errors)]))
            .state("Zero", call().retry([retry([errors::ALL]).interval_seconds(0)]))
            .state("Rate", call().retry([retry([errors::ALL]).backoff_rate(0.5)]))
            .state("Delay", call().retry([retry([errors::ALL]).interval_seconds(30).max_delay_seconds(30)]))
            .state("End", succeed()),
    );
    assert_eq!(
        found,
        [
            "States/Order/Retry/1/ErrorEquals: a retrier or catcher stands behind one that takes every error; move \
             `States.ALL` to the end",
            "States/Alone/Catch/0/ErrorEquals: `States.ALL` stands beside other errors; it takes every error: leave the \
             others out",
            "States/None/Retry/0/ErrorEquals: a retrier or catcher names no error; name the errors, or `States.ALL`",
            "States/Zero/Retry/0/ErrorEquals: the interval of a retrier is 0 seconds; make it 1 second or more",
            "States/Rate/Retry/0/ErrorEquals: the backoff rate of a retrier is 0.5; make it 1.0 or more",
            "States/Delay/Retry/0/ErrorEquals: the longest pause of a retrier, 30 s, is not longer than its first, 30 s; \
             raise `max_delay_seconds` or lower `interval_seconds`",
        ]
    );
}

#[test]
fn tokens_are_handed_on() {
    let forgotten = sqs::send_message("https://queue", object! { "job": 1 }).wait_for_task_token();
    assert_eq!(
        mistakes(start_at("Enhance", forgotten)),
        ["States/Enhance: task `Enhance` waits for its token, but its arguments hand the token to nobody; put \
          `task_token()` into the arguments"]
    );
    let waits_twice = sqs::send_message("https://queue", task_token()).wait_for_task_token().sync();
    assert_eq!(
        mistakes(start_at("Enhance", waits_twice)),
        ["States/Enhance/Resource: the task waits twice: `.sync` is added to \
          `arn:aws:states:::sqs:sendMessage.waitForTaskToken`; keep one of `wait_for_task_token` and `sync`"]
    );
}

#[test]
fn nothing_is_said_twice() {
    let twice = pass().output(1).output(2).assign("a", 1).assign("a", 2).assign("$b", 1).next("End").end();
    assert_eq!(
        mistakes(start_at("Twice", twice).state("End", succeed())),
        [
            "States/Twice/Next: the state says twice what comes next; keep one of the two",
            "States/Twice/Assign/a: variable `a` is set twice in one state; keep one of the two",
            "States/Twice/Assign/$b: `$b` is no name for a variable; take letters, digits and `_`, at most 80, the first no \
             digit, without `$`; `states` is reserved",
            "States/Twice/Output: `Output` of the state is set twice; keep one of the two",
        ]
    );
}

#[test]
fn arguments_are_given_whole_or_one_by_one() {
    let ask = || aws_sdk("mediaconvert", "getQueue").arguments(object! { "Name": jsonata("$queue") });
    assert_eq!(
        mistakes(start_at("Ask", ask())),
        ["States/Ask: nothing assigns the variable `$queue`, which state `Ask` reads; set it with \
          `.assign(\"queue\", …)` in a state that comes before"]
    );
    let ask = || aws_sdk("mediaconvert", "getQueue").arguments(object! { "Name": "streams" });
    assert_eq!(
        mistakes(start_at("Ask", ask().argument("Name", "other"))),
        ["States/Ask/Arguments: argument `Name` is set beside a whole request; set it in the request, or give all \
          arguments one by one"]
    );
    assert_eq!(
        mistakes(start_at("Ask", ask().arguments(object! { "Name": "other" }))),
        ["States/Ask/Arguments: the arguments of the task are set twice; keep one of the two"]
    );
    let handed_on = aws_sdk("sfn", "startExecution").arguments(object! { "Input": task_token() });
    let machine = json(machine("Hands on", start_at("Start", handed_on.wait_for_task_token())));
    assert_eq!(machine["States"]["Start"]["Arguments"], json!({ "Input": "{% $states.context.Task.Token %}" }));
}

#[test]
fn jsonata_is_looked_over() {
    let inner = start_at("Inside", pass().assign("inside", 1).output(jsonata("$outer + $inside")));
    let found = mistakes(
        start_at("Read", pass().assign("outer", jsonata("$count($states.input")))
            .state("Each", map(jsonata("$outer"), inner))
            .state("Decide", choice().when("$oter = 1", "Wait").otherwise("Wait"))
            .state("Wait", wait_seconds(jsonata("$inside")).output(jsonata("{% 1 %}")))
            .state("Sum", pass().output(object! { "deep": [{ "er": jsonata("$exist($outer)") }] })),
    );
    assert_eq!(
        found,
        [
            "States/Read: `(` is not closed in the JSONata expression `$count($states.input`; see https://docs.jsonata.org \
             for its syntax",
            "States/Decide: nothing assigns the variable `$oter`, which state `Decide` reads; did you mean `$outer`?",
            "States/Wait: nothing assigns the variable `$inside`, which state `Wait` reads; set it with \
             `.assign(\"inside\", …)` in a state that comes before",
            "States/Wait: the JSONata expression `{% 1 %}` has its delimiters inside; write the expression alone; they are \
             added",
            "States/Sum: nothing assigns the variable `$exist`, which state `Sum` reads; did you mean `$exists`?",
        ]
    );
}
