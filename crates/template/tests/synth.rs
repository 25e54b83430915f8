//! What synthesis makes of an app, and what it refuses.

use serde_json::{Value as JsonValue, json};
use template::{
    App, Assembly, Declare, DeletionPolicy, Expression, Handle, If, IntoValue, Json, List, NoValue, Parameter,
    Properties, Raw, References, Resource, Settings, TagProperty, TagShape, Value, aws, base64, cidr, dynamic, equals,
    get_azs, join, not, select, split, sub,
};

fn app(references: References) -> App {
    App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "ap-northeast-2".into(),
        tags: vec![("environment".into(), "test".into()), ("app".into(), "baleen".into())],
        references,
        termination_protection: false,
    })
}

fn template(assembly: &Assembly, stack: &str) -> JsonValue {
    assembly.stack(stack).expect("the stack is there").template.to_json()
}

/// Synthesizes one stack with one property and returns what the property became.
fn property(value: impl FnOnce(&mut template::Stack) -> Value<Json>) -> JsonValue {
    let mut app = app(References::Weak);
    app.stack("one", |stack| {
        let value = value(stack);
        stack.add("Thing", Raw::new("AWS::S3::Bucket").value("Property", value));
    });
    let assembly = app.synth().expect("nothing is wrong");
    template(&assembly, "one")["Resources"]["Thing"]["Properties"]["Property"].clone()
}

fn messages(app: &App) -> Vec<String> {
    app.synth().expect_err("something is wrong").iter().map(ToString::to_string).collect()
}

fn json(value: impl IntoValue<Json>) -> Value<Json> {
    value.into_value()
}

/// A taggable type with one required property, as code generation writes them.
struct Bucket(Properties);

impl Bucket {
    #[track_caller]
    fn new(name: impl IntoValue<String>) -> Self {
        Self(Properties::new().require("BucketName", name.into_value().into_expression()))
    }

    #[track_caller]
    fn tags(self, tags: impl IntoValue<List<Json>>) -> Self {
        Self(self.0.set("Tags", tags.into_value().into_expression()))
    }
}

impl Resource for Bucket {
    type Ref = Handle;

    fn type_name(&self) -> std::borrow::Cow<'static, str> {
        "AWS::S3::Bucket".into()
    }

    fn tags(&self) -> Option<TagProperty> {
        Some(TagProperty { name: "Tags", shape: TagShape::List })
    }

    fn into_properties(self) -> Properties {
        self.0
    }

    fn reference(handle: Handle) -> Handle {
        handle
    }
}

#[test]
fn intrinsics_become_their_json() {
    let region = || json!({"Ref": "AWS::Region"});
    assert_eq!(property(|_| json(aws::region())), region());
    assert_eq!(property(|_| json(join(",", (aws::region(), "x")))), json!({"Fn::Join": [",", [region(), "x"]]}));
    assert_eq!(
        property(|_| json(select::<String>(1, get_azs()))),
        json!({"Fn::Select": [1, {"Fn::GetAZs": region()}]})
    );
    assert_eq!(property(|_| json(split("/", "a/b"))), json!({"Fn::Split": ["/", "a/b"]}));
    assert_eq!(property(|_| json(base64("#!/bin/sh"))), json!({"Fn::Base64": "#!/bin/sh"}));
    assert_eq!(property(|_| json(cidr("10.0.0.0/16", 4, 8))), json!({"Fn::Cidr": ["10.0.0.0/16", 4, 8]}));
    assert_eq!(
        property(|_| json(dynamic::ssm::<String>("/baleen/ami", Some(3)))),
        json!("{{resolve:ssm:/baleen/ami:3}}")
    );
    assert_eq!(
        property(|_| json(dynamic::secret::<String>("key", "token"))),
        json!("{{resolve:secretsmanager:key:SecretString:token}}")
    );
}

#[test]
fn sub_escapes_text_and_inlines_what_it_can() {
    assert_eq!(property(|_| json(sub!("plain ${{HOME}} {{}}"))), json!("plain ${HOME} {}"));
    assert_eq!(
        property(|_| json(sub!("${{HOME}} {} $", aws::region()))),
        json!({"Fn::Sub": "${!HOME} ${AWS::Region} $"})
    );
    let nested = sub!("a{}", sub!("b{}${{c}}", aws::region()));
    assert_eq!(property(|_| json(nested)), json!({"Fn::Sub": "ab${AWS::Region}${!c}"}));
    let joined = join("-", (aws::region(), "x"));
    assert_eq!(
        property(|_| json(sub!("{}/{}", &joined, &joined))),
        json!({"Fn::Sub": ["${Value1}/${Value1}", {"Value1": {"Fn::Join": ["-", [{"Ref": "AWS::Region"}, "x"]]}}]})
    );
}

#[test]
fn a_dollar_before_a_hole_in_braces_stays_text() {
    // `$` + `{}` filled with a literal must not become a substitution of CloudFormation.
    let dollar = sub!("{}{{HOME}} {}", "$", aws::region());
    assert_eq!(property(|_| json(dollar)), json!({"Fn::Sub": "${!HOME} ${AWS::Region}"}));
}

#[test]
fn pieces_make_one_text() {
    let pieces = ["echo ${HOME} ", ""].map(Expression::string);
    let text = Expression::concatenated([pieces[0].clone(), aws::region().into_expression(), pieces[1].clone()]);
    assert_eq!(
        property(|_| json(Value::<String>::from_expression(text))),
        json!({"Fn::Sub": "echo ${!HOME} ${AWS::Region}"})
    );
}

#[test]
fn json_in_a_string_keeps_its_references() {
    let body = Expression::map([
        ("region", aws::region().into_expression()),
        ("text", Expression::string("say \"${hi}\"")),
        ("arn", sub!("arn:{}:\"", aws::partition()).into_expression()),
        ("absent", Expression::absent()),
        ("numbers", Expression::list([Expression::integer(1), Expression::double(0.5), Expression::bool(true)])),
    ]);
    assert_eq!(
        property(|_| Value::from_expression(Expression::stringified(body))),
        json!({"Fn::Sub":
            r#"{"region":"${AWS::Region}","text":"say \"${!hi}\"","arn":"arn:${AWS::Partition}:\"","numbers":[1,0.5,true]}"#})
    );
}

#[test]
fn conditions_choose_between_values_of_different_types() {
    let chosen = property(|stack| {
        let size = stack.parameter("Size", Parameter::integer().default(1));
        let large = stack.condition("Large", not(equals(&size, "1")));
        let value: Value<List<String>> = If::new(&large, ["a", "b"], NoValue).into_value();
        json(value)
    });
    assert_eq!(chosen, json!({"Fn::If": ["Large", ["a", "b"], {"Ref": "AWS::NoValue"}]}));
}

#[test]
fn mappings_and_ssm_parameters_are_declared() {
    let mut app = app(References::Weak);
    app.stack("one", |stack| {
        let amis = stack.mapping("Amis", [("ap-northeast-2", [("gpu", "ami-1")])]);
        let latest: Value<String> = stack.parameter("Latest", Parameter::ssm("AWS::EC2::Image::Id", "/ami/latest"));
        stack.output("Ami", amis.find::<String>(aws::region(), "gpu"));
        stack.output("Latest", latest);
    });
    let assembly = app.synth().expect("nothing is wrong");
    let template = template(&assembly, "one");
    assert_eq!(template["Mappings"], json!({"Amis": {"ap-northeast-2": {"gpu": "ami-1"}}}));
    assert_eq!(
        template["Parameters"]["Latest"],
        json!({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/ami/latest"})
    );
    assert_eq!(template["Outputs"]["Ami"]["Value"], json!({"Fn::FindInMap": ["Amis", {"Ref": "AWS::Region"}, "gpu"]}));
}

fn two_stacks(references: References) -> Assembly {
    let mut app = app(references);
    let sources = app.stack("storage", |stack| {
        let sources = stack.add("Sources", Bucket::new("sources"));
        stack.output("SourcesBucket", sources.reference::<String>());
        sources
    });
    app.stack("fleet-blue", |stack| {
        let arn = sources.attribute::<String>("Arn");
        let size = stack.parameter("Size", Parameter::string().default("1"));
        let sized = stack.condition("Sized", equals(size, "1"));
        let worker = Bucket::new(sub!("{}/*", &arn)).depends_on(&sources).metadata("Zones", "none").when(&sized);
        stack.add("Worker", worker);
        stack.output("Name", sources.reference::<String>());
        stack.output("Zones", join("+", sources.list_attribute::<List<String>>("Zone.Ids")));
    });
    app.synth().expect("nothing is wrong")
}

#[test]
fn weak_references_are_parameters_filled_from_outputs() {
    let assembly = two_stacks(References::Weak);
    let storage = template(&assembly, "storage");
    assert_eq!(
        storage["Outputs"],
        json!({
            "SourcesBucket": {"Value": {"Ref": "Sources"}},
            "SourcesArn": {"Description": "Used by other stacks", "Value": {"Fn::GetAtt": ["Sources", "Arn"]}},
            "SourcesZoneIds": {
                "Description": "Used by other stacks",
                "Value": {"Fn::Join": [",", {"Fn::GetAtt": ["Sources", "Zone.Ids"]}]},
            },
        }),
        "an output of the author that says the same is used; nothing is exported"
    );
    let fleet = assembly.stack("fleet-blue").expect("the stack is there");
    let filled: Vec<_> = fleet.parameters.iter().map(|weak| (&*weak.parameter, &*weak.stack, &*weak.output)).collect();
    assert_eq!(
        filled,
        [
            ("StorageSourcesArn", "storage", "SourcesArn"),
            ("StorageSources", "storage", "SourcesBucket"),
            ("StorageSourcesZoneIds", "storage", "SourcesZoneIds"),
        ]
    );
    assert_eq!(fleet.depends_on, ["storage"]);
    let fleet = template(&assembly, "fleet-blue");
    assert_eq!(fleet["Resources"]["Worker"]["Properties"]["BucketName"], json!({"Fn::Sub": "${StorageSourcesArn}/*"}));
    assert_eq!(fleet["Resources"]["Worker"].get("DependsOn"), None, "another stack's resource orders the stacks");
    assert_eq!(fleet["Parameters"]["StorageSourcesZoneIds"]["Type"], "CommaDelimitedList");
    assert_eq!(fleet["Outputs"]["Zones"]["Value"], json!({"Fn::Join": ["+", {"Ref": "StorageSourcesZoneIds"}]}));
}

#[test]
fn exports_are_imported_where_the_app_says_so() {
    let assembly = two_stacks(References::Exports);
    let storage = template(&assembly, "storage");
    assert_eq!(storage["Outputs"]["SourcesArn"]["Export"], json!({"Name": "baleen-test-storage-SourcesArn"}));
    let fleet = template(&assembly, "fleet-blue");
    assert_eq!(
        fleet["Resources"]["Worker"]["Properties"]["BucketName"],
        json!({"Fn::Sub": ["${Value1}/*", {"Value1": {"Fn::ImportValue": "baleen-test-storage-SourcesArn"}}]})
    );
    assert_eq!(
        fleet["Outputs"]["Zones"]["Value"],
        json!({"Fn::Join": ["+", {"Fn::Split": [",", {"Fn::ImportValue": "baleen-test-storage-SourcesZoneIds"}]}]})
    );
    assert!(assembly.stacks.iter().all(|stack| stack.parameters.is_empty()));
    assert_eq!(assembly.stack("fleet-blue").expect("it is there").depends_on, ["storage"]);
}

#[test]
fn attributes_and_tags_stand_where_cloudformation_wants_them() {
    let mut app = app(References::Weak);
    app.stack("storage", |stack| {
        let first = stack.add("First", Bucket::new("first"));
        let own = json!({"Key": "app", "Value": "mine"});
        let second = Bucket::new("second").tags([own]);
        stack.add("Second", second.on_removal(DeletionPolicy::Retain).depends_on(&first));
    });
    let assembly = app.synth().expect("nothing is wrong");
    assert_eq!(
        template(&assembly, "storage")["Resources"]["Second"],
        json!({
            "Type": "AWS::S3::Bucket",
            "DependsOn": "First",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BucketName": "second",
                "Tags": [{"Key": "app", "Value": "mine"}, {"Key": "environment", "Value": "test"}],
            },
        }),
        "a tag that the author set wins over the environment's"
    );
}

#[test]
fn synthesis_gives_the_same_bytes_each_time() {
    let bytes =
        || two_stacks(References::Weak).stacks.iter().map(|stack| stack.template.to_json_pretty()).collect::<String>();
    assert_eq!(bytes(), bytes());
}

#[test]
fn every_node_of_a_template_knows_its_line() {
    fn walk(tree: &tree::Tree, unknown: &mut Vec<String>, path: &str) {
        if tree.origin == tree::Origin::Unknown {
            unknown.push(path.to_owned());
        }
        for entry in tree.as_map().into_iter().flatten() {
            walk(&entry.value, unknown, &format!("{path}/{}", entry.key));
        }
        for item in tree.as_list().into_iter().flatten() {
            walk(item, unknown, &format!("{path}/*"));
        }
    }
    let mut unknown = Vec::new();
    for stack in two_stacks(References::Weak).stacks {
        walk(&stack.template, &mut unknown, &stack.name);
    }
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn all_errors_come_at_once_with_their_lines() {
    let mut other = app(References::Weak);
    let foreign = other.stack("elsewhere", |stack| stack.add("Foreign", Bucket::new("foreign")));
    let mut app = app(References::Weak);
    let (condition, parameter, conditional) = app.stack("storage", |stack| {
        let parameter = stack.parameter("Size", Parameter::string().default("1"));
        let condition = stack.condition("Sized", equals(&parameter, "1"));
        let conditional = stack.add("Sometimes", Bucket::new("sometimes").when(&condition));
        (condition, parameter, conditional)
    });
    let first_line = line!() + 2;
    app.stack("fleet", |stack| {
        stack.add("Twice", Bucket::new("a"));
        stack.add("Twice", Bucket::new("b"));
        stack.add("Empty", Bucket::new(None::<&str>));
        stack.add("Foreign", Bucket::new(foreign.reference::<String>()));
        stack.add("Condition", Bucket::new("c").when(&condition));
        stack.add("Parameter", Bucket::new(&parameter));
        stack.add("Conditional", Bucket::new(conditional.reference::<String>()));
        let none = Vec::<Value<Json>>::new;
        stack.add("SetTwice", Bucket::new("d").tags(none()).tags(none()));
    });
    let place = |offset: u32| format!("crates/template/tests/synth.rs:{}", first_line + offset);
    let expected = [
        format!(
            "error[synth/duplicate-id]: `Twice` is declared twice in `Resources`; first at {} (fleet, Resources/Twice, {})",
            place(0),
            place(1)
        ),
        format!(
            "error[synth/required-absent]: `BucketName` is required, but the value given is absent (`None`) (fleet, Resources/Empty/Properties/BucketName, {})",
            place(2)
        ),
        format!(
            "error[synth/foreign-reference]: `Foreign` belongs to a stack of another app (fleet, Resources/Foreign/Properties/BucketName, {})",
            place(3)
        ),
        format!(
            "error[synth/foreign-reference]: condition `Sized` belongs to stack `storage` (fleet, Resources/Condition/Condition, {})",
            place(4)
        ),
        format!(
            "error[synth/foreign-reference]: parameter `Size` belongs to stack `storage` (fleet, Resources/Parameter/Properties/BucketName, {})",
            place(5)
        ),
        format!(
            "error[synth/conditional-export]: `Sometimes` of stack `storage` exists only under condition `Sized`, so another stack cannot use it (fleet, Resources/Conditional/Properties/BucketName, {})",
            place(6)
        ),
        format!(
            "error[synth/set-twice]: `Tags` is set twice; first at {} (fleet, Resources/SetTwice/Properties/Tags, {})",
            place(8),
            place(8)
        ),
    ];
    assert_eq!(messages(&app), expected);
}

#[test]
fn an_output_that_is_in_the_way_is_named() {
    let mut app = app(References::Weak);
    let sources = app.stack("storage", |stack| {
        stack.output("SourcesArn", "something else");
        stack.add("Sources", Bucket::new("sources"))
    });
    app.stack("fleet", |stack| stack.output("Arn", sources.attribute::<String>("Arn")));
    let messages = messages(&app);
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].starts_with("error[synth/duplicate-id]: stack `storage` needs an output `SourcesArn`"),
        "{messages:?}"
    );
}
