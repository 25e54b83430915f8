//! What to do about the reasons that services give.

pub(crate) const CORRECT_AND_DEPLOY: &str = "correct what it names and deploy again";

/// The commonest reasons, the more special ones first; the words are CloudFormation's and the services' own.
const TABLE: [(&[&str], &str); 24] = [
    (
        &["Cannot delete export", "Cannot update export", "Export with name", "as it is in use by"],
        "another stack imports it: deploy the two together (`baleen deploy`), which takes two steps, or deploy the importing \
         one first",
    ),
    (&["No export named"], "the stack that exports it has to be deployed first"),
    (
        &["OptInRequired", "accept terms and subscribe", "not subscribed"],
        "the account has to subscribe to the image in AWS Marketplace, once, at the address that the reason names; \
         `baleen doctor` looks for that before a deployment",
    ),
    (
        &["VcpuLimitExceeded", "MaxSpotInstanceCountExceeded", "vCPU capacity than your current vCPU limit"],
        "the account's quota of vCPUs for this family is used up: ask for more (Service Quotas, EC2: `All G and VT Spot \
         Instance Requests`, `Running On-Demand G and VT instances`); `baleen doctor` shows both",
    ),
    (
        &[
            "InsufficientInstanceCapacity",
            "InsufficientHostCapacity",
            "UnfulfillableCapacity",
            "do not have sufficient",
        ],
        "AWS has no such instance free there now: allow more zones or instance types in the environment's file, or deploy \
         again later",
    ),
    (
        &["KMSInvalidState", "InvalidKMSKey", "KMSKeyDisabled", "KMSDisabled", "is pending deletion", "pending import"],
        "the key in KMS cannot be used in its state: enable it, or cancel its deletion",
    ),
    (
        &["cannot be assumed", "sts:AssumeRole", "Invalid principal in policy", "Role validation failed"],
        "a role that is new takes some seconds until services know it: deploy again; if that does not help, look at whom \
         its trust policy names",
    ),
    (
        &["Invalid IAM Instance Profile", "Invalid iamInstanceProfile", "instance profile"],
        "an instance profile that is new takes some seconds until EC2 knows it: deploy again",
    ),
    (
        &["service-linked role", "ServiceLinkedRole", "AWSServiceRoleFor"],
        "the account lacks a role that the service makes for itself at its first use: use the service once in the console, \
         or allow `iam:CreateServiceLinkedRole`",
    ),
    (
        &["InvalidAMIID", "InvalidAMIId", "The image id", "AMI ID"],
        "the image is not in this region or not shared with this account: see the fleet's image in the environment's file; \
         `baleen doctor` looks for it",
    ),
    (
        &["not empty", "BucketNotEmpty"],
        "empty the bucket first, with all versions of its objects: `baleen destroy --empty-buckets` does where it is to go",
    ),
    (
        &["eletion protection", "DeletionProtection"],
        "its deletion protection is on: switch it off in the environment's file and deploy that first, or in the console",
    ),
    (
        &["DependencyViolation", "has a dependent object", "has dependencies", "ResourceInUse", "is currently in use"],
        "something outside of the stack uses it: detach or delete that first",
    ),
    (&["must wait 60 seconds"], "SQS gives a deleted queue's name free after a minute: deploy again then"),
    (
        &["already exists", "AlreadyExists", "AlreadyOwnedByYou"],
        "something of that name exists outside of this stack: take it over (`baleen import`), delete it, or choose another \
         name in the environment's file",
    ),
    (
        &["security token included in the request", "ExpiredToken", "TokenRefreshRequired"],
        "the credentials have expired: sign in again; with a role of CloudFormation's own (`--role`) an operation outlives \
         them",
    ),
    (
        &["is not authorized", "UnauthorizedOperation", "AccessDenied", "Access Denied", "not have permission"],
        "the credentials, or the role that CloudFormation works by, lack that permission: ask who administers the account, \
         or use another AWS_PROFILE",
    ),
    (
        &[
            "did not stabilize",
            "NotStabilized",
            "Exceeded attempts to wait",
            "SUCCESS signal(s)",
            "timed out",
            "TimedOut",
        ],
        "it was made, and did not become ready in time: look at it in its service, then deploy again",
    ),
    (&["Rate exceeded", "Throttling", "TooManyRequests"], "too many requests at once: deploy again in a minute"),
    (
        &["LimitExceeded", "limit exceeded", "quota", "Quota", "ServiceLimit", "maximum number of"],
        "a quota of the account is used up: delete what is not needed, or ask AWS to raise it (Service Quotas)",
    ),
    (
        &["Unrecognized resource types", "not supported by", "Unsupported resource type", "TypeNotFound"],
        "the cloud that is deployed to lacks this type: leave it out by the environment's settings",
    ),
    (
        &["HandlerErrorCode: NotFound", "NoSuchBucket", "NoSuchKey", "NonExistentQueue"],
        "what it names is gone, perhaps deleted by hand: `baleen drift` shows what else is",
    ),
    (
        &["InternalFailure", "Internal Failure", "ServiceInternalError", "ServiceUnavailable", "InternalError"],
        "the service failed by itself: deploy again; if it stays, see the AWS Health Dashboard",
    ),
    (&["User Initiated", "User initiated", "cancelled by"], "a person stopped it: deploy again when that is wanted"),
];

/// Recognizes a reason.
pub(crate) fn for_reason(reason: &str) -> Option<&'static str> {
    TABLE.iter().find(|(words, _)| words.iter().any(|word| reason.contains(word))).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_special_reason_is_found_before_the_general_one() {
        for (reason, word) in [
            ("Cannot delete export baleen-storage as it is in use by baleen-jobs", "two steps"),
            ("No export named baleen-storage found", "deployed first"),
            (
                "In order to use this AWS Marketplace product you need to accept terms and subscribe. (OptInRequired)",
                "once",
            ),
            (
                "You have requested more vCPU capacity than your current vCPU limit of 0 allows (VcpuLimitExceeded)",
                "vCPUs",
            ),
            ("We currently do not have sufficient g6e.xlarge capacity (InsufficientInstanceCapacity)", "more zones"),
            ("KMSInvalidStateException: arn:aws:kms:…:key/1 is pending deletion", "key in KMS"),
            ("The role defined for the function cannot be assumed by Lambda.", "trust policy"),
            ("baleen-dev-storage already exists in stack arn:…", "baleen import"),
            ("The bucket you tried to delete is not empty", "--empty-buckets"),
            ("User: arn:… is not authorized to perform: sqs:CreateQueue on resource: …", "permission"),
            ("User: arn:… is not authorized to perform: sts:AssumeRole on resource: …", "trust policy"),
            ("Resource of type AWS::Lambda::Function did not stabilize.", "in time"),
            ("Maximum number of addresses reached: limit exceeded", "quota"),
            ("Resource timed out waiting for creation (HandlerErrorCode: NotStabilized)", "in time"),
            ("Queue does not exist (HandlerErrorCode: NotFound)", "baleen drift"),
        ] {
            let hint = for_reason(reason).unwrap_or_default();
            assert!(hint.contains(word), "{reason}: {hint}");
        }
        assert_eq!(for_reason("Properties validation failed"), None);
    }
}
