//! Plausible values in the place of CloudFormation's intrinsic functions: parliament reads literals only.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "ap-northeast-2";
const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// The templates of one environment by stack, and the stack whose values are imagined.
#[derive(Clone, Copy)]
pub struct Literals<'a> {
    pub templates: &'a BTreeMap<String, Value>,
    pub stack: &'a str,
}

impl Literals<'_> {
    /// Replaces every intrinsic function; nothing stands for `AWS::NoValue`.
    pub fn resolve(self, value: &Value) -> Option<Value> {
        match value {
            Value::Array(items) => Some(Value::Array(items.iter().flat_map(|item| self.resolve_item(item)).collect())),
            Value::Object(map) => {
                if let Some((function, argument)) = intrinsic(map) {
                    return self.call(function, argument);
                }
                let fields = map.iter().filter_map(|(key, value)| Some((key.clone(), self.resolve_field(key, value)?)));
                Some(Value::Object(fields.collect()))
            }
            _ => Some(value.clone()),
        }
    }

    fn resolve_field(self, key: &str, value: &Value) -> Option<Value> {
        let listed = ["Action", "NotAction", "Resource", "NotResource", "Statement"].contains(&key);
        let conditional = matches!(value.as_object().and_then(intrinsic), Some(("Fn::If", _)));
        // Where a policy may have one or a list, a condition's two sides make a list.
        if listed && conditional { Some(self.resolve_item(value).into()) } else { self.resolve(value) }
    }

    /// An item that depends on a condition stands for what it is either way: both are to be looked at.
    fn resolve_item(self, item: &Value) -> Vec<Value> {
        match item.as_object().and_then(intrinsic) {
            Some(("Fn::If", Value::Array(branches))) => {
                branches.iter().skip(1).flat_map(|branch| self.resolve_item(branch)).collect()
            }
            _ => self.resolve(item).into_iter().collect(),
        }
    }

    fn call(self, function: &str, argument: &Value) -> Option<Value> {
        let arguments = argument.as_array().map_or(&[][..], Vec::as_slice);
        match function {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => Some(match arguments {
                [id, attribute] => self.attribute(&text(id), &text(attribute)).into(),
                _ => self.dotted(argument.as_str().unwrap_or_default()).into(),
            }),
            "Fn::Sub" => Some(match arguments {
                [pattern, values] => self.substitute(&text(pattern), values.as_object()).into(),
                _ => self.substitute(argument.as_str().unwrap_or_default(), None).into(),
            }),
            "Fn::Join" => {
                let separator = text(arguments.first()?);
                let items = self.resolve(arguments.get(1)?)?;
                let items: Vec<_> = items.as_array()?.iter().map(text).collect();
                Some(items.join(&separator).into())
            }
            "Fn::Split" => {
                let separator = text(arguments.first()?);
                let whole = text(&self.resolve(arguments.get(1)?)?);
                Some(whole.split(separator.as_str()).map(Value::from).collect())
            }
            "Fn::Select" => {
                let index: usize = text(&self.resolve(arguments.first()?)?).parse().ok()?;
                self.resolve(arguments.get(1)?)?.get(index).cloned()
            }
            "Fn::If" => arguments.iter().skip(1).find_map(|branch| self.resolve(branch)),
            "Fn::ImportValue" => self.imported(argument.as_str()?),
            // Any other function keeps its name, so that a tool that wants an ARN there complains.
            _ => Some(function.into()),
        }
    }

    fn reference(self, name: &str) -> Option<Value> {
        Some(Value::from(match name {
            "AWS::NoValue" => return None,
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Region" => REGION.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => self.stack.to_owned(),
            "AWS::StackId" => format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{}/{KEY_ID}", self.stack),
            _ => match self.type_of(name) {
                Some(resource_type) => identifier(resource_type, name),
                None => return Some(self.parameter(name)),
            },
        }))
    }

    fn dotted(self, name: &str) -> String {
        match name.split_once('.') {
            Some((id, attribute)) => self.attribute(id, attribute),
            None => self.reference(name).as_ref().map(text).unwrap_or_default(),
        }
    }

    fn attribute(self, id: &str, attribute: &str) -> String {
        match self.type_of(id) {
            Some(resource_type) if attribute.ends_with("Arn") || attribute.ends_with("ARN") => arn(resource_type, id),
            Some(resource_type) if attribute.ends_with("Id") => identifier(resource_type, id),
            _ => id.to_owned(),
        }
    }

    fn substitute(self, pattern: &str, values: Option<&Map<String, Value>>) -> String {
        let mut written = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            written.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                written.push_str("${");
                rest = after;
                continue;
            };
            if let Some(literal) = name.strip_prefix('!') {
                written.push_str("${");
                written.push_str(literal);
                written.push('}');
            } else if let Some(value) = values.and_then(|values| values.get(name)) {
                written.push_str(&self.resolve(value).as_ref().map(text).unwrap_or_default());
            } else {
                written.push_str(&self.dotted(name));
            }
            rest = after;
        }
        written.push_str(rest);
        written
    }

    /// The output of the stack that a parameter is filled from, its default, or else its name.
    fn parameter(self, name: &str) -> Value {
        let parameter = self.templates.get(self.stack).map(|template| &template["Parameters"][name]);
        let source = parameter.and_then(|parameter| {
            let description = parameter["Description"].as_str()?;
            let (output, stack) = description.strip_prefix("Output ")?.split_once(" of stack ")?;
            let value = self.templates.get(stack)?["Outputs"][output].get("Value")?;
            Literals { templates: self.templates, stack }.resolve(value)
        });
        let default = || parameter.and_then(|parameter| parameter.get("Default").cloned());
        source.or_else(default).unwrap_or_else(|| name.into())
    }

    /// The output of another stack that is exported by this name, or else the name.
    fn imported(self, name: &str) -> Option<Value> {
        let outputs = |(stack, template): (&'_ String, &'_ Value)| {
            let outputs = template["Outputs"].as_object()?;
            let output = outputs.values().find(|output| output["Export"]["Name"] == name)?;
            Literals { templates: self.templates, stack }.resolve(&output["Value"])
        };
        self.templates.iter().find_map(outputs).or_else(|| Some(name.into()))
    }

    fn type_of(&self, id: &str) -> Option<&str> {
        self.templates.get(self.stack)?["Resources"][id]["Type"].as_str()
    }
}

/// A function and its argument, where an object is an intrinsic function.
fn intrinsic(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, argument) = map.iter().next()?;
    (map.len() == 1 && (key == "Ref" || key.starts_with("Fn::"))).then_some((key, argument))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What `Ref` gives: an ARN for some types, a name for most.
fn identifier(resource_type: &str, id: &str) -> String {
    match resource_type {
        "AWS::SQS::Queue" => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{id}"),
        "AWS::KMS::Key" => KEY_ID.to_owned(),
        "AWS::Batch::ComputeEnvironment"
        | "AWS::Batch::JobDefinition"
        | "AWS::Batch::JobQueue"
        | "AWS::CertificateManager::Certificate"
        | "AWS::IAM::ManagedPolicy"
        | "AWS::IAM::OIDCProvider"
        | "AWS::SNS::Topic"
        | "AWS::StepFunctions::StateMachine" => arn(resource_type, id),
        _ => id.to_owned(),
    }
}

/// The ARN of a resource, in the shape that the service authorization reference gives for its type.
fn arn(resource_type: &str, id: &str) -> String {
    let here = format!("{REGION}:{ACCOUNT}");
    match resource_type {
        "AWS::AutoScaling::AutoScalingGroup" => {
            format!("arn:aws:autoscaling:{here}:autoScalingGroup:{KEY_ID}:autoScalingGroupName/{id}")
        }
        "AWS::Batch::ComputeEnvironment" => format!("arn:aws:batch:{here}:compute-environment/{id}"),
        "AWS::Batch::JobDefinition" => format!("arn:aws:batch:{here}:job-definition/{id}:1"),
        "AWS::Batch::JobQueue" => format!("arn:aws:batch:{here}:job-queue/{id}"),
        "AWS::CertificateManager::Certificate" => format!("arn:aws:acm:{here}:certificate/{KEY_ID}"),
        "AWS::CloudFront::Distribution" => format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{id}"),
        "AWS::CloudTrail::Trail" => format!("arn:aws:cloudtrail:{here}:trail/{id}"),
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
            format!("arn:aws:cloudwatch:{here}:alarm:{id}")
        }
        "AWS::DynamoDB::Table" => format!("arn:aws:dynamodb:{here}:table/{id}"),
        "AWS::EC2::LaunchTemplate" => format!("arn:aws:ec2:{here}:launch-template/{id}"),
        "AWS::Events::Rule" => format!("arn:aws:events:{here}:rule/{id}"),
        "AWS::IAM::InstanceProfile" => format!("arn:aws:iam::{ACCOUNT}:instance-profile/{id}"),
        "AWS::IAM::ManagedPolicy" => format!("arn:aws:iam::{ACCOUNT}:policy/{id}"),
        "AWS::IAM::OIDCProvider" => format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{id}"),
        "AWS::IAM::Role" => format!("arn:aws:iam::{ACCOUNT}:role/{id}"),
        "AWS::KMS::Key" => format!("arn:aws:kms:{here}:key/{KEY_ID}"),
        "AWS::Lambda::Function" => format!("arn:aws:lambda:{here}:function:{id}"),
        "AWS::Logs::LogGroup" => format!("arn:aws:logs:{here}:log-group:{id}:*"),
        "AWS::MediaConvert::JobTemplate" => format!("arn:aws:mediaconvert:{here}:jobTemplates/{id}"),
        "AWS::MediaConvert::Queue" => format!("arn:aws:mediaconvert:{here}:queues/{id}"),
        "AWS::S3::Bucket" => format!("arn:aws:s3:::{id}"),
        "AWS::SSM::Document" => format!("arn:aws:ssm:{here}:document/{id}"),
        "AWS::SSM::Parameter" => format!("arn:aws:ssm:{here}:parameter/{id}"),
        "AWS::StepFunctions::StateMachine" => format!("arn:aws:states:{here}:stateMachine:{id}"),
        // Queues and topics have this shape; where another type does not, parliament says that nothing matches.
        _ => {
            let service = resource_type.split("::").nth(1).unwrap_or_default().to_lowercase();
            format!("arn:aws:{service}:{here}:{id}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolve(value: &Value) -> Option<Value> {
        let storage = json!({
            "Resources": { "Sources": { "Type": "AWS::S3::Bucket" } },
            "Outputs": {
                "SourcesArn": {
                    "Value": { "Fn::GetAtt": ["Sources", "Arn"] },
                    "Export": { "Name": "storage-SourcesArn" },
                },
            },
        });
        let jobs = json!({
            "Parameters": {
                "StorageSourcesArn": { "Type": "String", "Description": "Output SourcesArn of stack storage" },
                "Prefix": { "Type": "String", "Default": "incoming" },
            },
            "Resources": {
                "Queue": { "Type": "AWS::SQS::Queue" },
                "Topic": { "Type": "AWS::SNS::Topic" },
                "Log": { "Type": "AWS::Logs::LogGroup" },
            },
        });
        let templates = [("storage".to_owned(), storage), ("jobs".to_owned(), jobs)].into();
        Literals { templates: &templates, stack: "jobs" }.resolve(value)
    }

    #[track_caller]
    fn gives(value: &Value, expected: &str) {
        assert_eq!(resolve(value), Some(expected.into()));
    }

    #[test]
    fn attributes_and_references_have_the_shape_of_their_types() {
        gives(&json!({ "Fn::GetAtt": ["Queue", "Arn"] }), "arn:aws:sqs:ap-northeast-2:123456789012:Queue");
        gives(&json!({ "Fn::GetAtt": "Log.Arn" }), "arn:aws:logs:ap-northeast-2:123456789012:log-group:Log:*");
        gives(&json!({ "Ref": "Topic" }), "arn:aws:sns:ap-northeast-2:123456789012:Topic");
        gives(&json!({ "Ref": "Log" }), "Log");
    }

    #[test]
    fn a_parameter_is_the_output_that_fills_it() {
        gives(&json!({ "Fn::Sub": "${StorageSourcesArn}/${Prefix}/*" }), "arn:aws:s3:::Sources/incoming/*");
    }

    #[test]
    fn an_import_is_the_output_that_is_exported() {
        gives(&json!({ "Fn::ImportValue": "storage-SourcesArn" }), "arn:aws:s3:::Sources");
        gives(&json!({ "Fn::ImportValue": "keys-DataKeyArn" }), "keys-DataKeyArn");
    }

    #[test]
    fn substitution_keeps_the_variables_of_policies() {
        gives(&json!({ "Fn::Sub": "${AWS::Region}/${!aws:username}" }), "ap-northeast-2/${aws:username}");
        gives(&json!({ "Fn::Sub": ["${Name}:*", { "Name": { "Ref": "Log" } }] }), "Log:*");
    }

    #[test]
    fn lists_join_split_and_select() {
        gives(&json!({ "Fn::Join": [":", ["a", { "Ref": "AWS::Partition" }]] }), "a:aws");
        gives(&json!({ "Fn::Select": [5, { "Fn::Split": [":", { "Ref": "Topic" }] }] }), "Topic");
    }

    #[test]
    fn both_sides_of_a_condition_are_looked_at() {
        let list = json!(["a", { "Fn::If": ["C", "b", { "Fn::If": ["D", "c", { "Ref": "AWS::NoValue" }] }] }]);
        assert_eq!(resolve(&list), Some(json!(["a", "b", "c"])));
        gives(&json!({ "Fn::If": ["C", { "Ref": "AWS::NoValue" }, "b"] }), "b");
        let statement =
            json!({ "Action": { "Fn::If": ["C", "a", "b"] }, "Effect": { "Fn::If": ["C", "Allow", "Deny"] } });
        assert_eq!(resolve(&statement), Some(json!({ "Action": ["a", "b"], "Effect": "Allow" })));
        assert_eq!(resolve(&json!({ "Kept": 1, "Left": { "Ref": "AWS::NoValue" } })), Some(json!({ "Kept": 1 })));
    }
}
