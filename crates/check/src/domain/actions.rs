//! The actions of policies: whether IAM knows them, and whether they act on what the statement names.

use schemas::actions::{self, Action, ResourceType, Service, Target};
use tree::Finding;

use super::iam_rules::{ACTION, CONDITION_KEY, TARGET};
use crate::look::{Hole, Part, View};
use crate::words::{any_of, quoted};

/// Checks the actions of a statement, the keys of its conditions and its resources.
pub(super) fn check(statement: View<'_>, findings: &mut Vec<Finding>) {
    let mut services: Vec<Service> = Vec::new();
    let mut allowed: Vec<(View<'_>, Action)> = Vec::new();
    let mut is_certain = statement.get("NotAction").is_absent();
    for key in ["Action", "NotAction"] {
        for view in statement.get(key).one_or_more() {
            let Some((service, action)) = view.text().and_then(|text| known(view, &text, findings)) else {
                is_certain = false;
                continue;
            };
            if !services.contains(&service) {
                services.push(service);
            }
            allowed.extend(action.filter(|_| key == "Action").map(|action| (view, action)));
        }
    }
    if is_certain {
        keys(statement, &services, findings);
        targets(statement, &allowed, findings);
    }
}

/// In the policy that SNS itself gives to topics, although there is no such action.
const RECEIVE: &str = "sns:Receive";

/// Finds an action and its service, or the service of a pattern of actions, and reports what there is not.
fn known(view: View<'_>, text: &str, findings: &mut Vec<Finding>) -> Option<(Service, Option<Action>)> {
    if text == "*" {
        return None;
    }
    let Some((prefix, name)) = text.split_once(':') else {
        let message = format!("the action {} has no service", quoted(text));
        findings.push(view.finding(&ACTION, message).hint("such as `s3:GetObject`"));
        return None;
    };
    // A pattern may span services.
    if prefix.contains(['*', '?']) {
        return None;
    }
    let Some(service) = actions::service(prefix) else {
        let mut finding = view.finding(&ACTION, format!("no service has actions that begin with {}", quoted(prefix)));
        finding.hint = actions::similar_prefix(prefix).map(|similar| format!("did you mean `{similar}:{name}`?"));
        findings.push(finding);
        return None;
    };
    let is_pattern = name.contains(['*', '?']);
    let action = if is_pattern { None } else { service.action(name) };
    if is_pattern && service.matching(name).next().is_none() {
        findings.push(view.finding(&ACTION, format!("no action of {} fits {}", service.name(), quoted(text))));
    } else if !is_pattern && action.is_none() && !text.eq_ignore_ascii_case(RECEIVE) {
        let mut finding = view.finding(&ACTION, format!("{} has no action {}", service.name(), quoted(text)));
        finding.hint = service.similar(name).map(|similar| format!("did you mean `{prefix}:{similar}`?"));
        findings.push(finding);
    }
    Some((service, action))
}

/// Reports keys of conditions that the services of the statement do not have.
fn keys(statement: View<'_>, services: &[Service], findings: &mut Vec<Finding>) {
    for (_, keys) in statement.get("Condition").entries() {
        for (key, value) in keys.entries() {
            let Some((prefix, _)) = key.split_once(':') else { continue };
            let Some(own) = services.iter().find(|service| service.prefix().eq_ignore_ascii_case(prefix)) else {
                continue;
            };
            let mut has = own.condition_keys();
            if !has.any(|(form, _)| actions::fits(&open(form), key)) {
                let message = format!("{} has no condition key {}", own.name(), quoted(key));
                let mut finding = value.finding(&CONDITION_KEY, message);
                let plain = |(form, _): (&'static str, &str)| (!form.contains("${")).then_some(form);
                finding.hint = crate::words::did_you_mean(key, own.condition_keys().filter_map(plain));
                findings.push(finding);
            }
        }
    }
}

/// Writes a star where a key such as `s3:ExistingObjectTag/${TagKey}` leaves a name open.
fn open(form: &str) -> String {
    let start = form.find("${").or_else(|| form.find('<')).unwrap_or(form.len());
    if start < form.len() { format!("{}*", &form[..start]) } else { form.to_owned() }
}

/// Writes a resource as a pattern, if something is known of it.
fn pattern(view: View<'_>) -> Option<String> {
    let parts = view.parts();
    if !matches!(parts.first(), Some(Part::Text(text)) if text.starts_with("arn:")) {
        return None;
    }
    let text = parts.iter().map(|part| match part {
        Part::Text(text) => text.as_ref(),
        Part::Hole(Hole::Ref("AWS::Partition")) => "aws",
        Part::Hole(_) => "*",
    });
    Some(text.collect())
}

/// Reports actions that act on none of the resources that the statement names.
fn targets(statement: View<'_>, allowed: &[(View<'_>, Action)], findings: &mut Vec<Finding>) {
    let resources = statement.get("Resource").one_or_more();
    let Some(patterns) = resources.iter().map(|view| pattern(*view)).collect::<Option<Vec<String>>>() else { return };
    if patterns.is_empty() || statement.get("Effect").is("Deny") {
        return;
    }
    for (view, action) in allowed {
        // Of some kinds the reference does not say how they are named. And that an action acts on `*` only is what it says
        // of some that do look at resources.
        let kinds: Option<Vec<ResourceType>> = action.targets().map(Target::resource_type).collect();
        let Some(kinds) = kinds.filter(|kinds| !kinds.is_empty()) else { continue };
        if patterns.iter().any(|pattern| kinds.iter().any(|kind| kind.may_be(pattern))) {
            continue;
        }
        let name = format!("{}:{}", action.service().prefix(), action.name());
        let message = format!("`Resource` names no resource of a type that {} acts on", quoted(&name));
        let hint = format!("it acts on {}", any_of(kinds.iter().map(|kind| kind.arn())));
        findings.push(view.finding(&TARGET, message).hint(hint));
    }
}
