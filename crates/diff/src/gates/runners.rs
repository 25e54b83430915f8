//! What runs with the permissions of a role: it may do more when it gets another one, although no policy differs.

use std::collections::BTreeSet;

use tree::{Node, Origin, Tree};

use super::finding::Finding;
use super::identities::{Identities, Identity};
use super::permissions::describe::{About, Words};
use super::permissions::text::{Holes, Names, Reader};
use super::permissions::widen::{Catalogue, Kind, widenings};
use super::safeguards::pairs;
use super::side::{Place, Side};
use crate::Path;

/// Types that run with a role, what one is called, and where its role or instance profile is named.
#[rustfmt::skip]
const RUNNERS: &[(&str, &str, &[&str])] = &[
    ("AWS::AutoScaling::LaunchConfiguration", "instances of", &["IamInstanceProfile"]),
    ("AWS::CodeBuild::Project", "the project", &["ServiceRole"]),
    ("AWS::EC2::Instance", "the instance", &["IamInstanceProfile"]),
    ("AWS::EC2::LaunchTemplate", "instances of", &["LaunchTemplateData", "IamInstanceProfile"]),
    ("AWS::ECS::TaskDefinition", "tasks of", &["TaskRoleArn"]),
    ("AWS::Lambda::Function", "the function", &["Role"]),
    ("AWS::StepFunctions::StateMachine", "the state machine", &["RoleArn"]),
];

/// Something that runs with another role than before.
pub(crate) struct Reassigned {
    name: String,
    place: Place,
    was: Role,
    now: Role,
}

/// With whose permissions something runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    None,
    /// A role of the templates, by its key among the identities.
    Known(String),
    /// A role that is none of the templates', by its name or ARN.
    Foreign(String),
}

/// Lists what runs with another role than before.
pub(crate) fn reassigned(
    (old, old_names): (&Side<'_>, &mut Names),
    (new, new_names): (&Side<'_>, &mut Names),
    holes: &Holes,
) -> Vec<Reassigned> {
    let (mut was, mut is) = (Reader::new(old, holes, old_names), Reader::new(new, holes, new_names));
    let empty = Tree::new(Node::Null, Origin::Unknown);
    let mut all = Vec::new();
    for resource in &new.resources {
        let Some((kind, word, path)) = RUNNERS.iter().find(|(kind, ..)| *kind == resource.kind) else { continue };
        let Some(before) = old.same(&resource.id).filter(|before| before.kind == *kind) else { continue };
        let at = || path.iter().copied();
        let (before_tree, now_tree) = (before.property(at()), resource.property(at()));
        let mut seen = BTreeSet::new();
        for (before_tree, now_tree) in pairs(before_tree.unwrap_or(&empty), now_tree.unwrap_or(&empty)) {
            let pair = (role(&mut was, before.stack, &before_tree), role(&mut is, resource.stack, &now_tree));
            if pair.0 == pair.1 || pair.1 == Role::None || !seen.insert(pair.clone()) {
                continue;
            }
            let path = Path::of(["Properties"].into_iter().chain(path.iter().copied()));
            all.push(Reassigned {
                name: format!("{word} {}", resource.id.logical),
                place: resource.place(path, now_tree.origin),
                was: pair.0,
                now: pair.1,
            });
        }
    }
    all
}

/// Finds the role that a property names, by way of its instance profile if there is one.
fn role(reader: &mut Reader<'_, '_>, stack: &str, tree: &Tree) -> Role {
    let Some(tree) = ["Arn", "Name"].into_iter().find_map(|key| tree.get(key)).or(Some(tree)) else {
        return Role::None;
    };
    if tree.node == Node::Null {
        return Role::None;
    }
    let text = reader.text(stack, tree);
    let Some(id) = reader.names.get(&text).cloned() else { return Role::Foreign(text) };
    let side = reader.side;
    match side.same(&id) {
        Some(profile) if profile.kind == "AWS::IAM::InstanceProfile" => {
            let roles = profile.property(["Roles"]).map(|roles| reader.texts(profile.stack, roles)).unwrap_or_default();
            match roles.into_iter().next() {
                Some(name) => match reader.names.get(&name) {
                    Some(id) => Role::Known(format!("{}/{}", id.stack, id.logical)),
                    None => Role::Foreign(name),
                },
                None => Role::None,
            }
        }
        Some(own) if own.kind == "AWS::IAM::Role" => Role::Known(format!("{}/{}", id.stack, id.logical)),
        _ => Role::Foreign(text),
    }
}

/// Tells what something may do now by its other role, if that is more.
pub(crate) fn finding(
    words: &Words<'_>,
    runner: &Reassigned,
    (before, now): (&Identities, &Identities),
    catalogue: &Catalogue<'_>,
) -> Option<Finding> {
    let show = |role: &Role, identities: &Identities| match role {
        Role::None => "no role".to_owned(),
        Role::Known(key) => identities.get(key).map_or_else(|| key.clone(), |identity| identity.name.clone()),
        Role::Foreign(name) => words.holes.show(name),
    };
    let (was, is) = (show(&runner.was, before), show(&runner.now, now));
    let found = |message: String| Finding {
        was: Some(was.clone()),
        now: Some(is.clone()),
        ..Finding::new("runs-as-other", runner.place.clone(), message)
    };
    let name = format!("{}, which runs as {is} and no longer as {was},", runner.name);
    let (Some(old), Some(new)) = (identity(&runner.was, before), identity(&runner.now, now)) else {
        let message = format!("{} runs as {is}; whether that may do more than {was} cannot be told here", runner.name);
        return Some(found(message));
    };
    let wider = widenings(&old.statements, &new.statements, false, catalogue);
    let first = wider.iter().find(|widening| widening.kind != Kind::Unclear).or(wider.first())?;
    let statement =
        if first.kind == Kind::Permitted { &old.statements } else { &new.statements }.get(first.statement)?;
    if first.kind == Kind::Unclear {
        return Some(found(format!("{name} may be able to do more: their policies are too large to compare here")));
    }
    let sentence = words.sentence(About::Identity(&name), first, statement, &old.statements);
    let more = match wider.len() - 1 {
        0 => "",
        _ => "; and more",
    };
    Some(found(format!("{}{more}", sentence.message)))
}

/// Gives what a role may do: nothing is known of one that is not in the templates.
fn identity<'i>(role: &Role, identities: &'i Identities) -> Option<&'i Identity> {
    static NOBODY: Identity =
        Identity { name: String::new(), statements: Vec::new(), boundary: None, by_others: false };
    match role {
        Role::None => Some(&NOBODY),
        Role::Known(key) => identities.get(key),
        Role::Foreign(_) => None,
    }
}
