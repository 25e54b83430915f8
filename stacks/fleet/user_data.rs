//! What an instance does when it starts for the first time.

use documents::{iam as policy, script, user_data};
use job::metrics;
use template::{IntoValue, Parameter, Stack, Value, aws, sub};

use super::instances::Instances;
use crate::environment::Executor;
use crate::{identity, units};

/// The parameter of the stack that says which agent its instances run: the SHA-256 of the program. Deploying fills it with
/// that of the bundle; so another agent is another launch template, and this template is the same wherever it is built.
pub const AGENT_SHA256: &str = "AgentSha256";

/// Where the artifact bucket has agents.
const AGENTS: &str = "agent";

/// What an agent is called there.
const AGENT: &str = "baleen-agent";

/// Returns where the artifact bucket has the agent of a SHA-256.
pub fn agent_key(sha256: &str) -> String {
    format!("{AGENTS}/{sha256}/{AGENT}")
}

/// Declares which agent the instances run, and lets them fetch it. They may fetch any that was uploaded: while a stack is
/// updated, instances still start by the version before.
fn agent(instances: &Instances<'_>, stack: &mut Stack) -> Value<String> {
    let shared = instances.shared;
    let fetch = policy::allow(["s3:GetObject"]).on([sub!("{}/{}/*", shared.bootstrap.artifacts.arn(), AGENTS)]);
    identity::let_worker(stack, shared.identity, "WorkerFetchesAgent", fetch);
    let sha256 = Parameter::string()
        .description("The SHA-256 of the agent that instances install")
        .allowed_pattern("[0-9a-f]{64}");
    stack.parameter(AGENT_SHA256, sha256)
}

/// Fills in the script that prepares an instance, and lets instances fetch what it fetches.
pub(super) fn fill(instances: &Instances<'_>, stack: &mut Stack) -> Value<String> {
    let Instances { environment, colour, shared, .. } = *instances;
    let (executor, agent_sha256) = match environment.jobs.executor {
        Executor::Agent => ("agent", agent(instances, stack)),
        Executor::RunCommand => ("run-command", String::new().into_value()),
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
        .with("agent_folder", AGENTS)
        .with("agent_sha256", agent_sha256)
        .with("agent", AGENT)
        .with("namespace", metrics::NAMESPACE)
        .with("app_dimension", metrics::APP)
        .with("environment_dimension", metrics::ENVIRONMENT)
        .with("colour_dimension", metrics::COLOUR);
    user_data(script)
}
