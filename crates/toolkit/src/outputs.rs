use std::collections::BTreeMap;

use cloud::Cloud;
use serde::Serialize;
use template::Assembly;

use crate::call::Context;
use crate::selection::{self, values};
use crate::{Error, Patience, event, preflight};

/// A stack as it is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackOutputs {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// Its status; `None` if it is not deployed.
    pub status: Option<String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
}

/// Reads the outputs of the stacks named, or of all of them.
pub async fn outputs(
    assembly: &Assembly,
    names: &[String],
    cloud: &Cloud,
    patience: Patience,
) -> Result<Vec<StackOutputs>, Error> {
    let context = Context { cloud, events: &event::silent, patience, run: "" };
    let stacks = selection::select(assembly, names)?;
    preflight::verify(&context, assembly).await?;
    let mut read = Vec::new();
    for stack in stacks {
        let name = stack.stack_name.as_str();
        let description = context.call(async || cloud.cloud_formation.describe_stack(name).await).await?;
        read.push(StackOutputs {
            stack: stack.name.clone(),
            stack_name: stack.stack_name.clone(),
            status: description.as_ref().map(|description| description.status.to_string()),
            outputs: description.as_ref().map(values).unwrap_or_default(),
        });
    }
    Ok(read)
}
