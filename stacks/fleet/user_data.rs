//! What an instance does when it starts for the first time.

use documents::{iam as policy, script, user_data};
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
    let script = script(include_str!("../../assets/start_instance.py"))
        .part("monitoring", include_str!("../../assets/cloudwatch_agent.json"))
        .part("work_folder", include_str!("../../assets/work_folder.sh"))
        .part("work_folder_unit", units::WORK_FOLDER);
    let script = units::with_agent(script, environment)
        .with("region", aws::region())
        .with("url_suffix", aws::url_suffix())
        .with("executor", executor)
        .with("app", environment.app.as_str())
        .with("environment", environment.name.as_str())
        .with("colour", colour.as_str())
        .with("task_queue", instances.task_queue.url())
        .with("job_table", shared.storage.jobs.name())
        .with("artifact_bucket", shared.bootstrap.artifacts.name())
        .with("agent_key", AGENT_KEY)
        .with("namespace", metrics::NAMESPACE)
        .with("app_dimension", metrics::APP)
        .with("environment_dimension", metrics::ENVIRONMENT)
        .with("colour_dimension", metrics::COLOUR);
    user_data(script)
}
