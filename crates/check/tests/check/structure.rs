//! The shape of templates.

use serde_json::{Value, json};
use tree::{Entry, Map, Node, Origin, Tree};

use super::{NOTHING, findings, with_resource};

fn with(section: &str, value: Value) -> Vec<String> {
    let mut template = with_resource(json!({"Type": "AWS::SNS::Topic"}));
    template[section] = value;
    findings(template)
}

#[test]
fn a_template_without_resources_is_refused() {
    for template in [json!({}), json!({"Resources": {}})] {
        let found = findings(template);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("structure/resources : the template declares no resource"), "{found:?}");
    }
    assert_eq!(findings(json!([1])), ["structure/shape : a template is an object, but this is a list"]);
}

#[test]
fn quotas_are_counted() {
    let outputs = |number: usize| {
        let outputs = (0..number).map(|number| (format!("O{number}"), json!({"Value": "x"})));
        with("Outputs", outputs.collect::<serde_json::Map<_, _>>().into())
    };
    assert_eq!(outputs(200), NOTHING);
    assert_eq!(
        outputs(201),
        ["structure/limit Outputs: a template has at most 200 outputs, but here are 201; split the stack in two"]
    );

    let resources = |number: usize| {
        let resources = (0..number).map(|number| (format!("R{number}"), json!({"Type": "AWS::SNS::Topic"})));
        findings(json!({"Resources": resources.collect::<serde_json::Map<_, _>>()}))
    };
    assert_eq!(resources(500), NOTHING);
    assert_eq!(resources(501).len(), 1);
}

#[test]
fn the_bytes_of_a_template_are_counted() {
    let sized = |characters: usize| with("Metadata", json!({"Filler": "\"".repeat(characters)}));
    assert_eq!(sized(400_000), NOTHING, "each quote is two bytes");
    let found = sized(600_000);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("structure/limit : the template has 1200"), "{found:?}");
}

#[test]
fn logical_ids_have_letters_and_digits() {
    let named = |id: &str| {
        let resources = json!({id: {"Type": "AWS::SNS::Topic"}});
        findings(json!({"Resources": resources}))
    };
    assert_eq!(named(&"a".repeat(255)), NOTHING);
    for odd in ["My-Topic", "Größe", "", &"a".repeat(256)] {
        let found = named(odd);
        assert!(found.len() == 1 && found[0].starts_with("structure/logical-id "), "{odd}: {found:?}");
    }
}

#[test]
fn the_second_of_two_keys_is_reported_with_the_line_of_the_first() {
    let topic = |line| {
        let origin = Origin::Text { line, column: 3 };
        Entry { key: "Topic".into(), origin, value: Tree::single("Type", Tree::string("AWS::SNS::Topic")).at(origin) }
    };
    let resources = Tree::new(Node::Map([topic(4), topic(9)].into_iter().collect::<Map>()), Origin::Unknown);
    let tree = Tree::single("Resources", resources);
    let found = super::check(&[check::Template { name: "example", tree: &tree }]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`Topic` stands twice in the same object; first at 4:3");
    assert_eq!(found[0].origin, Origin::Text { line: 9, column: 3 });
}

#[test]
fn a_property_beside_properties_is_told_where_to_go() {
    let found = findings(with_resource(json!({"Type": "AWS::SNS::Topic", "TopicName": "done", "Dependson": "It"})));
    assert_eq!(
        found,
        [
            "structure/resource Resources/It/TopicName: a resource has no field `TopicName`; `TopicName` is a property: put it into `Properties`",
            "structure/resource Resources/It/Dependson: a resource has no field `Dependson`; did you mean `DependsOn`?",
        ]
    );
}

#[test]
fn parameters_keep_their_own_rules() {
    let parameter = |value: Value| {
        let found = with("Parameters", json!({"P": value, "Stage": {"Type": "String"}}));
        found
            .into_iter()
            .map(|finding| finding.replace("structure/parameter", "").replace("Parameters/P", ""))
            .collect::<Vec<_>>()
    };
    for good in [
        json!({"Type": "String", "Default": "", "AllowedPattern": "[a-z]*"}),
        json!({"Type": "Number", "Default": "3", "MinValue": "1", "MaxValue": 5}),
        json!({"Type": "CommaDelimitedList", "Default": "a, b", "AllowedValues": ["a", "b"]}),
        json!({"Type": "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>", "Default": "/subnets"}),
        json!({"Type": "List<AWS::EC2::Subnet::Id>", "NoEcho": true}),
    ] {
        assert_eq!(parameter(good.clone()), NOTHING, "{good}");
    }
    assert_eq!(
        parameter(json!({"Type": "String", "Default": "A1", "AllowedPattern": "[a-z]*"})),
        ["-default /Default: the default `A1` must match `AllowedPattern`, `[a-z]*`"]
    );
    assert_eq!(
        parameter(json!({"Type": "Number", "Default": 9, "MaxValue": 5})),
        ["-default /Default: the default `9` must be at most `MaxValue`, 5"]
    );
    assert_eq!(
        parameter(json!({"Type": "String", "Default": "ab", "MinLength": 3})),
        ["-default /Default: the default `ab` must have at least `MinLength`, 3, characters"]
    );
    assert_eq!(
        parameter(json!({"Type": "Number", "AllowedPattern": "a"})),
        [
            " /AllowedPattern: `AllowedPattern` does not go with the type `Number`; leave `AllowedPattern`, `MaxLength` or `MinLength` to parameters of other types"
        ]
    );
    assert_eq!(
        parameter(json!({"Type": "string"})),
        ["-type /Type: there is no parameter type `string`; did you mean `String`?"]
    );
    assert_eq!(
        parameter(json!({"Type": "String", "Default": ["a"]})),
        [" /Default: `Default` must be a literal string or number, but is a list"]
    );
}

#[test]
fn policies_of_updates_are_those_of_the_type() {
    let group = |policy: Value| {
        let properties = json!({"MinSize": "0", "MaxSize": "1", "InstanceId": "i-1"});
        findings(with_resource(
            json!({"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties, "UpdatePolicy": policy}),
        ))
    };
    assert_eq!(
        group(json!({"AutoScalingRollingUpdate": {"PauseTime": "PT5M", "MaxBatchSize": {"Ref": "Name"}}})),
        NOTHING
    );
    assert_eq!(
        group(json!({"AutoScalingRollingUpdate": {"PausTime": "PT5M", "SuspendProcesses": ["Everything"]}})),
        [
            "structure/update-policy Resources/It/UpdatePolicy/AutoScalingRollingUpdate/PausTime: `AutoScalingRollingUpdate` has no property `PausTime`; did you mean `PauseTime`?",
            "structure/update-policy Resources/It/UpdatePolicy/AutoScalingRollingUpdate/SuspendProcesses/0: `SuspendProcesses[0]` is `Everything`, but must be `Launch`, `Terminate`, `AddToLoadBalancer`, `AlarmNotification`, `AZRebalance`, `HealthCheck`, `InstanceRefresh`, `ReplaceUnhealthy` or `ScheduledActions`",
        ]
    );
    let found = findings(with_resource(json!({"Type": "AWS::SNS::Topic", "CreationPolicy": {"ResourceSignal": {}}})));
    assert!(
        found.len() == 1 && found[0].contains("`AWS::SNS::Topic` has no `CreationPolicy`; types that have one are "),
        "{found:?}"
    );
}

#[test]
fn functions_decide_about_deletion_only_with_the_language_extensions() {
    let mut template =
        with_resource(json!({"Type": "AWS::SNS::Topic", "DeletionPolicy": {"Fn::If": ["IsProd", "Retain", "Delete"]}}));
    assert_eq!(findings(template.clone()).len(), 1);
    template["Transform"] = json!("AWS::LanguageExtensions");
    assert_eq!(findings(template), NOTHING);
}

#[test]
fn outputs_are_text() {
    let output = |value: Value| with("Outputs", json!({"O": value}));
    assert_eq!(
        output(json!({"Value": {"Fn::Join": [",", {"Ref": "Names"}]}, "Export": {"Name": {"Fn::Sub": "${Stage}-o"}}})),
        NOTHING
    );
    assert_eq!(
        output(json!({"Value": {"Ref": "Names"}})),
        ["structure/output Outputs/O/Value: the value of an output must be a string, but this gives a list"]
    );
    assert_eq!(output(json!({"Description": "x"})), ["structure/output Outputs/O: output `O` has no `Value`"]);
    let exported = output(json!({"Value": "x", "Export": {"Name": {"Ref": "It"}}}));
    assert!(
        exported.len() == 1 && exported[0].starts_with("reference/context Outputs/O/Export/Name/Ref: "),
        "{exported:?}"
    );
}

#[test]
fn keys_of_the_second_level_of_mappings_have_no_hyphens() {
    let mut template = with_resource(json!({"Type": "AWS::SNS::Topic"}));
    template["Mappings"] = json!({"Sizes": {"eu-west-1": {"Small": 1}}});
    assert_eq!(findings(template.clone()), NOTHING);
    template["Mappings"] = json!({"Sizes": {"Small": {"eu-west-1": 1}}});
    let found = findings(template);
    assert!(
        found.len() == 1 && found[0].starts_with("structure/mapping Mappings/Sizes/Small/eu-west-1: "),
        "{found:#?}"
    );
}
