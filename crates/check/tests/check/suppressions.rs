//! What templates accept, and what is wrong with how they do it.

use check::{Report, Surroundings, Template, report};
use serde_json::{Value, json};
use tree::{Origin, Tree};

fn checked(template: Value) -> Report {
    let tree = Tree::from_json(template, Origin::Unknown);
    report(&[Template { name: "example", tree: &tree }], &Surroundings::default())
}

fn shown(report: &Report) -> (Vec<String>, Vec<String>) {
    let findings = report.findings.iter().map(|finding| format!("{} {}", finding.rule, finding.path));
    let suppressed =
        report.suppressed.iter().map(|one| format!("{} {}: {}", one.finding.rule, one.finding.path, one.reason));
    (findings.collect(), suppressed.collect())
}

fn address(suppress: Value) -> Value {
    json!({
        "Type": "AWS::Lambda::Url",
        "Metadata": {"Baleen": {"Suppress": suppress}},
        "Properties": {"AuthType": "NONE", "TargetFunctionArn": "resize", "Cors": {"AllowOrigins": ["*"]}}
    })
}

const WHY: &str = "A partner calls it with a signature of its own.";

#[test]
fn what_is_accepted_is_reported_apart_with_its_reason() {
    let suppress = json!([{"Rule": "security/function-url", "Reason": WHY}]);
    let report = checked(json!({"Resources": {"Address": address(suppress), "Other": address(json!([]))}}));
    let (findings, suppressed) = shown(&report);
    assert_eq!(suppressed, [format!("security/function-url Resources/Address/Properties/AuthType: {WHY}")]);
    assert_eq!(
        findings,
        [
            "security/cors Resources/Address/Properties/Cors/AllowOrigins/0",
            "security/function-url Resources/Other/Properties/AuthType",
            "security/cors Resources/Other/Properties/Cors/AllowOrigins/0",
        ]
    );
}

#[test]
fn the_template_accepts_for_all_of_its_resources() {
    let report = checked(json!({
        "Metadata": {"Baleen": {"Suppress": [
            {"Rule": "security/function-url", "Reason": WHY},
            {"Rule": "security/cors", "Reason": "Pages of partners call it.", "Path": "Resources/Other"}
        ]}},
        "Resources": {"Address": address(json!([])), "Other": address(json!([]))}
    }));
    let (findings, suppressed) = shown(&report);
    assert_eq!(findings, ["security/cors Resources/Address/Properties/Cors/AllowOrigins/0"]);
    assert_eq!(suppressed.len(), 3);
}

#[test]
fn a_path_ends_at_whole_names() {
    let suppress = |path: &str| json!([{"Rule": "security/cors", "Reason": WHY, "Path": path}]);
    for (path, holds) in [("Properties/Cors", true), ("Properties/Cors/AllowOrigins/0", true), ("Properties/Co", false)]
    {
        let report = checked(json!({"Resources": {"Address": address(suppress(path))}}));
        let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(report.suppressed.len(), usize::from(holds), "{path}");
        assert_eq!(rules.contains(&"suppression/unused"), !holds, "{path}: {rules:?}");
    }
}

#[test]
fn faults_of_suppressions_are_findings() {
    let faults = |suppress: Value| -> Vec<String> {
        let report = checked(json!({"Resources": {"Address": address(suppress)}}));
        assert_eq!(report.suppressed, []);
        let own = report.findings.iter().filter(|finding| finding.rule.starts_with("suppression/"));
        own.map(|finding| format!("{} {}: {}", finding.rule, finding.path, finding.message)).collect()
    };
    let at = "Resources/Address/Metadata/Baleen/Suppress";
    assert_eq!(
        faults(json!([{"Rule": "security/function-url", "Reason": "todo"}])),
        [format!(
            "suppression/reason {at}/0: the suppression of `security/function-url` gives `todo` as its reason (4 \
             characters), which is too short to say why"
        )]
    );
    assert_eq!(
        faults(json!([{"Rule": "security/function-url"}])),
        [format!("suppression/reason {at}/0: the suppression of `security/function-url` has no `Reason`")]
    );
    assert_eq!(
        faults(json!([{"Rule": "security/function-ulr", "Reason": WHY}])),
        [format!("suppression/rule {at}/0: there is no rule `security/function-ulr`")]
    );
    assert_eq!(
        faults(json!([{"Rule": "schema/type", "Reason": WHY}])),
        [format!(
            "suppression/rule {at}/0: findings of `schema/type` cannot be suppressed: they keep the stack from working"
        )]
    );
    assert_eq!(
        faults(json!([{"Rule": "security/web-acl", "Reason": WHY}])),
        [format!("suppression/unused {at}/0: `security/web-acl` finds nothing here, so there is nothing to suppress")]
    );
    assert_eq!(
        faults(json!([{"Rule": "security/cors", "Reson": WHY}, 7])),
        [
            format!("suppression/shape {at}/0: a suppression has `Rule`, `Reason` and `Path`, but no `Reson`"),
            format!("suppression/shape {at}/1: a suppression must be an object, but is a number"),
        ]
    );
    assert_eq!(
        faults(json!({"Rule": "security/cors"})),
        [format!("suppression/shape {at}: `Suppress` must be a list of objects, but is an object")]
    );
}

#[test]
fn reasons_in_korean_are_reasons() {
    let suppress = json!([{"Rule": "security/function-url", "Reason": "협력사가 자체 서명으로 호출합니다"},
        {"Rule": "security/cors", "Reason": "협력사 페이지에서 호출합니다"}]);
    let report = checked(json!({"Resources": {"Address": address(suppress)}}));
    assert_eq!(report.findings, []);
    assert_eq!(report.suppressed.len(), 2);
}

#[test]
fn keys_in_small_letters_are_not_passed_over() {
    let faults = |metadata: Value| -> Vec<String> {
        let mut own = address(json!([]));
        if let Some(own) = own.as_object_mut() {
            own.insert("Metadata".to_owned(), metadata);
        }
        let report = checked(json!({"Resources": {"Address": own}}));
        assert_eq!(report.suppressed, []);
        let own = report.findings.iter().filter(|finding| finding.rule.starts_with("suppression/"));
        own.map(|finding| format!("{} {}: {}", finding.rule, finding.path, finding.message)).collect()
    };
    let at = "Resources/Address/Metadata";
    let entries = json!([{"Rule": "security/function-url", "Reason": WHY}]);
    let key =
        |given: &str, wanted: &str| format!("the key is `{given}`, but must be `{wanted}`: nothing is suppressed");
    assert_eq!(
        faults(json!({"baleen": {"suppress": entries}})),
        [
            format!("suppression/shape {at}/baleen: {}", key("baleen", "Baleen")),
            format!("suppression/shape {at}/baleen/suppress: {}", key("suppress", "Suppress")),
        ]
    );
    assert_eq!(
        faults(json!({"Baleen": {"suppress": entries}})),
        [format!("suppression/shape {at}/Baleen/suppress: {}", key("suppress", "Suppress"))]
    );
    assert_eq!(
        faults(json!({"baleen": {"Suppress": entries}})),
        [format!("suppression/shape {at}/baleen: {}", key("baleen", "Baleen"))]
    );
    assert_eq!(faults(json!({"baleen": {"Owner": "video"}, "other": {"suppress": 1}})), super::NOTHING);
}
