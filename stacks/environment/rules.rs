//! Says what the types of an environment cannot: which values go together.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use job::{Engine, RecipeError};

use super::{Egress, Environment, Executor, Jobs, Kind, Network, OwnNetwork, Storage};

/// The account that emulators pretend to be.
const LOCAL_ACCOUNT: &str = "000000000000";

const DAY: u64 = 24 * 3600;

/// The periods that CloudWatch Logs offers, in days (`PutRetentionPolicy` in its API reference).
const LOG_RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Values that do not go together.
pub(super) struct Problem {
    /// The keys that are concerned, the likeliest culprit first.
    pub keys: Vec<&'static str>,
    /// What is wrong.
    pub message: String,
    /// Why, or what to do.
    pub hint: Option<String>,
}

/// Collects all that is wrong with an environment whose file could be read.
pub(super) fn problems(environment: &Environment) -> Vec<Problem> {
    let mut problems = Vec::new();
    kind(&mut problems, environment);
    place(&mut problems, environment);
    tags(&mut problems, environment);
    storage(&mut problems, &environment.storage);
    times(&mut problems, environment);
    jobs(&mut problems, &environment.jobs);
    executor(&mut problems, environment);
    environment.fleet.problems(&mut problems, environment);
    environment.swap.problems(&mut problems, environment);
    environment.identity.problems(&mut problems);
    if let Some(keys) = &environment.keys {
        keys.problems(&mut problems);
    }
    if let Some(network) = &environment.network {
        network.problems(&mut problems);
    }
    environment.notifications.problems(&mut problems);
    if let Some(packaging) = &environment.packaging {
        packaging.problems(&mut problems, environment);
    }
    if let Some(delivery) = &environment.delivery {
        delivery.problems(&mut problems);
    }
    if let Some(observability) = &environment.observability {
        observability.problems(&mut problems);
    }
    if let Err(error) = environment.recipe.check() {
        problems.push(Problem { keys: recipe_keys(&error), message: error.to_string(), hint: None });
    }
    problems
}

/// Names the keys that a recipe's error is about, the likeliest culprit first.
fn recipe_keys(error: &RecipeError) -> Vec<&'static str> {
    match error {
        RecipeError::Scale(_) | RecipeError::EngineScale { .. } => vec!["recipe.scale", "recipe.engine"],
        RecipeError::Gamma(_) => vec!["recipe.engine"],
        RecipeError::Quality(_) => vec!["recipe.encoding.quality"],
        RecipeError::Preset { .. } => vec!["recipe.encoding.preset", "recipe.encoding.codec"],
        RecipeError::PixelFormat { .. } => vec!["recipe.encoding.pixel_format", "recipe.encoding.codec"],
    }
}

fn kind(problems: &mut Vec<Problem>, environment: &Environment) {
    let account = environment.account.as_str();
    match environment.kind {
        Kind::Local => {
            if account != LOCAL_ACCOUNT {
                let message = format!("account is `{account}`, but a local environment's is `{LOCAL_ACCOUNT}`");
                problems.push(Problem { keys: vec!["account"], message, hint: Some("or set `kind = \"aws\"`".into()) });
            }
            local(problems, environment);
            if environment.local.is_none() {
                let hint = Some("say how many workers run: `local = { workers = 1 }`".into());
                problems.push(Problem {
                    keys: vec!["kind"],
                    message: "a local environment needs `local`".into(),
                    hint,
                });
            }
            let not_local = [
                ("profile", environment.profile.is_some()),
                ("deployer", environment.deployer.is_some()),
                ("keys", environment.keys.is_some()),
                ("network", environment.network.is_some()),
                ("packaging", environment.packaging.is_some()),
                ("delivery", environment.delivery.is_some()),
                ("observability", environment.observability.is_some()),
                ("fleet.instances", environment.fleet.instances.is_some()),
            ];
            for (key, _) in not_local.into_iter().filter(|(_, present)| *present) {
                let message = format!("{key} is of no use to a local environment");
                problems.push(Problem {
                    keys: vec![key],
                    message,
                    hint: Some("remove it, or set `kind = \"aws\"`".into()),
                });
            }
        }
        Kind::Aws => {
            if account == LOCAL_ACCOUNT {
                let message = format!("account is `{LOCAL_ACCOUNT}`, which is no account of AWS");
                problems.push(Problem {
                    keys: vec!["account"],
                    message,
                    hint: Some("give the account's 12 digits".into()),
                });
            }
            if environment.local.is_some() {
                let message = "local is of no use to an environment of kind `aws`".into();
                problems.push(Problem {
                    keys: vec!["local"],
                    message,
                    hint: Some("remove it, or set `kind = \"local\"`".into()),
                });
            }
        }
    }
}

/// Holds an environment to what the local cloud can do.
fn local(problems: &mut Vec<Problem>, environment: &Environment) {
    if let Some(local) = &environment.local {
        within(problems, "local.workers", local.workers, 1..=64);
    }
    if environment.storage.versioned {
        let message = "storage.versioned is true, but the events of the local cloud name no version".into();
        let hint = Some("set `versioned = false` in `[storage]`".into());
        problems.push(Problem { keys: vec!["storage.versioned", "storage", "kind"], message, hint });
    }
    let engine = &environment.recipe.engine;
    if !matches!(engine, Engine::Scale) {
        let message = format!("engine {} is not on this machine; a local environment has scale only", engine.name());
        let hint = Some("set `engine = \"scale\"`, or `kind = \"aws\"`".into());
        problems.push(Problem { keys: vec!["recipe.engine"], message, hint });
    }
}

/// Refuses regions of other partitions, and names that belong to AWS.
fn place(problems: &mut Vec<Problem>, environment: &Environment) {
    let region = environment.region.as_str();
    if ["cn-", "us-gov-", "us-iso", "eu-iso"].iter().any(|elsewhere| region.starts_with(elsewhere)) {
        let message =
            format!("region `{region}` is in a partition of its own; allowed: regions of the partition `aws`");
        let hint = Some("services, ARNs and endpoints are others there; such regions are not supported".into());
        problems.push(Problem { keys: vec!["region"], message, hint });
    }
    // "CreateDocument" in the Systems Manager API reference.
    let app = environment.app.as_str();
    if let Some(reserved) = ["aws", "amazon", "amzn"].iter().find(|reserved| app.starts_with(**reserved)) {
        let message = format!("app is `{app}`, but names of commands that begin with `{reserved}` belong to AWS");
        problems.push(Problem { keys: vec!["app"], message, hint: Some("choose another name".into()) });
    }
}

fn tags(problems: &mut Vec<Problem>, environment: &Environment) {
    for (key, value) in &environment.tags {
        let refused = if key.is_empty() || key.chars().count() > 128 {
            "its key must have 1 to 128 characters"
        } else if value.chars().count() > 256 {
            "its value must have at most 256 characters"
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            "keys that begin with `aws:` belong to AWS"
        } else if matches!(key.as_str(), "app" | "environment") {
            "every resource has this tag already"
        } else {
            continue;
        };
        problems.push(Problem { keys: vec!["tags"], message: format!("tag `{key}`: {refused}"), hint: None });
    }
}

fn storage(problems: &mut Vec<Problem>, storage: &Storage) {
    let days = [
        ("storage.sources_expiry_days", storage.sources_expiry_days),
        ("storage.enhanced_expiry_days", storage.enhanced_expiry_days),
        ("storage.delivery_expiry_days", storage.delivery_expiry_days),
        ("storage.log_expiry_days", Some(storage.log_expiry_days)),
        ("storage.noncurrent_expiry_days", Some(storage.noncurrent_expiry_days)),
        ("storage.incomplete_upload_expiry_days", Some(storage.incomplete_upload_expiry_days)),
    ];
    for (key, value) in days.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        within(problems, key, value, 1..=36_500);
    }
}

/// Holds together the times of `CONTRACTS`: what waits must outlive what it waits for.
fn times(problems: &mut Vec<Problem>, environment: &Environment) {
    let times = &environment.times;
    within(problems, "times.visibility_seconds", times.visibility_seconds, 3..=43_200);
    within(problems, "times.renewal_seconds", times.renewal_seconds, 1..=14_400);
    within(problems, "times.chunk_timeout_seconds", times.chunk_timeout_seconds, 60..=1_209_600);
    within(problems, "times.title_timeout_seconds", times.title_timeout_seconds, 60..=1_209_600);
    within(problems, "times.job_timeout_seconds", times.job_timeout_seconds, 60..=31_536_000);
    within(problems, "times.work_expiry_days", times.work_expiry_days, 1..=36_500);
    within(problems, "times.release_seconds", times.release_seconds, 1..=110);
    within(problems, "times.stall_seconds", times.stall_seconds, 1..=43_200);
    within(problems, "times.receives", times.receives, 2..=1000);
    within(problems, "times.attempts", times.attempts, 1..=100);
    within(problems, "times.archive_days", times.archive_days, 1..=36_500);
    within(problems, "times.job_expiry_days", times.job_expiry_days, 1..=36_500);

    if u64::from(times.renewal_seconds) * 3 > u64::from(times.visibility_seconds) {
        let keys = vec!["times.renewal_seconds", "times.visibility_seconds"];
        let message = format!(
            "times.renewal_seconds is {}, but must be at most a third of times.visibility_seconds, {}",
            times.renewal_seconds, times.visibility_seconds
        );
        let hint = "a lease must survive two renewals that fail".to_owned();
        problems.push(Problem { keys, message, hint: Some(hint) });
    }
    let chunk = seconds("times.chunk_timeout_seconds", times.chunk_timeout_seconds);
    let title = seconds("times.title_timeout_seconds", times.title_timeout_seconds);
    let job = seconds("times.job_timeout_seconds", times.job_timeout_seconds);
    let work = days("times.work_expiry_days", times.work_expiry_days);
    let parts = days("storage.incomplete_upload_expiry_days", environment.storage.incomplete_upload_expiry_days);
    below(problems, chunk, title, "a title is at least one chunk");
    below(problems, title, job, "the job must live to record that its task timed out");
    below(problems, job, work, "or what a running job has made so far expires");
    below(problems, job, parts, "or an upload that a running job resumes is gone");
    if let Some(expiry) = environment.storage.sources_expiry_days {
        below(problems, job, days("storage.sources_expiry_days", expiry), "or the source of a running job expires");
    }
    let (attempts, receives) = (count("times.attempts", times.attempts), count("times.receives", times.receives));
    below(problems, attempts, receives, "receives are only the backstop of attempts");
    let archive = days("times.archive_days", times.archive_days);
    let items = days("times.job_expiry_days", times.job_expiry_days);
    below(problems, archive, items, "or an event that is replayed finds no trace of its job, and starts another");
}

fn jobs(problems: &mut Vec<Problem>, jobs: &Jobs) {
    let distinct: BTreeSet<_> = jobs.suffixes.iter().map(|suffix| suffix.as_str().to_ascii_lowercase()).collect();
    if distinct.is_empty() || distinct.len() != jobs.suffixes.len() {
        let message = "jobs.suffixes must name at least one ending, and each once; upper and lower case are alike";
        problems.push(Problem { keys: vec!["jobs.suffixes"], message: message.into(), hint: None });
    }
    log_retention(problems, "jobs.log_retention_days", jobs.log_retention_days);
}

/// Commands need instances to run on, and an engine that there is a command for.
fn executor(problems: &mut Vec<Problem>, environment: &Environment) {
    if environment.jobs.executor == Executor::Agent {
        return;
    }
    if environment.fleet.instances.is_none() {
        let message = "jobs.executor `run-command` needs fleet.instances".into();
        let hint = Some("say what instances there are, or leave the work to agents".into());
        problems.push(Problem { keys: vec!["jobs.executor", "jobs"], message, hint });
    }
    let has_aws_cli = environment.fleet.instances.as_ref().is_none_or(|instances| instances.image_has_aws_cli);
    if let Some(Network::Create(OwnNetwork { egress: Egress::Endpoints, .. })) = environment.network
        && !has_aws_cli
    {
        let message =
            "jobs.executor `run-command` needs the AWS CLI on instances, which cannot fetch it with endpoints only";
        let hint = "take an image that has it and set `fleet.instances.image_has_aws_cli = true`, or another egress";
        let keys = vec!["jobs.executor", "network.create.egress"];
        problems.push(Problem { keys, message: message.into(), hint: Some(hint.into()) });
    }
    let engine = &environment.recipe.engine;
    if !matches!(engine, Engine::Bluewhale { .. } | Engine::Walrus { .. }) {
        let message = format!("there is no command for engine {}; allowed: bluewhale, walrus", engine.name());
        let hint = Some("leave the work to agents: `jobs.executor = \"agent\"`".into());
        problems.push(Problem { keys: vec!["recipe.engine", "recipe"], message, hint });
    }
}

/// Holds the retention of a log to the periods that CloudWatch Logs offers.
pub(super) fn log_retention(problems: &mut Vec<Problem>, key: &'static str, days: u32) {
    if !LOG_RETENTION_DAYS.contains(&days) {
        let allowed = LOG_RETENTION_DAYS.map(|days| days.to_string()).join(", ");
        let message = format!("{key} is {days}; allowed: {allowed}");
        problems.push(Problem { keys: vec![key], message, hint: None });
    }
}

/// A setting with its unit, to be compared with others.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    key: &'static str,
    value: u32,
    factor: u64,
}

pub(super) fn count(key: &'static str, value: u32) -> Setting {
    Setting { key, value, factor: 1 }
}

fn seconds(key: &'static str, value: u32) -> Setting {
    Setting { key, value, factor: 1 }
}

fn days(key: &'static str, value: u32) -> Setting {
    Setting { key, value, factor: DAY }
}

impl Setting {
    fn in_base_unit(self) -> u64 {
        u64::from(self.value) * self.factor
    }
}

fn below(problems: &mut Vec<Problem>, lower: Setting, upper: Setting, reason: &str) {
    if lower.in_base_unit() >= upper.in_base_unit() {
        let factor =
            if lower.factor == upper.factor { String::new() } else { format!(" ({} seconds)", upper.in_base_unit()) };
        let message =
            format!("{} is {}, but must be less than {}, {}{factor}", lower.key, lower.value, upper.key, upper.value);
        problems.push(Problem { keys: vec![lower.key, upper.key], message, hint: Some(reason.to_owned()) });
    }
}

pub(super) fn not_above(problems: &mut Vec<Problem>, lower: Setting, upper: Setting) {
    if lower.value > upper.value {
        let message = format!("{} is {}, but must be at most {}, {}", lower.key, lower.value, upper.key, upper.value);
        problems.push(Problem { keys: vec![lower.key, upper.key], message, hint: None });
    }
}

pub(super) fn within(problems: &mut Vec<Problem>, key: &'static str, value: u32, allowed: RangeInclusive<u32>) {
    if !allowed.contains(&value) {
        let message = format!("{key} is {value}; allowed: {} to {}", allowed.start(), allowed.end());
        problems.push(Problem { keys: vec![key], message, hint: None });
    }
}
