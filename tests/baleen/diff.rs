//! What `diff` says of templates and environments.

use crate::harness::{Checkout, Output, repository};

const OLD: &str = r#"
Parameters:
  Name: {Type: String, Default: uploads}
Resources:
  Store:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Ref Name
      Tags: [{Key: app, Value: a}, {Key: team, Value: video}]
  Start:
    Type: AWS::SSM::Document
    Properties:
      DocumentType: Command
      Content:
        schemaVersion: "2.2"
        mainSteps:
          - name: run
            action: aws:runShellScript
            inputs:
              runCommand: [set -e, echo one, echo two]
  Gone:
    Type: AWS::SQS::Queue
"#;

const NEW: &str = r#"
Parameters:
  Name: {Type: String, Default: uploads}
Resources:
  Start:
    Type: AWS::SSM::Document
    Properties:
      DocumentType: Command
      Content:
        schemaVersion: "2.2"
        mainSteps:
          - name: run
            action: aws:runShellScript
            inputs:
              runCommand: [set -eu, echo one, echo two]
  Store:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${Name}-new"
      Tags: [{Key: team, Value: films}, {Key: app, Value: a}]
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: done}
"#;

fn checkout() -> Checkout {
    let checkout = Checkout::new();
    std::fs::write(checkout.path().join("old.yaml"), OLD).expect("written");
    std::fs::write(checkout.path().join("new.yaml"), NEW).expect("written");
    checkout
}

fn said(arguments: &[&str]) -> Output {
    checkout().run(arguments)
}

#[test]
fn two_templates() {
    insta::assert_snapshot!(said(&["diff", "old.yaml", "new.yaml", "--fail-on", "none"]).to_string(), @r#"
    $ baleen diff old.yaml new.yaml --fail-on none
    new  modified
      ± Start  AWS::SSM::Document  replaced
          ~ Content.mainSteps[run].inputs.runCommand  ← forces replacement
              - set -e
              + set -eu
                echo one
                echo two
      ± Store  AWS::S3::Bucket     replaced; holds objects
          ~ BucketName  ${Name} → "${Name}-new"  ← forces replacement
          ~ Tags[team].Value  "video" → "films"
      + Topic  AWS::SNS::Topic     created
            DisplayName  "done"
      - Gone   AWS::SQS::Queue     deleted; holds messages

    Destroyed or replaced (3)
      ! new: Start (AWS::SSM::Document) is replaced, because Content.mainSteps[run].inputs.runCommand can be set only when
          it is made
      ! new: Store (AWS::S3::Bucket) is replaced, because BucketName can be set only when it is made; objects of it are
          lost
      ! new: Gone (AWS::SQS::Queue) is deleted; messages of it are lost

    1 stack, 4 resources: 1 created, 2 replaced, 1 deleted
    [exit status 2]
    "#);
}

#[test]
fn the_same_is_no_difference() {
    insta::assert_snapshot!(said(&["diff", "old.yaml", "old.yaml"]).to_string(), @"
    $ baleen diff old.yaml old.yaml
    no changes
    [exit status 0]
    ");
}

#[test]
fn a_file_that_is_no_template() {
    let checkout = checkout();
    std::fs::write(checkout.path().join("bad.json"), "{\"Resources\": {]}").expect("written");
    insta::assert_snapshot!(checkout.run(&["diff", "old.yaml", "bad.json"]).to_string(), @"
    $ baleen diff old.yaml bad.json
    [stderr]
    error: bad.json:1:16: expected a key in double quotes, found `]`
    [exit status 1]
    ");
}

#[test]
fn a_command_line_that_is_wrong_is_no_difference() {
    assert_eq!(said(&["diff", "old.yaml"]).code, Some(1));
    assert_eq!(said(&["diff", "old.yaml", "new.yaml", "--fail-on", "all"]).code, Some(1));
}

#[test]
fn gates_decide_the_exit_code() {
    let code = |gates: &str| said(&["diff", "old.yaml", "new.yaml", "--fail-on", gates]).code;
    assert_eq!(code("none"), Some(2));
}

#[test]
fn json_has_the_counts_at_the_top() {
    let output = said(&["diff", "old.yaml", "new.yaml", "--json", "--fail-on", "none"]);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    crate::check::assert_valid(&crate::check::schema(&repository().join("docs/diff.schema.json")), &report);
    assert_eq!(report["changes"], 4, "{output}");
    assert_eq!(report["stacks"][0]["resources"][1]["logical_id"], "Store");
    assert!(report["gates"]["data_loss"].is_u64() && report["gates"]["destructive"].is_u64());
}

/// An environment against the snapshots of a revision, in a repository of its own.
#[test]
fn an_environment_against_a_revision() {
    let checkout = Checkout::new();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
        let mut command = std::process::Command::new("git");
        let status = command.args(identity).args(arguments).current_dir(checkout.path()).status().expect("git runs");
        assert!(status.success(), "git {arguments:?}");
    };
    let folder = checkout.path().join("snapshots/local");
    std::fs::create_dir_all(&folder).expect("created");
    for entry in std::fs::read_dir(repository().join("snapshots/local")).expect("readable") {
        let path = entry.expect("readable").path();
        std::fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("copied");
    }
    git(&["init", "--quiet"]);
    git(&["add", "snapshots"]);
    git(&["commit", "--quiet", "--message", "snapshots"]);
    let same = checkout.run(&["diff", "--env", "local", "--against", "git:HEAD"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), "no changes\n"), "{same}");

    std::fs::remove_file(folder.join("router.json")).expect("removed");
    git(&["add", "--all", "snapshots"]);
    git(&["commit", "--quiet", "--message", "without the router"]);
    let differs = checkout.run(&["diff", "--env", "local", "--against", "git:HEAD", "--fail-on", "none"]);
    assert_eq!(differs.code, Some(2), "{differs}");
    assert!(differs.stdout.starts_with("router  new stack\n"), "{differs}");
    insta::assert_snapshot!(checkout.run(&["diff", "--env", "local", "--against", "git:none"]).to_string(), @"
    $ baleen diff --env local --against git:none
    [stderr]
    error: git ls-tree failed: Not a valid object name none
    hint: name a branch, a tag or a commit that is in this clone
    [exit status 1]
    ");
}
