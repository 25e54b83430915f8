use std::fmt;

use serde::Serialize;

use crate::DestroyPlan;

/// Why stacks could not be deployed, destroyed or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The credentials are another account's.
    #[error(
        "the credentials are of account {actual} ({caller}), but environment `{environment}` is account {expected}"
    )]
    WrongAccount {
        /// The environment.
        environment: String,
        /// Its account.
        expected: String,
        /// The credentials' account.
        actual: String,
        /// Who is calling.
        caller: String,
    },
    /// The connection is to another region.
    #[error("the connection is to region {actual}, but environment `{environment}` is in {expected}")]
    WrongRegion {
        /// The environment.
        environment: String,
        /// Its region.
        expected: String,
        /// The connection's region.
        actual: String,
    },
    /// There is no stack of this name.
    #[error("there is no stack `{name}` in environment `{environment}`; its stacks are {}", known.join(", "))]
    UnknownStack {
        /// The name given.
        name: String,
        /// The environment.
        environment: String,
        /// The names that there are.
        known: Vec<String>,
        /// The name that may have been meant.
        similar: Option<String>,
    },
    /// A value is given for a parameter that the template does not have.
    #[error("stack `{stack}` has no parameter `{parameter}` that takes a value; it has {}", listed(known))]
    UnknownParameter {
        /// The stack.
        stack: String,
        /// The parameter given.
        parameter: String,
        /// The parameters that there are.
        known: Vec<String>,
    },
    /// A value is given for a parameter of a stack that is not deployed this time.
    #[error("a parameter of stack `{stack}` is given, but this deployment does not touch that stack")]
    NotSelected {
        /// The stack.
        stack: String,
    },
    /// A parameter has neither a value nor a default.
    #[error("parameter `{parameter}` of stack `{stack}` has no value and no default")]
    MissingParameter {
        /// The stack.
        stack: String,
        /// The parameter.
        parameter: String,
    },
    /// A stack lacks an output that another one needs.
    #[error("stack `{stack}` needs output `{output}` of stack `{producer}`, which does not have it")]
    MissingOutput {
        /// The stack that needs it.
        stack: String,
        /// The stack that should have it.
        producer: String,
        /// The output.
        output: String,
    },
    /// A template is too large even for a bucket.
    #[error("the template of stack `{stack}` has {bytes} bytes; CloudFormation takes at most 1000000")]
    TemplateTooLarge {
        /// The stack.
        stack: String,
        /// Its size.
        bytes: usize,
    },
    /// A template is too large to be sent along, and there is no artifact bucket.
    #[error(
        "the template of stack `{stack}` has {bytes} bytes; above 51200 it has to be in a bucket, and there is no \
         artifact bucket"
    )]
    NoArtifactBucket {
        /// The stack.
        stack: String,
        /// Its size.
        bytes: usize,
    },
    /// The stack is in a state in which nothing can be deployed.
    #[error("stack `{stack}` is in {status}: {reason}")]
    Stuck {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
        /// What that means.
        reason: String,
        /// What leads out.
        remedy: String,
    },
    /// CloudFormation refused to make a change set.
    #[error("CloudFormation cannot change stack `{stack}` like this: {reason}")]
    ChangeSet {
        /// The stack.
        stack: String,
        /// What it said.
        reason: String,
    },
    /// Someone else changes the stack.
    #[error("another deployment of stack `{stack}` is under way: {reason}")]
    UnderWay {
        /// The stack.
        stack: String,
        /// What CloudFormation said.
        reason: String,
    },
    /// The cloud did not answer the first call: nothing has been begun.
    #[error("{source}")]
    OutOfReach {
        /// The environment.
        environment: String,
        /// How the call failed.
        source: cloud::Error,
    },
    /// A person said no.
    #[error("{what} was not approved")]
    Declined {
        /// What.
        what: String,
    },
    /// A stack operation failed.
    #[error(transparent)]
    Failed(Box<Failure>),
    /// Stacks refuse to be deleted.
    #[error("termination protection is on for {}; nothing was deleted", stacks.join(", "))]
    Protected {
        /// The stacks.
        stacks: Vec<String>,
    },
    /// Buckets hold objects.
    #[error("these buckets are not empty, and nothing was deleted: {}", buckets(plan))]
    BucketsNotEmpty {
        /// What was to be deleted.
        plan: Box<DestroyPlan>,
    },
    /// A call failed.
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
}

/// A stack operation that failed: its root cause first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Failure {
    /// The stack.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// What was being done: `create`, `update`, `delete`.
    pub operation: &'static str,
    /// The status that the stack is in now.
    pub status: String,
    /// The earliest failure, which the others follow from.
    pub cause: Option<Cause>,
    /// The other failures, in the order in which they happened; those that were only cancelled are left out.
    pub others: Vec<Cause>,
}

/// A failure of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Its status.
    pub status: String,
    /// What CloudFormation, or the service behind the resource, says.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(formatter, "{cause}")?,
            None => formatter.write_str("CloudFormation gives no cause")?,
        }
        let Self { stack, operation, status, .. } = self;
        let doing = match *operation {
            "create" => "creating",
            "delete" => "deleting",
            _ => "updating",
        };
        write!(formatter, "; {doing} stack `{stack}` failed, and it is in {status} now")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason.trim_end_matches('.');
        write!(formatter, "{} ({}) {}: {reason}", self.logical_id, self.resource_type, self.status)
    }
}

impl Error {
    /// Returns what to do about it, most useful first.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::WrongAccount { environment, .. } => vec![format!(
                "use credentials of that account (AWS_PROFILE), or correct `account` in environments/{environment}.toml"
            )],
            Self::WrongRegion { environment, .. } => {
                vec![format!("correct `region` in environments/{environment}.toml")]
            }
            Self::UnknownStack { similar, .. } => {
                similar.iter().map(|name| format!("did you mean `{name}`?")).collect()
            }
            Self::UnknownParameter { .. } => {
                vec!["values that come from other stacks' outputs cannot be given by hand".to_owned()]
            }
            Self::NotSelected { stack } => vec![format!("name `{stack}` too, or leave the parameter out")],
            Self::UnderWay { .. } => vec!["run this again when that one is done".to_owned()],
            Self::OutOfReach { environment, .. } => vec![format!(
                "nothing has been begun; check the network, and `region` in environments/{environment}.toml"
            )],
            Self::MissingParameter { stack, parameter } => {
                vec![format!("give it one: `--parameter {stack}.{parameter}=VALUE`, or a default in the stack's file")]
            }
            Self::MissingOutput { producer, .. } => {
                vec![format!("deploy `{producer}` first: `baleen deploy {producer}`")]
            }
            Self::TemplateTooLarge { .. } => vec!["split the stack in two".to_owned()],
            Self::NoArtifactBucket { .. } => vec!["deploy the stack that makes the artifact bucket first".to_owned()],
            Self::Stuck { remedy, .. } => vec![remedy.clone()],
            Self::ChangeSet { reason, .. } => vec![reason_hint(reason).unwrap_or(CORRECT_AND_DEPLOY).to_owned()],
            Self::Failed(failure) => failure.hints(),
            Self::Protected { stacks } => vec![format!(
                "set `termination_protection = false` in the environment's file and deploy {} first",
                stacks.join(" ")
            )],
            Self::BucketsNotEmpty { .. } => {
                vec!["`--empty-buckets` deletes their objects, for good; or move the objects elsewhere".to_owned()]
            }
            Self::Declined { .. } => Vec::new(),
            Self::Cloud(error) => cloud_hint(error).map(str::to_owned).into_iter().collect(),
        }
    }
}

const CORRECT_AND_DEPLOY: &str = "correct what it names and deploy again";

impl Failure {
    /// Returns what to do about it, most useful first.
    fn hints(&self) -> Vec<String> {
        let reason = self.cause.as_ref().map_or("", |cause| cause.reason.as_str());
        let mut hints: Vec<String> = reason_hint(reason).into_iter().map(str::to_owned).collect();
        let Self { stack, stack_name, .. } = self;
        hints.push(match self.status.as_str() {
            "ROLLBACK_COMPLETE" => {
                format!("nothing of `{stack}` was kept; correct the cause and deploy again, which creates it anew")
            }
            "UPDATE_ROLLBACK_COMPLETE" => {
                format!("`{stack}` is as it was before; correct the cause and deploy again")
            }
            "UPDATE_ROLLBACK_FAILED" => format!(
                "repair the cause, then run `aws cloudformation continue-update-rollback --stack-name {stack_name}`"
            ),
            "DELETE_FAILED" => format!("remove the cause and run `baleen destroy {stack}` again"),
            "ROLLBACK_FAILED" => format!("remove the cause, then run `baleen destroy {stack}`"),
            _ => CORRECT_AND_DEPLOY.to_owned(),
        });
        hints
    }
}

/// Recognizes the commonest reasons; the words are CloudFormation's and the services' own.
fn reason_hint(reason: &str) -> Option<&'static str> {
    let table: [(&[&str], &str); 6] = [
        (
            &["already exists", "AlreadyExists", "AlreadyOwnedByYou"],
            "something of that name exists outside of this stack: delete it, or choose another name in the \
             environment's file",
        ),
        (
            &["is not authorized", "AccessDenied", "Access Denied", "not have permission"],
            "the credentials lack that permission: ask who administers the account, or use another AWS_PROFILE",
        ),
        (&["not empty", "BucketNotEmpty"], "empty the bucket first, with all versions of its objects"),
        (
            &["LimitExceeded", "limit exceeded", "quota", "Quota"],
            "a quota of the account is used up: delete what is not needed, or ask AWS to raise it (Service Quotas)",
        ),
        (&["Rate exceeded", "Throttling"], "too many requests at once: deploy again in a minute"),
        (
            &["Unrecognized resource types", "not supported by", "Unsupported resource type"],
            "the cloud that is deployed to lacks this type: leave it out by the environment's settings",
        ),
    ];
    table.iter().find(|(words, _)| words.iter().any(|word| reason.contains(word))).map(|(_, hint)| *hint)
}

fn cloud_hint(error: &cloud::Error) -> Option<&'static str> {
    use cloud::ErrorKind as Kind;
    match error.kind {
        Kind::Credentials => Some("sign in (`aws sso login`), or set AWS_PROFILE"),
        Kind::AccessDenied => Some("ask who administers the account for that permission, or use another AWS_PROFILE"),
        Kind::Throttled => Some("too many requests at once: try again in a minute"),
        Kind::Unreachable | Kind::Timeout | Kind::Unavailable => {
            Some("what CloudFormation has begun goes on by itself; run the same command again to follow it")
        }
        _ => None,
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn buckets(plan: &DestroyPlan) -> String {
    let buckets = plan.stacks.iter().flat_map(|stack| &stack.buckets);
    let texts: Vec<_> =
        buckets.map(|bucket| format!("{} ({} object versions)", bucket.bucket, bucket.objects)).collect();
    texts.join(", ")
}
