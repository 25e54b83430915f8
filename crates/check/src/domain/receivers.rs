//! Which services may send to queues and topics, and call functions.

use std::collections::{BTreeMap, BTreeSet};

use crate::look::{Resource, Scope, View};
use schemas::actions::fits;

/// The policies of queues, topics and functions, by whom they are about.
pub(super) struct Receivers<'a> {
    /// By template and logical id of the receiver.
    own: BTreeMap<&'a str, BTreeMap<&'a str, Vec<Resource<'a>>>>,
    /// Policies of which nobody can tell whom they are about, by what they allow.
    open: BTreeMap<&'static str, Vec<Resource<'a>>>,
    /// What outputs give out: templates that are not seen here may have its policy.
    given_out: BTreeSet<(&'a str, &'a str)>,
}

/// The types of policies: type, the properties that name receivers, and the action of a sender; a permission of Lambda has
/// no statements.
static POLICIES: [(&str, &[&str], &str); 5] = [
    ("AWS::Lambda::Permission", &["FunctionName"], "lambda:InvokeFunction"),
    ("AWS::SNS::TopicInlinePolicy", &["TopicArn"], "sns:Publish"),
    ("AWS::SNS::TopicPolicy", &["Topics"], "sns:Publish"),
    ("AWS::SQS::QueueInlinePolicy", &["Queue"], "sqs:SendMessage"),
    ("AWS::SQS::QueuePolicy", &["Queues"], "sqs:SendMessage"),
];

/// More policies that may be about anything than this are not looked through: then all may be allowed.
const MOST: usize = 100;

impl<'a> Receivers<'a> {
    pub fn read(scope: &'a Scope<'a>) -> Self {
        let mut receivers = Self {
            own: BTreeMap::new(),
            open: BTreeMap::new(),
            given_out: if scope.is_whole() { BTreeSet::new() } else { scope.given_out() },
        };
        for resource in scope.resources() {
            let Some((_, properties, action)) = POLICIES.iter().find(|(name, ..)| *name == resource.type_name) else {
                continue;
            };
            for view in properties.iter().flat_map(|property| resource.at(property).one_or_more()) {
                match view.mentioned() {
                    Some(target) => {
                        let (template, id) = target.resource.key();
                        let of_template = receivers.own.entry(template).or_default();
                        of_template.entry(id).or_default().push(resource);
                    }
                    None => receivers.open.entry(action).or_default().push(resource),
                }
            }
        }
        receivers
    }

    /// Tells whether a service may send to a receiver, as far as is known.
    pub fn let_in(&self, receiver: &Resource<'_>, service: &str) -> bool {
        let action = action(receiver);
        let open = self.open.get(action).map(Vec::as_slice).unwrap_or_default();
        let own = self.policies(receiver);
        self.given_out.contains(&receiver.key())
            || open.len() > MOST
            || own.iter().chain(open).any(|policy| allows(policy, action, service))
    }

    /// Tells whether a policy of the receiver may allow roles what their own policies do not.
    pub fn may_admit_roles(&self, receiver: &Resource<'_>) -> bool {
        self.policies(receiver).iter().any(|policy| {
            let document = policy.at("PolicyDocument");
            policy.type_name == "AWS::Lambda::Permission"
                || document.is_unknown()
                || document.literal().is_some()
                || document.get("Statement").one_or_more().into_iter().any(admits_roles)
        })
    }

    /// Lists the policies that are about a receiver.
    pub fn policies(&self, receiver: &Resource<'_>) -> &[Resource<'a>] {
        let (template, id) = receiver.key();
        self.own.get(template).and_then(|own| own.get(id)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn action(receiver: &Resource<'_>) -> &'static str {
    match receiver.type_name {
        "AWS::Lambda::Function" => "lambda:InvokeFunction",
        "AWS::SQS::Queue" => "sqs:SendMessage",
        _ => "sns:Publish",
    }
}

/// Says what lets a service in.
pub(super) fn remedy(receiver: &Resource<'_>, service: &str) -> String {
    match receiver.type_name {
        "AWS::Lambda::Function" => {
            format!("add an `AWS::Lambda::Permission` for `{service}` with the sender's ARN as `SourceArn`")
        }
        "AWS::SQS::Queue" => format!("add an `AWS::SQS::QueuePolicy` that allows `{service}` to `sqs:SendMessage`"),
        _ => format!("add an `AWS::SNS::TopicPolicy` that allows `{service}` to `sns:Publish`"),
    }
}

fn allows(policy: &Resource<'_>, action: &str, service: &str) -> bool {
    if policy.type_name == "AWS::Lambda::Permission" {
        return may_be(policy.at("Principal"), service);
    }
    let document = policy.at("PolicyDocument");
    document.is_unknown()
        || document.literal().is_some()
        || document.get("Statement").one_or_more().into_iter().any(|statement| states(statement, action, service))
}

fn states(statement: View<'_>, action: &str, service: &str) -> bool {
    let principal = statement.get("Principal");
    let reaches = |own: View<'_>| own.text().is_none_or(|own| fits(&own, action));
    !statement.get("Effect").is("Deny")
        && (statement.is_unknown()
            || !statement.get("NotAction").is_absent()
            || statement.get("Action").one_or_more().into_iter().any(reaches))
        && (principal.is_unknown()
            || principal.is("*")
            || principal.entries().any(|(_, who)| who.one_or_more().into_iter().any(|one| may_be(one, service))))
}

fn admits_roles(statement: View<'_>) -> bool {
    let principal = statement.get("Principal");
    let is_of_roles = principal.is_unknown() || principal.is("*") || !principal.get("AWS").is_absent();
    !statement.get("Effect").is("Deny") && (statement.is_unknown() || is_of_roles)
}

fn may_be(principal: View<'_>, service: &str) -> bool {
    principal.text().is_none_or(|text| text == service || text == "*")
}
