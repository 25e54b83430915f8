use std::io;
use std::path::PathBuf;

use crate::lock::{self, Holder};
use crate::plan::loss::Loss;
use crate::plan::moves::Immovable;
use crate::plan::phases::Blocked;
use crate::{DestroyPlan, Failure, ImportProblem, hints};

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
    /// There is no such stack to work on.
    #[error("stack `{stack}` is not deployed")]
    NotDeployed {
        /// The stack.
        stack: String,
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
    /// Resources cannot be left out of a rollback or a deletion.
    #[error("{} of stack `{stack}` cannot be {purpose}; {}", named(resources), possible(allowed))]
    CannotLeaveOut {
        /// The stack.
        stack: String,
        /// What was to be left out.
        resources: Vec<String>,
        /// How: `skipped` in a rollback, `retained` by a deletion.
        purpose: &'static str,
        /// What could be.
        allowed: Vec<String>,
    },
    /// Someone else works on the environment.
    #[error("environment `{environment}` is locked: {holder}")]
    Locked {
        /// The environment.
        environment: String,
        /// Who does.
        holder: Box<Holder>,
    },
    /// The lock was lost in the middle.
    #[error("the lock of the environment was lost, so nothing more was begun: {reason}")]
    LockLost {
        /// How.
        reason: String,
    },
    /// Buckets hold objects.
    #[error("these buckets are not empty, and nothing was deleted: {}", buckets(plan))]
    BucketsNotEmpty {
        /// What was to be deleted.
        plan: Box<DestroyPlan>,
    },
    /// Something would be lost that cannot be made again.
    #[error("what holds data would be lost, and was not touched: {}", joined(losses))]
    DataLoss {
        /// What.
        losses: Vec<Loss>,
    },
    /// There is no resource of this name.
    #[error("there is no resource `{name}` in the stacks that are deployed this time")]
    UnknownResource {
        /// The name given.
        name: String,
    },
    /// Several stacks have a resource of this name.
    #[error("`{name}` is in {}", stacks.join(" and in "))]
    AmbiguousResource {
        /// The name given.
        name: String,
        /// The stacks.
        stacks: Vec<String>,
    },
    /// A change set would do what was not approved.
    #[error("stack `{stack}` would change in a way that was not approved, and was not touched: {}", impacts.join("; "))]
    Unapproved {
        /// The stack.
        stack: String,
        /// What would happen, in words.
        impacts: Vec<String>,
    },
    /// A saved plan does not fit what is there any more.
    #[error("the plan is stale, and nothing was done: {}", reasons.join("; "))]
    StalePlan {
        /// Why, in words.
        reasons: Vec<String>,
    },
    /// A file is no saved plan.
    #[error("this is no plan that was saved by `--plan-out`: {reason}")]
    InvalidPlan {
        /// Why.
        reason: String,
    },
    /// A value that has to stay hidden would be written into a plan.
    #[error("parameter `{parameter}` of stack `{stack}` hides its value, which a saved plan would show")]
    SecretInPlan {
        /// The stack.
        stack: String,
        /// The parameter.
        parameter: String,
    },
    /// A deployed stack lacks a parameter, or its value is not what it should be.
    #[error("stack `{stack}` was deployed without a usable parameter `{parameter}`")]
    NoParameter {
        /// The stack.
        stack: String,
        /// The parameter.
        parameter: String,
    },
    /// The run was asked to stop.
    #[error("stopped{}", not_begun_yet(not_begun))]
    Stopped {
        /// The stacks that were not begun.
        not_begun: Vec<String>,
    },
    /// A stack that is left alone was asked for, or lacks an output that another one needs.
    #[error("stack `{stack}` is left alone, because {reason}{}", lacking(missing.as_ref()))]
    LeftAlone {
        /// The stack.
        stack: String,
        /// Why it is.
        reason: String,
        /// The stack that needs it, and the output.
        missing: Option<(String, String)>,
    },
    /// A stack that is left alone works with what would be taken away.
    #[error(
        "`{kept}` works with {logical_id} of stack `{stack}`, which would be {}; it is left alone, because {reason}",
        if *replaced { "replaced" } else { "deleted" }
    )]
    Endangered {
        /// The stack that is left alone.
        kept: String,
        /// Why it is.
        reason: String,
        /// The stack that would change.
        stack: String,
        /// The resource that would go.
        logical_id: String,
        /// Whether it would be made anew.
        replaced: bool,
    },
    /// Several stacks failed at once.
    #[error("{first}; {} failed, too", joined(others))]
    Several {
        /// The first failure.
        first: Box<Error>,
        /// The others.
        others: Vec<Error>,
    },
    /// Exports are in use that are to go or to change.
    #[error("{}", list(exports))]
    ExportsInUse {
        /// The exports.
        exports: Vec<Blocked>,
    },
    /// Resources would be made anew that have only another place, and cannot be moved.
    #[error("{}", list(moves))]
    Immovable {
        /// The moves.
        moves: Vec<Immovable>,
    },
    /// Resources could not be moved, after that had begun.
    #[error("moving resources between the stacks {} ended in {status}{}", stacks.join(", "), because(reason.as_deref()))]
    RefactorFailed {
        /// The stacks that take part.
        stacks: Vec<String>,
        /// How it ended.
        status: String,
        /// What CloudFormation says.
        reason: Option<String>,
    },
    /// A resource cannot be taken over.
    #[error("`{logical_id}` cannot be taken over into stack `{stack}`: {problem}")]
    Import {
        /// The stack.
        stack: String,
        /// The resource's logical id.
        logical_id: String,
        /// Why.
        problem: Box<ImportProblem>,
    },
    /// There is no bucket for a file that resources fetch.
    #[error("stack `{stack}` needs the {name}, and there is no artifact bucket to put it into")]
    NoBucketForAsset {
        /// The stack.
        stack: String,
        /// What it is.
        name: String,
    },
    /// A file that resources fetch cannot be read.
    #[error("the {name} at {} cannot be read: {source}", path.display())]
    AssetUnreadable {
        /// What it is.
        name: String,
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that resources fetch is not the one that was described.
    #[error("the {name} has SHA-256 {found} instead of {expected}")]
    AssetChanged {
        /// What it is.
        name: String,
        /// The SHA-256 that it should have.
        expected: String,
        /// The SHA-256 that it has.
        found: String,
    },
    /// The bucket has something else under the name of a file.
    #[error("s3://{bucket}/{key} is not the {name} that its key names")]
    AssetDiffers {
        /// What it is.
        name: String,
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// A stack is being changed, so that nobody knows what it will use.
    #[error("stack `{stack}` is in {status}, so what it will use cannot be told")]
    ArtifactsInUse {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
    },
    /// A swap may not begin, or not go back.
    #[error("the colours cannot be swapped now: {reason}")]
    SwapRefused {
        /// Why.
        reason: String,
    },
    /// The colour that idles is not of the version that the sources say.
    #[error("{colour} is not deployed as these sources say: the template of `{stack}` differs")]
    SwapStale {
        /// The colour.
        colour: String,
        /// Its stack.
        stack: String,
    },
    /// No step of a swap leads on.
    #[error("the swap cannot go on from {phase}: {reason}")]
    SwapStopped {
        /// Where it stands.
        phase: String,
        /// What is in the way.
        reason: String,
    },
    /// There is no swap to go back from.
    #[error("the colours were never swapped")]
    NoSwap,
    /// What a swap has written down cannot be used.
    #[error("the journal of the swap cannot be used: {reason}")]
    SwapJournal {
        /// What is wrong.
        reason: String,
    },
    /// The running system could not do what a swap asked of it.
    #[error("{}", .0.message)]
    System(crate::swap::SystemError),
    /// A call failed.
    #[error(transparent)]
    Cloud(cloud::Error),
}

impl From<cloud::Error> for Error {
    fn from(error: cloud::Error) -> Self {
        lock::refusal(&error).unwrap_or(Self::Cloud(error))
    }
}

impl From<crate::swap::SystemError> for Error {
    fn from(error: crate::swap::SystemError) -> Self {
        Self::System(error)
    }
}

impl Error {
    /// Adds what failed besides.
    pub(crate) fn with_others(first: Self, others: Vec<Self>) -> Self {
        if others.is_empty() { first } else { Self::Several { first: Box::new(first), others } }
    }

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
            Self::AssetUnreadable { .. } | Self::AssetChanged { .. } => {
                vec!["build it again: `cargo xtask bundle`".to_owned()]
            }
            Self::AssetDiffers { key, .. } => {
                vec![format!("somebody has written `{key}` by other means: delete that object, and deploy again")]
            }
            Self::ArtifactsInUse { .. } => vec!["run this again when that is done".to_owned()],
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
            Self::NoArtifactBucket { .. } | Self::NoBucketForAsset { .. } => {
                vec!["deploy the stack that makes the artifact bucket first".to_owned()]
            }
            Self::NotDeployed { stack } => vec![format!("deploy it first: `baleen deploy {stack}`")],
            Self::Stuck { remedy, .. } => vec![remedy.clone()],
            Self::CannotLeaveOut { purpose, .. } => vec![lasting(purpose).to_owned()],
            Self::Locked { .. } => vec![
                "`--wait-lock` waits for its end".to_owned(),
                "`--steal-lock` takes the lock away from whoever holds it: only if you know that it does nothing more"
                    .to_owned(),
            ],
            Self::LockLost { .. } => vec![
                "what CloudFormation has begun goes on by itself; `baleen status` shows who works on it now".to_owned(),
            ],
            Self::ChangeSet { reason, .. } => {
                vec![hints::for_reason(reason).unwrap_or(hints::CORRECT_AND_DEPLOY).to_owned()]
            }
            Self::Failed(failure) => failure.hints(),
            Self::Protected { stacks } => vec![format!(
                "set `termination_protection = false` in the environment's file and deploy {} first",
                stacks.join(" ")
            )],
            Self::BucketsNotEmpty { .. } => {
                vec!["`--empty-buckets` deletes their objects, for good; or move the objects elsewhere".to_owned()]
            }
            Self::DataLoss { losses } => {
                let flags: Vec<_> =
                    losses.iter().map(|loss| format!("--allow-data-loss {}.{}", loss.stack, loss.logical_id)).collect();
                vec![format!("what may be lost has to be named: `{}`", flags.join(" "))]
            }
            Self::UnknownResource { .. } => {
                vec!["write it as `LOGICAL_ID` or `STACK.LOGICAL_ID`, as the plan shows it".to_owned()]
            }
            Self::AmbiguousResource { name, stacks } => {
                vec![format!("name the stack, too: `--allow-data-loss {}.{name}`", stacks[0])]
            }
            Self::Unapproved { .. } => {
                vec!["deploy again: what came before is done, and all of the rest is shown first".to_owned()]
            }
            Self::SecretInPlan { .. } => vec!["deploy without `--plan-out`".to_owned()],
            Self::InvalidPlan { .. } | Self::StalePlan { .. } => {
                vec!["make a new one: `baleen deploy --plan-out FILE`".to_owned()]
            }
            Self::Stopped { not_begun } if not_begun.is_empty() => Vec::new(),
            Self::Stopped { .. } => vec!["run the same command again to go on".to_owned()],
            Self::Endangered { .. } => vec![
                "make the change in two steps: add what is new beside it, swap the colours, then take the old away"
                    .to_owned(),
                "`baleen deploy --in-place` changes the live colour, too, at once".to_owned(),
            ],
            Self::LeftAlone { missing: Some(_), .. } => vec![
                "a shared change must work with both colours' versions: deploy and swap first what makes that output"
                    .to_owned(),
                "`baleen deploy --in-place` changes the live colour, too, at once".to_owned(),
            ],
            Self::LeftAlone { .. } => vec![
                "deploy without naming it, then `baleen swap` brings what is new".to_owned(),
                "`--in-place` changes it at once".to_owned(),
            ],
            Self::Several { first, .. } => first.hints(),
            Self::RefactorFailed { status, .. } if status == "ROLLBACK_COMPLETE" => {
                vec!["everything is as it was before; remove the cause and deploy again".to_owned()]
            }
            Self::RefactorFailed { stacks, .. } => {
                vec![format!("see what `baleen events {}` says, remove the cause and deploy again", stacks.join(" "))]
            }
            Self::Import { stack, logical_id, problem } => vec![problem.hint(stack, logical_id)],
            Self::ExportsInUse { exports } => distinct(exports.iter().map(Blocked::hint)),
            Self::Immovable { moves } => distinct(moves.iter().map(Immovable::hint)),
            Self::Declined { .. } => Vec::new(),
            Self::NoParameter { .. } => {
                vec!["deploy this version of everything first: `baleen deploy`".to_owned()]
            }
            Self::SwapRefused { .. } => vec!["`baleen swap --status` shows how both colours stand".to_owned()],
            Self::SwapStale { .. } => vec![
                "deploy it first, which leaves the live colour alone: `baleen deploy`".to_owned(),
                "or take the sources of the version that is deployed".to_owned(),
            ],
            Self::SwapStopped { .. } => vec![
                "remove what is in the way, then `baleen swap` goes on from there".to_owned(),
                "`baleen swap --back` returns all work to the old colour".to_owned(),
            ],
            Self::NoSwap => vec!["`baleen swap --status` shows which colour is live".to_owned()],
            Self::SwapJournal { .. } => {
                vec!["use the version of this program that the swap was begun with".to_owned()]
            }
            Self::System(error) => error.hints.clone(),
            Self::Cloud(error) => cloud_hint(error).map(str::to_owned).into_iter().collect(),
        }
    }
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

/// Says what leaves something out for good, where it cannot be left out this once.
fn lasting(purpose: &str) -> &'static str {
    match purpose {
        "skipped" => "only what failed while it was rolled back can be skipped, and only in UPDATE_ROLLBACK_FAILED",
        _ => {
            "only what could not be deleted can be retained, and only in DELETE_FAILED; what is to stay in any case says so \
             in its stack's file: `on_removal(DeletionPolicy::Retain)`"
        }
    }
}

fn named(resources: &[String]) -> String {
    resources.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn possible(allowed: &[String]) -> String {
    if allowed.is_empty() { "nothing of it can be".to_owned() } else { format!("{} can be", named(allowed)) }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {}", reason.trim_end_matches('.'))).unwrap_or_default()
}

/// Joins what is wrong to one text.
fn list(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn distinct(hints: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct = Vec::new();
    for hint in hints {
        if !distinct.contains(&hint) {
            distinct.push(hint);
        }
    }
    distinct
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

fn joined(things: &[impl ToString]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn not_begun_yet(stacks: &[String]) -> String {
    if stacks.is_empty() {
        " before anything was changed".to_owned()
    } else {
        format!("; not begun: {}", stacks.join(", "))
    }
}

fn lacking(missing: Option<&(String, String)>) -> String {
    missing.map(|(stack, output)| format!(", and `{stack}` needs its output `{output}`")).unwrap_or_default()
}
