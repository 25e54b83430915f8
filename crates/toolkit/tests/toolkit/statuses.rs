//! What deploying makes of stacks that others left in some state.

use cloud::cloud_formation::StackStatus;
use toolkit::{Error, Event};

use crate::fake::Fake;
use crate::system::{Variant, assembly, deploy, killed, options, yes};

#[tokio::test(start_paused = true)]
async fn states_with_no_way_on_are_refused_with_a_way_out() {
    for (status, word) in [
        ("ROLLBACK_FAILED", "baleen destroy bootstrap"),
        ("DELETE_FAILED", "baleen destroy bootstrap"),
        ("UPDATE_ROLLBACK_FAILED", "`baleen rollback bootstrap`"),
        ("SOMETHING_NEW", "newer version"),
    ] {
        let fake = Fake::default();
        fake.put_stack("baleen-test-bootstrap", status);
        let error = deploy(&assembly(&Variant::default()), &["bootstrap"], &fake.cloud()).await.0.expect_err("refused");
        assert!(error.to_string().starts_with(&format!("stack `bootstrap` is in {status}: ")), "{error}");
        assert!(error.hints().iter().any(|hint| hint.contains(word)), "{:?}", error.hints());
        assert_eq!(fake.state().stacks["baleen-test-bootstrap"].status, StackStatus::from(status), "untouched");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_set_that_nobody_executed_is_replaced() {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    // Someone is asked, and the program is killed before the answer.
    let never = |_: toolkit::Question<'_>| panic!("killed");
    let names = ["bootstrap".to_owned()];
    killed(toolkit::deploy(&assembly, &names, &fake.cloud(), &options(), &never, &toolkit::silent)).await;
    assert_eq!(fake.state().stacks["baleen-test-bootstrap"].status, StackStatus::ReviewInProgress);

    let (outcome, log) = deploy(&assembly, &["bootstrap"], &fake.cloud()).await;
    outcome.expect("deployed");
    assert!(log.kinds().contains(&"leftover-deleted".to_owned()), "{:?}", log.kinds());
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_waited_for() {
    let fake = Fake::default();
    let old = assembly(&Variant::default());
    deploy(&old, &[], &fake.cloud()).await.0.expect("deployed");
    // Someone else's update is under way.
    let new = assembly(&Variant { keep_days: 30, ..Variant::default() });
    let executing = |event: Event| assert!(!matches!(event, Event::Executing { .. }), "killed");
    let names = ["storage".to_owned()];
    killed(toolkit::deploy(&new, &names, &fake.cloud(), &options(), &yes, &executing)).await;
    assert!(fake.state().stacks["baleen-test-storage"].status.is_in_progress());

    let (outcomes, log) = deploy(&new, &["storage"], &fake.cloud()).await;
    let outcomes = outcomes.expect("deployed");
    assert_eq!(outcomes[0].outcome, toolkit::Outcome::Unchanged, "the update that was waited for did it");
    assert!(log.kinds().contains(&"waiting".to_owned()));
    assert!(log.events().iter().any(|event| matches!(event, Event::Progress { .. })), "it was followed");
    assert_eq!(fake.state().executions["baleen-test-storage"], 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_creation_kept_is_not_forgotten_silently() {
    let fake = Fake::default();
    fake.put_stack("baleen-test-storage", "ROLLBACK_COMPLETE");
    let kept = cloud::cloud_formation::StackResource {
        logical_id: "Sources".to_owned(),
        physical_id: Some("bucket-1".to_owned()),
        resource_type: "AWS::S3::Bucket".to_owned(),
        status: "DELETE_SKIPPED".to_owned(),
        reason: None,
    };
    fake.state().stacks.get_mut("baleen-test-storage").expect("there").resources.insert("Sources".to_owned(), kept);
    let error = deploy(&assembly(&Variant::default()), &["storage"], &fake.cloud()).await.0.expect_err("refused");
    assert!(
        matches!(&error, Error::Stuck { reason, .. } if reason.contains("Sources (AWS::S3::Bucket) was kept")),
        "{error}"
    );
}
