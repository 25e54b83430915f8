//! What an instance does when it starts for the first time.

use documents::{iam as policy, script, user_data};
use job::metrics;
use template::{Stack, Value, aws, sub};

use super::instances::Instances;
use crate::environment::Executor;
use crate::identity;

/// Where the artifact bucket has the agent: the one that belongs to this version.
const AGENT_KEY: &str = concat!("agent/", env!("CARGO_PKG_VERSION"), "/baleen-agent");

/// Fills in the script that prepares an instance, and lets instances fetch what it fetches.
pub(super) fn fill(instances: &Instances<'_>, stack: &mut Stack) -> Value<String> {
    let Instances { environment, colour, shared, .. } = *instances;
    let fetch = policy::allow(["s3:GetObject"]).on([sub!("{}/{}", shared.bootstrap.artifacts.arn(), AGENT_KEY)]);
    identity::let_worker(stack, shared.identity, "WorkerFetchesAgent", fetch);

    let executor = match environment.jobs.executor {
        Executor::Agent => "agent",
        Executor::RunCommand => "run-command",
    };
    let times = &environment.times;
    // What is itself filled in comes first: its holes are filled by what follows.
    let text = include_str!("../../assets/start_instance.py")
        .replace("@MONITORING@", include_str!("../../assets/cloudwatch_agent.json").trim_end())
        .replace("@AGENT_UNIT@", include_str!("../../assets/baleen-agent.service").trim_end())
        .replace("@WORK_FOLDER_UNIT@", include_str!("../../assets/baleen-work-folder.service").trim_end())
        .replace("@WORK_FOLDER@", include_str!("../../assets/work_folder.sh").trim_end());
    let script = script(text)
        .with("REGION", aws::region())
        .with("URL_SUFFIX", aws::url_suffix())
        .with("EXECUTOR", executor)
        .with("APP", environment.app.as_str())
        .with("ENVIRONMENT", environment.name.as_str())
        .with("COLOUR", colour.as_str())
        .with("TASK_QUEUE", instances.task_queue.url())
        .with("JOB_TABLE", shared.storage.jobs.name())
        .with("AUTO_SCALING_GROUP", instances.group_name().unwrap_or_default())
        .with("VISIBILITY_SECONDS", times.visibility_seconds.to_string())
        .with("RENEWAL_SECONDS", times.renewal_seconds.to_string())
        .with("STALL_SECONDS", times.stall_seconds.to_string())
        .with("ATTEMPTS", times.attempts.to_string())
        .with("ARTIFACT_BUCKET", shared.bootstrap.artifacts.name())
        .with("AGENT_KEY", AGENT_KEY)
        .with("NAMESPACE", metrics::NAMESPACE)
        .with("ENVIRONMENT_DIMENSION", metrics::ENVIRONMENT)
        .with("COLOUR_DIMENSION", metrics::COLOUR);
    user_data(script)
}
