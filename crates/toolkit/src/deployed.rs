use cloud::Cloud;
use template::Assembly;

use crate::call::Context;
use crate::{Error, Patience, event, preflight};

/// A stack as it is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedTemplate {
    /// The stack's name within the app.
    pub stack: String,
    /// Its template as it was uploaded, before transforms: what can be compared with what was synthesized.
    pub template: String,
}

/// Reads the templates of the stacks that are deployed, in the order of the assembly.
///
/// A stack that was never deployed, or that a change set only prepares, has none.
pub async fn deployed_templates(
    assembly: &Assembly,
    cloud: &Cloud,
    patience: Patience,
) -> Result<Vec<DeployedTemplate>, Error> {
    let context = Context { cloud, events: &event::silent, patience, run: "" };
    preflight::verify(&context, assembly).await?;
    let read = assembly.stacks.iter().map(async |stack| {
        let name = stack.stack_name.as_str();
        let description = context.call(async || cloud.cloud_formation.describe_stack(name).await).await?;
        let made = description
            .filter(|description| description.status != cloud::cloud_formation::StackStatus::ReviewInProgress);
        let Some(description) = made else { return Ok(None) };
        let id = description.id.as_str();
        let template = context.call(async || cloud.cloud_formation.template(id).await).await?;
        Ok(Some(DeployedTemplate { stack: stack.name.clone(), template }))
    });
    let read: Result<Vec<_>, Error> = futures::future::try_join_all(read).await;
    Ok(read?.into_iter().flatten().collect())
}
