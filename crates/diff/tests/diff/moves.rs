//! Resources and stacks under other names.

use diff::{Action, Fate, Impact, StackAction};
use serde_json::{Value, json};

use crate::{diff_of, diff_of_stacks, lines};

fn bucket(prefix: &str) -> Value {
    let rule = json!({"Id": "expire", "Status": "Enabled", "Prefix": prefix, "ExpirationInDays": 30});
    json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {
        "LifecycleConfiguration": {"Rules": [rule]},
        "VersioningConfiguration": {"Status": "Enabled"},
        "Tags": [{"Key": "app", "Value": "a"}],
    }})
}

/// The moved resources: where they were and are.
fn moves(diff: &diff::Diff) -> Vec<String> {
    let moved = diff.resources().filter(|change| change.action == Action::Move);
    let words = moved.map(|change| {
        let former = change.former.as_ref().expect("a moved one was somewhere");
        format!("{}/{} → {}/{}", former.stack, former.logical_id, change.stack, change.logical_id)
    });
    words.collect()
}

#[test]
fn another_logical_id_is_a_move_that_makes_it_anew() {
    let diff = diff_of(&json!({"Resources": {"Old": bucket("in/")}}), &json!({"Resources": {"New": bucket("in/")}}));
    assert_eq!(moves(&diff), ["stack/Old → stack/New"]);
    let change = diff.resources().next().unwrap();
    assert_eq!((change.impact, change.fate), (Impact::Replace, Some(Fate::Retained)));
    assert!(change.notes[0].contains("refactor"), "{:?}", change.notes);
}

#[test]
fn a_moved_resource_may_differ_a_little() {
    let diff = diff_of(&json!({"Resources": {"Old": bucket("in/")}}), &json!({"Resources": {"New": bucket("out/")}}));
    assert_eq!(moves(&diff), ["stack/Old → stack/New"]);
    let wanted = r#"New/Properties/LifecycleConfiguration/Rules/[expire]/Prefix: "in/" → "out/" (Update)"#;
    assert_eq!(lines(&diff), [wanted]);
    assert_eq!(diff.resources().count(), 1, "and is not told of twice");
}

#[test]
fn each_goes_to_the_one_that_is_most_like_it() {
    let old = json!({"Resources": {"A": bucket("a/"), "B": bucket("b/"), "C": bucket("c/")}});
    let new = json!({"Resources": {"X": bucket("c/"), "Y": bucket("a/"), "Z": bucket("z/")}});
    assert_eq!(moves(&diff_of(&old, &new)), ["stack/C → stack/X", "stack/A → stack/Y", "stack/B → stack/Z"]);
}

#[test]
fn from_stack_to_stack() {
    let topic = json!({"Type": "AWS::SNS::Topic"});
    let old =
        [("a", json!({"Resources": {"Store": bucket("in/"), "T": topic}})), ("b", json!({"Resources": {"U": topic}}))];
    let new =
        [("a", json!({"Resources": {"T": topic}})), ("b", json!({"Resources": {"U": topic, "Files": bucket("in/")}}))];
    assert_eq!(moves(&diff_of_stacks(&old, &new)), ["a/Store → b/Files"]);
}

#[test]
fn what_says_nothing_of_itself_is_not_taken_for_another() {
    let topic = json!({"Type": "AWS::SNS::Topic"});
    let other = json!({"Type": "AWS::SQS::Queue"});
    let old = [("a", json!({"Resources": {"T": topic, "Q": other}})), ("b", json!({"Resources": {"Q": other}}))];
    let new = [("a", json!({"Resources": {"Q": other}})), ("b", json!({"Resources": {"Q": other, "U": topic}}))];
    assert!(moves(&diff_of_stacks(&old, &new)).is_empty());
}

#[test]
fn a_renamed_stack_takes_its_resources_along() {
    let resources = json!({"Resources": {"Store": bucket("in/"), "T": {"Type": "AWS::SNS::Topic"}}});
    let diff = diff_of_stacks(&[("old", resources.clone())], &[("new", resources)]);
    let [stack] = diff.stacks.as_slice() else { panic!("{diff:#?}") };
    assert_eq!((stack.action, stack.former_name.as_deref()), (StackAction::Rename, Some("old")));
    assert_eq!(moves(&diff), ["old/Store → new/Store", "old/T → new/T"]);
}
