//! Drift.

use cloud::cloud_formation::{DriftDetectionStatus, DriftStatus, ResourceDriftStatus};
use serde_json::json;

use crate::client::Client;

#[tokio::test(start_paused = true)]
async fn what_was_changed_by_hand_is_found() {
    let client = Client::default();
    let template = json!({"Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5, "Tags": [{"Key": "a", "Value": "b"}]}},
        "Films": {"Type": "AWS::S3::Bucket"},
        "Topic": {"Type": "AWS::SNS::Topic"}
    }});
    client.deploy("app", &template).await;
    assert!(client.simulator.change_behind_its_back("app", "Jobs", "/DelaySeconds", json!(9)));
    assert!(client.simulator.change_behind_its_back("app", "Jobs", "/Tags/0/Value", json!("c")));
    assert!(client.simulator.change_behind_its_back("app", "Jobs", "/MaximumMessageSize", json!(1024)));
    assert!(client.simulator.delete_behind_its_back("app", "Films"));
    assert!(!client.simulator.delete_behind_its_back("app", "None"));
    let id = client.api().detect_drift("app").await.expect("begun");
    assert_eq!(client.api().drift_detection(&id).await.expect("known").status, DriftDetectionStatus::InProgress);
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let detection = client.api().drift_detection(&id).await.expect("known");
    assert_eq!(detection.status, DriftDetectionStatus::Complete);
    assert_eq!((detection.drift_status, detection.drifted_resources), (Some(DriftStatus::Drifted), 2));
    let drifts = client.api().resource_drifts("app").await.expect("listed");
    let statuses: Vec<_> = drifts.iter().map(|drift| (drift.logical_id.as_str(), drift.status.clone())).collect();
    assert_eq!(
        statuses,
        [
            ("Films", ResourceDriftStatus::Deleted),
            ("Jobs", ResourceDriftStatus::Modified),
            ("Topic", ResourceDriftStatus::InSync)
        ]
    );
    let differences: Vec<_> = drifts[1]
        .differences
        .iter()
        .map(|one| format!("{} {} {} {}", one.path, one.kind, one.expected, one.actual))
        .collect();
    assert_eq!(
        differences,
        [
            "/DelaySeconds NOT_EQUAL 5 9",
            r#"/Tags NOT_EQUAL [{"Key":"a","Value":"b"}] [{"Key":"a","Value":"c"}]"#,
            "/MaximumMessageSize ADD  1024"
        ]
    );
    client.api().drift_detection("none").await.expect_err("unknown");
}
