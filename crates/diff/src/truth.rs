//! Conditions that are known before deployment.

use tree::Tree;

use crate::values::text::plain;

/// Conditions that refer to one another more deeply than this refer to themselves.
const DEEPEST: usize = 32;

/// Tells whether a condition holds, if that does not depend on parameters, the account or the region.
pub(crate) fn truth(conditions: Option<&Tree>, name: &str) -> Option<bool> {
    named(conditions, name, 0)
}

fn named(conditions: Option<&Tree>, name: &str, depth: usize) -> Option<bool> {
    if depth > DEEPEST {
        return None;
    }
    of(conditions, conditions?.get(name)?, depth + 1)
}

fn of(conditions: Option<&Tree>, test: &Tree, depth: usize) -> Option<bool> {
    if depth > DEEPEST {
        return None;
    }
    let (function, argument) = test.as_single()?;
    let each = || argument.as_list().into_iter().flatten().map(|test| of(conditions, test, depth + 1));
    match function {
        "Condition" => named(conditions, argument.as_str()?, depth + 1),
        "Fn::Equals" => match argument.as_list()? {
            [one, other] => Some(plain(one)? == plain(other)?),
            _ => None,
        },
        "Fn::Not" => each().next()?.map(|truth| !truth),
        "Fn::And" if each().any(|truth| truth == Some(false)) => Some(false),
        "Fn::And" => each().all(|truth| truth.is_some()).then_some(true),
        "Fn::Or" if each().any(|truth| truth == Some(true)) => Some(true),
        "Fn::Or" => each().all(|truth| truth.is_some()).then_some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tree::Origin;

    use super::*;

    #[test]
    fn only_what_depends_on_nothing_is_known() {
        let conditions = json!({
            "Yes": {"Fn::Equals": ["a", "a"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
            "Open": {"Fn::Equals": [{"Ref": "P"}, "a"]},
            "And": {"Fn::And": [{"Condition": "Open"}, {"Condition": "No"}]},
            "Or": {"Fn::Or": [{"Condition": "Open"}, {"Condition": "No"}]},
            "Circle": {"Condition": "Circle"},
        });
        let tree = Tree::from_json(conditions, Origin::Unknown);
        let found = ["Yes", "No", "Open", "And", "Or", "Circle", "Missing"].map(|name| truth(Some(&tree), name));
        assert_eq!(found, [Some(true), Some(false), None, Some(false), None, None, None]);
    }
}
