use cloud::ErrorKind;

/// Finds the kind of an error by what the service answered. Codes are from the services' API references and, where
/// those are silent, from botocore's service models.
pub(super) fn of(operation: &str, code: &str, message: &str, status: u16) -> ErrorKind {
    // JSON protocols may put the namespace of the error's shape before its name.
    let code = code.rsplit('#').next().unwrap_or(code);
    match code {
        "ValidationError" if message.contains("does not exist") => ErrorKind::NotFound,
        "TaskDoesNotExist" | "TaskTimedOut" => ErrorKind::TokenDead,
        "InvalidToken" if operation.starts_with("states:") => ErrorKind::TokenDead,
        "ReceiptHandleIsInvalid" | "MessageNotInflight" | "AWS.SimpleQueueService.MessageNotInflight" => {
            ErrorKind::StaleReceipt
        }
        "InvalidParameterValue" if message.contains("ReceiptHandle") => ErrorKind::StaleReceipt,
        "PreconditionFailed" => ErrorKind::PreconditionFailed,
        "ConditionalRequestConflict"
        | "OperationAborted"
        | "TransactionConflictException"
        | "ReplicatedWriteConflictException" => ErrorKind::Conflict,
        "ConditionalCheckFailedException" => ErrorKind::ConditionFailed,
        _ => by_group(code).unwrap_or_else(|| by_status(operation, code, status)),
    }
}

fn by_group(code: &str) -> Option<ErrorKind> {
    let kind = match code {
        "NoSuchBucket"
        | "NoSuchKey"
        | "NoSuchUpload"
        | "NoSuchVersion"
        | "NotFound"
        | "ChangeSetNotFound"
        | "ChangeSetNotFoundException"
        | "StackNotFoundException"
        | "ExecutionDoesNotExist"
        | "StateMachineDoesNotExist"
        | "InvocationDoesNotExist"
        | "InvalidCommandId"
        | "InvalidDocument"
        | "ParameterNotFound"
        | "ResourceNotFoundException"
        | "NoSuchResourceException"
        | "NoSuchEntity"
        | "InvalidAMIID.NotFound"
        | "InvalidAMIID.Unavailable"
        | "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue" => ErrorKind::NotFound,
        "AlreadyExistsException" | "ExecutionAlreadyExists" | "BucketAlreadyExists" | "BucketAlreadyOwnedByYou" => {
            ErrorKind::AlreadyExists
        }
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ProvisionedThroughputExceededException"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "OverLimit"
        | "KmsThrottlingException"
        | "KMS.ThrottlingException"
        | "KmsThrottled" => ErrorKind::Throttled,
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "UnauthorizedOperation"
        | "KmsAccessDeniedException"
        | "KmsAccessDenied"
        | "KMS.AccessDeniedException" => ErrorKind::AccessDenied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "RequestTimeTooSkewed"
        | "RequestExpired"
        | "TokenRefreshRequired" => ErrorKind::Credentials,
        "RequestTimeout" | "RequestTimeoutException" => ErrorKind::Timeout,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => ErrorKind::Unavailable,
        "BadDigest" | "IncompleteBody" | "XAmzContentChecksumMismatch" | "XAmzContentSHA256Mismatch" => {
            ErrorKind::Corrupted
        }
        "InsufficientCapabilitiesException"
        | "MalformedXML"
        | "EntityTooLarge"
        | "EntityTooSmall"
        | "KeyTooLongError" => ErrorKind::Validation,
        _ => return None,
    };
    Some(kind)
}

fn by_status(operation: &str, code: &str, status: u16) -> ErrorKind {
    let is_s3 = operation.starts_with("s3:");
    match status {
        404 if is_s3 => ErrorKind::NotFound,
        403 if is_s3 => ErrorKind::AccessDenied,
        409 if is_s3 => ErrorKind::Conflict,
        412 if is_s3 => ErrorKind::PreconditionFailed,
        429 => ErrorKind::Throttled,
        500.. => ErrorKind::Unavailable,
        _ if ["Invalid", "Validation", "Missing"].iter().any(|prefix| code.starts_with(prefix)) => {
            ErrorKind::Validation
        }
        _ => ErrorKind::Service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_says_decides() {
        let cases = [
            ("s3:PutObject", "PreconditionFailed", "", 412, ErrorKind::PreconditionFailed),
            ("s3:PutObject", "ConditionalRequestConflict", "", 409, ErrorKind::Conflict),
            ("s3:HeadObject", "", "", 404, ErrorKind::NotFound),
            ("s3:HeadObject", "", "", 403, ErrorKind::AccessDenied),
            ("s3:PutObject", "InternalError", "We encountered an internal error", 200, ErrorKind::Unavailable),
            ("states:SendTaskHeartbeat", "InvalidToken", "", 400, ErrorKind::TokenDead),
            ("s3:GetObject", "InvalidToken", "", 400, ErrorKind::Credentials),
            (
                "cloudformation:DescribeStacks",
                "ValidationError",
                "Stack with id x does not exist",
                400,
                ErrorKind::NotFound,
            ),
            ("cloudformation:CreateChangeSet", "ValidationError", "Template format error", 400, ErrorKind::Validation),
            ("cloudformation:DescribeStacks", "Throttling", "Rate exceeded", 400, ErrorKind::Throttled),
            (
                "sqs:ChangeMessageVisibility",
                "InvalidParameterValue",
                "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
                400,
                ErrorKind::Validation,
            ),
            (
                "sqs:ChangeMessageVisibility",
                "InvalidParameterValue",
                "Value x for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.",
                400,
                ErrorKind::StaleReceipt,
            ),
            (
                "dynamodb:PutItem",
                "ConditionalCheckFailedException",
                "The conditional request failed",
                400,
                ErrorKind::ConditionFailed,
            ),
            (
                "dynamodb:PutItem",
                "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                "",
                400,
                ErrorKind::NotFound,
            ),
            ("sts:GetCallerIdentity", "ExpiredToken", "", 403, ErrorKind::Credentials),
            ("ssm:GetCommandInvocation", "InvocationDoesNotExist", "", 400, ErrorKind::NotFound),
            ("ssm:SendCommand", "InvalidInstanceId", "", 400, ErrorKind::Validation),
            ("ssm:SendCommand", "InvalidParameters", "", 400, ErrorKind::Validation),
            ("ec2:DescribeImages", "InvalidAMIID.NotFound", "", 400, ErrorKind::NotFound),
            ("ec2:DescribeImages", "InvalidAMIID.Malformed", "", 400, ErrorKind::Validation),
            ("ec2:RunInstances", "OptInRequired", "", 401, ErrorKind::Service),
            ("ec2:RunInstances", "UnauthorizedOperation", "", 403, ErrorKind::AccessDenied),
            ("states:StartExecution", "ExecutionLimitExceeded", "", 400, ErrorKind::Service),
        ];
        for (operation, code, message, status, kind) in cases {
            assert_eq!(of(operation, code, message, status), kind, "{operation} {code} {status}");
        }
    }
}
