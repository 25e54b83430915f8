//! What a change would do to what is deployed.

use super::cloud::LocalCloud;

#[test]
fn the_sources_are_compared_with_what_is_deployed() {
    let cloud = LocalCloud::deployed();
    let same = cloud.run(&["diff", "--env", "local"]).success();
    assert_eq!(same.stdout, "no changes\n");

    cloud.edit("local", |text| text.replace("[times]", "[tags]\nteam = \"video\"\n\n[times]"));
    let tagged = cloud.run(&["diff", "--env", "local", "--stack", "router"]);
    assert_eq!(tagged.code, Some(2), "something differs, and no gate is touched: {tagged}");
    assert!(tagged.stdout.contains("Weights  AWS::SSM::Parameter  updated in place"), "{tagged}");

    cloud.edit("local", |text| {
        text.replace("region = \"ap-northeast-2\"\non_destroy = \"delete\"", "region = \"ap-northeast-2\"")
    });
    let kept = cloud.run(&["diff", "--env", "local", "--json"]);
    assert_eq!(kept.code, Some(2), "that more is kept touches no gate: {kept}");
    assert!(kept.stdout.contains("DeletionPolicy"), "{kept}");
}
