use std::time::Duration;

use cloud::{Cloud, ErrorKind};
use serde_json::Value;

use super::document::{Document, documents};
use super::event::watch;
use super::{Error, Events};

/// The commands of an environment, as they are deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// The documents, with their names in Systems Manager.
    pub documents: Vec<Document>,
    /// The log group that keeps what commands say.
    pub log_group: Option<String>,
}

/// Reads what a stack of commands has. Its template is the deployed one: that of this checkout may be another.
pub async fn deployed(
    cloud: &Cloud,
    stack_name: &str,
    patience: Duration,
    events: &dyn Events,
) -> Result<Deployed, Error> {
    let watch = watch(events);
    let patience = crate::call::Patience { limit: patience, events: &watch };
    let formation = &cloud.cloud_formation;
    let template = patience.call(async || formation.template(stack_name).await).await;
    let not_deployed = || Error::NotDeployed { stack: stack_name.to_owned() };
    let template = match template {
        Err(error) if error.kind == ErrorKind::NotFound => return Err(not_deployed()),
        answer => answer?,
    };
    let template: Value = serde_json::from_str(&template).map_err(|_| not_deployed())?;
    let resources = patience.call(async || formation.stack_resources(stack_name).await).await?;
    let physical_id = |logical_id: &str| {
        let resource = resources.iter().find(|resource| resource.logical_id == logical_id)?;
        resource.physical_id.clone()
    };
    let documents = documents(&template).into_iter().filter_map(|document| {
        let name = physical_id(&document.logical_id)?;
        Some(Document { name: Some(name), ..document })
    });
    let log = resources.iter().find(|resource| resource.resource_type == "AWS::Logs::LogGroup");
    Ok(Deployed { documents: documents.collect(), log_group: log.and_then(|log| log.physical_id.clone()) })
}
