//! Turns the SDK's types for drift into ours.

use aws_sdk_cloudformation::operation::describe_stack_drift_detection_status::DescribeStackDriftDetectionStatusOutput;
use aws_sdk_cloudformation::types as sdk;
use cloud::cloud_formation::{
    DriftDetection, DriftDetectionStatus, DriftStatus, PropertyDifference, ResourceDrift, ResourceDriftStatus,
};

use super::convert::{not_empty, word};

pub(super) fn detection(answer: DescribeStackDriftDetectionStatusOutput) -> DriftDetection {
    DriftDetection {
        status: DriftDetectionStatus::from(
            answer.detection_status.as_ref().map_or("", sdk::StackDriftDetectionStatus::as_str),
        ),
        reason: not_empty(answer.detection_status_reason),
        drift_status: answer.stack_drift_status.map(|status| DriftStatus::from(status.as_str())),
        drifted_resources: answer.drifted_stack_resource_count.unwrap_or_default().try_into().unwrap_or_default(),
    }
}

pub(super) fn resource(drift: sdk::StackResourceDrift) -> ResourceDrift {
    let status = drift.stack_resource_drift_status.as_ref();
    ResourceDrift {
        logical_id: drift.logical_resource_id.unwrap_or_default(),
        physical_id: not_empty(drift.physical_resource_id),
        resource_type: drift.resource_type.unwrap_or_default(),
        status: ResourceDriftStatus::from(status.map_or("", sdk::StackResourceDriftStatus::as_str)),
        reason: not_empty(drift.drift_status_reason),
        differences: drift.property_differences.unwrap_or_default().into_iter().map(difference).collect(),
    }
}

fn difference(difference: sdk::PropertyDifference) -> PropertyDifference {
    PropertyDifference {
        path: difference.property_path.unwrap_or_default(),
        expected: difference.expected_value.unwrap_or_default(),
        actual: difference.actual_value.unwrap_or_default(),
        kind: word(difference.difference_type.as_ref().map(sdk::DifferenceType::as_str)),
    }
}
