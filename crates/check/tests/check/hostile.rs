//! No template makes the check panic or run away. Nothing here is timed: a check that is quadratic or worse in what these
//! templates have much of would not come to its end.

use check::{Surroundings, Template, check, check_within, syntax};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tree::{Finding, Origin, Tree};

/// So much of one thing that its square could not be gone through.
const MANY: usize = 10_000;

fn checked(template: Value) -> Vec<Finding> {
    let tree = Tree::from_json(template, Origin::Unknown);
    check(&[Template { name: "hostile", tree: &tree }])
}

fn read_and_checked(text: &str) -> Vec<Finding> {
    match tree::read(text) {
        Ok(document) => {
            let surroundings =
                Surroundings { remarks: vec![("hostile", &document.remarks)], ..Surroundings::default() };
            check_within(&[Template { name: "hostile", tree: &document.tree }], &surroundings)
        }
        Err(error) => vec![syntax("hostile", &error)],
    }
}

/// Declares many things of one kind.
fn many(count: usize, one: impl Fn(usize) -> Value) -> Map<String, Value> {
    (0..count).map(|number| (format!("N{number}"), one(number))).collect()
}

fn topic(name: Value) -> Value {
    json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}})
}

fn reference(number: usize) -> Value {
    json!({"Ref": format!("N{number}")})
}

fn rules(findings: &[Finding]) -> Vec<&'static str> {
    // What security wants of each of them is judged elsewhere.
    let mut rules: Vec<_> =
        findings.iter().map(|finding| finding.rule).filter(|rule| !rule.starts_with("security/")).collect();
    rules.dedup();
    rules
}

#[test]
fn a_long_chain_is_followed_without_recursion() {
    let chain = many(MANY, |number| topic(if number + 1 < MANY { reference(number + 1) } else { json!("end") }));
    assert_eq!(rules(&checked(json!({"Resources": chain}))), ["structure/limit"]);
}

#[test]
fn a_long_circle_is_one_circle() {
    let circle = many(MANY, |number| topic(reference((number + 1) % MANY)));
    assert_eq!(rules(&checked(json!({"Resources": circle}))), ["structure/limit", "reference/circular"]);
}

#[test]
fn many_circles_are_many() {
    let pairs = many(MANY, |number| topic(reference(number ^ 1)));
    let found = checked(json!({"Resources": pairs}));
    assert_eq!(found.iter().filter(|one| one.rule == "reference/circular").count(), MANY / 2);
}

#[test]
fn conditions_that_double_at_each_step_are_looked_at_once_each() {
    let doubled = |number: usize| json!({"Fn::And": [{"Condition": format!("N{}", number + 1)}, {"Condition": format!("N{}", number + 1)}]});
    let mut conditions = many(64, doubled);
    conditions.insert("N64".to_owned(), json!({"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}));
    let topic = json!({"Type": "AWS::SNS::Topic", "Condition": "N0"});
    assert_eq!(rules(&checked(json!({"Conditions": conditions, "Resources": {"Topic": topic}}))), Vec::<&str>::new());
}

#[test]
fn conditions_of_one_another_end() {
    const FEW: usize = 1000;
    let conditions = many(FEW, |number| json!({"Fn::Not": [{"Condition": format!("N{}", (number + 1) % FEW)}]}));
    let resources = many(FEW, |number| json!({"Type": "AWS::SNS::Topic", "Condition": format!("N{number}")}));
    assert_eq!(rules(&checked(json!({"Conditions": conditions, "Resources": resources}))), ["structure/limit"]);
}

#[test]
fn a_chain_of_conditions_is_not_followed_for_each_reference() {
    const FEW: usize = 1000;
    let parameters = many(FEW, |_| json!({"Type": "String"}));
    let conditions: Map<_, _> = (0..FEW)
        .map(|number| {
            let own = json!({"Fn::Equals": [reference(number), "x"]});
            let next = json!({"Condition": format!("C{}", (number + 1) % FEW)});
            (format!("C{number}"), json!({"Fn::And": [own, next]}))
        })
        .collect();
    let resources: Map<_, _> = (0..FEW)
        .map(|number| {
            let condition = format!("C{number}");
            let other = json!({"Ref": format!("R{}", (number + 1) % FEW)});
            let mut topic = topic(json!({"Fn::If": [condition, other, "none"]}));
            topic["Condition"] = json!(condition);
            (format!("R{number}"), topic)
        })
        .collect();
    checked(json!({"Parameters": parameters, "Conditions": conditions, "Resources": resources}));
}

#[test]
fn names_that_do_not_exist_are_not_all_compared_with_all() {
    let unknown = many(MANY, |number| topic(json!({"Ref": format!("M{number}")})));
    let found = checked(json!({"Resources": unknown}));
    assert_eq!(found.iter().filter(|one| one.rule == "reference/unknown").count(), MANY);
    let types = many(MANY, |number| json!({"Type": format!("AWS::SNS::Topik{number}")}));
    let found = checked(json!({"Resources": types}));
    assert_eq!(found.iter().filter(|one| one.rule == "schema/resource-type").count(), MANY);
}

#[test]
fn long_lists_of_faults_are_told() {
    let tags: Vec<_> = (0..MANY).map(|number| json!({"Key": format!("k{number}"), "Valu": "x"})).collect();
    let found = checked(json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Tags": tags}}}}));
    assert!(found.len() > MANY, "{}", found.len());
    let outputs = many(MANY, |number| json!({"Value": {"Fn::GetAtt": ["Topic", format!("A{number}")]}}));
    let found = checked(json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}));
    assert!(found.len() > MANY, "{}", found.len());
}

#[test]
fn a_text_may_have_many_holes() {
    let holes: String = (0..MANY).map(|number| format!("${{N{number}}}")).collect::<Vec<_>>().concat();
    let variables = many(MANY, |_| json!("x"));
    let found = checked(json!({"Resources": {"Topic": topic(json!({"Fn::Sub": [holes, variables]}))}}));
    assert_eq!(rules(&found), Vec::<&str>::new());
}

#[test]
fn one_key_may_stand_many_times() {
    let twice = vec!["\"Topic\": {\"Type\": \"AWS::SNS::Topic\"}"; MANY].join(",");
    let found = read_and_checked(&format!("{{\"Resources\": {{{twice}}}}}"));
    assert_eq!(found.iter().filter(|one| one.rule == "structure/duplicate-key").count(), MANY - 1);
}

#[test]
fn statements_inside_statements_are_checked_once_each() {
    fn statement(depth: usize) -> Value {
        match depth {
            0 => json!({"GeoMatchStatement": {"CountryCodes": ["XX"]}}),
            _ => json!({"AndStatement": {"Statements": [statement(depth - 1), statement(depth - 1)]}}),
        }
    }
    let seen = json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "seen"});
    let rule = json!({"Name": "a", "Priority": 1, "Statement": statement(8), "VisibilityConfig": seen});
    let acl = json!({"Type": "AWS::WAFv2::WebACL", "Properties": {
        "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": seen, "Rules": [rule]
    }});
    checked(json!({"Resources": {"Wall": acl}}));
}

#[test]
fn choices_inside_choices_are_followed_as_deep_as_a_text_can_be() {
    let mut value = json!([{"Key": "a", "Value": "b"}]);
    for _ in 0..40 {
        value = json!({"Fn::If": ["IsIreland", value, {"Ref": "AWS::NoValue"}]});
    }
    let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"Tags": value}});
    let conditions = json!({"IsIreland": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}});
    let text = json!({"Conditions": conditions, "Resources": {"Topic": topic}}).to_string();
    assert_eq!(rules(&read_and_checked(&text)), Vec::<&str>::new());
}

/// A value as a person might write it who knows the words of CloudFormation, but not what they mean.
fn value() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "A",
        "B",
        "IsA",
        "A.Arn",
        "${A}",
        "${A.Arn}-${!b}",
        "${",
        "AWS::Region",
        "AWS::NoValue",
        "arn:aws:s3:::x",
        "10.0.0.0/16",
        "",
        "{{resolve:ssm:/x}}",
        "0",
        "true",
        "Arn",
        "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\"}}}",
        "{\"Version\": [",
        "rate(5 minutes)",
        "*",
        "2012-10-17",
        "s3:GetObject",
        "\u{1F600}",
    ]);
    let leaf = prop_oneof![
        4 => words.prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    let keys = prop::sample::select(vec![
        "Ref",
        "Fn::If",
        "Fn::Sub",
        "Fn::GetAtt",
        "Fn::Join",
        "Fn::Select",
        "Fn::Split",
        "Fn::FindInMap",
        "Fn::ImportValue",
        "Fn::Cidr",
        "Fn::Equals",
        "Fn::And",
        "Fn::Or",
        "Fn::Not",
        "Condition",
        "Fn::ForEach::X",
        "Fn::Transform",
        "Fn::Length",
        "Fn::ToJsonString",
        "Fn::Base64",
        "Fn::GetAZs",
        "Fn::Nothing",
        "Statement",
        "Action",
        "Effect",
        "Resource",
        "Principal",
        "Tags",
        "Key",
        "Value",
        "RedrivePolicy",
        "Rules",
        "Name",
        "Type",
        "Properties",
        "VpcId",
        "CidrBlock",
        "Policies",
        "PolicyDocument",
        "Code",
        "ZipFile",
        "Handler",
        "Runtime",
        "DefinitionString",
        "Definition",
        "States",
        "StartAt",
        "mainSteps",
        "action",
        "inputs",
        "UserData",
        "LifecycleConfiguration",
        "Transitions",
        "Environment",
        "Variables",
        "MinSize",
        "MaxSize",
        "EventPattern",
        "Export",
    ]);
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner.clone()), 0..5)
                .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            (keys.clone(), prop::collection::vec(inner, 1..4)).prop_map(|(key, list)| json!({key: list})),
        ]
    })
}

fn resource() -> impl Strategy<Value = Value> {
    let types = prop::sample::select(vec![
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
        "AWS::Lambda::Function",
        "AWS::IAM::Role",
        "AWS::IAM::Policy",
        "AWS::StepFunctions::StateMachine",
        "AWS::SSM::Document",
        "AWS::EC2::Instance",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::LaunchTemplate",
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::Rule",
        "AWS::Lambda::EventSourceMapping",
        "AWS::KMS::Key",
        "AWS::MediaConvert::JobTemplate",
        "AWS::Pipes::Pipe",
        "AWS::CloudFormation::Stack",
        "Custom::Thing",
        "My::Own::MODULE",
        "AWS::Nothing::AtAll",
        "AWS::Serverless::Function",
    ]);
    let fields = ["Condition", "DependsOn", "Metadata", "DeletionPolicy", "UpdatePolicy", "CreationPolicy"];
    (types, value(), prop::option::of((prop::sample::select(fields.to_vec()), value()))).prop_map(
        |(name, properties, more)| {
            let mut resource = json!({"Type": name, "Properties": properties});
            if let Some((field, value)) = more {
                resource[field] = value;
            }
            resource
        },
    )
}

fn section() -> impl Strategy<Value = Map<String, Value>> {
    let names = prop::sample::select(vec!["A", "B", "IsA", "C-1", "Fn::ForEach::X", "Fn::Transform", ""]);
    prop::collection::vec((names, value()), 0..4)
        .prop_map(|entries| entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_template_is_checked(
        resources in prop::collection::vec(resource(), 1..5),
        conditions in section(),
        parameters in section(),
        mappings in section(),
        outputs in section(),
        transform in value(),
    ) {
        let ids = ["A", "B", "C", "D", "E"];
        let resources: Map<_, _> = ids.map(str::to_owned).into_iter().zip(resources).collect();
        let mut template = json!({"Resources": resources, "Conditions": conditions, "Parameters": parameters});
        for (section, value) in [("Mappings", mappings.into()), ("Outputs", outputs.into()), ("Transform", transform)] {
            if value != Value::Null {
                template[section] = value;
            }
        }
        let found = checked(template.clone());
        prop_assert_eq!(&found, &checked(template.clone()), "the same template gives the same findings");
        prop_assert!(found.iter().all(|one| !one.message.is_empty() && check::rule(one.rule).is_some()));
        // As text, with positions: what is found is the same, but for what JSON cannot say twice.
        let text = read_and_checked(&template.to_string());
        prop_assert_eq!(text.len(), found.len());
    }
}
