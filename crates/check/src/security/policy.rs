//! Reads IAM policies as rules need them: statement by statement, with text as far as it is known.

use schemas::actions::fits;

use crate::look::{Hole, Part, Resource, View};

/// A statement of a policy.
#[derive(Clone, Copy)]
pub(super) struct Statement<'a> {
    pub view: View<'a>,
}

/// Calls back for each statement of a policy document that allows something.
pub(super) fn each_allow(document: View<'_>, mut judge: impl FnMut(&Statement<'_>)) {
    each(document, |statement| {
        if statement.view.get("Effect").is("Allow") {
            judge(statement);
        }
    });
}

/// Calls back for each statement of a policy document.
pub(super) fn each(document: View<'_>, mut judge: impl FnMut(&Statement<'_>)) {
    if let Ok(document) = document.document() {
        for view in document.view().get("Statement").one_or_more() {
            judge(&Statement { view });
        }
    }
}

/// The types with policies of identities, and where they stand. A role's trust policy is none.
const IDENTITY: [(&str, &str); 9] = [
    ("AWS::IAM::Group", "Policies/*/PolicyDocument"),
    ("AWS::IAM::GroupPolicy", "PolicyDocument"),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
    ("AWS::IAM::Policy", "PolicyDocument"),
    ("AWS::IAM::Role", "Policies/*/PolicyDocument"),
    ("AWS::IAM::RolePolicy", "PolicyDocument"),
    ("AWS::IAM::User", "Policies/*/PolicyDocument"),
    ("AWS::IAM::UserPolicy", "PolicyDocument"),
    ("AWS::SSO::PermissionSet", "InlinePolicy"),
];

/// Lists the documents that say what an identity may do.
pub(super) fn of_identity<'a>(resource: &Resource<'a>) -> Vec<View<'a>> {
    let path = IDENTITY.iter().find(|(type_name, _)| *type_name == resource.type_name).map(|(_, path)| *path);
    path.map(|path| resource.properties.select(path)).unwrap_or_default()
}

impl<'a> Statement<'a> {
    pub fn actions(&self) -> Vec<View<'a>> {
        self.view.get("Action").one_or_more()
    }

    pub fn resources(&self) -> Vec<View<'a>> {
        self.view.get("Resource").one_or_more()
    }

    /// Finds the action, or pattern, by which the statement is about an action.
    pub fn covers(&self, action: &str) -> Option<View<'a>> {
        self.actions().into_iter().find(|pattern| pattern.text().is_some_and(|pattern| fits(&pattern, action)))
    }

    /// Finds `*` among the resources.
    pub fn every_resource(&self) -> Option<View<'a>> {
        self.resources().into_iter().find(|resource| resource.is("*"))
    }

    /// Lists condition keys in small letters, with their operators and values.
    pub fn conditions(&self) -> Vec<(String, String, View<'a>)> {
        let operators = self.view.get("Condition").entries();
        let keys = operators.flat_map(|(operator, keys)| {
            keys.entries().map(move |(key, value)| (operator.to_lowercase(), key.to_lowercase(), value))
        });
        keys.collect()
    }

    /// Tells whether there are conditions beyond the way of transport.
    pub fn is_conditional(&self) -> bool {
        let condition = self.view.get("Condition");
        condition.is_unknown() || self.conditions().iter().any(|(_, key, _)| key != "aws:securetransport")
    }

    /// Finds the principal that stands for everyone: `*`, alone or as an account.
    pub fn everyone(&self) -> Option<View<'a>> {
        let principal = self.view.get("Principal");
        let is_everyone = |principal: &View<'_>| principal.is("*");
        let named = ["AWS", "CanonicalUser", "Federated", "Service"];
        let each = named.into_iter().flat_map(|kind| principal.get(kind).one_or_more());
        Some(principal).filter(is_everyone).or_else(|| each.into_iter().find(is_everyone))
    }

    /// Tells whether a condition leaves only callers that somebody chose.
    pub fn is_limited(&self) -> bool {
        let condition = self.view.get("Condition");
        condition.is_unknown()
            || self.conditions().iter().any(|(operator, key, value)| {
                let is_positive = !operator.contains("not") && !operator.starts_with("null");
                let is_anything = value.one_or_more().iter().any(|value| value.is("*") || value.is("0.0.0.0/0"));
                is_positive && !is_anything && CALLERS.contains(&key.as_str())
            })
    }
}

/// The condition keys, in small letters, that say who calls, or from where ("AWS global condition context keys").
const CALLERS: [&str; 20] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpcsourceip",
    "cloudfront:distribution",
    "elasticfilesystem:accessedviamounttarget",
    "elasticfilesystem:accesspointarn",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
];

/// Writes an expression with `…` for what only the stack knows.
pub(super) fn shown(view: View<'_>) -> String {
    let parts = view.parts().into_iter().map(|part| match part {
        Part::Text(text) => text.into_owned(),
        Part::Hole(Hole::Ref(name)) => format!("${{{name}}}"),
        Part::Hole(Hole::Attribute(id, name)) => format!("${{{id}.{name}}}"),
        Part::Hole(Hole::Other(_)) => "…".to_owned(),
    });
    parts.collect()
}
