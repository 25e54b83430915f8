//! The services beside CloudFormation.

use cloud::ErrorKind;
use cloud::objects::{ObjectVersion, PutTarget};
use cloud::tables::{AttributeValue, Expression, Item, Update};
use serde_json::json;

use crate::client::Client;

#[tokio::test(start_paused = true)]
async fn there_are_the_buckets_that_stacks_have_made() {
    let client = Client::default();
    let objects = &client.cloud.objects;
    let error = objects.put(&PutTarget::new("films", "a"), b"x").await.expect_err("no bucket");
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::NotFound, Some("NoSuchBucket")));
    let template = json!({"Resources": {"Films": {"Type": "AWS::S3::Bucket", "Properties": {
        "BucketName": "films", "VersioningConfiguration": {"Status": "Enabled"}}}}});
    client.deploy("app", &template).await;
    objects.put(&PutTarget::new("films", "a").if_absent(), b"x").await.expect("put");
    let error = objects.put(&PutTarget::new("films", "a").if_absent(), b"y").await.expect_err("there is one");
    assert_eq!(error.kind, ErrorKind::PreconditionFailed);
    assert_eq!(objects.get(&ObjectVersion::newest("films", "a"), 10).await.expect("read").body, b"x");
    objects.delete(&ObjectVersion::newest("films", "a")).await.expect("deleted");
    assert!(objects.list("films", "").await.expect("listed").is_empty());
    let versions = objects.list_versions("films", "").await.expect("listed");
    assert_eq!(versions.iter().map(|version| version.is_delete_marker).collect::<Vec<_>>(), [false, true]);
    for version in versions {
        let target = ObjectVersion { version: version.version, ..ObjectVersion::newest("films", version.key) };
        objects.delete(&target).await.expect("deleted");
    }
    assert!(objects.list_versions("films", "").await.expect("listed").is_empty());
}

fn key() -> Item {
    Item::from([("id".to_owned(), AttributeValue::from("deployment"))])
}

#[tokio::test(start_paused = true)]
async fn a_lock_can_be_held_by_one_only() {
    let client = Client::default();
    let tables = &client.cloud.tables;
    assert_eq!(tables.get("locks", &key()).await.expect_err("no table").kind, ErrorKind::NotFound);
    let template = json!({"Resources": {"Locks": {"Type": "AWS::DynamoDB::Table", "Properties": {
        "TableName": "locks", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}}});
    client.deploy("app", &template).await;
    let take = |owner: &str, now: u64| Update {
        key: key(),
        change: Expression::new("SET #owner = :owner, expires = :expires ADD turns :one REMOVE note")
            .name("#owner", "owner")
            .value(":owner", owner)
            .value(":expires", now + 60)
            .value(":one", 1_u64),
        condition: Some(
            Expression::new(
                "attribute_not_exists(id) OR (#owner = :owner OR expires < :now) AND NOT contains(#owner, :x)",
            )
            .value(":now", now)
            .value(":x", "nobody"),
        ),
    };
    let taken = tables.update("locks", &take("one", 100)).await.expect("free");
    assert_eq!(taken["expires"], AttributeValue::Number("160".to_owned()));
    assert_eq!(tables.update("locks", &take("two", 100)).await.expect_err("held").kind, ErrorKind::ConditionFailed);
    assert_eq!(tables.update("locks", &take("one", 120)).await.expect("renewed")["turns"].as_u64(), Some(2));
    assert_eq!(tables.update("locks", &take("two", 200)).await.expect("run out")["owner"].as_str(), Some("two"));
    let mine = Expression::new("#owner = :owner").name("#owner", "owner").value(":owner", "one");
    assert_eq!(
        tables.delete("locks", &key(), Some(&mine)).await.expect_err("not mine").kind,
        ErrorKind::ConditionFailed
    );
    let unused = Expression::new("attribute_exists(id)").value(":owner", "one");
    assert_eq!(tables.delete("locks", &key(), Some(&unused)).await.expect_err("malformed").kind, ErrorKind::Validation);
    assert!(tables.get("locks", &key()).await.expect("read").is_some());
}

#[tokio::test(start_paused = true)]
async fn the_caller_is_of_the_account() {
    let client = Client::default();
    assert_eq!(client.cloud.identity.caller().await.expect("known").account, "111122223333");
}
