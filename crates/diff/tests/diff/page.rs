//! The page to look at.

use diff::render::{Page, html};
use serde_json::json;

use crate::diff_of;

fn page(old: &serde_json::Value, new: &serde_json::Value, stacks: &[(String, Vec<String>)]) -> String {
    let diff = diff_of(old, new);
    html(&diff, &Page { title: "prod", old: "git:main", new: "here", stacks, cost: None }).expect("a page")
}

#[test]
fn what_templates_say_is_text_and_never_markup() {
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    let bucket =
        |name: &str| json!({"Resources": {evil: {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}});
    let page = page(&bucket("a"), &bucket(evil), &[]);
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 1, "the page's own");
}

#[test]
fn lines_of_scripts_stand_side_by_side() {
    let function = |code: &str| json!({"Resources": {"It": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": code}}}}});
    let page = page(&function("a\nb\nc\n"), &function("a\nB\nnew\nc\n"), &[]);
    let row = |old: &str, new: &str| {
        page.lines().any(|line| line.contains(&format!(">{old}</td>")) && line.contains(&format!(">{new}</td>")))
    };
    assert!(row("b", "B") && row("", "new") && row("c", "c"), "{page}");
}

#[test]
fn a_stack_stands_to_the_right_of_what_it_uses() {
    let stacks = [("keys", vec![]), ("storage", vec!["keys"]), ("jobs", vec!["keys", "storage"])];
    let stacks = stacks.map(|(name, uses)| (name.to_owned(), uses.into_iter().map(str::to_owned).collect()));
    let page = page(&json!({}), &json!({"Description": "new"}), &stacks);
    let positions: Vec<_> = page.match_indices("translate(").map(|(at, _)| page[at + 10..].split(' ').next()).collect();
    assert_eq!(positions[..3], [Some("12"), Some("244"), Some("476")]);
    assert_eq!(page.matches("<path d=").count(), 2, "jobs uses keys by way of storage anyway");
}
