//! Finds what was changed behind CloudFormation's back.

mod weight;

use cloud::ErrorKind;
use cloud::cloud_formation::{
    DriftDetection, DriftDetectionStatus, DriftStatus, PropertyDifference, ResourceDrift, ResourceDriftStatus,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use template::{Assembly, StackTemplate};
use tokio::time::Instant;

use crate::call::{Context, Pause};
use crate::situation::stand;
use crate::status::{Action, Command};
use crate::{Error, Event, Events, Patience, preflight, selection};

pub use weight::Weight;

/// How many stacks are compared at once: CloudFormation bears few.
const AT_ONCE: usize = 3;

/// How a stack differs from its template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackDrift {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// CloudFormation's word for it: `DRIFTED`, `IN_SYNC`, `UNKNOWN`.
    pub status: String,
    /// The resources that differ, what matters most first.
    pub resources: Vec<DriftedResource>,
    /// The resources that CloudFormation cannot compare: logical ids.
    pub not_compared: Vec<String>,
    /// Why the comparison ended early, where it did.
    pub incomplete: Option<String>,
}

impl StackDrift {
    /// Says whether something differs that is not expected to.
    pub fn is_drifted(&self) -> bool {
        self.resources.iter().any(|resource| resource.weight > Weight::Expected)
    }
}

/// How a resource differs from its template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DriftedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in its service.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// CloudFormation's word for it: `MODIFIED`, `DELETED`.
    pub status: String,
    /// How much it matters: as much as the weightiest of its differences.
    pub weight: Weight,
    /// What differs, what matters most first.
    pub differences: Vec<Difference>,
}

/// How a property differs from the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The JSON pointer of the property.
    pub path: String,
    /// What the template says, in JSON; `None` where it says nothing.
    pub expected: Option<String>,
    /// What is there, in JSON; `None` where nothing is.
    pub actual: Option<String>,
    /// How much it matters.
    pub weight: Weight,
}

/// Compares the stacks named, or all that are deployed, with their templates, in the order of the app.
pub async fn drift(
    assembly: &Assembly,
    names: &[String],
    cloud: &cloud::Cloud,
    patience: Patience,
    events: &dyn Events,
) -> Result<Vec<StackDrift>, Error> {
    let context = Context { cloud, events, patience, run: "" };
    let stacks = selection::select(assembly, names)?;
    preflight::verify(&context, assembly).await?;
    let compared = stream::iter(stacks).map(|stack| one(&context, stack, !names.is_empty())).buffered(AT_ONCE);
    let compared: Vec<Option<StackDrift>> = compared.try_collect().await?;
    Ok(compared.into_iter().flatten().collect())
}

/// Compares one stack; `None` for one that is not deployed, unless it was asked for by name.
async fn one(context: &Context<'_>, stack: &StackTemplate, is_named: bool) -> Result<Option<StackDrift>, Error> {
    let description = match stand(context, stack, Command::Drift).await {
        Ok((Action::Detect, Some(description))) => description,
        Err(Error::NotDeployed { .. }) if !is_named => return Ok(None),
        Ok(_) => return Ok(None),
        Err(error) => return Err(error),
    };
    context.tell(Event::Comparing { stack: stack.name.clone() });
    let detection = detect(context, &description.id).await?;
    let cloud_formation = &context.cloud.cloud_formation;
    let drifts = context.call(async || cloud_formation.resource_drifts(&description.id).await).await?;
    let has = |drift: &ResourceDrift, status: &[ResourceDriftStatus]| status.contains(&drift.status);
    let differs = [ResourceDriftStatus::Modified, ResourceDriftStatus::Deleted];
    let unknown = [ResourceDriftStatus::Unknown, ResourceDriftStatus::Unsupported];
    let mut resources: Vec<_> = drifts.iter().filter(|drift| has(drift, &differs)).map(drifted).collect();
    resources.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.logical_id.cmp(&b.logical_id)));
    let drift = StackDrift {
        stack: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        status: detection.drift_status.unwrap_or(DriftStatus::Unknown).to_string(),
        resources,
        not_compared: drifts
            .iter()
            .filter(|drift| has(drift, &unknown))
            .map(|drift| drift.logical_id.clone())
            .collect(),
        incomplete: detection.reason.filter(|_| detection.status == DriftDetectionStatus::Failed),
    };
    context.tell(Event::Compared { stack: stack.name.clone(), differing: drift.resources.len() });
    Ok(Some(drift))
}

/// Has CloudFormation compare a stack, and waits until it has.
async fn detect(context: &Context<'_>, id: &str) -> Result<DriftDetection, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let mut pause = Pause::default();
    let began = Instant::now();
    let detection = loop {
        match context.call(async || cloud_formation.detect_drift(id).await).await {
            Ok(detection) => break detection,
            // Someone else's comparison: CloudFormation makes one at a time.
            Err(error)
                if error.kind == ErrorKind::Validation
                    && error.message.contains("in progress")
                    && began.elapsed() < context.patience.0 =>
            {
                pause.wait().await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let mut pause = Pause::default();
    loop {
        let state = context.call(async || cloud_formation.drift_detection(&detection).await).await?;
        if state.status != DriftDetectionStatus::InProgress {
            return Ok(state);
        }
        pause.wait().await;
    }
}

fn drifted(drift: &ResourceDrift) -> DriftedResource {
    let mut differences: Vec<_> =
        drift.differences.iter().map(|found| difference(&drift.resource_type, found)).collect();
    differences.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.path.cmp(&b.path)));
    let weightiest = differences.iter().map(|difference| difference.weight).max();
    DriftedResource {
        logical_id: drift.logical_id.clone(),
        physical_id: drift.physical_id.clone(),
        resource_type: drift.resource_type.clone(),
        status: drift.status.to_string(),
        weight: match drift.status {
            ResourceDriftStatus::Deleted => Weight::Gone,
            _ => weightiest.unwrap_or(Weight::Behaviour),
        },
        differences,
    }
}

fn difference(resource_type: &str, found: &PropertyDifference) -> Difference {
    let said = |value: &str| (!value.is_empty() && value != "null").then(|| value.to_owned());
    Difference {
        path: found.path.clone(),
        expected: said(&found.expected),
        actual: said(&found.actual),
        weight: weight::of(resource_type, &found.path),
    }
}
