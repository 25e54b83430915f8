//! Resources that exist are taken over, and nothing happens to them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cloud::Cloud;
use serde_json::json;
use simulator::{Simulator, Thing};
use template::{App, Assembly, Declare, DeletionPolicy, Raw, References, Settings};
use toolkit::{DeployOptions, Error, ImportOptions, ImportProblem, ImportRequest, Imported, Patience, Question};

use crate::system::{Log, no, yes};

/// `keys` with a key, and `storage` with a topic, and with a bucket by that key if there is one to be taken over.
fn assembly(with_bucket: bool) -> Assembly {
    let mut app = App::new(Settings {
        name: "app".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: Vec::new(),
        references: References::Weak,
        termination_protection: false,
    });
    let key = app.stack("keys", |stack| stack.add("Topic", Raw::new("AWS::SNS::Topic")));
    app.stack("storage", |stack| {
        stack.add("Topic", Raw::new("AWS::SNS::Topic"));
        if with_bucket {
            let versioned = json!({ "Status": "Enabled" });
            let films = Raw::new("AWS::S3::Bucket")
                .property("BucketName", "films")
                .property("VersioningConfiguration", versioned);
            let films = stack.add("Films", films.on_removal(DeletionPolicy::Retain));
            stack.add("Series", Raw::new("AWS::S3::Bucket").property("BucketName", "series"));
            let told = Raw::new("AWS::SSM::Parameter").property("Type", "String");
            stack.add("Told", told.value("Value", key.reference::<String>()).depends_on(&films));
        }
    });
    app.synth().expect("it is a good app")
}

/// An account with two buckets that nobody manages.
fn account() -> Simulator {
    let simulator = Simulator::new(1);
    for name in ["films", "series"] {
        simulator.put_thing(Thing {
            resource_type: "AWS::S3::Bucket".to_owned(),
            physical_id: name.to_owned(),
            properties: json!({ "BucketName": name }),
            attributes: BTreeMap::from([("Arn".to_owned(), json!(format!("arn:aws:s3:::{name}")))]),
            owner: None,
            made: Duration::ZERO,
        });
    }
    simulator
}

fn run() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("run-{}", RUNS.fetch_add(1, Ordering::SeqCst))
}

async fn deploy(assembly: &Assembly, cloud: &Cloud) {
    let options = DeployOptions::new(run());
    toolkit::deploy(assembly, &[], cloud, &options, &yes, &Log::default())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
}

fn wanted(requests: &[(&str, &str)]) -> Vec<ImportRequest> {
    let request = |(logical_id, identifier): &(&str, &str)| ImportRequest {
        logical_id: (*logical_id).to_owned(),
        identifier: (*identifier).to_owned(),
    };
    requests.iter().map(request).collect()
}

async fn import(requests: &[(&str, &str)], cloud: &Cloud, approver: &dyn toolkit::Approver) -> Result<Imported, Error> {
    let options = ImportOptions { run: run(), artifacts: None, patience: Patience::default() };
    toolkit::import(&assembly(true), "storage", &wanted(requests), cloud, &options, approver, &Log::default()).await
}

fn owner(simulator: &Simulator, name: &str) -> Option<String> {
    let thing = simulator.things().into_iter().find(|thing| thing.physical_id == name).expect("it is there");
    thing.owner.map(|owner| owner.logical_id)
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_taken_over_and_what_differs_is_told() {
    let simulator = account();
    deploy(&assembly(false), &simulator.cloud()).await;
    let approver = |question: Question<'_>| {
        let Question::Import(plan) = question else { panic!("{question:?}") };
        assert_eq!((plan.stack.as_str(), plan.creates_stack), ("storage", false));
        let policies: Vec<_> =
            plan.resources.iter().map(|one| (one.deletion_policy.as_str(), one.policy_is_ours)).collect();
        assert_eq!(policies, [("Retain", false), ("Retain", true)]);
        assert!(plan.changes.iter().all(|change| change.action == "Import"), "{plan:?}");
        true
    };
    let imported = import(&[("Films", "films"), ("Series", "BucketName=series")], &simulator.cloud(), &approver).await;
    let imported = imported.unwrap_or_else(|error| panic!("{error}"));
    assert!(!imported.was_there);
    assert_eq!(owner(&simulator, "films").as_deref(), Some("Films"));
    let states: Vec<_> = imported.resources.iter().map(|one| (one.logical_id.as_str(), one.drift.as_deref())).collect();
    assert_eq!(states, [("Films", Some("MODIFIED")), ("Series", Some("IN_SYNC"))]);
    let paths: Vec<_> = imported.resources[0].differences.iter().map(|difference| difference.path.as_str()).collect();
    assert!(paths.iter().all(|path| path.starts_with("/VersioningConfiguration")) && !paths.is_empty(), "{paths:?}");
    // The next deployment goes on from there, with the rest of the stack.
    deploy(&assembly(true), &simulator.cloud()).await;
    let names: Vec<_> =
        simulator.resources("app-test-storage").into_iter().map(|resource| resource.logical_id).collect();
    assert_eq!(names, ["Films", "Series", "Told", "Topic"]);
    assert_eq!(simulator.things().iter().filter(|thing| thing.resource_type == "AWS::S3::Bucket").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stack_is_made_of_what_exists() {
    let simulator = account();
    let imported =
        import(&[("Films", "films")], &simulator.cloud(), &yes).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(imported.resources[0].drift.as_deref(), Some("MODIFIED"));
    assert_eq!(simulator.resources("app-test-storage").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_no_leaves_nothing_behind() {
    let simulator = account();
    let refused = import(&[("Films", "films")], &simulator.cloud(), &no).await;
    assert!(matches!(refused, Err(Error::Declined { .. })), "{refused:?}");
    assert!(simulator.stacks().is_empty(), "{:?}", simulator.stacks());
    assert_eq!(owner(&simulator, "films"), None);
}

#[tokio::test(start_paused = true)]
async fn done_already_is_done() {
    let simulator = account();
    deploy(&assembly(false), &simulator.cloud()).await;
    import(&[("Films", "films")], &simulator.cloud(), &yes).await.expect("taken over");
    let asked = |_: Question<'_>| panic!("there is nothing to approve");
    let again = import(&[("Films", "films")], &simulator.cloud(), &asked).await.expect("it is done");
    assert!(again.was_there);
    assert_eq!(again.resources[0].drift.as_deref(), Some("MODIFIED"));
}

/// What is asked for, what is said, and what to do.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_over_is_said_before_anything_is_done() {
    let simulator = account();
    deploy(&assembly(false), &simulator.cloud()).await;
    let asked = |_: Question<'_>| panic!("there is nothing to approve");
    let cases: [Case; 6] = [
        (
            &[("Film", "films")],
            "`Film` cannot be taken over into stack `storage`: the stack does not declare it",
            "declare it in the stack's file first; declared and not deployed yet are Films, Series, Told",
        ),
        (
            &[("Films", "films"), ("Films", "series")],
            "`Films` cannot be taken over into stack `storage`: it is named twice",
            "name each resource once",
        ),
        (
            &[("Films", "series")],
            "`Films` cannot be taken over into stack `storage`: `BucketName` is `films` in the template, and `series` was given",
            "give the resource in the template the `BucketName` that it has, or take over the other one",
        ),
        (
            &[("Topic", "arn:aws:sns:eu-central-1:111122223333:x")],
            "`Topic` cannot be taken over into stack `storage`: the stack has it already: it is",
            "`baleen drift storage` says how it differs from the template, `baleen deploy storage` changes it",
        ),
        (
            &[("Films", "BucketName=")],
            "`Films` cannot be taken over into stack `storage`: `BucketName=` does not identify an AWS::S3::Bucket: that takes \
             BucketName",
            "write `Films=VALUE`, the value of its `BucketName`",
        ),
        (&[("Series", "series"), ("Films", "nobody")], "`Films` cannot be taken over", "give the resource"),
    ];
    for (requests, message, hint) in cases {
        let error = import(requests, &simulator.cloud(), &asked).await.expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(error.hints()[0].starts_with(hint), "{:?}", error.hints());
    }
    let problem = import(&[("Topic", "x")], &simulator.cloud(), &asked).await;
    let Err(Error::Import { problem, .. }) = problem else { panic!("{problem:?}") };
    assert!(matches!(*problem, ImportProblem::AlreadyThere { .. }), "{problem:?}");
    assert_eq!(owner(&simulator, "films"), None);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_is_said_by_cloudformation() {
    let simulator = Simulator::new(1);
    deploy(&assembly(false), &simulator.cloud()).await;
    let error = import(&[("Films", "films")], &simulator.cloud(), &yes).await.expect_err("there is none");
    assert!(matches!(&error, Error::ChangeSet { .. }), "{error:?}");
    assert!(error.to_string().contains("was not found"), "{error}");
}
