//! References, functions and circles.

use check::Template;
use serde_json::{Value, json};
use tree::{Origin, Tree};

use super::{NOTHING, findings, of_resource, shown, with_resource};

/// Puts an expression where any string may stand.
fn expression(value: Value) -> Vec<String> {
    of_resource("AWS::SNS::Topic", json!({"DisplayName": value}))
        .into_iter()
        .map(|finding| finding.replace("Resources/It/Properties/DisplayName", "…"))
        .collect()
}

#[test]
fn references_that_lead_somewhere_are_fine() {
    for good in [
        json!({"Ref": "Name"}),
        json!({"Ref": "AWS::Region"}),
        json!({"Fn::Join": ["-", {"Ref": "Names"}]}),
        json!({"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Name"}]}]}),
        json!({"Fn::Sub": "${Name}-${AWS::Region} ${!Literal}"}),
        json!({"Fn::Sub": ["${Own}", {"Own": {"Fn::ImportValue": {"Fn::Sub": "${Stage}-name"}}}]}),
        json!({"Fn::If": ["IsProd", {"Ref": "Name"}, {"Ref": "AWS::NoValue"}]}),
        json!({"Fn::GetStackOutput": {"StackName": {"Ref": "Name"}, "OutputName": "Arn"}}),
        json!({"Fn::Base64": {"Fn::Sub": "echo ${Name}"}}),
    ] {
        assert_eq!(expression(good.clone()), NOTHING, "{good}");
    }
}

#[test]
fn a_name_that_is_declared_nowhere_gets_a_suggestion() {
    assert_eq!(
        expression(json!({"Ref": "Nmae"})),
        [
            "reference/unknown …/Ref: `Ref` refers to `Nmae`, but there is no such parameter or resource; did you mean `Name`?"
        ]
    );
    assert_eq!(
        expression(json!({"Fn::Sub": "${AWS::Regoin}/${Elsewhere.Arn}"})),
        [
            "reference/unknown …/Fn::Sub: `${AWS::Regoin}` refers to `AWS::Regoin`, but there is no such pseudo-parameter; did you mean `AWS::Region`?",
            "reference/unknown …/Fn::Sub: `${Elsewhere.Arn}` refers to `Elsewhere`, but there is no such parameter or resource; declare `Elsewhere` as a parameter or as a resource",
        ]
    );
}

#[test]
fn a_resource_of_another_template_is_pointed_to() {
    let tree = |template| Tree::from_json(template, Origin::Unknown);
    let storage = tree(json!({"Resources": {"Sources": {"Type": "AWS::S3::Bucket"}}}));
    let fleet = tree(
        json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Sources"}}}}}),
    );
    let found = super::check(&[Template { name: "storage", tree: &storage }, Template { name: "fleet", tree: &fleet }]);
    assert_eq!(
        found.iter().map(shown).collect::<Vec<_>>(),
        [
            "reference/unknown Resources/Topic/Properties/DisplayName/Ref: `Ref` refers to `Sources`, but there is no such \
          parameter or resource; `Sources` is a resource of `storage`: put its value out there, and take it as a parameter here"
        ]
    );
}

#[test]
fn attributes_are_those_of_the_type() {
    let of = |type_name: &str, argument: Value| {
        let mut template =
            with_resource(json!({"Type": type_name, "Properties": {"ServiceToken": "t", "TemplateURL": "u"}}));
        template["Outputs"] = json!({"O": {"Value": {"Fn::GetAtt": argument}}});
        findings(template).into_iter().filter(|finding| finding.starts_with("reference/")).collect::<Vec<_>>()
    };
    assert_eq!(of("AWS::S3::Bucket", json!("It.Arn")), NOTHING);
    assert_eq!(of("AWS::RDS::DBCluster", json!(["It", "Endpoint.Address"])), NOTHING);
    assert_eq!(of("AWS::CloudFormation::Stack", json!(["It", "Outputs.Anything"])), NOTHING);
    assert_eq!(of("Custom::Thing", json!(["It", "Anything"])), NOTHING);
    assert_eq!(
        of("AWS::S3::Bucket", json!(["It", "Arm"])),
        [
            "reference/attribute Outputs/O/Value/Fn::GetAtt: `AWS::S3::Bucket` has no attribute `Arm`; did you mean `Arn`?"
        ]
    );
}

#[test]
fn arguments_are_counted_and_their_kinds_known() {
    let takes = |value: Value| {
        let found = expression(value);
        found
            .first()
            .and_then(|finding| finding.split_once(": "))
            .map(|(_, message)| message.to_owned())
            .unwrap_or_default()
    };
    assert_eq!(
        takes(json!({"Fn::Join": ["-", "a", "b"]})),
        "`Fn::Join` takes a delimiter and a list of strings, but has 3 arguments: `-`, `a`, `b`"
    );
    assert_eq!(
        takes(json!({"Fn::Join": ["-", {"Ref": "Name"}]})),
        "`Fn::Join` takes a delimiter and a list of strings, but `Ref` of `Name` gives a string, not a list"
    );
    assert_eq!(
        takes(json!({"Fn::Join": ["-", [{"Ref": "Names"}]]})),
        "`Fn::Join` takes a delimiter and a list of strings, but `Ref` of `Names` gives a list, not a string"
    );
    assert_eq!(
        takes(json!({"Fn::Select": [2, ["a", "b"]]})),
        "`Fn::Select` takes number 2, counted from 0, of a list of 2"
    );
    assert_eq!(
        takes(json!({"Fn::Sub": "${Names}"})),
        "`Fn::Sub` takes a string, or a string and an object of variables, all of them strings, but `${Names}` gives a list; make text of it with `Fn::Join`, in a variable of `Fn::Sub`"
    );
    assert_eq!(
        takes(json!({"Fn::Sub": "echo ${HOME:-/root}"})),
        "`${HOME:-/root}` is no name that `Fn::Sub` could fill in; write `${!HOME:-/root}` to keep the text as it is"
    );
    assert_eq!(
        takes(json!({"Fn::If": ["IsProd", "a"]})),
        "`Fn::If` takes a list of three: a condition, the value if it is true and the value if not, but has 2 arguments: `IsProd`, `a`"
    );
}

#[test]
fn keys_of_mappings_are_looked_up() {
    let with = |argument: Value| {
        let mut template = with_resource(
            json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::FindInMap": argument}}}),
        );
        template["Mappings"] = json!({"Sizes": {"dev": {"Name": "small"}, "prod": {"Name": "large", "Zones": 3}}});
        findings(template)
            .into_iter()
            .filter_map(|finding| Some(finding.split_once(": ")?.1.to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(with(json!(["Sizes", "dev", "Name"])), NOTHING);
    assert_eq!(with(json!(["Sizes", {"Ref": "Stage"}, "Zones"])), NOTHING, "some stage has it");
    assert_eq!(with(json!(["Size", "dev", "Name"])), ["there is no mapping `Size`; did you mean `Sizes`?"]);
    assert_eq!(with(json!(["Sizes", "dev", "Zones"])), ["the mapping `Sizes` has no key `Zones` below `dev`"]);
    assert_eq!(
        with(json!(["Sizes", {"Ref": "Stage"}, "Nam"])),
        ["the mapping `Sizes` has no key `Nam` below any of its keys; did you mean `Name`?"]
    );
}

/// Two topics; the second one refers to the first.
fn conditional(first: Value, second: Value, reference: Value) -> Vec<String> {
    let mut template = with_resource(json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": reference}}));
    template["Resources"]["First"] = json!({"Type": "AWS::SNS::Topic"});
    for (id, condition) in [("First", first), ("It", second)] {
        if condition != Value::Null {
            template["Resources"][id]["Condition"] = condition;
        }
    }
    findings(template)
}

#[test]
fn what_may_be_left_out_is_referred_to_only_where_it_is_there() {
    let reference = json!({"Ref": "First"});
    let guarded = json!({"Fn::If": ["IsProd", reference, "none"]});
    assert_eq!(conditional(json!("IsProd"), json!("IsProd"), reference.clone()), NOTHING);
    assert_eq!(conditional(json!("IsProd"), Value::Null, guarded.clone()), NOTHING);
    assert_eq!(conditional(json!("IsNotProd"), json!("IsDev"), reference.clone()), NOTHING, "dev is not prod");
    let message = "`Ref` refers to `First`, which does not exist when `IsProd` is false; \
                   put it into `Fn::If` with `IsProd`, or give both the same condition";
    assert_eq!(
        conditional(json!("IsProd"), json!("IsDev"), reference),
        [format!("reference/conditional Resources/It/Properties/DisplayName/Ref: {message}")]
    );
    assert_eq!(conditional(json!("IsDev"), Value::Null, guarded).len(), 1);
}

#[test]
fn what_may_be_left_out_is_waited_for_only_where_it_is_there() {
    let mut template = with_resource(json!({"Type": "AWS::SNS::Topic", "DependsOn": ["First"]}));
    template["Resources"]["First"] = json!({"Type": "AWS::SNS::Topic", "Condition": "IsProd"});
    let message = "`DependsOn` names `First`, which does not exist when `IsProd` is false; \
                   give both the same condition, or refer to `First` inside an `Fn::If` with `IsProd`";
    assert_eq!(findings(template.clone()), [format!("reference/dependency Resources/It/DependsOn/0: {message}")]);
    template["Resources"]["It"]["Condition"] = json!("IsProd");
    assert_eq!(findings(template), NOTHING);
}

#[test]
fn numbers_that_attributes_give_are_no_text() {
    let reserved = json!({"Type": "AWS::EC2::CapacityReservation", "Properties": {
        "AvailabilityZone": "eu-west-1a", "InstanceCount": 1, "InstanceType": "g6.xlarge", "InstancePlatform": "Linux/UNIX"
    }});
    let mut template = with_resource(reserved);
    let count = json!({"Fn::GetAtt": ["It", "InstanceCount"]});
    template["Outputs"] = json!({
        "Plain": {"Value": count}, "Sub": {"Value": {"Fn::Sub": "${It.InstanceCount}"}},
        "Join": {"Value": {"Fn::Join": ["", [count]]}}, "Id": {"Value": {"Fn::GetAtt": ["It", "Id"]}}
    });
    let found = findings(template.clone());
    assert!(found.len() == 3 && found.iter().all(|one| one.contains("a number or a boolean")), "{found:#?}");
    template["Outputs"] = json!({});
    template["Resources"]["Group"] = json!({"Type": "AWS::EC2::CapacityReservation", "Properties": {
        "AvailabilityZone": "eu-west-1a", "InstanceCount": count, "InstanceType": "g6.xlarge", "InstancePlatform": "Linux/UNIX"
    }});
    assert_eq!(findings(template), NOTHING, "where a number is wanted, it is right");
}

#[test]
fn regions_and_imports_are_known_by_their_form() {
    let zones = |argument: Value| {
        of_resource("AWS::SNS::Topic", json!({"DisplayName": {"Fn::Select": [0, {"Fn::GetAZs": argument}]}}))
    };
    assert_eq!(zones(json!("us-gov-west-1")), NOTHING);
    assert_eq!(zones(json!({"Ref": "AWS::Region"})), NOTHING);
    assert!(zones(json!("eu-west-1a"))[0].ends_with("has `eu-west-1a`; a region is named like `eu-west-1`"));
    let import = json!({"Fn::ImportValue": {"Fn::ImportValue": "name"}});
    assert_eq!(of_resource("AWS::SNS::Topic", json!({"DisplayName": import})).len(), 1);
}

fn circle(references: [(&str, Value); 3]) -> Vec<String> {
    let mut template = with_resource(json!({"Type": "AWS::SNS::Topic"}));
    for (id, reference) in references {
        template["Resources"][id] = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": reference}});
    }
    findings(template)
}

#[test]
fn all_members_of_a_circle_are_named() {
    let found = circle([
        ("A", json!({"Fn::Sub": "${B.TopicName}"})),
        ("B", json!({"Fn::GetAtt": ["C", "TopicName"]})),
        ("C", json!({"Fn::Join": ["", [{"Ref": "A"}]]})),
    ]);
    assert_eq!(
        found,
        ["reference/circular Resources/A: `A`, `B` and `C` need one another: `A` (DisplayName) → `B` (DisplayName) → \
          `C` (DisplayName) → `A`; move one of these references into a resource of its own, such as a policy, a rule or an attachment"]
    );
}

#[test]
fn a_circle_whose_parts_never_meet_is_none() {
    let choose = |condition: &str, id: &str| json!({"Fn::If": [condition, {"Ref": id}, "none"]});
    assert_eq!(circle([("A", choose("IsProd", "B")), ("B", choose("IsDev", "A")), ("C", json!("c"))]), NOTHING);
    assert_eq!(circle([("A", choose("IsProd", "B")), ("B", choose("IsProd", "A")), ("C", json!("c"))]).len(), 1);
}

#[test]
fn a_resource_that_needs_itself_is_a_circle() {
    let found = circle([("A", json!({"Ref": "A"})), ("B", json!("b")), ("C", json!("c"))]);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("`A` needs itself, in `DisplayName`"), "{found:?}");
}

#[test]
fn conditions_refer_to_parameters_and_to_each_other() {
    let mut template = with_resource(json!({"Type": "AWS::SNS::Topic"}));
    template["Conditions"]["Odd"] = json!({"Fn::And": [
        {"Condition": "IsPord"},
        {"Fn::Equals": [{"Fn::GetAtt": ["It", "TopicName"]}, "x"]},
        {"Fn::Equals": [{"Ref": "It"}, {"Ref": "Nobody"}]}
    ]});
    let rules: Vec<String> =
        findings(template).iter().filter_map(|finding| Some(finding.split_once(' ')?.0.to_owned())).collect();
    assert_eq!(rules, ["reference/condition", "function/context", "reference/context", "reference/unknown"]);
}

#[test]
fn loops_declare_names_that_nobody_sees_here() {
    let mut template =
        with_resource(json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "TopicOne"}}}));
    let body = json!({"Topic${Name}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Each"}}}});
    template["Resources"]["Fn::ForEach::Topics"] = json!(["Each", ["One", "Two"], body]);
    let found = findings(template.clone());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("function/extension Resources/Fn::ForEach::Topics: "), "{found:?}");
    template["Transform"] = json!("AWS::LanguageExtensions");
    assert_eq!(findings(template), NOTHING);
}

#[test]
fn macros_may_declare_what_is_missing() {
    let mut template =
        with_resource(json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Made"}}}));
    template["Transform"] = json!(["MyMacro"]);
    template["Globals"] = json!({});
    assert_eq!(findings(template), NOTHING);
}

#[test]
fn imports_are_looked_for_in_the_templates_that_are_checked_together() {
    let exporting = |name: &str| {
        let mut template = with_resource(json!({"Type": "AWS::SNS::Topic"}));
        template["Outputs"] = json!({"It": {"Value": {"Ref": "It"}, "Export": {"Name": name}}});
        Tree::from_json(template, Origin::Unknown)
    };
    let importing = |name: &str| {
        let template =
            with_resource(json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::ImportValue": name}}}));
        Tree::from_json(template, Origin::Unknown)
    };
    let found = |first: &Tree, second: &Tree| -> Vec<String> {
        let templates = [Template { name: "first", tree: first }, Template { name: "second", tree: second }];
        super::check(&templates)
            .iter()
            .map(|one| format!("{} {}: {}", one.severity, one.template, shown(one)))
            .collect()
    };
    assert_eq!(found(&exporting("topic"), &importing("topic")), NOTHING);
    assert_eq!(found(&importing("topic"), &importing("other")), NOTHING, "nothing is known of the exports");
    let place = "Resources/It/Properties/DisplayName/Fn::ImportValue: none of the templates checked here exports";
    assert_eq!(
        found(&exporting("topic-arn"), &importing("topic-am")),
        [format!("warning second: reference/import {place} `topic-am`; did you mean `topic-arn`?")]
    );
    assert_eq!(
        found(&exporting("topic-arn"), &importing("vpc")),
        [format!("info second: reference/import {place} `vpc`; another stack of the region has to")]
    );
    assert_eq!(
        found(&exporting("topic"), &exporting("topic")),
        ["warning second: reference/export Outputs/It/Export: `topic` is exported by `first`, too; \
          that is right only if the two are for different regions or accounts"]
    );
}
