//! What deploying does, and what it says.

use std::collections::BTreeMap;

use cloud::cloud_formation::{StackStatus, ValidationFailure};
use toolkit::{DeployOptions, Error, Event, Outcome, Question, StepKind};

use crate::fake::Fake;
use crate::system::{Log, Variant, assembly, deploy, no, options, yes};

fn outcomes(outcomes: &[toolkit::StackOutcome]) -> Vec<(&str, Outcome)> {
    outcomes.iter().map(|outcome| (outcome.stack.as_str(), outcome.outcome)).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_is_created_in_order_and_then_there_is_nothing_to_change() {
    let fake = Fake::default();
    fake.state().lagging = true;
    let assembly = assembly(&Variant::default());
    let (created, log) = deploy(&assembly, &[], &fake.cloud()).await;
    let created = created.expect("deployed");
    let names = ["bootstrap", "storage", "fleet", "jobs"];
    assert_eq!(outcomes(&created), names.map(|name| (name, Outcome::Created)));
    assert_eq!(created[0].outputs["ArtifactBucket"], "baleen-test-bootstrap-artifacts");
    let kinds = log.kinds();
    // Those that need nothing get their change sets at once.
    assert_eq!(kinds[..5], ["account-verified", "selected", "preparing", "preparing", "planned"]);
    for (kind, times) in [("stack-started", 4), ("confirmed", 2), ("executing", 4), ("stack-finished", 4)] {
        assert_eq!(kinds.iter().filter(|own| *own == kind).count(), times, "{kind}: {kinds:?}");
    }
    assert_eq!(
        fake.state().stacks["baleen-test-fleet"].parameters,
        BTreeMap::from([
            ("Capacity".to_owned(), "1".to_owned()),
            ("StorageSourcesArn".to_owned(), "arn:baleen-test-storage-sources".to_owned()),
        ]),
        "the weak reference is filled from the stack that was deployed just before"
    );
    assert_eq!(fake.state().stacks["baleen-test-jobs"].tags["environment"], "test");

    let (unchanged, log) = deploy(&assembly, &[], &fake.cloud()).await;
    assert_eq!(
        outcomes(&unchanged.expect("nothing to change is a success")),
        names.map(|name| (name, Outcome::Unchanged))
    );
    assert_eq!(log.kinds().iter().filter(|kind| *kind == "unchanged").count(), 4);
    for stack in fake.state().stacks.values() {
        assert!(stack.change_sets.iter().all(|change_set| !change_set.changes.is_empty()), "empty ones are deleted");
    }
    assert!(fake.state().executions.values().all(|count| *count == 1));
}

#[tokio::test(start_paused = true)]
async fn a_change_reaches_only_what_it_changes() {
    let fake = Fake::default();
    deploy(&assembly(&Variant::default()), &[], &fake.cloud()).await.0.expect("deployed");
    let (updated, log) = deploy(&assembly(&Variant { keep_days: 30, ..Variant::default() }), &[], &fake.cloud()).await;
    let updated = updated.expect("updated");
    assert_eq!(outcomes(&updated)[1], ("storage", Outcome::Updated));
    assert!(updated.iter().all(|outcome| outcome.stack == "storage" || outcome.outcome == Outcome::Unchanged));
    let plans: Vec<_> = log
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Planned(plan) => Some(plan),
            _ => None,
        })
        .collect();
    assert_eq!((plans.len(), plans[0].steps.len()), (1, 1));
    assert_eq!(plans[0].unchanged, ["bootstrap", "fleet", "jobs"]);
    let changes: Vec<_> =
        plans[0].steps[0].changes.iter().map(|change| (change.action.as_str(), change.logical_id.as_str())).collect();
    assert_eq!(changes, [("Modify", "Sources")]);
    let progress = log.events().into_iter().rev().find_map(|event| match event {
        Event::Progress { done, total, .. } => Some((done, total)),
        _ => None,
    });
    assert_eq!(progress, Some((1, 1)));
}

#[tokio::test(start_paused = true)]
async fn the_wrong_account_or_region_stops_before_anything_happens() {
    let fake = Fake::default();
    let other_account = assembly(&Variant { account: Some("999999999999"), ..Variant::default() });
    let error = deploy(&other_account, &[], &fake.cloud()).await.0.expect_err("another account");
    assert_eq!(
        error.to_string(),
        "the credentials are of account 111122223333 (arn:aws:iam::111122223333:user/someone), but environment `test` \
         is account 999999999999"
    );
    let other_region = assembly(&Variant { region: Some("us-east-1"), ..Variant::default() });
    let error = deploy(&other_region, &[], &fake.cloud()).await.0.expect_err("another region");
    assert!(matches!(error, Error::WrongRegion { .. }), "{error}");
    assert!(fake.state().stacks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_declined_leaves_nothing_behind() {
    let fake = Fake::default();
    let old = assembly(&Variant::default());
    let error = toolkit::deploy(&old, &[], &fake.cloud(), &options(), &no, &toolkit::silent).await;
    assert_eq!(error.expect_err("declined").to_string(), "the plan for environment `test` was not approved");
    assert!(fake.state().stacks.is_empty(), "not even a stack under review");

    deploy(&old, &[], &fake.cloud()).await.0.expect("deployed");
    let new = assembly(&Variant { keep_days: 30, ..Variant::default() });
    let log = Log::default();
    let error = toolkit::deploy(&new, &[], &fake.cloud(), &options(), &no, &log).await;
    assert!(matches!(error, Err(Error::Declined { .. })));
    assert_eq!(log.kinds().last().map(String::as_str), Some("declined"));
    let state = fake.state();
    let storage = &state.stacks["baleen-test-storage"];
    assert_eq!(storage.status, StackStatus::CreateComplete);
    assert!(storage.change_sets.iter().all(|change_set| change_set.name != "baleen-deploy" || change_set.creates));
}

#[tokio::test(start_paused = true)]
async fn what_early_validation_found_is_said_instead_of_where_to_look() {
    let fake = Fake::default();
    let found = ValidationFailure {
        logical_id: "Sources".to_owned(),
        resource_type: "AWS::S3::Bucket".to_owned(),
        name: "NAME_CONFLICT_VALIDATION".to_owned(),
        path: Some("/Resources/Sources/Properties/BucketName".to_owned()),
        reason: "Resource of type AWS::S3::Bucket with identifier sources already exists".to_owned(),
        is_warning: false,
    };
    fake.state().invalid.insert("baleen-test-storage".to_owned(), found);
    let error = deploy(&assembly(&Variant::default()), &[], &fake.cloud()).await.0.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "CloudFormation cannot change stack `storage` like this: Sources (AWS::S3::Bucket) at \
         /Resources/Sources/Properties/BucketName: Resource of type AWS::S3::Bucket with identifier sources already \
         exists"
    );
    assert!(!fake.state().stacks.contains_key("baleen-test-storage"), "not even a stack under review");
}

#[tokio::test(start_paused = true)]
async fn a_failed_creation_says_its_root_cause_first_and_the_next_deployment_goes_on() {
    let fake = Fake::default();
    fake.state().failing.insert("Group".to_owned(), "The subnet 'subnet-1' does not exist".to_owned());
    let assembly = assembly(&Variant::default());
    let error = deploy(&assembly, &[], &fake.cloud()).await.0.expect_err("failed");
    assert_eq!(
        error.to_string(),
        "Group (AWS::AutoScaling::AutoScalingGroup) CREATE_FAILED: The subnet 'subnet-1' does not exist; \
         creating stack `fleet` failed, and it is in ROLLBACK_COMPLETE now"
    );
    let Error::Failed(failure) = &error else { panic!("{error}") };
    assert!(failure.others.is_empty(), "what was only cancelled is no cause: {:?}", failure.others);
    assert_eq!(
        error.hints(),
        ["nothing of `fleet` was kept; correct the cause and deploy again, which creates it anew"]
    );
    assert_eq!(fake.state().stacks["baleen-test-fleet"].status, StackStatus::RollbackComplete);

    fake.state().failing.clear();
    let (outcomes_now, log) = deploy(&assembly, &[], &fake.cloud()).await;
    assert_eq!(
        outcomes(&outcomes_now.expect("recovered"))[2..],
        [("fleet", Outcome::Created), ("jobs", Outcome::Created)]
    );
    let earlier = log.events().into_iter().find_map(|event| match event {
        Event::EarlierFailure { reason, .. } => reason,
        _ => None,
    });
    assert!(earlier.is_some_and(|reason| reason.contains("subnet-1")), "it says what had failed");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_failed_creation_is_deleted_only_with_a_word() {
    let fake = Fake::default();
    fake.state().failing.insert("Group".to_owned(), "no".to_owned());
    let assembly = assembly(&Variant::default());
    deploy(&assembly, &[], &fake.cloud()).await.0.expect_err("failed");
    let refuse_to_delete = |question: Question<'_>| {
        let Question::Deploy(plan) = question else { panic!("{question:?}") };
        let kinds: Vec<_> = plan.steps.iter().map(|step| (step.stack.as_str(), step.step)).collect();
        assert_eq!(kinds, [("fleet", StepKind::Recreate), ("jobs", StepKind::Create)]);
        false
    };
    let result = toolkit::deploy(&assembly, &[], &fake.cloud(), &options(), &refuse_to_delete, &toolkit::silent).await;
    assert!(matches!(result, Err(Error::Declined { .. })));
    assert_eq!(fake.state().stacks["baleen-test-fleet"].status, StackStatus::RollbackComplete);
}

#[tokio::test(start_paused = true)]
async fn a_failed_update_is_undone_and_says_so() {
    let fake = Fake::default();
    deploy(&assembly(&Variant::default()), &[], &fake.cloud()).await.0.expect("deployed");
    fake.state().failing.insert("Sources".to_owned(), "Days must be positive".to_owned());
    let new = assembly(&Variant { keep_days: 30, ..Variant::default() });
    let error = deploy(&new, &[], &fake.cloud()).await.0.expect_err("failed");
    assert!(error.to_string().starts_with("Sources (AWS::S3::Bucket) UPDATE_FAILED: Days must be positive"), "{error}");
    assert_eq!(error.hints(), ["`storage` is as it was before; correct the cause and deploy again"]);
    fake.state().failing.clear();
    deploy(&new, &[], &fake.cloud()).await.0.expect("an update that was undone is no obstacle");
}

#[tokio::test(start_paused = true)]
async fn a_large_template_goes_through_the_artifact_bucket() {
    let fake = Fake::default();
    let assembly = assembly(&Variant { large_fleet: true, ..Variant::default() });
    let (outcomes, log) = deploy(&assembly, &[], &fake.cloud()).await;
    outcomes.expect("deployed");
    let uploads: Vec<_> = log
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::TemplateUploaded { stack, bucket, key, bytes } => Some((stack, bucket, key, bytes)),
            _ => None,
        })
        .collect();
    let [(stack, bucket, key, bytes)] = uploads.as_slice() else { panic!("one upload, not {uploads:?}") };
    assert_eq!((stack.as_str(), bucket.as_str()), ("fleet", "baleen-test-bootstrap-artifacts"));
    assert!(key.starts_with("templates/test/fleet/") && *bytes > 60_000, "{key} {bytes}");

    let (_, log) = deploy(&assembly, &[], &fake.cloud()).await;
    assert!(!log.kinds().contains(&"template-uploaded".to_owned()), "what is there is not uploaded again");
}

#[tokio::test(start_paused = true)]
async fn the_authors_parameters_keep_their_value() {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    let mut options = options();
    let capacity = BTreeMap::from([("Capacity".to_owned(), "5".to_owned())]);
    options.parameters.insert("fleet".to_owned(), capacity);
    toolkit::deploy(&assembly, &[], &fake.cloud(), &options, &yes, &toolkit::silent).await.expect("deployed");
    assert_eq!(fake.state().stacks["baleen-test-fleet"].parameters["Capacity"], "5");
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    assert_eq!(fake.state().stacks["baleen-test-fleet"].parameters["Capacity"], "5");

    options.parameters.insert("fleet".to_owned(), BTreeMap::from([("Kapacity".to_owned(), "5".to_owned())]));
    let error = toolkit::deploy(&assembly, &[], &fake.cloud(), &options, &yes, &toolkit::silent).await;
    assert_eq!(
        error.expect_err("unknown").to_string(),
        "stack `fleet` has no parameter `Kapacity` that takes a value; it has Capacity"
    );
}

#[tokio::test(start_paused = true)]
async fn a_parameter_without_a_value_is_named_before_the_change_set() {
    let fake = Fake::default();
    let assembly = assembly(&Variant { without_default: true, ..Variant::default() });
    let error = deploy(&assembly, &[], &fake.cloud()).await.0.expect_err("no value");
    assert_eq!(error.to_string(), "parameter `Capacity` of stack `fleet` has no value and no default");
    assert!(!fake.state().stacks.contains_key("baleen-test-fleet"));
}

#[tokio::test(start_paused = true)]
async fn termination_protection_follows_the_app() {
    let fake = Fake::default();
    let protected = assembly(&Variant { protected: true, ..Variant::default() });
    deploy(&protected, &[], &fake.cloud()).await.0.expect("deployed");
    assert!(fake.state().stacks.values().all(|stack| stack.protected));
    let (_, log) = deploy(&assembly(&Variant::default()), &["storage"], &fake.cloud()).await;
    assert!(!fake.state().stacks["baleen-test-storage"].protected);
    assert!(log.kinds().contains(&"protection-changed".to_owned()), "also where nothing else changes");
}

#[tokio::test(start_paused = true)]
async fn every_request_has_a_token_of_its_own() {
    let fake = Fake::default();
    deploy(&assembly(&Variant::default()), &[], &fake.cloud()).await.0.expect("deployed");
    let mut tokens = fake.state().tokens.clone();
    assert_eq!(tokens.len(), 8, "a change set and its execution for each stack: {tokens:?}");
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 8, "{tokens:?}");
    let is_allowed = |token: &String| {
        token.len() <= 128 && token.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    assert!(tokens.iter().all(is_allowed), "{tokens:?}");
}

#[tokio::test(start_paused = true)]
async fn cloud_formation_works_by_the_role_that_is_given() {
    let fake = Fake::default();
    let role = Some("arn:aws:iam::111122223333:role/baleen-test-execution".to_owned());
    let options = DeployOptions { role: role.clone(), ..options() };
    let assembly = assembly(&Variant::default());
    toolkit::deploy(&assembly, &[], &fake.cloud(), &options, &yes, &toolkit::silent).await.expect("deployed");
    let roles = fake.state().roles.clone();
    assert!(roles.len() == 4 && roles.values().all(|given| *given == role), "{roles:?}");
}

/// What deploying some stacks with a value for a parameter says.
async fn refusal(fake: &Fake, names: &[&str], stack: &str, parameter: &str) -> Error {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let given = BTreeMap::from([(parameter.to_owned(), "2".to_owned())]);
    let options = DeployOptions { parameters: BTreeMap::from([(stack.to_owned(), given)]), ..options() };
    let assembly = assembly(&Variant::default());
    toolkit::deploy(&assembly, &names, &fake.cloud(), &options, &yes, &toolkit::silent).await.expect_err("refused")
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_would_be_ignored_stops_before_anything_happens() {
    let fake = Fake::default();
    let error = refusal(&fake, &[], "fleeet", "Capacity").await;
    assert!(matches!(error, Error::UnknownStack { .. }), "{error}");
    let error = refusal(&fake, &[], "fleet", "Capazity").await;
    assert_eq!(error.to_string(), "stack `fleet` has no parameter `Capazity` that takes a value; it has Capacity");
    assert!(matches!(refusal(&fake, &[], "fleet", "StorageSourcesArn").await, Error::UnknownParameter { .. }));
    let error = refusal(&fake, &["storage"], "fleet", "Capacity").await;
    assert_eq!(
        error.to_string(),
        "a parameter of stack `fleet` is given, but this deployment does not touch that stack"
    );
    assert!(fake.state().stacks.is_empty());
}
