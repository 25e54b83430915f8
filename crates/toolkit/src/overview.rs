//! Says how an environment stands.

use std::collections::BTreeMap;

use cloud::cloud_formation::{ResourceDriftStatus, StackDescription, StackStatus};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use template::{Assembly, StackTemplate};

use crate::call::Context;
use crate::causes::earlier_cause;
use crate::lock::{LockState, LockTable, lock_state};
use crate::selection::{self, values};
use crate::status::{Action, Command, action};
use crate::{Cause, Error, Patience, preflight, silent};

/// How many stacks are looked at once.
const AT_ONCE: usize = 6;

/// How an environment stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// The environment.
    pub environment: String,
    /// The stacks, in the order of the app.
    pub stacks: Vec<StackOverview>,
    /// Who works on it, and how far a swap is.
    pub lock: LockState,
}

/// How a stack stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackOverview {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// Its status; `None` if it is not deployed.
    pub status: Option<String>,
    /// What that means.
    pub health: Health,
    /// When it was last changed, as RFC 3339 writes it.
    pub since: Option<String>,
    /// Why its last operation failed, where it did and its events still tell.
    pub cause: Option<Cause>,
    /// What leads on, where it does not stand.
    pub remedy: Option<String>,
    /// How many resources differed from the template when that was last looked at; `None` if nobody ever did.
    pub drifted: Option<usize>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
}

/// What a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It is not deployed.
    Absent,
    /// It stands as it was last deployed.
    Standing,
    /// Its last update failed and was undone: it stands as it did before.
    RolledBack,
    /// Something is under way.
    Working,
    /// It was left in the middle.
    Stuck,
}

/// Looks at all stacks of an environment, and at its lock.
pub async fn overview(
    assembly: &Assembly,
    cloud: &cloud::Cloud,
    table: &LockTable,
    patience: Patience,
) -> Result<Overview, Error> {
    let context = Context { cloud, events: &silent, patience, run: "" };
    preflight::verify(&context, assembly).await?;
    let stacks = selection::select(assembly, &[])?;
    let stacks = stream::iter(stacks).map(|stack| one(&context, stack)).buffered(AT_ONCE).try_collect().await?;
    let lock = lock_state(assembly, cloud, table, patience).await?;
    Ok(Overview { environment: assembly.environment.clone(), stacks, lock })
}

async fn one(context: &Context<'_>, stack: &StackTemplate) -> Result<StackOverview, Error> {
    let name = stack.stack_name.as_str();
    let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
    let status = description.as_ref().map(|description| &description.status);
    let health = health(status);
    let (cause, drifted) = match &description {
        Some(description) => (last_cause(context, description).await?, drifted(context, description, health).await),
        None => (None, None),
    };
    Ok(StackOverview {
        stack: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        status: status.filter(|_| health != Health::Absent).map(ToString::to_string),
        health,
        since: description.as_ref().and_then(|stack| stack.updated.or(stack.created)).map(|time| time.to_string()),
        cause,
        remedy: remedy(stack, status),
        drifted,
        outputs: description.as_ref().map(values).unwrap_or_default(),
    })
}

fn health(status: Option<&StackStatus>) -> Health {
    use StackStatus as S;
    match (action(Command::Deploy, status), status) {
        (Action::Create, None | Some(S::DeleteComplete)) => Health::Absent,
        (Action::Wait, _) => Health::Working,
        (_, Some(S::UpdateRollbackComplete | S::ImportRollbackComplete)) => Health::RolledBack,
        (Action::Update, Some(S::CreateComplete | S::UpdateComplete | S::ImportComplete)) => Health::Standing,
        _ => Health::Stuck,
    }
}

/// Says what leads on from a status: what `swap`, which wants a stack that stands, is refused with.
fn remedy(stack: &StackTemplate, status: Option<&StackStatus>) -> Option<String> {
    match (action(Command::Swap, status), status) {
        (Action::Refuse(refusal), Some(status)) if *status != StackStatus::DeleteComplete => {
            Some(refusal.remedy.replace("{stack}", &stack.name))
        }
        _ => None,
    }
}

async fn last_cause(context: &Context<'_>, description: &StackDescription) -> Result<Option<Cause>, Error> {
    let status = description.status.as_str();
    let failed = status.contains("ROLLBACK") || status.ends_with("_FAILED");
    if failed { earlier_cause(context, &description.id).await } else { Ok(None) }
}

/// Counts what differed when someone last compared the stack with its template. It is only worth a glance: a cloud that
/// cannot tell is no failure.
async fn drifted(context: &Context<'_>, description: &StackDescription, health: Health) -> Option<usize> {
    if !matches!(health, Health::Standing | Health::RolledBack) {
        return None;
    }
    let drifts = context.cloud.cloud_formation.resource_drifts(&description.id).await.ok()?;
    let compared: Vec<_> = drifts.iter().filter(|drift| drift.status != ResourceDriftStatus::NotChecked).collect();
    if compared.is_empty() {
        return None;
    }
    let differs =
        |status: &ResourceDriftStatus| matches!(status, ResourceDriftStatus::Modified | ResourceDriftStatus::Deleted);
    Some(compared.iter().filter(|drift| differs(&drift.status)).count())
}
