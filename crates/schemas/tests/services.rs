//! What rules rely on when they ask for actions, metrics and events.

use schemas::actions::{self, Access};
use schemas::{Json, events, metrics};

#[test]
fn an_action_is_found_however_it_is_written() {
    let action = actions::action("S3:getobject").expect("a known action");
    assert_eq!((action.service().prefix(), action.name()), ("s3", "GetObject"));
    assert_eq!(action.service().name(), "Amazon S3");
    assert!(action.is(Access::Read) && !action.is(Access::Write));
    for unknown in ["s3:GetObjects", "s4:GetObject", "s3", "", "s3:Get*", ":"] {
        assert!(actions::action(unknown).is_none(), "`{unknown}`");
    }
    let s3 = actions::service("s3").expect("a known service");
    assert_eq!(s3.similar("GetObjct"), Some("GetObject"));
    assert_eq!(actions::similar_prefix("dynamdb"), Some("dynamodb"));
    assert!(s3.matching("get*").count() > 40);
    assert!(s3.matching("get*").all(|action| action.name().starts_with("Get")));
}

#[test]
fn an_action_says_what_it_acts_on() {
    let send = actions::action("sqs:SendMessage").expect("a known action");
    let [queue] = send.targets().collect::<Vec<_>>()[..] else { panic!("one kind of resource") };
    assert!(queue.is_required());
    let queue = queue.resource_type().expect("a known kind");
    assert_eq!(queue.arn(), "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}");
    assert!(queue.may_be("arn:aws:sqs:eu-west-1:111122223333:tasks"));
    assert!(queue.may_be("arn:aws:sqs:*:*:tasks-*"));
    assert!(queue.may_be("*"));
    assert!(!queue.may_be("arn:aws:sns:eu-west-1:111122223333:tasks"));
    assert!(queue.condition_keys().any(|key| key == "aws:ResourceTag/${TagKey}"));

    let object = actions::service("s3").and_then(|s3| s3.resource_type("object")).expect("a known kind");
    assert!(object.may_be("arn:aws:s3:::bucket/*"));
    assert!(!object.may_be("arn:aws:s3:::bucket"));

    let list = actions::action("s3:ListAllMyBuckets").expect("a known action");
    assert_eq!(list.targets().count(), 0);
    assert!(list.is(Access::List));
    let pass = actions::action("iam:PassRole").expect("a known action");
    assert!(pass.condition_keys().any(|key| key == "iam:PassedToService"));
    let tag = actions::action("sqs:TagQueue").expect("a known action");
    assert!(tag.is(Access::Tagging) && tag.is(Access::Write));
    let policy = actions::action("s3:PutBucketPolicy").expect("a known action");
    assert!(policy.is(Access::PermissionsManagement));
    let keys: Vec<_> = actions::service("sqs").expect("a known service").condition_keys().collect();
    assert!(keys.contains(&("aws:TagKeys", "ArrayOfString")), "{keys:?}");
}

#[test]
fn a_metric_has_its_dimensions() {
    let queues = metrics::namespace("AWS/SQS").expect("a known namespace");
    let age = queues.metric("ApproximateAgeOfOldestMessage").expect("a known metric");
    assert_eq!(age.dimension_sets().collect::<Vec<_>>(), [["QueueName"]]);
    assert_eq!(queues.dimensions().collect::<Vec<_>>(), ["QueueName"]);
    assert_eq!(queues.similar("ApproximateAgeOfOldestMessages"), Some("ApproximateAgeOfOldestMessage"));
    assert_eq!(metrics::similar("AWS/SQZ"), Some("AWS/SQS"));
    assert!(metrics::namespace("aws/sqs").is_none(), "CloudWatch knows upper and lower case apart");
    let all: Vec<_> = metrics::namespaces().flat_map(metrics::Namespace::metrics).collect();
    assert!(all.iter().all(|metric| !metric.statistic().is_empty()));
    assert!(all.len() > 800);
}

#[test]
fn an_event_has_its_detail() {
    let s3 = events::source("aws.s3").expect("a known source");
    assert!(s3.detail_types().any(|own| own == "Object Created"));
    assert_eq!(s3.similar("Object created"), Some("Object Created"));
    let detail = s3.detail("Object Created").expect("a known type");
    let bucket = s3.resolve(detail.get("properties").and_then(|all| all.get("bucket")).expect("a property"));
    let name = bucket.get("properties").and_then(|all| all.get("name")?.get("type"));
    assert_eq!(name.and_then(Json::as_str), Some("string"));
    for source in events::sources() {
        for detail_type in source.detail_types() {
            let detail = source.detail(detail_type).unwrap_or_else(|| panic!("{} {detail_type}", source.name()));
            assert_eq!(detail.get("type").and_then(Json::as_str), Some("object"), "{} {detail_type}", source.name());
        }
    }
}
