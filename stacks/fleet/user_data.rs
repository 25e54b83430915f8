//! What an instance does when it starts for the first time.

use documents::{iam as policy, user_data};
use job::metrics;
use template::{Stack, Value, aws, sub};

use super::instances::Instances;
use crate::environment::Executor;
use crate::{identity, units};

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
    // What is itself filled in comes first: its holes are filled by what follows.
    let text = include_str!("../../assets/start_instance.py")
        .replace("@MONITORING@", include_str!("../../assets/cloudwatch_agent.json").trim_end())
        .replace("@AGENT_UNIT@", units::AGENT)
        .replace("@WORK_FOLDER_UNIT@", units::WORK_FOLDER)
        .replace("@WORK_FOLDER@", include_str!("../../assets/work_folder.sh").trim_end());
    let script = units::fill(environment, text)
        .with("REGION", aws::region())
        .with("URL_SUFFIX", aws::url_suffix())
        .with("EXECUTOR", executor)
        .with("APP", environment.app.as_str())
        .with("ENVIRONMENT", environment.name.as_str())
        .with("COLOUR", colour.as_str())
        .with("TASK_QUEUE", instances.task_queue.url())
        .with("JOB_TABLE", shared.storage.jobs.name())
        .with("ARTIFACT_BUCKET", shared.bootstrap.artifacts.name())
        .with("AGENT_KEY", AGENT_KEY)
        .with("NAMESPACE", metrics::NAMESPACE)
        .with("APP_DIMENSION", metrics::APP)
        .with("ENVIRONMENT_DIMENSION", metrics::ENVIRONMENT)
        .with("COLOUR_DIMENSION", metrics::COLOUR);
    user_data(script)
}
