//! What other resources say of a resource: the policy of a bucket stands beside it, as do the logs of a network.

use std::collections::BTreeMap;

use tree::{Node, Tree};

use super::policy::of_identity;
use crate::attributes::literal;
use crate::look::{Resource, Scope, View};

/// A resource by the names of its template and its own.
type Key<'a> = (&'a str, &'a str);

/// How one resource uses another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// Is its resource policy.
    Policy,
    /// Keeps its access logs there.
    AccessLogs,
    /// Sends there what failed.
    DeadLetters,
    /// Writes a network's flow logs.
    FlowLogs,
    /// Polls for a function, which is then called synchronously.
    EventSource,
    /// Says what happens to a function's failed asynchronous calls.
    FailedEvents,
    /// Lets somebody call the function.
    Permission,
    /// Calls the function as a custom resource.
    CustomResource,
    /// Mentions the default security group of a network.
    DefaultGroup,
    /// Is an instance profile with the role.
    InstanceProfile,
    /// Rotates the secret.
    Rotation,
    /// Associates a web ACL.
    WebAcl,
    /// Bounds the permissions of a role, or wants roles to be bounded.
    Boundary,
}

/// The uses of all resources of all templates.
pub(crate) struct Others<'a> {
    uses: BTreeMap<(Use, Key<'a>), Vec<Resource<'a>>>,
    named: BTreeMap<(&'a str, String), Key<'a>>,
}

/// The property of a type that names its resources, where policies may use the name instead of a reference.
const NAMES: [(&str, &str); 3] =
    [("AWS::S3::Bucket", "BucketName"), ("AWS::SNS::Topic", "TopicName"), ("AWS::SQS::Queue", "QueueName")];

/// Which property of which type uses the resource that it refers to.
const USES: [(&str, &str, Use); 26] = [
    ("AWS::S3::BucketPolicy", "Bucket", Use::Policy),
    ("AWS::SQS::QueuePolicy", "Queues/*", Use::Policy),
    ("AWS::SQS::QueueInlinePolicy", "Queue", Use::Policy),
    ("AWS::SNS::TopicPolicy", "Topics/*", Use::Policy),
    ("AWS::SNS::TopicInlinePolicy", "TopicArn", Use::Policy),
    ("AWS::S3::Bucket", "LoggingConfiguration/DestinationBucketName", Use::AccessLogs),
    ("AWS::CloudFront::Distribution", "DistributionConfig/Logging/Bucket", Use::AccessLogs),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerAttributes/*/Value", Use::AccessLogs),
    ("AWS::Logs::DeliveryDestination", "DestinationResourceArn", Use::AccessLogs),
    ("AWS::SQS::Queue", "RedrivePolicy/deadLetterTargetArn", Use::DeadLetters),
    ("AWS::Lambda::Function", "DeadLetterConfig/TargetArn", Use::DeadLetters),
    ("AWS::Lambda::EventInvokeConfig", "DestinationConfig/OnFailure/Destination", Use::DeadLetters),
    ("AWS::Lambda::EventSourceMapping", "DestinationConfig/OnFailure/Destination", Use::DeadLetters),
    ("AWS::Events::Rule", "Targets/*/DeadLetterConfig/Arn", Use::DeadLetters),
    ("AWS::Scheduler::Schedule", "Target/DeadLetterConfig/Arn", Use::DeadLetters),
    ("AWS::SNS::Subscription", "RedrivePolicy/deadLetterTargetArn", Use::DeadLetters),
    ("AWS::EC2::FlowLog", "ResourceId", Use::FlowLogs),
    ("AWS::Lambda::EventSourceMapping", "FunctionName", Use::EventSource),
    ("AWS::Lambda::EventInvokeConfig", "FunctionName", Use::FailedEvents),
    ("AWS::Lambda::Permission", "FunctionName", Use::Permission),
    ("AWS::CloudFormation::CustomResource", "ServiceToken", Use::CustomResource),
    ("AWS::IAM::InstanceProfile", "Roles/*", Use::InstanceProfile),
    ("AWS::SecretsManager::RotationSchedule", "SecretId", Use::Rotation),
    ("AWS::WAFv2::WebACLAssociation", "ResourceArn", Use::WebAcl),
    ("AWS::IAM::Role", "PermissionsBoundary", Use::Boundary),
    ("AWS::IAM::User", "PermissionsBoundary", Use::Boundary),
];

impl<'a> Others<'a> {
    /// Reads what all resources use, once for all templates.
    pub fn read(scope: &'a Scope<'a>) -> Self {
        let mut others = Self { uses: BTreeMap::new(), named: BTreeMap::new() };
        for resource in scope.resources() {
            let property = NAMES.iter().find(|(type_name, _)| *type_name == resource.type_name);
            if let Some(name) = property.and_then(|(_, property)| resource.at(property).text()) {
                others.named.insert((resource.type_name, name.into_owned()), key(&resource));
            }
        }
        for resource in scope.resources() {
            let type_name = match resource.type_name {
                custom if custom.starts_with("Custom::") => "AWS::CloudFormation::CustomResource",
                known => known,
            };
            for document in of_identity(&resource) {
                for bound in document.select("Statement/*/Condition/*/iam:PermissionsBoundary") {
                    bound.one_or_more().into_iter().for_each(|bound| others.add(Use::Boundary, bound, resource));
                }
            }
            for (_, path, usage) in USES.iter().filter(|(user, ..)| *user == type_name) {
                for view in resource.properties.select(path) {
                    others.add(*usage, view, resource);
                }
            }
        }
        others.find_default_groups(scope);
        others
    }

    /// Finds who mentions `DefaultSecurityGroup` of a network, in templates that have one.
    fn find_default_groups(&mut self, scope: &'a Scope<'a>) {
        for outline in scope.outlines {
            let is_network = |resource: &crate::outline::Resource<'_>| resource.type_name == Some("AWS::EC2::VPC");
            if !outline.resources.values().any(is_network) {
                continue;
            }
            for resource in scope.resources_of(outline) {
                let mut networks = Vec::new();
                resource.view.tree().into_iter().for_each(|tree| default_groups(tree, &mut networks));
                for id in networks {
                    self.uses.entry((Use::DefaultGroup, (outline.name, id))).or_default().push(resource);
                }
            }
        }
    }

    fn add(&mut self, usage: Use, view: View<'a>, user: Resource<'a>) {
        let target = match view.mentioned() {
            Some(target) => Some(key(&target.resource)),
            None => view.text().and_then(|name| self.by_name(&name)),
        };
        if let Some(target) = target {
            self.uses.entry((usage, target)).or_default().push(user);
        }
    }

    /// Finds a resource by its literal name, or by an address or ARN that ends in it.
    fn by_name(&self, name: &str) -> Option<Key<'a>> {
        let name = name.rsplit([':', '/']).next().unwrap_or(name);
        NAMES.iter().find_map(|(type_name, _)| self.named.get(&(*type_name, name.to_owned())).copied())
    }

    /// Lists the resources that use this one so.
    pub fn users<'s>(&'s self, usage: Use, resource: &Resource<'s>) -> &'s [Resource<'s>] {
        self.uses.get(&(usage, key(resource))).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn has(&self, usage: Use, resource: &Resource<'_>) -> bool {
        !self.users(usage, resource).is_empty()
    }
}

/// Tells whether one resource is there in every combination of conditions in which the other one is.
pub(super) fn is_always_beside(user: &Resource<'_>, resource: &Resource<'_>) -> bool {
    let condition =
        |of: &Resource<'_>| of.view.tree().and_then(|tree| tree.get("Condition")?.as_str().map(str::to_owned));
    let (Some(own), other) = (condition(user), condition(resource)) else { return true };
    let outline = user.view.outline;
    let assumed = [(own.as_str(), false)].into_iter().chain(other.as_deref().map(|name| (name, true)));
    outline.name != resource.view.outline.name || !outline.conditions.possible(&assumed.collect::<Vec<_>>())
}

fn key<'a>(resource: &Resource<'a>) -> Key<'a> {
    (resource.view.outline.name, resource.id)
}

/// Collects the networks whose attribute `DefaultSecurityGroup` is used.
fn default_groups<'a>(tree: &'a Tree, networks: &mut Vec<&'a str>) {
    match &tree.node {
        Node::List(list) => list.iter().for_each(|item| default_groups(item, networks)),
        Node::Map(map) => {
            let attribute = tree.as_single().filter(|(name, _)| *name == "Fn::GetAtt");
            if let Some((id, "DefaultSecurityGroup")) = attribute.and_then(|(_, argument)| literal(argument)) {
                networks.push(id);
            }
            map.iter().for_each(|entry| default_groups(&entry.value, networks));
        }
        _ => {}
    }
}
