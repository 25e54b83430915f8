//! What rolling back does: for each status the right call, and no other.

use cloud::cloud_formation::{ChangeSetRequest, ChangeSetType, OnStackFailure, StackStatus, TemplateSource};
use simulator::{During, ResourceFault, Simulator, Verb};
use toolkit::{Error, Question, ResourceName, RollbackCall, RollbackOptions, RollbackPlan};

use crate::account::{Variant, assembly, deploy, deployed, named, rollback, rollback_options, status};
use crate::system::yes;

/// An update of `work` whose failure could not be undone.
async fn stuck() -> Simulator {
    let simulator = deployed(1).await;
    simulator.fail(ResourceFault::new("More", Verb::Create, "no more queues"));
    simulator.fail(ResourceFault::new("Queue", Verb::Update, "it is locked").during(During::Rollback).times(1));
    let new = Variant { visibility: 60, more: true, ..Variant::default() };
    let error = deploy(&new, &["work"], &simulator.cloud()).await.expect_err("it fails");
    let hints = error.hints().join(" ");
    assert!(hints.contains("`baleen rollback work`"), "{error}: {hints}");
    assert_eq!(status(&simulator, "work").as_deref(), Some("UPDATE_ROLLBACK_FAILED"));
    simulator
}

fn skip(stack: &str, logical_id: &str) -> RollbackOptions {
    let skip = vec![ResourceName { stack: stack.to_owned(), logical_id: logical_id.to_owned() }];
    RollbackOptions { skip, ..rollback_options() }
}

/// The plan that a person is shown.
async fn plan(simulator: &Simulator, options: &RollbackOptions) -> RollbackPlan {
    let seen = std::sync::Mutex::new(None);
    let show = |question: Question<'_>| {
        if let Question::Rollback(plan) = question {
            *seen.lock().expect("nobody panics with it") = Some(plan.clone());
        }
        false
    };
    let assembly = assembly(&Variant::default());
    let result = toolkit::rollback(&assembly, &[], &simulator.cloud(), options, &show, &toolkit::silent).await;
    assert!(matches!(result, Err(Error::Declined { .. })));
    seen.into_inner().expect("nobody panics with it").expect("it was asked")
}

#[tokio::test(start_paused = true)]
async fn where_nothing_failed_there_is_nothing_to_do() {
    let simulator = deployed(1).await;
    let (rolled_back, _) = rollback(&[], &simulator.cloud(), &rollback_options()).await;
    assert_eq!(rolled_back.expect("that is a success"), []);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_failed_is_continued() {
    let simulator = stuck().await;
    let plan = plan(&simulator, &rollback_options()).await;
    let [step] = plan.stacks.as_slice() else { panic!("one stack, not {plan:?}") };
    assert_eq!((step.stack.as_str(), step.call), ("work", RollbackCall::ContinueUpdateRollback));
    assert!(step.cause.as_ref().is_some_and(|cause| cause.reason.contains("no more queues")), "{:?}", step.cause);
    let failed: Vec<_> = step.failed.iter().map(|cause| (cause.logical_id.as_str(), cause.reason.as_str())).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].0 == "Queue" && failed[0].1.contains("it is locked"), "{failed:?}");
    assert_eq!(status(&simulator, "work").as_deref(), Some("UPDATE_ROLLBACK_FAILED"), "nothing was done");

    let (rolled_back, log) = rollback(&[], &simulator.cloud(), &rollback_options()).await;
    let rolled_back = rolled_back.expect("rolled back");
    assert_eq!((rolled_back[0].stack.as_str(), rolled_back[0].status.as_str()), ("work", "UPDATE_ROLLBACK_COMPLETE"));
    assert!(log.kinds().contains(&"rolled-back".to_owned()), "{:?}", log.kinds());
    let new = Variant { visibility: 60, ..Variant::default() };
    deploy(&new, &["work"], &simulator.cloud()).await.expect("it can be updated again");
}

#[tokio::test(start_paused = true)]
async fn only_what_could_not_be_rolled_back_can_be_skipped() {
    let simulator = stuck().await;
    let error = rollback(&[], &simulator.cloud(), &skip("work", "Place")).await.0.expect_err("it is as it should be");
    assert_eq!(error.to_string(), "`Place` of stack `work` cannot be skipped; `Queue` can be");
    let error = rollback(&[], &simulator.cloud(), &skip("jobs", "Retry")).await.0.expect_err("nothing failed there");
    assert_eq!(error.to_string(), "`Retry` of stack `jobs` cannot be skipped; nothing of it can be");

    let (rolled_back, _) = rollback(&[], &simulator.cloud(), &skip("work", "Queue")).await;
    assert_eq!(rolled_back.expect("rolled back")[0].skipped, ["Queue"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_again_says_why_and_stays_where_it_was() {
    let simulator = stuck().await;
    simulator.fail(ResourceFault::new("Queue", Verb::Update, "it is still locked").during(During::Rollback));
    let error = rollback(&["work"], &simulator.cloud(), &rollback_options()).await.0.expect_err("it fails again");
    let Error::Failed(failure) = &error else { panic!("{error}") };
    assert_eq!((failure.operation, failure.status.as_str()), ("roll back", "UPDATE_ROLLBACK_FAILED"));
    assert!(failure.to_string().contains("it is still locked"), "{failure}");
    assert!(failure.hints().iter().any(|hint| hint.contains("what can be skipped")), "{:?}", failure.hints());
}

/// Begins an update of a stack as someone else would, who does not want it rolled back.
async fn update_without_rollback(simulator: &Simulator, stack: &str, variant: &Variant) {
    let cloud = simulator.cloud();
    let template = assembly(variant).stack(stack).expect("there").template.to_json_pretty();
    let source = TemplateSource::Body(template);
    let mut request = ChangeSetRequest::new(named(stack), "by-hand", ChangeSetType::Update, source);
    request.on_stack_failure = Some(OnStackFailure::DoNothing);
    let description = simulator.stack(&named(stack)).expect("there");
    let keep = |name: &String| (name.clone(), cloud::cloud_formation::ParameterValue::Previous);
    request.parameters = description.parameters.keys().map(keep).collect();
    let ids = cloud.cloud_formation.create_change_set(&request).await.expect("made");
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    cloud.cloud_formation.execute_change_set(&ids.stack, &ids.change_set, None).await.expect("begun");
}

async fn at_rest(simulator: &Simulator, stack: &str) -> StackStatus {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        let status = simulator.stack(&named(stack)).expect("there").status;
        if !status.is_in_progress() {
            return status;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_that_was_left_as_it_failed_is_undone() {
    let simulator = deployed(1).await;
    simulator.fail(ResourceFault::new("More", Verb::Create, "no more queues"));
    let new = Variant { visibility: 60, more: true, ..Variant::default() };
    update_without_rollback(&simulator, "work", &new).await;
    assert_eq!(at_rest(&simulator, "work").await, StackStatus::UpdateFailed);
    let plan = plan(&simulator, &rollback_options()).await;
    assert_eq!(plan.stacks[0].call, RollbackCall::RollbackStack);
    assert!(plan.stacks[0].deletes.is_empty());
    let (rolled_back, _) = rollback(&["work"], &simulator.cloud(), &rollback_options()).await;
    assert_eq!(rolled_back.expect("rolled back")[0].status, "UPDATE_ROLLBACK_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn an_update_under_way_is_stopped() {
    let simulator = deployed(1).await;
    update_without_rollback(&simulator, "work", &Variant { visibility: 60, more: true, ..Variant::default() }).await;
    while simulator.stack(&named("work")).expect("there").status != StackStatus::UpdateInProgress {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let (rolled_back, _) = rollback(&["work"], &simulator.cloud(), &rollback_options()).await;
    assert_eq!(rolled_back.expect("rolled back")[0].status, "UPDATE_ROLLBACK_COMPLETE");
    let queues: Vec<_> = simulator.resources(&named("work")).into_iter().map(|resource| resource.logical_id).collect();
    assert!(!queues.contains(&"More".to_owned()), "{queues:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_never_finished_is_shown_before_it_is_deleted() {
    let simulator = Simulator::new(1);
    simulator.fail(ResourceFault::new("Items", Verb::Create, "no more tables"));
    let cloud = simulator.cloud();
    let template = assembly(&Variant::default()).stack("storage").expect("there").template.to_json_pretty();
    let mut request =
        ChangeSetRequest::new(named("storage"), "by-hand", ChangeSetType::Create, TemplateSource::Body(template));
    request.on_stack_failure = Some(OnStackFailure::DoNothing);
    let ids = cloud.cloud_formation.create_change_set(&request).await.expect("made");
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    cloud.cloud_formation.execute_change_set(&ids.stack, &ids.change_set, None).await.expect("begun");
    assert_eq!(at_rest(&simulator, "storage").await, StackStatus::CreateFailed);

    let plan = plan(&simulator, &rollback_options()).await;
    assert_eq!(
        (plan.stacks[0].call, plan.stacks[0].deletes.as_slice()),
        (RollbackCall::RollbackStack, &["Sources".to_owned()][..])
    );
    let assembly = assembly(&Variant::default());
    let names = ["storage".to_owned()];
    let result = toolkit::rollback(&assembly, &names, &cloud, &rollback_options(), &yes, &toolkit::silent).await;
    let end = result.expect("rolled back")[0].status.clone();
    assert!(["ROLLBACK_COMPLETE", "DELETE_COMPLETE"].contains(&end.as_str()), "{end}");
}
