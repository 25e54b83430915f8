use cloud::metrics::Datum;
use cloud::{Cloud, ErrorKind};

/// The emulator has an instance and metrics, and answers a hook; it knows no protection.
pub(crate) async fn check(cloud: &Cloud) {
    let id = cloud.metadata.get("instance-id").await.expect("an answer").expect("an id");
    assert!(id.starts_with("i-"), "{id}");
    assert_eq!(cloud.metadata.get("autoscaling/target-lifecycle-state").await.expect("an answer"), None);

    let datum = Datum {
        name: "TaskSeconds".to_owned(),
        dimensions: vec![("App".to_owned(), "baleen".to_owned())],
        values: vec![(1.5, 2.0)],
        unit: "Seconds",
    };
    cloud.metrics.put("Baleen", &[datum]).await.expect("kept");

    cloud.auto_scaling.complete_lifecycle_action("group", "farewell", &id).await.expect("told");
    let unknown = cloud.auto_scaling.set_protection("group", &id, true).await.expect_err("not emulated");
    assert_eq!((unknown.kind, unknown.code.as_deref()), (ErrorKind::Validation, Some("InvalidAction")), "{unknown}");
}
