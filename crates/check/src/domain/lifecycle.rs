//! Lifecycles of buckets: which transitions S3 accepts, and in which order.

use tree::{Finding, Severity};

use crate::look::{Resource, View};
use crate::rule::Rule;

/// Checks the lifecycle of a bucket.
pub(super) fn check(bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    for rule in bucket.at("LifecycleConfiguration/Rules").items() {
        order(rule, findings);
    }
}

/// Reports an object that would expire before it gets to its storage class.
fn order(rule: View<'_>, findings: &mut Vec<Finding>) {
    let Some(expires) = rule.get("ExpirationInDays").integer() else { return };
    for transition in rule.get("Transitions").items() {
        let days = transition.get("TransitionInDays");
        if let (Some(moves), Some(class)) = (days.integer(), transition.get("StorageClass").text())
            && moves >= expires
        {
            let message = format!("objects move to {class} after {moves} days, but expire after {expires}");
            findings.push(days.finding(&ORDER, message).hint("let them expire later, or leave the transition out"));
        }
    }
}

pub(crate) static ORDER: Rule = Rule {
    id: "lifecycle/order",
    severity: Severity::Error,
    statement: "objects expire after their last transition",
    why: "S3 refuses a rule by which objects expire on or before the day of a transition",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "ExpirationInDays": 60,
         "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}]}]}}}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "ExpirationInDays": 400,
         "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}]}]}}}}}"#,
};
