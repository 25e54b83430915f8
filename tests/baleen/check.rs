//! `baleen check` on templates of any origin.

use std::path::Path;

use serde_json::Value;

use crate::harness::{Checkout, repository};

const WRONG: &str = "\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Jobs:
    Type: AWS::StepFunctions::Activity
    Properties:
      Tgas: 30
      Name: !Sub '{\"prefix\": \"${Dead.Arn}\", \"count\": 3}'
  Results:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: 0755
";

const RIGHT: &str =
    "{\"Resources\": {\"Jobs\": {\"Type\": \"AWS::StepFunctions::Activity\", \"Properties\": {\"Name\": \"jobs\"}}}}\n";

/// A checkout with template files.
fn with(files: &[(&str, &str)]) -> Checkout {
    let checkout = Checkout::new();
    for (name, text) in files {
        let path = checkout.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    }
    checkout
}

pub fn schema(path: &Path) -> jsonschema::Validator {
    let text = std::fs::read_to_string(path).expect("readable");
    jsonschema::validator_for(&serde_json::from_str(&text).expect("JSON")).expect("a schema")
}

#[track_caller]
pub fn assert_valid(schema: &jsonschema::Validator, document: &Value) {
    let errors: Vec<_> =
        schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

#[test]
fn findings_show_the_line_and_the_place_in_it() {
    insta::assert_snapshot!(with(&[("queue.yaml", WRONG)]).run(&["check", "queue.yaml"]).to_string(), @r#"
    $ baleen check queue.yaml
    error: `AWS::StepFunctions::Activity` has no property `Tgas`
      --> queue.yaml:6:7, at Resources/Jobs/Properties/Tgas
      |
    6 |       Tgas: 30
      |       ^^^^
      rule: schema/unknown-property
      hint: did you mean `Tags`?

    error: `${Dead.Arn}` refers to `Dead`, but there is no such parameter or resource
      --> queue.yaml:7:13, at Resources/Jobs/Properties/Name/Fn::Sub
      |
    7 |       Name: !Sub '{"prefix": "${Dead.Arn}", "count": 3}'
      |             ^^^^
      rule: reference/unknown
      hint: declare `Dead` as a parameter or as a resource

    warning: `0755` is read as the number 493
      --> queue.yaml:12:14, at Resources/Results/Properties/Value
       |
    12 |       Value: 0755
       |              ^^^^
      rule: text/number
      hint: put it in quotes if it is an identifier, such as an account id; else write the number as it is read

    1 template, 2 resources: 2 errors, 1 warning
    [exit status 3]
    "#);
}

#[test]
fn a_text_that_is_no_template_is_a_finding_among_others() {
    let checkout = with(&[("broken.json", "{\"Resources\": {\n  \"Jobs\": {},\n}}\n"), ("right.json", RIGHT)]);
    insta::assert_snapshot!(checkout.run(&["check", "right.json", "broken.json"]).to_string(), @"
    $ baleen check right.json broken.json
    error: expected another value after `,`, found `}`
      --> broken.json:3:1
      |
    3 | }}
      | ^
      rule: text/syntax
      hint: take away the comma before it

    2 templates, 1 resource: 1 error
    [exit status 3]
    ");
}

#[test]
fn folders_are_searched_for_templates() {
    let checkout = with(&[
        ("app/queue.template", RIGHT),
        ("app/deep/broken.yaml", "Resources:\n\tJobs: 1\n"),
        ("app/package.json", "{\"name\": \"x\"}"),
        ("app/values.yml", "a: [1\n"),
        ("app/notes.md", "Resources:"),
        ("app/node_modules/x/a.json", RIGHT),
        ("app/.git/b.json", RIGHT),
    ]);
    insta::assert_snapshot!(checkout.run(&["check", "app"]).to_string(), @"
    $ baleen check app
    error: YAML does not allow a tab here
      --> app/deep/broken.yaml:2:1
      |
    2 |  Jobs: 1
      | ^
      rule: text/syntax
      hint: indent with spaces

    2 templates, 1 resource: 1 error
    [stderr]
    skipped 2 files that are no templates: app/package.json, app/values.yml
    [exit status 3]
    ");
    insta::assert_snapshot!(checkout.run(&["check", "app/package.json"]).to_string(), @r#"
    $ baleen check app/package.json
    error: the template declares no resource, and CloudFormation makes no stack without one
      --> app/package.json:1:1
      |
    1 | {"name": "x"}
      | ^
      rule: structure/resources
      hint: declare a resource, or leave the stack out

    error: a template has no section `name`
      --> app/package.json:1:10, at name
      |
    1 | {"name": "x"}
      |          ^^^
      rule: structure/section
      hint: the sections are `AWSTemplateFormatVersion`, `Conditions`, `Description`, `Mappings`, `Metadata`, `Outputs`, `Parameters`, `Resources`, `Rules` and `Transform`

    1 template, 0 resources: 2 errors
    [exit status 3]
    "#);
    insta::assert_snapshot!(checkout.run(&["check", "environments"]).to_string(), @"
    $ baleen check environments
    [stderr]
    error: there is no template in environments
    hint: templates in folders end in .json, .yaml, .yml, .template and have `Resources`; name other files one by one
    [exit status 2]
    ");
    insta::assert_snapshot!(checkout.run(&["check", "missing.yaml"]).to_string(), @"
    $ baleen check missing.yaml
    [stderr]
    error: there is no file missing.yaml
    [exit status 2]
    ");
}

#[test]
fn json_is_what_its_schema_says() {
    let schema = schema(&repository().join("docs/check.schema.json"));
    let checkout = with(&[("queue.yaml", WRONG), ("values.json", "{}")]);
    let output = checkout.run(&["check", ".", "--json"]);
    assert_eq!(output.code, Some(3), "{output}");
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_valid(&schema, &document);
    let finding = &document["findings"][0];
    assert_eq!(finding["file"], "queue.yaml");
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(6), Some(7)));
    assert_eq!(finding["resource"], "Jobs");
    let skipped = document["skipped"].as_array().expect("files");
    assert!(skipped.iter().any(|one| one["file"] == "values.json"), "{document:#}");
    assert_valid(&schema, &checkout.json(&["check", "--env", "dev"]));
    let printed = checkout.run(&["schema", "check"]).success().stdout;
    assert_eq!(printed, std::fs::read_to_string(repository().join("docs/check.schema.json")).expect("a file"));
}

#[test]
fn sarif_is_what_its_schema_says() {
    let schema = schema(&repository().join("tests/baleen/sarif-2.1.0.json"));
    let checkout = with(&[("my templates/queue.yaml", WRONG), ("right.json", RIGHT)]);
    let output = checkout.run(&["check", ".", "--format", "sarif"]);
    assert_eq!(output.code, Some(3), "{output}");
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_valid(&schema, &document);
    let run = &document["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 3, "{document:#}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, "my%20templates/queue.yaml");
    }
    let fingerprints = |document: &Value| -> Vec<Value> {
        let results = document["runs"][0]["results"].as_array().expect("results");
        results.iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    std::fs::write(checkout.path().join("my templates/queue.yaml"), format!("# a comment\n{WRONG}")).expect("written");
    let moved: Value = serde_json::from_str(&checkout.run(&["check", ".", "--format", "sarif"]).stdout).expect("JSON");
    assert_eq!(fingerprints(&document), fingerprints(&moved), "lines above make no difference");
    assert_ne!(document, moved);
}

#[test]
fn a_rule_is_explained() {
    insta::assert_snapshot!(Checkout::new().run(&["check", "--explain", "text/boolean"]).to_string(), @"
    $ baleen check --explain text/boolean
    text/boolean (warning)

    `yes`, `no`, `on` and `off` are in quotes where they are compared as words.

    why: YAML 1.1 reads them as booleans, so that the parameter is the word `true` or `false`
    see: https://yaml.org/type/bool.html

    bad:
      | Parameters:
      |   Public: {Type: String, AllowedValues: [yes, no]}
      | Resources:
      |   Topic:
      |     Type: AWS::SNS::Topic
      |     Properties: {DisplayName: !Ref Public}

    good:
      | Parameters:
      |   Public: {Type: String, AllowedValues: ['yes', 'no']}
      | Resources:
      |   Topic:
      |     Type: AWS::SNS::Topic
      |     Properties: {DisplayName: !Ref Public}
    [exit status 0]
    ");
    insta::assert_snapshot!(Checkout::new().run(&["check", "--explain", "reference/unkown"]).to_string(), @"
    $ baleen check --explain reference/unkown
    [stderr]
    error: there is no rule `reference/unkown`
    hint: did you mean `reference/unknown`?
    [exit status 2]
    ");
}

#[test]
fn all_rules_are_listed() {
    let listed = Checkout::new().run(&["check", "--list-rules"]).success();
    for rule in check::rules() {
        assert!(listed.stdout.contains(rule.statement), "{}", rule.id);
    }
    let document = Checkout::new().json(&["check", "--list-rules"]);
    assert_eq!(document["rules"].as_array().map(Vec::len), Some(check::rules().len()));
}

#[test]
fn files_and_environments_are_not_mixed() {
    let checkout = with(&[("right.json", RIGHT)]);
    insta::assert_snapshot!(checkout.run(&["check", "right.json", "--env", "dev"]).to_string(), @"
    $ baleen check right.json --env dev
    [stderr]
    error: either files or an environment can be checked
    hint: leave `--env` out to check files, or the files to check what the environment becomes
    [exit status 2]
    ");
    insta::assert_snapshot!(checkout.run(&["check"]).to_string(), @"
    $ baleen check
    [stderr]
    error: there is nothing to check
    hint: name template files or folders, or add `--env NAME`
    [exit status 2]
    ");
}

#[test]
fn standard_input_is_a_template_too() {
    // Nothing comes from it here.
    insta::assert_snapshot!(Checkout::new().run(&["check", "-"]).to_string(), @"
    $ baleen check -
    error: the template is empty
      --> <stdin>:1:1
      rule: text/syntax
      hint: a template has at least `Resources`

    1 template, 0 resources: 1 error
    [exit status 3]
    ");
}

#[test]
fn a_template_cannot_command_the_terminal() {
    let checkout = with(&[("a.json", "{\"Resources\": {\"A\\u001b[2J\": {\"Type\": \"\\u0007Topic\"}}}")]);
    let output = checkout.run(&["check", "a.json"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(!output.stdout.contains(['\u{1b}', '\u{7}']), "{output}");
}
