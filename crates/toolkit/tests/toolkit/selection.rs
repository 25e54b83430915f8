//! Which stacks are worked on.

use toolkit::{Error, Event, ReadStack};

use crate::fake::Fake;
use crate::system::{Variant, assembly, deploy};

fn selected(log: &crate::system::Log) -> (Vec<(String, Option<String>)>, Vec<ReadStack>) {
    let found = log.events().into_iter().find_map(|event| match event {
        Event::Selected { stacks, read } => Some((stacks, read)),
        _ => None,
    });
    let (stacks, read) = found.expect("the selection is told");
    (stacks.into_iter().map(|stack| (stack.stack, stack.because)).collect(), read)
}

#[tokio::test(start_paused = true)]
async fn what_a_stack_needs_and_is_not_there_is_deployed_too() {
    let fake = Fake::default();
    let (outcomes, log) = deploy(&assembly(&Variant::default()), &["fleet"], &fake.cloud()).await;
    let names: Vec<_> = outcomes.expect("deployed").into_iter().map(|outcome| outcome.stack).collect();
    assert_eq!(names, ["storage", "fleet"]);
    let because = "`fleet` needs it, and it is not deployed yet".to_owned();
    assert_eq!(selected(&log).0, [("storage".to_owned(), Some(because)), ("fleet".to_owned(), None)]);
}

#[tokio::test(start_paused = true)]
async fn what_a_stack_needs_and_is_there_is_only_read() {
    let fake = Fake::default();
    deploy(&assembly(&Variant::default()), &[], &fake.cloud()).await.0.expect("deployed");
    let changed = assembly(&Variant { keep_days: 30, ..Variant::default() });
    let (outcomes, log) = deploy(&changed, &["fleet"], &fake.cloud()).await;
    assert_eq!(outcomes.expect("deployed").len(), 1);
    let read = ReadStack { stack: "storage".to_owned(), outputs: vec!["SourcesArn".to_owned()] };
    assert_eq!(selected(&log), (vec![("fleet".to_owned(), None)], vec![read]));
    assert_eq!(fake.state().executions["baleen-test-storage"], 1, "its change waits for its own deployment");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_lacks_an_output_is_deployed_too() {
    let fake = Fake::default();
    deploy(&assembly(&Variant::default()), &[], &fake.cloud()).await.0.expect("deployed");
    // The new output alone is no change of a resource, which the fake (like the emulator) takes for no change at all.
    let changed = assembly(&Variant { uses_enhanced: true, keep_days: 30, ..Variant::default() });
    let (outcomes, log) = deploy(&changed, &["fleet"], &fake.cloud()).await;
    assert_eq!(outcomes.expect("deployed").len(), 2);
    let because = "`fleet` needs its output `EnhancedArn`, which it does not have yet".to_owned();
    assert_eq!(selected(&log).0[0], ("storage".to_owned(), Some(because)));
}

#[tokio::test(start_paused = true)]
async fn the_artifact_bucket_is_made_where_a_template_needs_it() {
    let fake = Fake::default();
    let large = assembly(&Variant { large_fleet: true, ..Variant::default() });
    let (outcomes, _) = deploy(&large, &["fleet"], &fake.cloud()).await;
    let names: Vec<_> = outcomes.expect("deployed").into_iter().map(|outcome| outcome.stack).collect();
    assert_eq!(names, ["bootstrap", "storage", "fleet"]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_answered_with_the_known_ones() {
    let fake = Fake::default();
    let error = deploy(&assembly(&Variant::default()), &["storge"], &fake.cloud()).await.0.expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "there is no stack `storge` in environment `test`; its stacks are bootstrap, storage, fleet, jobs"
    );
    assert_eq!(error.hints(), ["did you mean `storage`?"]);
    assert!(matches!(error, Error::UnknownStack { .. }));
}
