//! What breaks at deploy or at run time although every property is well formed: relations between properties, between
//! resources, and inside the documents that CloudFormation passes on unread.
//!
//! A rule here speaks only of what it knows for certain: what a function will give, what another template may add, what
//! a managed policy allows is let pass.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use tree::Finding;

use crate::look::{Resource, Scope, each_resource};
use crate::outline::Outline;
use crate::rule::Rule;
use crate::schema::Patterns;

mod actions;
mod admissions;
mod alarm;
mod alarm_rules;
mod code;
mod dashboard;
mod dashboard_rules;
mod event_details;
mod event_rules;
mod events;
mod functions;
mod grants;
mod iam;
mod iam_rules;
mod instance_rules;
mod instances;
mod lifecycle;
mod mapping;
mod mediaconvert;
mod mediaconvert_rules;
mod metrics;
mod name_rules;
mod names;
mod network;
mod network_rules;
mod notification;
mod policy_conditions;
mod policy_resources;
mod queue;
mod receivers;
mod roles;
mod scaling;
mod scaling_rules;
mod scripts;
mod ssm;
mod ssm_rules;
mod states;

use admissions::Admissions;
use grants::Grants;
use receivers::Receivers;

/// How many resources a template may have.
const RESOURCES: usize = 500;

/// The resources of each template by type.
type Types<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<Resource<'a>>>>;

/// What several rules look up, worked out once for all templates.
pub(crate) struct Shared<'a> {
    scope: &'a Scope<'a>,
    admissions: OnceCell<Admissions<'a>>,
    grants: OnceCell<Grants<'a>>,
    receivers: OnceCell<Receivers<'a>>,
    patterns: &'a Patterns,
    types: OnceCell<Types<'a>>,
}

impl<'a> Shared<'a> {
    pub fn new(scope: &'a Scope<'a>, patterns: &'a Patterns) -> Self {
        Self {
            scope,
            admissions: OnceCell::new(),
            grants: OnceCell::new(),
            receivers: OnceCell::new(),
            patterns,
            types: OnceCell::new(),
        }
    }

    /// Lists the resources of a type in the template of a resource, in order.
    fn of_type(&self, beside: &Resource<'_>, type_name: &str) -> std::iter::Copied<std::slice::Iter<'_, Resource<'a>>> {
        let types = self.types.get_or_init(|| {
            let mut types = Types::new();
            for resource in self.scope.resources() {
                let of_template = types.entry(resource.view.outline.name).or_default();
                of_template.entry(resource.type_name).or_default().push(resource);
            }
            types
        });
        let found = types.get(beside.view.outline.name).and_then(|types| types.get(type_name));
        let found = found.map(Vec::as_slice).unwrap_or_default();
        // CloudFormation takes no more resources than this, so neither do rules that compare each with each.
        found[..found.len().min(RESOURCES)].iter().copied()
    }

    /// Tells who may send to queues, topics and functions.
    fn receivers(&self) -> &Receivers<'a> {
        self.receivers.get_or_init(|| Receivers::read(self.scope))
    }

    /// Tells whether a role is certainly not allowed an action, on a resource or on whatever.
    fn lacks(&self, role: &Resource<'_>, action: &str, on: Option<&Resource<'_>>) -> bool {
        // A policy of the resource may allow it as well.
        !on.is_some_and(|on| self.receivers().may_admit_roles(on)) && self.grants().lacks_on(role, action, on)
    }

    /// Tells whether a policy of some resource may allow roles an action, whatever their own policies say.
    fn may_be_admitted(&self, action: &str) -> bool {
        self.admissions.get_or_init(|| Admissions::read(self.scope)).may_allow(action)
    }

    /// Tells what roles are allowed.
    fn grants(&self) -> &Grants<'a> {
        self.grants.get_or_init(|| Grants::read(self.scope))
    }
}

/// Checks every resource of a template.
pub(crate) fn check<'a>(shared: &Shared<'a>, outline: &'a Outline<'a>, findings: &mut Vec<Finding>) {
    each_resource(shared.scope, outline, findings, |resource, findings| one(shared, resource, findings));
}

fn one(shared: &Shared<'_>, resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    iam::check(resource, findings);
    roles::taken(resource, findings);
    names::check(resource, findings);
    match resource.type_name {
        "AWS::AutoScaling::AutoScalingGroup" => scaling::group(resource, findings),
        "AWS::AutoScaling::LifecycleHook" => scaling::hook(resource, findings),
        "AWS::AutoScaling::ScalingPolicy" => scaling::policy(resource, findings),
        "AWS::AutoScaling::ScheduledAction" => scaling::scheduled(resource, findings),
        "AWS::CloudWatch::Alarm" => alarm::check(resource, findings),
        "AWS::CloudWatch::CompositeAlarm" => alarm::composite(shared, resource, findings),
        "AWS::CloudWatch::Dashboard" => dashboard::check(resource, findings),
        "AWS::EC2::Instance" => instances::instance(resource, findings),
        "AWS::EC2::LaunchTemplate" => instances::launch_template(resource, findings),
        "AWS::EC2::Route" => network::route(shared, resource, findings),
        "AWS::EC2::SecurityGroup" => network::security_group(resource, findings),
        "AWS::EC2::SecurityGroupEgress" | "AWS::EC2::SecurityGroupIngress" => {
            network::security_rule(resource, findings);
        }
        "AWS::EC2::Subnet" => network::subnet(shared, resource, findings),
        "AWS::EC2::VPC" => network::vpc(resource, findings),
        "AWS::EC2::VPCEndpoint" => network::endpoint(shared, resource, findings),
        "AWS::EC2::Volume" => instances::volume(resource, findings),
        "AWS::Events::Rule" => events::rule(shared, resource, findings),
        "AWS::IAM::ManagedPolicy" | "AWS::IAM::Policy" | "AWS::IAM::Role" => roles::escalation(resource, findings),
        "AWS::Lambda::EventSourceMapping" => mapping::check(shared, resource, findings),
        "AWS::Lambda::Function" => functions::check(shared, resource, findings),
        "AWS::MediaConvert::JobTemplate" => mediaconvert::job_template(resource, findings),
        "AWS::S3::Bucket" => {
            lifecycle::check(resource, findings);
            notification::check(shared, resource, findings);
        }
        "AWS::SQS::Queue" => queue::check(resource, findings),
        "AWS::Scheduler::Schedule" => events::schedule(resource, findings),
        "AWS::StepFunctions::StateMachine" => states::check(shared, resource, findings),
        "AWS::SSM::Document" => ssm::check(shared, resource, findings),
        _ => {}
    }
}

/// The rules of this group.
pub(crate) static RULES: &[&[&Rule]] = &[
    alarm_rules::RULES,
    code::RULES,
    dashboard_rules::RULES,
    event_rules::RULES,
    functions::RULES,
    iam_rules::RULES,
    instance_rules::RULES,
    lifecycle::RULES,
    mapping::RULES,
    mediaconvert_rules::RULES,
    name_rules::RULES,
    network_rules::RULES,
    notification::RULES,
    queue::RULES,
    scaling_rules::RULES,
    scripts::RULES,
    ssm_rules::RULES,
    states::RULES,
];
