//! What the comparison of templates says, feature by feature.

mod comment;
mod impact;
mod lists;
mod moves;
mod oracle;
mod page;
mod properties;
mod same;
mod spread;

use diff::{Diff, Template};
use serde_json::{Value, json};
use tree::{Origin, Tree};

/// Compares sets of templates.
fn diff_of_stacks(old: &[(&str, Value)], new: &[(&str, Value)]) -> Diff {
    let trees = |stacks: &[(&str, Value)]| -> Vec<Tree> {
        stacks.iter().map(|(_, value)| Tree::from_json(value.clone(), Origin::Unknown)).collect()
    };
    let (old_trees, new_trees) = (trees(old), trees(new));
    let old: Vec<_> = old.iter().zip(&old_trees).map(|((name, _), tree)| Template { name, tree }).collect();
    let new: Vec<_> = new.iter().zip(&new_trees).map(|((name, _), tree)| Template { name, tree }).collect();
    diff::diff(&old, &new)
}

/// Compares two templates of one stack.
fn diff_of(old: &Value, new: &Value) -> Diff {
    diff_of_stacks(&[("stack", old.clone())], &[("stack", new.clone())])
}

/// Compares two versions of one resource's properties.
fn diff_of_properties(resource_type: &str, old: &Value, new: &Value) -> Diff {
    let template = |properties: &Value| json!({"Resources": {"It": {"Type": resource_type, "Properties": properties}}});
    diff_of(&template(old), &template(new))
}

/// Says what changed, a line each: path, old and new value, impact.
fn lines(diff: &Diff) -> Vec<String> {
    let text = |tree: &Option<Tree>| tree.as_ref().map_or("-".to_owned(), Tree::to_json_compact);
    let of_changes = |prefix: &str, changes: &[diff::ValueChange]| -> Vec<String> {
        let line = |change: &diff::ValueChange| {
            let (path, impact) = (&change.path, change.impact);
            format!("{prefix}{path}: {} → {} ({impact:?})", text(&change.old), text(&change.new))
        };
        changes.iter().map(line).collect()
    };
    let resources =
        diff.resources().flat_map(|resource| of_changes(&format!("{}/", resource.logical_id), &resource.changes));
    resources.collect()
}
