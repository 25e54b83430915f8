//! Who may do what to a resource, by the policies that are attached to it.

use std::collections::BTreeMap;

use tree::{Map, Tree};

use super::permissions::condition::Clause;
use super::permissions::statement::{Matcher, Principals, Rule, Statement, guards, made, principal, read};
use super::permissions::text::{Holes, Names, Reader};
use super::side::{Place, Resource, Side};
use crate::Path;
use crate::gates::branches::Branches;

/// Something that has a policy of its own.
#[derive(Debug)]
pub(crate) struct Guarded {
    /// What it is called: `the bucket Sources`.
    pub name: String,
    pub statements: Vec<Statement>,
    /// Whether identities' own policies can allow requests that this one does not forbid.
    pub elsewhere: bool,
    /// Whether it is about who may be a role.
    pub trust: bool,
    /// Whether the thing itself is in the templates.
    pub declared: bool,
    pub place: Place,
}

pub(crate) type All = BTreeMap<String, Guarded>;

/// Where a type has a policy, and about what.
struct Kind {
    resource_type: &'static str,
    document: &'static [&'static str],
    /// The property that names what the policy is about; nothing if it is the resource itself.
    about: Option<&'static str>,
    word: &'static str,
    effect: Effect,
}

/// What a policy does, and what it does if it is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It adds to what identities are allowed by their own policies.
    Adds,
    /// Nothing is allowed that it does not allow.
    Decides,
    /// So it is, but without it everything is allowed.
    Limits,
}

const fn kind(
    resource_type: &'static str,
    document: &'static [&'static str],
    about: Option<&'static str>,
    word: &'static str,
    effect: Effect,
) -> Kind {
    Kind { resource_type, document, about, word, effect }
}

/// Source: "AWS services that work with IAM", IAM User Guide, and the reference of each type.
#[rustfmt::skip]
const KINDS: &[Kind] = &[
    kind("AWS::ApiGateway::RestApi", &["Policy"], None, "API", Effect::Limits),
    kind("AWS::Backup::BackupVault", &["AccessPolicy"], None, "backup vault", Effect::Adds),
    kind("AWS::CodeArtifact::Domain", &["PermissionsPolicyDocument"], None, "domain", Effect::Adds),
    kind("AWS::CodeArtifact::Repository", &["PermissionsPolicyDocument"], None, "repository", Effect::Adds),
    kind("AWS::DynamoDB::Table", &["ResourcePolicy", "PolicyDocument"], None, "table", Effect::Adds),
    kind("AWS::EC2::VPCEndpoint", &["PolicyDocument"], None, "endpoint", Effect::Limits),
    kind("AWS::ECR::Repository", &["RepositoryPolicyText"], None, "repository", Effect::Adds),
    kind("AWS::EFS::FileSystem", &["FileSystemPolicy"], None, "file system", Effect::Limits),
    kind("AWS::Events::EventBus", &["Policy"], None, "event bus", Effect::Adds),
    kind("AWS::IAM::Role", &["AssumeRolePolicyDocument"], None, "role", Effect::Decides),
    kind("AWS::KMS::Key", &["KeyPolicy"], None, "key", Effect::Decides),
    kind("AWS::KMS::ReplicaKey", &["KeyPolicy"], None, "key", Effect::Decides),
    kind("AWS::Kinesis::ResourcePolicy", &["ResourcePolicy"], Some("ResourceArn"), "stream", Effect::Adds),
    kind("AWS::Logs::Destination", &["DestinationPolicy"], None, "destination", Effect::Adds),
    kind("AWS::Logs::ResourcePolicy", &["PolicyDocument"], None, "log groups' policy", Effect::Adds),
    kind("AWS::OpenSearchService::Domain", &["AccessPolicies"], None, "domain", Effect::Adds),
    kind("AWS::Organizations::Policy", &["Content"], None, "organization's policy", Effect::Adds),
    kind("AWS::S3::AccessPoint", &["Policy"], None, "access point", Effect::Adds),
    kind("AWS::S3::BucketPolicy", &["PolicyDocument"], Some("Bucket"), "bucket", Effect::Adds),
    kind("AWS::S3Express::BucketPolicy", &["PolicyDocument"], Some("Bucket"), "bucket", Effect::Adds),
    kind("AWS::S3Tables::TableBucketPolicy", &["ResourcePolicy"], Some("TableBucketARN"), "table bucket", Effect::Adds),
    kind("AWS::SNS::TopicInlinePolicy", &["PolicyDocument"], Some("TopicArn"), "topic", Effect::Adds),
    kind("AWS::SNS::TopicPolicy", &["PolicyDocument"], Some("Topics"), "topic", Effect::Adds),
    kind("AWS::SQS::QueueInlinePolicy", &["PolicyDocument"], Some("Queue"), "queue", Effect::Adds),
    kind("AWS::SQS::QueuePolicy", &["PolicyDocument"], Some("Queues"), "queue", Effect::Adds),
    kind("AWS::SecretsManager::ResourcePolicy", &["ResourcePolicy"], Some("SecretId"), "secret", Effect::Adds),
];

/// Reads all resource policies of one side.
pub(crate) fn collect(side: &Side<'_>, holes: &Holes, names: &mut Names) -> All {
    let mut reader = Reader::new(side, holes, names);
    let mut all = All::new();
    for resource in &side.resources {
        match resource.kind {
            "AWS::Lambda::Permission" => permission(&mut reader, resource, &mut all),
            "AWS::Lambda::LayerVersionPermission" => layer_permission(&mut reader, resource, &mut all),
            "AWS::Events::EventBusPolicy" => event_bus(&mut reader, resource, &mut all),
            own => {
                for kind in KINDS.iter().filter(|kind| kind.resource_type == own) {
                    attach(&mut reader, resource, kind, &mut all);
                }
            }
        }
    }
    all
}

fn attach(reader: &mut Reader<'_, '_>, resource: &Resource<'_>, kind: &Kind, all: &mut All) {
    let path = Path::of(["Properties"].into_iter().chain(kind.document.iter().copied()));
    let document = resource.property(kind.document.iter().copied());
    let statements = match document {
        Some(document) => read(reader, resource, &path, document),
        None if kind.effect == Effect::Limits => vec![made(everything(), resource, path.clone(), resource.origin)],
        None => Vec::new(),
    };
    let place = resource.place(path, document.map(|document| document.origin).unwrap_or_default());
    let effect = (kind.effect == Effect::Adds, kind.resource_type == "AWS::IAM::Role");
    match kind.about {
        None => add(all, own_key(resource), (kind.word, &resource.id.logical, true), effect, place, statements),
        Some(property) => {
            let Some(about) = resource.property([property]) else { return };
            for text in reader.texts(resource.stack, about) {
                about_text(reader, all, &text, kind.word, effect, &place, statements.clone());
            }
        }
    }
}

fn about_text(
    reader: &Reader<'_, '_>,
    all: &mut All,
    text: &str,
    word: &str,
    effect: (bool, bool),
    place: &Place,
    statements: Vec<Statement>,
) {
    let id = reader.names.get(text);
    let key = id.map_or_else(|| format!("{word} {text}"), |id| format!("{}/{}", id.stack, id.logical));
    let shown = id.map_or_else(|| reader.holes.show(text), |id| id.logical.clone());
    add(all, key, (word, &shown, id.is_some()), effect, place.clone(), statements);
}

fn add(
    all: &mut All,
    key: String,
    (word, shown, declared): (&str, &str, bool),
    (elsewhere, trust): (bool, bool),
    place: Place,
    statements: Vec<Statement>,
) {
    let name = format!("the {word} {shown}");
    let fresh = Guarded { name, statements: Vec::new(), elsewhere, trust, declared, place };
    all.entry(key).or_insert(fresh).statements.extend(statements);
}

fn own_key(resource: &Resource<'_>) -> String {
    format!("{}/{}", resource.id.stack, resource.id.logical)
}

fn everything() -> Rule {
    Rule {
        deny: false,
        principals: Principals::anybody(),
        actions: Matcher::everything(),
        resources: Matcher::everything(),
        clauses: Vec::new(),
    }
}

/// A permission of a function is a statement whose parts are properties.
fn permission(reader: &mut Reader<'_, '_>, resource: &Resource<'_>, all: &mut All) {
    let stack = resource.stack;
    let mut text = |property: &str| resource.property([property]).map(|tree| reader.text(stack, tree));
    let (Some(function), Some(action), Some(who)) = (text("FunctionName"), text("Action"), text("Principal")) else {
        return;
    };
    let tests = [
        ("SourceArn", "ArnLike", "aws:SourceArn"),
        ("SourceAccount", "StringEquals", "aws:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ];
    let mut clauses: Vec<Clause> = tests
        .into_iter()
        .filter_map(|(property, operator, key)| Some(Clause::new(operator, key, vec![text(property)?])))
        .collect();
    clauses.extend(guards(reader.side, resource, &Branches::new()));
    clauses.sort();
    let kind = if who.ends_with(".amazonaws.com") { "Service" } else { "AWS" };
    let rule = Rule {
        principals: Principals { not: false, list: vec![principal(kind, who)] },
        actions: Matcher::some(vec![action]),
        clauses,
        ..everything()
    };
    let path = Path::of(["Properties"]);
    let statements = vec![made(rule, resource, path.clone(), resource.origin)];
    let place = resource.place(path, resource.origin);
    about_text(reader, all, &function, "function", (true, false), &place, statements);
}

/// A permission of a version of a layer, likewise.
fn layer_permission(reader: &mut Reader<'_, '_>, resource: &Resource<'_>, all: &mut All) {
    let mut text = |property: &str| resource.property([property]).map(|tree| reader.text(resource.stack, tree));
    let (Some(layer), Some(action), Some(who)) = (text("LayerVersionArn"), text("Action"), text("Principal")) else {
        return;
    };
    let organization = text("OrganizationId").map(|id| Clause::new("StringEquals", "aws:PrincipalOrgID", vec![id]));
    let mut clauses = guards(reader.side, resource, &Branches::new());
    clauses.extend(organization);
    clauses.sort();
    let rule = Rule {
        principals: Principals { not: false, list: vec![principal("AWS", who)] },
        actions: Matcher::some(vec![action]),
        clauses,
        ..everything()
    };
    let path = Path::of(["Properties"]);
    let statements = vec![made(rule, resource, path.clone(), resource.origin)];
    let place = resource.place(path, resource.origin);
    about_text(reader, all, &layer, "layer", (true, false), &place, statements);
}

/// A policy of an event bus is one statement, or a statement whose parts are properties.
fn event_bus(reader: &mut Reader<'_, '_>, resource: &Resource<'_>, all: &mut All) {
    let path = Path::of(["Properties"]);
    let mut statement = Map::default();
    let mut put = |key: &str, tree: Tree| statement.push(key, tree);
    if let Some(own) = resource.property(["Statement"]) {
        own.as_map().into_iter().flatten().for_each(|entry| put(&entry.key, entry.value.clone()));
    } else {
        put("Effect", Tree::string("Allow"));
        for property in ["Action", "Principal"] {
            put(property, resource.property([property]).cloned().unwrap_or_else(|| Tree::string("*")));
        }
        if let Some(organization) = resource.property(["Condition", "Value"]) {
            let key = Tree::single("aws:PrincipalOrgID", organization.clone());
            put("Condition", Tree::single("StringEquals", key));
        }
    }
    let statement = Tree::new(tree::Node::Map(statement), resource.origin);
    let statements = read(reader, resource, &path, &Tree::single("Statement", statement));
    let bus = match resource.property(["EventBusName"]) {
        Some(tree) => reader.text(resource.stack, tree),
        None => "default".to_owned(),
    };
    let place = resource.place(path, resource.origin);
    about_text(reader, all, &bus, "event bus", (true, false), &place, statements);
}
