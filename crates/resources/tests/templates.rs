//! What the generated types become in a template, and where the author is told that something is wrong.

use resources::{Tag, autoscaling, dynamodb, ec2, iam, kind, kms, lambda, s3, sns, sqs, ssm, stepfunctions};
use serde_json::{Value as JsonValue, json};
use template::{
    App, Arn, Assume, Id, IdentityPolicy, IntoValue, Json, PolicyKind, References, Resource, ResourcePolicy, Settings,
    Stack, TrustPolicy, Value, aws, sub,
};
use tree::Tree;

fn app() -> App {
    App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "ap-northeast-2".into(),
        tags: vec![("environment".into(), "test".into())],
        references: References::Weak,
        termination_protection: false,
    })
}

/// Declares one stack and returns its template.
fn template<T>(declare: impl FnOnce(&mut Stack) -> T) -> JsonValue {
    let mut app = app();
    app.stack("one", declare);
    app.synth().expect("nothing is wrong").stacks[0].template.to_json()
}

/// Returns the properties of one resource, tags of the environment included.
fn properties(resource: impl Resource) -> JsonValue {
    template(|stack| stack.add("Thing", resource))["Resources"]["Thing"]["Properties"].clone()
}

fn expiry() -> s3::Rule {
    s3::Rule::new(s3::RuleStatus::Enabled).prefix("incoming/").expiration_in_days(30)
}

#[test]
fn a_list_stands_for_the_property_type_whose_sole_required_property_it_is() {
    let rules = json!({ "Rules": [{ "Status": "Enabled", "Prefix": "incoming/", "ExpirationInDays": 30 }] });
    for bucket in [
        s3::Bucket::new().lifecycle_configuration([expiry()]),
        s3::Bucket::new().lifecycle_configuration(vec![expiry()]),
        s3::Bucket::new().lifecycle_configuration(s3::LifecycleConfiguration::new([expiry()])),
    ] {
        assert_eq!(properties(bucket)["LifecycleConfiguration"], rules);
    }
}

#[test]
fn references_are_named_by_what_they_give() {
    let outputs = template(|stack| {
        let queue = stack.add("Queue", sqs::Queue::new());
        let topic = stack.add("Topic", sns::Topic::new());
        let key = stack.add("Key", kms::Key::new());
        let version = stack.add("Template", ec2::LaunchTemplate::new(ec2::LaunchTemplateData::new()));
        let hash = dynamodb::KeySchema::new("id", dynamodb::KeySchemaKeyType::Hash);
        let table = stack.add("Table", dynamodb::Table::new([hash]));
        stack.output("QueueUrl", queue.url());
        stack.output("QueueArn", queue.arn());
        stack.output("TopicArn", topic.arn());
        stack.output("KeyId", key.id());
        stack.output("Version", version.latest_version_number());
        stack.output("TableName", table.name());
    })["Outputs"]
        .clone();
    let value = |name: &str| outputs[name]["Value"].clone();
    assert_eq!(value("QueueUrl"), json!({ "Ref": "Queue" }), "a queue's `Ref` is its URL");
    assert_eq!(value("QueueArn"), json!({ "Fn::GetAtt": ["Queue", "Arn"] }));
    assert_eq!(value("TopicArn"), json!({ "Ref": "Topic" }), "a topic's `Ref` is its ARN");
    assert_eq!(value("KeyId"), json!({ "Ref": "Key" }));
    assert_eq!(value("Version"), json!({ "Fn::GetAtt": ["Template", "LatestVersionNumber"] }));
    assert_eq!(value("TableName"), json!({ "Ref": "Table" }));
}

#[test]
fn typed_slots_take_what_belongs_there() {
    let resources = template(|stack| {
        let bucket = stack.add("Bucket", s3::Bucket::new());
        let role = stack.add("Role", iam::Role::new(document::<TrustPolicy>()));
        stack.add("Read", iam::Policy::new("read-sources", document::<IdentityPolicy>()).roles([role.name()]));
        stack.add("Profile", iam::InstanceProfile::new([role.name()]));
        let code = lambda::Code::new().s3_bucket(bucket.name()).s3_key("code.zip");
        stack.add("Function", lambda::Function::new(role.arn(), code));
        let dead = stack.add("Dead", sqs::Queue::new());
        stack.add("Tasks", sqs::Queue::new().redrive_policy(sqs::RedrivePolicy::new(dead.arn(), 20)));
        let subnets = ["subnet-1".assume::<Id<kind::ec2::Subnet>>()];
        stack.add("Group", autoscaling::AutoScalingGroup::new("0", "4").vpc_zone_identifier(subnets));
    })["Resources"]
        .clone();
    let properties = |name: &str| resources[name]["Properties"].clone();
    assert_eq!(properties("Read")["Roles"], json!([{ "Ref": "Role" }]));
    assert_eq!(properties("Profile")["Roles"], json!([{ "Ref": "Role" }]));
    assert_eq!(properties("Function")["Role"], json!({ "Fn::GetAtt": ["Role", "Arn"] }));
    assert_eq!(properties("Function")["Code"], json!({ "S3Bucket": { "Ref": "Bucket" }, "S3Key": "code.zip" }));
    let redrive = json!({ "deadLetterTargetArn": { "Fn::GetAtt": ["Dead", "Arn"] }, "maxReceiveCount": 20 });
    assert_eq!(properties("Tasks")["RedrivePolicy"], redrive);
    assert_eq!(properties("Group")["VPCZoneIdentifier"], json!(["subnet-1"]));
    assert_eq!(properties("Group")["MinSize"], "0", "the minimum comes before the maximum");
}

/// A policy that says nothing, from JSON, as whichever kind is wanted.
fn document<K: PolicyKind>() -> Value<K> {
    let json: Value<Json> = json!({ "Version": "2012-10-17", "Statement": [] }).into_value();
    json.assume()
}

#[test]
fn tags_have_the_shape_that_each_type_wants() {
    let listed = json!([{ "Key": "team", "Value": "media" }, { "Key": "environment", "Value": "test" }]);
    assert_eq!(properties(s3::Bucket::new().tags([("team", "media")]))["Tags"], listed);
    assert_eq!(properties(s3::Bucket::new().tags([Tag::new("team", "media")]))["Tags"], listed);
    let parameter = ssm::Parameter::new(ssm::ParameterType::String, "1").tags([("team", "media")]);
    assert_eq!(properties(parameter)["Tags"], json!({ "team": "media", "environment": "test" }));
    let group = autoscaling::AutoScalingGroup::new("0", "4");
    let propagated = json!([{ "Key": "environment", "Value": "test", "PropagateAtLaunch": true }]);
    assert_eq!(properties(group)["Tags"], propagated);
    let topic = "arn:aws:sns:ap-northeast-2:111122223333:done".assume::<Arn<kind::sns::Topic>>();
    let policy = sns::TopicPolicy::new([topic], document::<ResourcePolicy>());
    assert!(properties(policy).get("Tags").is_none(), "a topic policy cannot be tagged");
}

#[test]
fn what_is_newer_than_the_types_can_be_said() {
    let class = s3::TransitionStorageClass::Other("DEEPER_ARCHIVE".into());
    let rule = s3::Rule::new(s3::RuleStatus::Enabled).transitions([s3::Transition::new(class)]).raw("Newer", json!(1));
    let rules =
        properties(s3::Bucket::new().lifecycle_configuration([rule]))["LifecycleConfiguration"]["Rules"].clone();
    let transitions = json!([{ "StorageClass": "DEEPER_ARCHIVE" }]);
    assert_eq!(rules, json!([{ "Status": "Enabled", "Transitions": transitions, "Newer": 1 }]));
}

#[test]
fn a_property_set_twice_is_reported_with_the_line_of_the_author() {
    let mut app = app();
    app.stack("one", |stack| {
        let bucket = s3::Bucket::new().bucket_name("first");
        stack.add("Bucket", bucket.bucket_name("second"))
    });
    let findings = app.synth().expect_err("the name is given twice");
    let text = findings.iter().map(ToString::to_string).collect::<String>();
    let second = format!("{}:{}", file!().replace('\\', "/"), line!() - 4);
    assert!(text.contains("BucketName") && text.contains(&second), "{text}");
}

#[test]
fn every_node_knows_the_line_of_the_author() {
    let mut app = app();
    app.stack("one", |stack| {
        let rule = s3::Rule::new(s3::RuleStatus::Enabled);
        let bucket = s3::Bucket::new();
        let bucket = bucket.lifecycle_configuration([rule]);
        stack.add("Bucket", bucket.tags([("team", "media")]))
    });
    let last = line!() - 2;
    let assembly = app.synth().expect("nothing is wrong");
    let bucket = assembly.stacks[0].template.find(["Resources", "Bucket", "Properties"]).expect("the bucket is there");
    let line = |tree: Option<&Tree>| tree.and_then(|tree| tree.origin.position()).map(|(line, _)| line);
    let rules = bucket.find(["LifecycleConfiguration", "Rules"]);
    assert_eq!(line(bucket.get("LifecycleConfiguration")), Some(last - 1));
    assert_eq!(line(rules), Some(last - 1), "the list that stands for its parent");
    let rule = rules.and_then(Tree::as_list).and_then(<[Tree]>::first);
    assert_eq!(line(rule.and_then(|rule| rule.get("Status"))), Some(last - 3));
    assert_eq!(line(bucket.get("Tags")), Some(last));
}

#[test]
fn a_required_list_that_is_absent_is_reported_at_the_property_that_it_stood_for() {
    let mut app = app();
    app.stack("one", |stack| {
        let rules: Vec<s3::Rule> = Vec::new();
        stack.add("Empty", s3::Bucket::new().lifecycle_configuration(rules));
        let role: Option<Value<Arn<kind::iam::Role>>> = None;
        stack.add("Machine", stepfunctions::StateMachine::new(role))
    });
    let findings: Vec<String> =
        app.synth().expect_err("a required property is absent").iter().map(ToString::to_string).collect();
    assert_eq!(findings.len(), 1, "an empty list is a value: {findings:#?}");
    assert!(findings[0].contains("RoleArn"), "{findings:#?}");
}

#[test]
fn values_of_the_right_kind_pass_through_text() {
    let outputs = template(|stack| {
        let bucket = stack.add("Bucket", s3::Bucket::new());
        stack.output("Objects", sub!("{}/*", bucket.arn()));
        stack.output("Home", sub!("s3://{}/{}", bucket.name(), aws::region()));
    })["Outputs"]
        .clone();
    assert_eq!(outputs["Objects"]["Value"], json!({ "Fn::Sub": "${Bucket.Arn}/*" }));
    assert_eq!(outputs["Home"]["Value"], json!({ "Fn::Sub": "s3://${Bucket}/${AWS::Region}" }));
}
