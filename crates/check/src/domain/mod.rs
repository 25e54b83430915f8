//! What breaks at deploy or at run time although every property is well formed: relations between properties, between
//! resources, and inside the documents that CloudFormation passes on unread.

use tree::Finding;

use crate::look::{Scope, each_resource};
use crate::outline::Outline;
use crate::rule::Rule;

mod lifecycle;

/// Checks every resource of a template.
pub(crate) fn check<'a>(scope: &'a Scope<'a>, outline: &'a Outline<'a>, findings: &mut Vec<Finding>) {
    each_resource(scope, outline, findings, |resource, findings| match resource.type_name {
        "AWS::S3::Bucket" => lifecycle::check(resource, findings),
        _ => {}
    });
}

/// The rules of this group.
pub(crate) static RULES: &[&Rule] = &[&lifecycle::ORDER];
