//! The shapes of CloudFormation's intrinsic functions.

use crate::Tree;

/// Returns the name and the argument of an intrinsic function.
pub fn function(tree: &Tree) -> Option<(&str, &Tree)> {
    tree.as_single().filter(|(name, _)| *name == "Ref" || name.starts_with("Fn::"))
}

/// Tells whether this is `{"Ref": "AWS::NoValue"}`, which removes what it stands for.
pub fn is_no_value(tree: &Tree) -> bool {
    tree.as_single().is_some_and(|(name, argument)| name == "Ref" && argument.as_str() == Some("AWS::NoValue"))
}

/// Returns the condition's name and the two branches of an `Fn::If`.
pub fn branches(tree: &Tree) -> Option<(&str, &Tree, &Tree)> {
    match tree.as_single()? {
        ("Fn::If", argument) => match argument.as_list()? {
            [condition, then, otherwise] => Some((condition.as_str()?, then, otherwise)),
            _ => None,
        },
        _ => None,
    }
}
