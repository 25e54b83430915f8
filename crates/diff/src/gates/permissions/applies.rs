//! Which actions can act on a resource at all: a statement may name others, but allows nothing by that.

use super::pattern::FIRST_HOLE;

/// Leaves out actions that act on nothing of which a pattern could be the ARN.
///
/// Actions that are not known, and patterns of actions, are kept. So is everything where the pattern is no ARN: some
/// services take other spellings in policies of resources.
pub(super) fn acting(actions: Vec<String>, resource: &str) -> Vec<String> {
    // A value that is not known before deployment may be anything.
    let arn: String = resource.chars().map(|character| if character >= FIRST_HOLE { '*' } else { character }).collect();
    if !arn.starts_with("arn:") {
        return actions;
    }
    actions.into_iter().filter(|action| acts_on(action, &arn)).collect()
}

fn acts_on(action: &str, arn: &str) -> bool {
    let Some(action) = schemas::actions::action(action) else { return true };
    action.targets().any(|target| target.resource_type().is_none_or(|own| own.may_be(arn)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_act_on_resources_of_their_targets() {
        let function = "arn:aws:lambda:\u{F0000}:\u{F0001}:function:\u{F0002}";
        for (action, resource, expected) in [
            ("lambda:InvokeFunction", function, true),
            ("lambda:GetEventSourceMapping", function, false),
            ("lambda:ListFunctions", function, false),
            ("lambda:ListFunctions", "*", true),
            ("lambda:GetEventSourceMapping", "arn:aws:lambda:*", true),
            ("lambda:GetEventSourceMapping", "\u{F0000}", true),
            ("s3:GetObject", "arn:aws:s3:::\u{F0000}", true),
            ("s3:GetObject", "arn:aws:s3:::sources", false),
            ("s3:GetObject", "arn:aws:s3:::sources*", true),
            ("logs:PutLogEvents", "arn:aws:logs:\u{F0000}:\u{F0001}:log-group:\u{F0002}:*", true),
            ("lambda:Invented", function, true),
            ("lambda:*", function, true),
        ] {
            let kept = !acting(vec![action.to_owned()], resource).is_empty();
            assert_eq!(kept, expected, "{action} on {resource}");
        }
    }
}
