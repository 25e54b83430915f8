//! Intrinsic functions. `Ref` and `Fn::GetAtt` are methods of a resource's reference, `Fn::Sub` is [`sub!`](crate::sub),
//! `Fn::If` is [`If`](crate::If), `Fn::FindInMap` is [`Mapping::find`](crate::Mapping::find).

use tree::Origin;

use crate::expression::{Expression, Kind};
use crate::value::{IntoValue, List, Value};

#[track_caller]
fn function<T>(name: &'static str, argument: Expression) -> Value<T> {
    Value::from_expression(Expression::new(Kind::Function(name, Box::new(argument)))).at(Origin::caller())
}

/// Joins strings with a delimiter: `Fn::Join`.
#[track_caller]
pub fn join(delimiter: &str, values: impl IntoValue<List<String>>) -> Value<String> {
    let values = values.into_value().into_expression();
    function("Fn::Join", Expression::list([Expression::string(delimiter), values]))
}

/// Takes the element at a position, from 0: `Fn::Select`.
#[track_caller]
pub fn select<T>(index: u32, values: impl IntoValue<List<T>>) -> Value<T> {
    let values = values.into_value().into_expression();
    function("Fn::Select", Expression::list([Expression::integer(index.into()), values]))
}

/// Splits a string at a delimiter: `Fn::Split`.
#[track_caller]
pub fn split(delimiter: &str, value: impl IntoValue<String>) -> Value<List<String>> {
    let value = value.into_value().into_expression();
    function("Fn::Split", Expression::list([Expression::string(delimiter), value]))
}

/// Encodes a string, as user data wants it: `Fn::Base64`.
#[track_caller]
pub fn base64(value: impl IntoValue<String>) -> Value<String> {
    function("Fn::Base64", value.into_value().into_expression())
}

/// Cuts an address block into `count` (1 to 256) blocks that leave `cidr_bits` bits for hosts: `Fn::Cidr`.
#[track_caller]
pub fn cidr(block: impl IntoValue<String>, count: u32, cidr_bits: u32) -> Value<List<String>> {
    let arguments = [
        block.into_value().into_expression(),
        Expression::integer(count.into()),
        Expression::integer(cidr_bits.into()),
    ];
    function("Fn::Cidr", Expression::list(arguments))
}

/// Lists the Availability Zones of the stack's region that have a default subnet: `Fn::GetAZs`.
#[track_caller]
pub fn get_azs() -> Value<List<String>> {
    function("Fn::GetAZs", Expression::new(Kind::Pseudo("AWS::Region")))
}

/// References to values that CloudFormation reads when it deploys (`{{resolve:…}}`).
///
/// See "Get values stored in other services using dynamic references" in the CloudFormation user guide.
pub mod dynamic {
    use crate::value::{Assume, Value};

    /// Reads a parameter of the Parameter Store, the latest version unless one is given.
    pub fn ssm<T>(name: &str, version: Option<u32>) -> Value<T> {
        resolve("ssm", name, version)
    }

    /// Reads a secure string of the Parameter Store; only a few properties accept one.
    pub fn ssm_secure<T>(name: &str, version: Option<u32>) -> Value<T> {
        resolve("ssm-secure", name, version)
    }

    /// Reads one JSON key of a secret of Secrets Manager.
    pub fn secret<T>(secret_id: &str, json_key: &str) -> Value<T> {
        format!("{{{{resolve:secretsmanager:{secret_id}:SecretString:{json_key}}}}}").assume()
    }

    fn resolve<T>(service: &str, name: &str, version: Option<u32>) -> Value<T> {
        match version {
            Some(version) => format!("{{{{resolve:{service}:{name}:{version}}}}}").assume(),
            None => format!("{{{{resolve:{service}:{name}}}}}").assume(),
        }
    }
}

/// Pseudo-parameters: what CloudFormation knows of the stack it deploys.
pub mod aws {
    use crate::expression::{Expression, Kind};
    use crate::value::{List, Value};

    fn pseudo<T>(name: &'static str) -> Value<T> {
        Value::from_expression(Expression::new(Kind::Pseudo(name)))
    }

    /// The account that the stack is deployed to, 12 digits.
    pub fn account_id() -> Value<String> {
        pseudo("AWS::AccountId")
    }

    /// The topics that are told of the stack's events.
    pub fn notification_arns() -> Value<List<String>> {
        pseudo("AWS::NotificationARNs")
    }

    /// The partition, such as `aws` or `aws-cn`.
    pub fn partition() -> Value<String> {
        pseudo("AWS::Partition")
    }

    /// The region, such as `ap-northeast-2`.
    pub fn region() -> Value<String> {
        pseudo("AWS::Region")
    }

    /// The ARN of the stack.
    pub fn stack_id() -> Value<String> {
        pseudo("AWS::StackId")
    }

    /// The name of the stack.
    pub fn stack_name() -> Value<String> {
        pseudo("AWS::StackName")
    }

    /// The domain of the partition's services, such as `amazonaws.com`.
    pub fn url_suffix() -> Value<String> {
        pseudo("AWS::URLSuffix")
    }
}
