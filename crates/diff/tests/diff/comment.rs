//! The comment on a pull request.

use diff::render::{Comment, LONGEST_COMMENT, markdown, marker};
use serde_json::{Value, json};

use crate::diff_of;

fn comment(old: &Value, new: &Value) -> String {
    let settings = Comment {
        title: "prod",
        old: "main",
        new: "the sources",
        cost: None,
        command: "baleen diff --env prod --against git:main",
        longest: LONGEST_COMMENT,
    };
    markdown(&diff_of(old, new), &settings)
}

#[test]
fn what_has_to_be_seen_comes_first_and_the_rest_is_folded() {
    let bucket =
        |name: &str| json!({"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}});
    let text = comment(&bucket("old"), &bucket("new"));
    let positions = ["## baleen diff: prod", "### Stacks", "<details>", "+ BucketName: \"new\""]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("no `{part}` in\n{text}")));
    assert!(positions.is_sorted(), "{text}");
    assert!(text.starts_with(&format!("{}\n", marker("prod"))), "the next run finds the comment by it");
}

#[test]
fn that_nothing_changes_is_said() {
    let text = comment(&json!({}), &json!({}));
    assert!(text.contains("**No changes** from <code>main</code> to <code>the sources</code>."), "{text}");
}

#[test]
fn a_large_diff_fits_and_says_what_it_leaves_out() {
    let buckets = |name: &str| {
        let bucket = |index| {
            (
                format!("Bucket{index}"),
                json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": format!("{name}-{index}")}}),
            )
        };
        json!({"Resources": (0..1_000).map(bucket).collect::<serde_json::Map<_, _>>()})
    };
    let text = comment(&buckets("old"), &buckets("new"));
    let length = text.chars().count();
    assert!((60_000..=LONGEST_COMMENT).contains(&length), "{length} characters");
    assert!(
        text.ends_with("All of it: <code>baleen diff --env prod --against git:main</code>\n"),
        "{}",
        &text[text.len() - 300..]
    );
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert_eq!(text.matches("```").count() % 2, 0);
}

#[test]
fn values_are_no_markup() {
    let topic =
        |name: &str| json!({"Resources": {"It": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}});
    let text = comment(&topic("a"), &topic("</details> ``` <img> @everyone | #1"));
    let outside: String = text.split("```diff\n").next().unwrap_or_default().to_owned();
    assert!(!outside.contains("<img>") && !outside.contains("@everyone"), "{text}");
    assert_eq!(text.matches("\n```").count() % 2, 0, "the fence is longer: {text}");
}
