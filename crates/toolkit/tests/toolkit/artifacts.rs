//! What is uploaded to the artifact bucket, and what goes from there again.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cloud::Cloud;
use cloud::cloud_formation::{ChangeSetRequest, ChangeSetType, TemplateSource};
use cloud::objects::{ObjectVersion, PutTarget};
use jiff::Timestamp;
use serde_json::json;
use simulator::{Settings as Account, Simulator};
use template::{App, Assembly, Parameter, Raw, References, Settings};
use toolkit::{
    Artifacts, Asset, AssetSource, DeployOptions, Error, Event, Outcome, Patience, PruneOptions, Pruned, StackOutcome,
};

use crate::system::{Log, yes};

/// The SHA-256 of `one`, `two` and `three`, as `sha256sum` says.
const ONE: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
const TWO: &str = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3";
const THREE: &str = "8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f";

/// `bootstrap` makes the bucket; `blue` and `green` are told which agent their instances install.
fn assembly() -> Assembly {
    let account = Account::default();
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: account.account,
        region: account.region,
        tags: Vec::new(),
        references: References::Weak,
        termination_protection: false,
    });
    app.stack("bootstrap", |stack| {
        let artifacts = stack.add("Artifacts", Raw::new("AWS::S3::Bucket"));
        stack.output("ArtifactBucket", artifacts.reference::<String>());
    });
    for colour in ["blue", "green"] {
        app.stack(colour, |stack| {
            let agent = stack.parameter("AgentSha256", Parameter::string().allowed_pattern("[0-9a-f]{64}"));
            let data = Raw::new("AWS::SSM::Parameter").property("Type", "String").value("Value", agent);
            stack.add("UserData", data);
        });
    }
    app.synth().expect("it can be synthesized")
}

fn bucket() -> Artifacts {
    Artifacts { stack: "bootstrap".to_owned(), output: "ArtifactBucket".to_owned() }
}

/// Puts an agent into a folder.
fn agent(folder: &Path, content: &str, sha256: &str) -> Asset {
    let path = folder.join(content);
    std::fs::write(&path, content).expect("writable");
    Asset {
        name: "agent".to_owned(),
        parameter: "AgentSha256".to_owned(),
        key: format!("agent/{sha256}/baleen-agent"),
        source: AssetSource::File(path),
        sha256: sha256.to_owned(),
    }
}

/// Tells one deployment from the next: CloudFormation takes a token once.
static RUNS: AtomicU32 = AtomicU32::new(0);

async fn deploy(stacks: &[&str], cloud: &Cloud, agent: Option<&Asset>) -> (Result<Vec<StackOutcome>, Error>, Log) {
    let options = DeployOptions {
        artifacts: Some(bucket()),
        assets: agent.cloned().into_iter().collect(),
        ..DeployOptions::new(format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)))
    };
    let names: Vec<_> = stacks.iter().map(|name| (*name).to_owned()).collect();
    let log = Log::default();
    let outcomes = toolkit::deploy(&assembly(), &names, cloud, &options, &yes, &log).await;
    (outcomes, log)
}

fn uploads(log: &Log) -> usize {
    log.events().iter().filter(|event| matches!(event, Event::AssetUploaded { .. })).count()
}

fn told(account: &Simulator, stack: &str) -> String {
    account.stack(&format!("baleen-test-{stack}")).expect("deployed").parameters["AgentSha256"].clone()
}

async fn bucket_name(cloud: &Cloud) -> String {
    let stack = cloud.cloud_formation.describe_stack("baleen-test-bootstrap").await.expect("an answer");
    stack.expect("deployed").output("ArtifactBucket").expect("an output").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_file_is_uploaded_once_before_the_stacks_that_need_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let account = Simulator::new(1);
    let cloud = account.cloud();
    let one = agent(folder.path(), "one", ONE);
    let (outcomes, log) = deploy(&[], &cloud, Some(&one)).await;
    outcomes.expect("deployed");
    assert_eq!(uploads(&log), 1, "both colours need it");
    let place = ObjectVersion::newest(bucket_name(&cloud).await, &one.key);
    let object = cloud.objects.get(&place, 100).await.expect("there");
    assert_eq!((object.body.as_slice(), object.description.metadata["sha256"].as_str()), (&b"one"[..], ONE));
    assert_eq!((told(&account, "blue").as_str(), told(&account, "green").as_str()), (ONE, ONE));

    // The same again is nothing to do; another one is a change of the stacks that are deployed, and of no other.
    let (outcomes, log) = deploy(&[], &cloud, Some(&one)).await;
    assert!(outcomes.expect("deployed").iter().all(|stack| stack.outcome == Outcome::Unchanged));
    assert_eq!(uploads(&log), 0);
    let (outcomes, log) = deploy(&["green"], &cloud, Some(&agent(folder.path(), "two", TWO))).await;
    assert_eq!((outcomes.expect("deployed")[0].outcome, uploads(&log)), (Outcome::Updated, 1));
    assert_eq!((told(&account, "blue").as_str(), told(&account, "green").as_str()), (ONE, TWO));

    // Without a file, every stack keeps the one that it has.
    let (outcomes, _) = deploy(&[], &cloud, None).await;
    assert!(outcomes.expect("deployed").iter().all(|stack| stack.outcome == Outcome::Unchanged));
    assert_eq!((told(&account, "blue").as_str(), told(&account, "green").as_str()), (ONE, TWO));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_another_one_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let account = Simulator::new(1);
    let cloud = account.cloud();
    deploy(&["bootstrap"], &cloud, None).await.0.expect("deployed");
    let changed = Asset { sha256: TWO.to_owned(), ..agent(folder.path(), "one", ONE) };
    let error = deploy(&["blue"], &cloud, Some(&changed)).await.0.expect_err("changed");
    assert!(matches!(&error, Error::AssetChanged { found, .. } if found == ONE), "{error}");
    assert!(error.hints()[0].contains("cargo xtask bundle"));

    let two = agent(folder.path(), "two", TWO);
    let target = PutTarget::new(bucket_name(&cloud).await, &two.key);
    cloud.objects.put(&target, b"something else").await.expect("written");
    let error = deploy(&["blue"], &cloud, Some(&two)).await.0.expect_err("something else");
    assert!(matches!(error, Error::AssetDiffers { .. }), "{error}");

    let gone = Asset { source: AssetSource::File(folder.path().join("gone")), ..agent(folder.path(), "three", THREE) };
    let error = deploy(&["blue"], &cloud, Some(&gone)).await.0.expect_err("gone");
    assert!(matches!(error, Error::AssetUnreadable { .. }), "{error}");
    let error = deploy(&["blue"], &cloud, None).await.0.expect_err("nobody says which agent");
    assert!(matches!(error, Error::MissingParameter { .. }), "{error}");
    assert_eq!(account.stack("baleen-test-blue"), None, "nothing of it was begun");
}

async fn prune(cloud: &Cloud, older_than: Duration, dry_run: bool) -> Result<Pruned, Error> {
    // The account's own time is its clock: the newest object's, and a day.
    let listed = toolkit::artifacts(&assembly(), &bucket(), cloud, Patience::default()).await?;
    let newest = listed.artifacts.iter().filter_map(|artifact| artifact.uploaded.as_deref()?.parse().ok()).max();
    let now = newest.unwrap_or(Timestamp::UNIX_EPOCH) + Duration::from_hours(24);
    let options = PruneOptions { older_than, now, dry_run };
    toolkit::prune(&assembly(), &bucket(), cloud, &options, Patience::default()).await
}

fn keys(artifacts: &[toolkit::StoredArtifact]) -> Vec<&str> {
    artifacts.iter().map(|artifact| artifact.sha256.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_used_stays_and_what_nothing_uses_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let account = Simulator::new(1);
    let cloud = account.cloud();
    let listed = toolkit::artifacts(&assembly(), &bucket(), &cloud, Patience::default()).await.expect("listed");
    assert_eq!((listed.bucket, listed.artifacts), (None, Vec::new()));

    for (content, sha256) in [("one", ONE), ("two", TWO), ("three", THREE)] {
        deploy(&[], &cloud, Some(&agent(folder.path(), content, sha256))).await.0.expect("deployed");
    }
    deploy(&["blue"], &cloud, Some(&agent(folder.path(), "two", TWO))).await.0.expect("deployed");
    let bucket_name = bucket_name(&cloud).await;
    let other = PutTarget::new(&bucket_name, "notes.txt");
    cloud.objects.put(&other, b"made by hand").await.expect("written");

    let listed = toolkit::artifacts(&assembly(), &bucket(), &cloud, Patience::default()).await.expect("listed");
    let used = |sha256: &str| {
        let artifact = listed.artifacts.iter().find(|artifact| artifact.sha256 == sha256).expect("listed");
        artifact.used_by.clone()
    };
    assert_eq!(
        (used(ONE), used(TWO), used(THREE)),
        (vec![], vec!["stack `blue`".to_owned()], vec!["stack `green`".to_owned()])
    );

    let young = prune(&cloud, Duration::from_hours(48), false).await.expect("pruned");
    assert_eq!(keys(&young.removed), Vec::<&str>::new());
    let dry = prune(&cloud, Duration::from_hours(24), true).await.expect("pruned");
    assert_eq!(keys(&dry.removed), [ONE]);
    let pruned = prune(&cloud, Duration::from_hours(24), false).await.expect("pruned");
    assert_eq!((keys(&pruned.removed), keys(&pruned.kept)), (vec![ONE], vec![TWO, THREE]));
    let left = cloud.objects.list(&bucket_name, "").await.expect("listed");
    assert_eq!(left.len(), 3, "what was made by hand stays, too");
    let again = prune(&cloud, Duration::ZERO, false).await.expect("pruned");
    assert_eq!(keys(&again.removed), Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn what_a_change_set_wants_stays_and_a_change_under_way_stops_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let account = Simulator::new(1);
    let cloud = account.cloud();
    for (content, sha256) in [("one", ONE), ("two", TWO)] {
        deploy(&[], &cloud, Some(&agent(folder.path(), content, sha256))).await.0.expect("deployed");
    }
    // Somebody wants to go back, and has not done it yet.
    let template = json!({"Parameters": {"AgentSha256": {"Type": "String"}}, "Resources": {"UserData": {
        "Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "AgentSha256"}}}}});
    let source = TemplateSource::Body(template.to_string());
    let mut request = ChangeSetRequest::new("baleen-test-blue", "back", ChangeSetType::Update, source);
    request.parameters =
        [("AgentSha256".to_owned(), cloud::cloud_formation::ParameterValue::Value(ONE.to_owned()))].into();
    let ids = cloud.cloud_formation.create_change_set(&request).await.expect("made");
    loop {
        let made = cloud.cloud_formation.describe_change_set(&ids.stack, &ids.change_set).await.expect("there");
        if made.execution_status == cloud::cloud_formation::ExecutionStatus::Available {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let pruned = prune(&cloud, Duration::ZERO, false).await.expect("pruned");
    assert_eq!(keys(&pruned.removed), Vec::<&str>::new());
    let one = pruned.kept.iter().find(|artifact| artifact.sha256 == ONE).expect("kept");
    assert_eq!(one.used_by, ["change set `back` of stack `blue`"]);

    cloud.cloud_formation.execute_change_set(&ids.stack, &ids.change_set, None).await.expect("begun");
    let error = prune(&cloud, Duration::ZERO, false).await.expect_err("under way");
    assert!(matches!(&error, Error::ArtifactsInUse { stack, .. } if stack == "blue"), "{error}");
}
