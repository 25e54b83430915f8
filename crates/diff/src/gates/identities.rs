//! What each role, user and group may do, by all policies of all templates that reach it.
//!
//! Whether a statement stands in the role, in a policy of its own or in a managed policy, and in which template, makes
//! no difference to what the role may do, so it makes none here.

use std::collections::{BTreeMap, BTreeSet};

use tree::Tree;

use super::permissions::statement::{Matcher, Principals, Rule, Statement, WHOLE_POLICY, guards, made, read};
use super::permissions::text::{Holes, Names, Reader};
use super::side::{Place, Resource, Side};
use crate::Path;
use crate::gates::branches::{Branches, worlds};

/// Somebody who has permissions, with all of them.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// What it is called: `the role Worker`.
    pub name: String,
    pub statements: Vec<Statement>,
    /// The policy that bounds it.
    pub boundary: Option<Boundary>,
    /// Whether it is a managed policy that is compared by way of those who have it.
    pub by_others: bool,
}

/// The policy that bounds what a role may do whatever else allows it.
#[derive(Debug)]
pub(crate) struct Boundary {
    pub policy: String,
    pub place: Place,
}

/// All identities of one side, and the policies that are used as boundaries.
pub(crate) type Identities = BTreeMap<String, Identity>;

/// Reads all policies of one side.
pub(crate) fn collect(side: &Side<'_>, holes: &Holes, names: &mut Names) -> Identities {
    let mut reader = Reader::new(side, holes, names);
    let mut collector = Collector { identities: Identities::new(), managed: BTreeMap::new() };
    let of_iam = || {
        let services = ["AWS::IAM::", "AWS::SSO::"];
        side.resources.iter().filter(move |resource| services.iter().any(|own| resource.kind.starts_with(own)))
    };
    for resource in of_iam() {
        collector.declare(&mut reader, resource);
    }
    for resource in of_iam() {
        collector.read(&mut reader, resource);
    }
    collector.finish()
}

struct Collector {
    identities: Identities,
    /// The managed policies of these templates, by ARN.
    managed: BTreeMap<String, Managed>,
}

struct Managed {
    name: String,
    key: String,
    statements: Vec<Statement>,
    attached: bool,
}

impl Collector {
    /// Notes who there is, so that policies find them by any of their names.
    fn declare(&mut self, reader: &mut Reader<'_, '_>, resource: &Resource<'_>) {
        let reference = reader.text(resource.stack, &Tree::single("Ref", Tree::string(resource.logical)));
        let key = key(resource);
        match word(resource.kind) {
            Some(word) => {
                let name = format!("the {word} {}", resource.id.logical);
                self.identities.entry(key).or_default().name = name;
            }
            None if resource.kind == "AWS::IAM::ManagedPolicy" => {
                let path = Path::of(["Properties", "PolicyDocument"]);
                let document = resource.property(["PolicyDocument"]);
                let statements = document.map(|document| read(reader, resource, &path, document)).unwrap_or_default();
                let name = resource.id.logical.clone();
                self.managed.insert(reference, Managed { name, key, statements, attached: false });
            }
            None => {}
        }
    }

    fn read(&mut self, reader: &mut Reader<'_, '_>, resource: &Resource<'_>) {
        match resource.kind {
            kind if word(kind).is_some() => self.identity(reader, resource),
            "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" | "AWS::IAM::GroupPolicy" => {
                let path = Path::of(["Properties", "PolicyDocument"]);
                let document = resource.property(["PolicyDocument"]);
                let statements = document.map(|document| read(reader, resource, &path, document)).unwrap_or_default();
                self.give(reader, resource, &statements);
            }
            "AWS::IAM::ManagedPolicy" => {
                let arn = reader.text(resource.stack, &Tree::single("Ref", Tree::string(resource.logical)));
                let own = self.managed.get(&arn).map(|managed| managed.statements.clone()).unwrap_or_default();
                let attached = self.give(reader, resource, &own);
                if let Some(managed) = self.managed.get_mut(&arn) {
                    managed.attached |= attached;
                }
            }
            _ => {}
        }
    }

    /// Gives statements to all that a policy names, and tells whether there is anybody.
    fn give(&mut self, reader: &mut Reader<'_, '_>, resource: &Resource<'_>, statements: &[Statement]) -> bool {
        let mut anybody = false;
        for property in ["Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"] {
            let Some(tree) = resource.property([property]) else { continue };
            let word = match property {
                "Roles" | "RoleName" => "role",
                "Users" | "UserName" => "user",
                _ => "group",
            };
            for (branches, tree) in worlds(tree) {
                let only: Vec<_> = guards(reader.side, resource, &branches);
                for name in reader.texts(resource.stack, &tree) {
                    anybody = true;
                    let identity = self.named(reader, word, &name);
                    identity.statements.extend(statements.iter().cloned().map(|mut statement| {
                        statement.rule.clauses.extend(only.iter().cloned());
                        statement.rule.clauses.sort();
                        statement.rule.clauses.dedup();
                        statement
                    }));
                }
            }
        }
        anybody
    }

    fn named(&mut self, reader: &Reader<'_, '_>, word: &str, name: &str) -> &mut Identity {
        if let Some(id) = reader.names.get(name) {
            return self.identities.entry(format!("{}/{}", id.stack, id.logical)).or_default();
        }
        let identity = self.identities.entry(format!("{word} {name}")).or_default();
        identity.name = format!("the {word} {}", bare(&reader.holes.show(name)));
        identity
    }

    fn identity(&mut self, reader: &mut Reader<'_, '_>, resource: &Resource<'_>) {
        let mut statements = Vec::new();
        for (branches, policies) in resource.property(["Policies"]).map(worlds).unwrap_or_default() {
            for (index, policy) in policies.as_list().unwrap_or_default().iter().enumerate() {
                let path = Path::of(["Properties", "Policies"]).index(index).key("PolicyDocument");
                let Some(document) = policy.get("PolicyDocument") else { continue };
                let mut own = read(reader, resource, &path, document);
                for statement in &mut own {
                    statement.rule.clauses.extend(guards(reader.side, resource, &branches));
                    statement.rule.clauses.sort();
                    statement.rule.clauses.dedup();
                }
                statements.extend(own);
            }
        }
        if let Some(document) = resource.property(["InlinePolicy"]) {
            statements.extend(read(reader, resource, &Path::of(["Properties", "InlinePolicy"]), document));
        }
        for property in ["ManagedPolicyArns", "ManagedPolicies"] {
            for (branches, arns) in resource.property([property]).map(worlds).unwrap_or_default() {
                for arn in arns.as_list().unwrap_or_default() {
                    let name = reader.text(resource.stack, arn);
                    statements.extend(self.attached(reader, resource, property, (&name, arn), &branches));
                }
            }
        }
        let boundary = resource.property(["PermissionsBoundary"]).map(|tree| Boundary {
            policy: reader.text(resource.stack, tree),
            place: resource.place(Path::of(["Properties", "PermissionsBoundary"]), tree.origin),
        });
        let identity = self.identities.entry(key(resource)).or_default();
        identity.statements.extend(statements);
        identity.boundary = boundary;
    }

    /// Gives the statements of a managed policy: its own, if it is at hand.
    fn attached(
        &mut self,
        reader: &Reader<'_, '_>,
        resource: &Resource<'_>,
        property: &str,
        (arn, tree): (&str, &Tree),
        branches: &Branches,
    ) -> Vec<Statement> {
        let path = Path::of(["Properties", property]);
        let only = guards(reader.side, resource, branches);
        let Some(managed) = self.managed.get_mut(arn) else {
            let name = arn.strip_prefix("arn:aws:iam::aws:policy/").unwrap_or_default();
            let (actions, resources) = known(name).map_or_else(
                || (vec![format!("{WHOLE_POLICY}{arn}")], Matcher::everything()),
                |actions| (actions.iter().map(|action| (*action).to_owned()).collect(), Matcher::everything()),
            );
            let (actions, principals) = (Matcher::some(actions), Principals::anybody());
            let rule = Rule { deny: false, principals, actions, resources, clauses: only };
            return vec![made(rule, resource, path, tree.origin)];
        };
        managed.attached = true;
        let mut statements = managed.statements.clone();
        for statement in &mut statements {
            statement.rule.clauses.extend(only.iter().cloned());
        }
        statements
    }

    /// Adds the managed policies. Those that are attached are compared as part of what others may do; whom the rest
    /// reaches is not known, or they are boundaries.
    fn finish(mut self) -> Identities {
        let boundaries: BTreeSet<String> =
            self.identities.values().filter_map(|identity| Some(identity.boundary.as_ref()?.policy.clone())).collect();
        for (arn, managed) in self.managed {
            let is_boundary = boundaries.contains(&arn);
            let role = if is_boundary { "who is bounded by" } else { "who has" };
            let name = format!("{role} the managed policy {}", managed.name);
            let by_others = managed.attached && !is_boundary;
            let identity = Identity { name, statements: managed.statements, boundary: None, by_others };
            self.identities.insert(managed.key, identity);
        }
        self.identities
    }
}

fn key(resource: &Resource<'_>) -> String {
    format!("{}/{}", resource.id.stack, resource.id.logical)
}

fn word(kind: &str) -> Option<&'static str> {
    match kind {
        "AWS::IAM::Role" => Some("role"),
        "AWS::IAM::User" => Some("user"),
        "AWS::IAM::Group" => Some("group"),
        "AWS::SSO::PermissionSet" => Some("permission set"),
        _ => None,
    }
}

/// What some of AWS's own policies allow on every resource. Source: "AWS Managed Policy Reference Guide".
fn known(policy: &str) -> Option<&'static [&'static str]> {
    Some(match policy {
        "AdministratorAccess" => &["*"],
        "AmazonS3FullAccess" => &["s3:*", "s3-object-lambda:*"],
        "service-role/AWSLambdaBasicExecutionRole" => {
            &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        }
        _ => return None,
    })
}

/// Takes the braces off a value that is nothing else.
fn bare(shown: &str) -> &str {
    shown.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains('$')).unwrap_or(shown)
}
