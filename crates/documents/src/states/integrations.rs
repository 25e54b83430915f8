//! Services that a task calls. Arguments are named as in the service's API, in `PascalCase`.

use template::{Expression, IntoValue, Json, Value};

use super::jsonata::Text;
use super::kinds::Task;

/// Makes a task that calls any integration by its ARN, such as `arn:aws:states:::glue:startJobRun`, or a Lambda
/// function or an activity by its own.
///
/// ```
/// # use documents::states::{jsonata, task};
/// # let function: template::Value<String> = template::Assume::assume("arn:aws:lambda:…:function:plan");
/// let plan = task(function).argument("source", jsonata("$source"));
/// ```
#[track_caller]
pub fn task(resource: impl IntoValue<String>) -> Task {
    Task::new(resource.into_value().into_expression())
}

/// Makes a task that calls an action of any service through the AWS SDK, named as in Step Functions.
///
/// ```
/// # use documents::states::{aws_sdk, jsonata};
/// let describe = aws_sdk("sfn", "describeExecution").argument("ExecutionArn", jsonata("$other.execution"));
/// ```
#[track_caller]
pub fn aws_sdk(service: &str, action: &str) -> Task {
    integration(&format!("aws-sdk:{service}:{action}"))
}

#[track_caller]
fn integration(name: &str) -> Task {
    Task::new(Expression::string(format!("arn:aws:states:::{name}")))
}

fn text(value: impl IntoValue<Text>) -> Value<Json> {
    Value::from_expression(value.into_value().into_expression())
}

/// Tables of DynamoDB. Keys and items are written in its JSON: `{ "id": { "S": … } }`.
pub mod dynamodb {
    use super::{IntoValue, Json, Task, Text, integration, text};

    /// Writes an item, in place of the one that is there, unless a `ConditionExpression` says otherwise.
    ///
    /// ```
    /// # use documents::{object, states::{dynamodb, jsonata}};
    /// # let table: template::Value<String> = template::Assume::assume("jobs");
    /// let register = dynamodb::put_item(table, object! { "id": { "S": jsonata("$id") } })
    ///     .argument("ConditionExpression", "attribute_not_exists(id)");
    /// ```
    #[track_caller]
    pub fn put_item(table: impl IntoValue<Text>, item: impl IntoValue<Json>) -> Task {
        integration("dynamodb:putItem").argument("TableName", text(table)).argument("Item", item)
    }

    /// Reads an item: `$states.result.Item`, which is missing where there is none.
    #[track_caller]
    pub fn get_item(table: impl IntoValue<Text>, key: impl IntoValue<Json>) -> Task {
        integration("dynamodb:getItem").argument("TableName", text(table)).argument("Key", key)
    }

    /// Changes attributes of an item by an update expression.
    #[track_caller]
    pub fn update_item(
        table: impl IntoValue<Text>,
        key: impl IntoValue<Json>,
        update_expression: impl IntoValue<Text>,
    ) -> Task {
        let task = integration("dynamodb:updateItem").argument("TableName", text(table)).argument("Key", key);
        task.argument("UpdateExpression", text(update_expression))
    }

    /// Deletes an item.
    #[track_caller]
    pub fn delete_item(table: impl IntoValue<Text>, key: impl IntoValue<Json>) -> Task {
        integration("dynamodb:deleteItem").argument("TableName", text(table)).argument("Key", key)
    }
}

/// Queues of SQS.
pub mod sqs {
    use super::{IntoValue, Json, Task, Text, integration, text};

    /// Sends a message; a body that is an object goes as JSON.
    ///
    /// ```
    /// # use documents::{object, states::{sqs, task_token}};
    /// # let queue: template::Value<String> = template::Assume::assume("https://…");
    /// let ask = sqs::send_message(queue, object! { "token": task_token() }).wait_for_task_token();
    /// ```
    #[track_caller]
    pub fn send_message(queue_url: impl IntoValue<Text>, body: impl IntoValue<Json>) -> Task {
        integration("sqs:sendMessage").argument("QueueUrl", text(queue_url)).argument("MessageBody", body)
    }
}

/// Topics of SNS.
pub mod sns {
    use super::{IntoValue, Json, Task, Text, integration, text};

    /// Publishes a message; one that is an object goes as JSON.
    #[track_caller]
    pub fn publish(topic_arn: impl IntoValue<Text>, message: impl IntoValue<Json>) -> Task {
        integration("sns:publish").argument("TopicArn", text(topic_arn)).argument("Message", message)
    }
}

/// Other state machines of Step Functions.
pub mod sfn {
    use super::{IntoValue, Json, Task, Text, integration, text};

    /// Starts an execution and goes on at once; with [`Task::sync`] it waits until the execution has ended.
    ///
    /// Pass `AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID` in the input to link the two in the console.
    #[track_caller]
    pub fn start_execution(state_machine_arn: impl IntoValue<Text>, input: impl IntoValue<Json>) -> Task {
        let task = integration("states:startExecution").argument("StateMachineArn", text(state_machine_arn));
        task.argument("Input", input)
    }
}
