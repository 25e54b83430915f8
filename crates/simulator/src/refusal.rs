//! Errors with the service's codes and words, sorted as the implementation over the SDK sorts them.

use cloud::{Error, ErrorKind};

/// Makes the error that the service answers with a code.
pub(crate) fn refusal(operation: &'static str, code: &str, message: impl Into<String>) -> Error {
    let message = message.into();
    Error::new(kind(code, &message), operation, message).with_code(code)
}

/// Makes CloudFormation's most common error.
pub(crate) fn invalid(operation: &'static str, message: impl Into<String>) -> Error {
    refusal(operation, "ValidationError", message)
}

/// Makes the error for what the simulator has not.
pub(crate) fn absent(operation: &'static str) -> Error {
    Error::new(ErrorKind::Service, operation, "not simulated")
}

fn kind(code: &str, message: &str) -> ErrorKind {
    match code {
        "ValidationError" if message.contains("does not exist") => ErrorKind::NotFound,
        "ChangeSetNotFound"
        | "NoSuchBucket"
        | "NoSuchKey"
        | "NoSuchVersion"
        | "ResourceNotFoundException"
        | "StackRefactorNotFound"
        | "ParameterNotFound" => ErrorKind::NotFound,
        "AlreadyExistsException" => ErrorKind::AlreadyExists,
        "PreconditionFailed" => ErrorKind::PreconditionFailed,
        "ConditionalCheckFailedException" => ErrorKind::ConditionFailed,
        "Throttling" | "ThrottlingException" => ErrorKind::Throttled,
        "InsufficientCapabilitiesException" => ErrorKind::Validation,
        _ if code.starts_with("Invalid") || code.starts_with("Validation") => ErrorKind::Validation,
        _ => ErrorKind::Service,
    }
}
