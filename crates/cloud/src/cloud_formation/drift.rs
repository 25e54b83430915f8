crate::string_enum::string_enum! {
    /// How far a comparison of a stack with its template is.
    pub enum DriftDetectionStatus {
        /// Under way.
        InProgress = "DETECTION_IN_PROGRESS",
        /// Done.
        Complete = "DETECTION_COMPLETE",
        /// Ended early: what was compared until then is there.
        Failed = "DETECTION_FAILED",
    }
}

crate::string_enum::string_enum! {
    /// Whether a stack is as its template says.
    pub enum DriftStatus {
        /// At least one of its resources is not.
        Drifted = "DRIFTED",
        /// It is.
        InSync = "IN_SYNC",
        /// Nobody has looked.
        NotChecked = "NOT_CHECKED",
        /// It cannot be told.
        Unknown = "UNKNOWN",
    }
}

/// A comparison of a stack with its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftDetection {
    /// How far it is.
    pub status: DriftDetectionStatus,
    /// Why it stands there.
    pub reason: Option<String>,
    /// What it found; `None` until it has ended.
    pub drift_status: Option<DriftStatus>,
    /// How many resources are not as the template says.
    pub drifted_resources: usize,
}

crate::string_enum::string_enum! {
    /// Whether a resource is as its template says.
    pub enum ResourceDriftStatus {
        /// It is.
        InSync = "IN_SYNC",
        /// Some of its properties differ.
        Modified = "MODIFIED",
        /// It is gone.
        Deleted = "DELETED",
        /// Nobody has looked.
        NotChecked = "NOT_CHECKED",
        /// It cannot be told.
        Unknown = "UNKNOWN",
        /// CloudFormation cannot compare resources of this type.
        Unsupported = "UNSUPPORTED",
    }
}

/// How a resource differs from its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceDrift {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in its service.
    pub physical_id: Option<String>,
    /// Its type: `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Whether it is as the template says.
    pub status: ResourceDriftStatus,
    /// Why it could not be compared.
    pub reason: Option<String>,
    /// What differs, where it is modified.
    pub differences: Vec<PropertyDifference>,
}

/// How a property differs from the template. Values are JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyDifference {
    /// The JSON pointer of the property within the resource's properties.
    pub path: String,
    /// What the template says; empty for one that was added.
    pub expected: String,
    /// What is there; empty for one that was removed.
    pub actual: String,
    /// `ADD`, `REMOVE` or `NOT_EQUAL`.
    pub kind: String,
}
