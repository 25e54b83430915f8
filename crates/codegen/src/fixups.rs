//! What is wrong or missing in the published schemas, put right before anything is generated from them.
//!
//! Each fixup is a function that says why it is needed, and that fails once it is not: then take it out.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::vendor::Schemas;

type Fixup = (&'static str, fn(&mut Value) -> Result<()>);

const FIXUPS: [Fixup; 6] = [
    ("AWS::AutoScaling::AutoScalingGroup", auto_scaling_topic_is_one_arn),
    ("AWS::DynamoDB::Table", dynamodb_key_schema_has_one_type),
    ("AWS::Lambda::Function", lambda_variables_are_strings),
    ("AWS::SNS::Subscription", sns_redrive_policy_is_known),
    ("AWS::SQS::Queue", sqs_redrive_allow_policy_is_known),
    ("AWS::SQS::Queue", sqs_redrive_policy_is_known),
];

/// Applies all fixups.
pub fn apply(schemas: &mut Schemas) -> Result<()> {
    for (type_name, fixup) in FIXUPS {
        let schema =
            schemas.get_mut(type_name).with_context(|| format!("a fixup is for `{type_name}`, which is gone"))?;
        fixup(schema).with_context(|| format!("a fixup of `{type_name}` is no longer needed or no longer fits"))?;
    }
    Ok(())
}

/// cfn-lint lets `TopicARN` be a string or an array of strings, for an array of one has always been let through. The
/// documentation knows only the string.
fn auto_scaling_topic_is_one_arn(schema: &mut Value) -> Result<()> {
    let topic = at(schema, "/definitions/NotificationConfiguration/properties/TopicARN")?;
    ensure!(topic["type"] == json!(["string", "array"]), "`TopicARN` is {}", topic["type"]);
    topic["type"] = json!("string");
    Ok(())
}

/// cfn-lint describes key schemas by rules on their first and second elements, in three copies without a name. AWS
/// publishes a list of `KeySchema`, and `KeyType` with its two values.
fn dynamodb_key_schema_has_one_type(schema: &mut Value) -> Result<()> {
    let definition = at(schema, "/definitions/KeySchema")?;
    ensure!(definition["type"] == json!("array"), "`KeySchema` is {}", definition["type"]);
    *definition = json!({
        "description": "An attribute of a primary key or of the key of an index.",
        "type": "object",
        "properties": {
            "AttributeName": { "description": "The attribute's name.", "type": "string" },
            "KeyType": {
                "description": "Whether the attribute is the partition key (`HASH`) or the sort key (`RANGE`).",
                "type": "string",
                "enum": ["HASH", "RANGE"]
            }
        },
        "required": ["AttributeName", "KeyType"]
    });
    for owner in ["", "/definitions/GlobalSecondaryIndex", "/definitions/LocalSecondaryIndex"] {
        let list = at(schema, &format!("{owner}/properties/KeySchema"))?;
        let description = list["description"].clone();
        *list = json!({ "type": "array", "items": { "$ref": "#/definitions/KeySchema" }, "description": description });
    }
    Ok(())
}

/// cfn-lint lets variables be of any type, for the service makes strings of them, though not of objects. What a program
/// finds in its environment are strings.
fn lambda_variables_are_strings(schema: &mut Value) -> Result<()> {
    let variables = at(schema, "/definitions/Environment/properties/Variables/patternProperties")?;
    let mut patterns = variables.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut);
    let (Some(variable), None) = (patterns.next(), patterns.next()) else { bail!("`Variables` has not one pattern") };
    ensure!(variable["type"].is_array(), "a variable is {}", variable["type"]);
    *variable = json!({ "type": "string" });
    Ok(())
}

/// The schema knows the policy only as JSON; see "`AWS::SNS::Subscription`" in the template reference.
fn sns_redrive_policy_is_known(schema: &mut Value) -> Result<()> {
    let definition = json!({
        "description": "Where messages go that the subscriber did not take.",
        "type": "object",
        "properties": { "deadLetterTargetArn": queue("The queue that keeps the messages.") },
        "required": ["deadLetterTargetArn"]
    });
    replace_json(schema, "RedrivePolicy", definition)
}

/// The schema knows the policy only as JSON; see "`AWS::SQS::Queue`" in the template reference.
fn sqs_redrive_policy_is_known(schema: &mut Value) -> Result<()> {
    let definition = json!({
        "description": "Where messages go that were received too often.",
        "type": "object",
        "properties": {
            "deadLetterTargetArn": queue("The queue that keeps the messages."),
            "maxReceiveCount": {
                "description": "How many times a message is received before it is moved to the dead-letter queue.",
                "type": "integer"
            }
        },
        "required": ["deadLetterTargetArn", "maxReceiveCount"]
    });
    replace_json(schema, "RedrivePolicy", definition)
}

/// The schema knows the policy only as JSON; see "`AWS::SQS::Queue`" in the template reference.
fn sqs_redrive_allow_policy_is_known(schema: &mut Value) -> Result<()> {
    let definition = json!({
        "description": "Which queues may use this one as their dead-letter queue.",
        "type": "object",
        "properties": {
            "redrivePermission": {
                "description": "Whether all queues may, none may, or those in `sourceQueueArns`.",
                "type": "string",
                "enum": ["allowAll", "denyAll", "byQueue"]
            },
            "sourceQueueArns": {
                "description": "The queues that may, up to ten, where `redrivePermission` is `byQueue`.",
                "type": "array",
                "items": queue("")
            }
        },
        "required": ["redrivePermission"]
    });
    replace_json(schema, "RedriveAllowPolicy", definition)
}

fn queue(description: &str) -> Value {
    json!({ "description": description, "type": "string", "format": "AWS::SQS::Queue.Arn" })
}

/// Gives a property that is JSON of any shape a definition of its own.
fn replace_json(schema: &mut Value, property: &str, definition: Value) -> Result<()> {
    let found = at(schema, &format!("/properties/{property}"))?;
    ensure!(found["type"] == json!(["object", "string"]), "`{property}` is {}", found["type"]);
    let description = found["description"].clone();
    *found = json!({ "$ref": format!("#/definitions/{property}"), "description": description });
    if schema.get("definitions").is_none() {
        schema["definitions"] = json!({});
    }
    let definitions = at(schema, "/definitions")?;
    ensure!(definitions.get(property).is_none(), "`{property}` is defined already");
    definitions[property] = definition;
    Ok(())
}

fn at<'a>(schema: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    schema.pointer_mut(pointer).with_context(|| format!("there is no `{pointer}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixup_fails_once_the_schema_is_right() {
        let mut schema =
            json!({"definitions": {"NotificationConfiguration": {"properties": {"TopicARN": {"type": "string"}}}}});
        assert!(auto_scaling_topic_is_one_arn(&mut schema).is_err());
        let mut schema = json!({"properties": {"RedrivePolicy": {"$ref": "#/definitions/RedrivePolicy"}}});
        assert!(sqs_redrive_policy_is_known(&mut schema).is_err());
    }
}
