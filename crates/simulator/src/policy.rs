//! Stack policies: which resources an update may touch (AWS page "Prevent updates to stack resources").

use serde_json::Value;

use crate::stack::Stack;
use crate::state::State;

/// What an update does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    Modify,
    Replace,
    Delete,
}

impl Touch {
    fn action(self) -> &'static str {
        match self {
            Self::Modify => "Update:Modify",
            Self::Replace => "Update:Replace",
            Self::Delete => "Update:Delete",
        }
    }
}

/// Says why the policy of a stack forbids something, if it does.
pub(crate) fn denied(stack: &Stack, logical_id: &str, resource_type: &str, touch: Touch) -> Option<String> {
    let policy: Value = serde_json::from_str(stack.policy.as_deref()?).ok()?;
    let statements = policy["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
    let reaches = |statement: &Value| applies(statement, logical_id, resource_type, touch);
    let action = touch.action();
    let refused = statements.iter().position(|statement| statement["Effect"] == "Deny" && reaches(statement));
    if let Some(number) = refused {
        let number = number + 1;
        return Some(format!(
            "Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource [{logical_id}]"
        ));
    }
    // Once there is a policy, everything that it does not allow is forbidden.
    let is_allowed = statements.iter().any(|statement| statement["Effect"] == "Allow" && reaches(statement));
    (!is_allowed).then(|| {
        format!("Action not allowed by stack policy: no statement allows [{action}] for resource [{logical_id}]")
    })
}

fn applies(statement: &Value, logical_id: &str, resource_type: &str, touch: Touch) -> bool {
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let actions = texts(&statement["Action"]);
    if !actions.iter().any(|pattern| matches(pattern, touch.action())) {
        return false;
    }
    let name = format!("LogicalResourceId/{logical_id}");
    let resources = texts(&statement["Resource"]);
    let others = texts(&statement["NotResource"]);
    let names_it = resources.iter().any(|pattern| matches(pattern, &name))
        || (!others.is_empty() && !others.iter().any(|pattern| matches(pattern, &name)));
    let conditions =
        ["StringEquals", "StringLike"].iter().flat_map(|kind| texts(&statement["Condition"][kind]["ResourceType"]));
    let types: Vec<_> = conditions.collect();
    names_it && (types.is_empty() || types.iter().any(|pattern| matches(pattern, resource_type)))
}

/// Matches a text with a pattern in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

impl State {
    /// Says which removal the policy of a stack forbids.
    pub(crate) fn removal_denied(&self, id: &str) -> Option<String> {
        let stack = self.stacks.get(id)?;
        let target = stack.operation.as_ref()?.target.as_ref()?;
        let removed =
            stack.resources.values().filter(|resource| target.template.resource(&resource.logical_id).is_none());
        let mut denied =
            removed.filter_map(|resource| denied(stack, &resource.logical_id, &resource.resource_type, Touch::Delete));
        denied.next()
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("Update:*", "Update:Modify", true),
            ("*", "", true),
            ("LogicalResourceId/Films", "LogicalResourceId/Filmstrip", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXc", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
