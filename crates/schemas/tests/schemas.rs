//! What other crates rely on when they ask for a schema.

use schemas::{Tagging, exists, schema, similar, type_names};

#[test]
fn a_type_is_found_and_its_neighbours_are_not() {
    assert!(exists("AWS::S3::Bucket"));
    assert!(schema("AWS::S3::Bucket").is_some_and(|schema| schema.property("BucketName").is_some()));
    for unknown in ["", "AWS::S3::Buckets", "AWS::S3", "aws::s3::bucket", "ZZZ"] {
        assert!(!exists(unknown), "`{unknown}`");
        assert!(schema(unknown).is_none(), "`{unknown}`");
    }
    assert_eq!(type_names().filter(|name| *name == "AWS::S3::Bucket").count(), 1);
}

#[test]
fn what_a_schema_says_of_a_queue() {
    let queue = schema("AWS::SQS::Queue").expect("a known type");
    assert_eq!(queue.required().count(), 0);
    assert_eq!(queue.read_only().collect::<Vec<_>>(), ["QueueUrl", "Arn"]);
    assert_eq!(queue.create_only().collect::<Vec<_>>(), ["FifoQueue", "QueueName"]);
    assert_eq!(queue.primary_identifier().collect::<Vec<_>>(), ["QueueUrl"]);
    assert_eq!(queue.attributes().collect::<Vec<_>>(), ["QueueUrl", "Arn"]);
    assert!(queue.permissions("create").any(|action| action == "sqs:CreateQueue"));
    assert_eq!(queue.permissions("no such handler").count(), 0);
}

#[test]
fn paths_lead_through_references_and_lists() {
    let bucket = schema("AWS::S3::Bucket").expect("a known type");
    let status = bucket.at("LifecycleConfiguration/Rules/*/Status").expect("a known path");
    assert_eq!(status.get("enum").expect("an enum").strings().collect::<Vec<_>>(), ["Enabled", "Disabled"]);
    assert!(bucket.at("LifecycleConfiguration/Rules/Status").is_none());
    assert!(bucket.at("NoSuchProperty").is_none());
}

#[test]
fn tags_are_a_list_or_a_map_or_nothing() {
    let tagging = |name| schema(name).map(schemas::Schema::tagging);
    assert_eq!(tagging("AWS::S3::Bucket"), Some(Tagging::List("Tags")));
    assert_eq!(tagging("AWS::SSM::Parameter"), Some(Tagging::Map("Tags")));
    assert_eq!(tagging("AWS::AutoScaling::AutoScalingGroup"), Some(Tagging::PropagatedList("Tags")));
    assert_eq!(tagging("AWS::SQS::QueuePolicy"), Some(Tagging::None));
    assert_eq!(tagging("AWS::IAM::InstanceProfile"), Some(Tagging::None));
}

#[test]
fn prose_is_gone_and_properties_named_like_prose_stay() {
    let key = schema("AWS::KMS::Key").expect("a known type");
    assert!(key.value().get("description").is_none());
    let description = key.property("Description").expect("a property");
    assert!(description.get("description").is_none());
}

#[test]
fn a_slip_of_the_pen_gets_a_suggestion() {
    assert_eq!(similar("AWS::S3::Buckt"), Some("AWS::S3::Bucket"));
    assert_eq!(similar("aws::dynamodb::table"), Some("AWS::DynamoDB::Table"));
    assert_eq!(similar("AWS::Lambda::Functions"), Some("AWS::Lambda::Function"));
    assert_eq!(similar("Custom::Something"), None);
}
