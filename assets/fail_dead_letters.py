"""Fails the tasks whose messages ended in the dead-letter queue, so that no workflow waits for them in vain."""

import json
import os

import boto3

step_functions = boto3.client("stepfunctions")
over = (
    step_functions.exceptions.InvalidToken,
    step_functions.exceptions.TaskDoesNotExist,
    step_functions.exceptions.TaskTimedOut,
)


def handler(event, _context):
    """Takes a batch from the queue; what it reports as failed stays there, where an alarm sees it."""
    kept = []
    for record in event["Records"]:
        try:
            fail(json.loads(record["body"]))
        except Exception as error:  # one message that cannot be read must not hold up the others
            print(json.dumps({"message": record["messageId"], "kept": repr(error)}))
            kept.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": kept}


def fail(task):
    """Fails one task; that its workflow no longer waits is as good."""
    cause = {
        "kind": "engine",
        "message": f"delivered {os.environ['RECEIVES']} times, and no worker finished the task",
        "hint": f"look for job {task['job']} in the workers' logs: it may stop them",
    }
    try:
        step_functions.send_task_failure(taskToken=task["token"], error=os.environ["ERROR"], cause=json.dumps(cause))
    except over:
        pass
