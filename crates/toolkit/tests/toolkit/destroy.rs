//! What destroying does, and what it refuses.

use toolkit::{Error, Event};

use crate::fake::Fake;
use crate::system::{Log, Variant, assembly, deploy, destroy_options, no, yes};

#[tokio::test(start_paused = true)]
async fn everything_goes_users_first_and_what_is_retained_is_listed() {
    let fake = Fake::default();
    let assembly = assembly(&Variant { retained: true, ..Variant::default() });
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    let destroyed = toolkit::destroy(&assembly, &[], &fake.cloud(), &destroy_options(), &yes, &toolkit::silent).await;
    let destroyed = destroyed.expect("destroyed");
    let names: Vec<_> = destroyed.iter().map(|stack| stack.stack.as_str()).collect();
    assert_eq!(names, ["jobs", "fleet", "storage", "bootstrap"]);
    let retained: Vec<_> =
        destroyed.iter().flat_map(|stack| &stack.retained).map(|kept| kept.physical_id.as_str()).collect();
    assert_eq!(retained, ["baleen-test-storage-sources"]);
    assert!(fake.state().stacks.is_empty());

    let again = toolkit::destroy(&assembly, &[], &fake.cloud(), &destroy_options(), &yes, &toolkit::silent).await;
    assert_eq!(again.expect("nothing to do is a success"), []);
}

#[tokio::test(start_paused = true)]
async fn those_that_use_a_stack_go_with_it() {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    let log = Log::default();
    let names = ["fleet".to_owned()];
    let destroyed = toolkit::destroy(&assembly, &names, &fake.cloud(), &destroy_options(), &yes, &log).await;
    let names: Vec<_> = destroyed.expect("destroyed").into_iter().map(|stack| stack.stack).collect();
    assert_eq!(names, ["jobs", "fleet"]);
    let because = log.events().into_iter().find_map(|event| match event {
        Event::Selected { stacks, .. } => stacks[0].because.clone(),
        _ => None,
    });
    assert_eq!(because.as_deref(), Some("it uses `fleet`"));
    assert_eq!(fake.state().stacks.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn buckets_with_objects_are_emptied_only_with_a_word() {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    let bucket = "baleen-test-storage-sources".to_owned();
    fake.state().objects.insert((bucket.clone(), "a b/é.mp4".to_owned()), vec![0; 10]);
    // An object that was deleted, or written over, keeps the bucket from being deleted all the same.
    fake.state().older_versions.insert((bucket.clone(), "gone.mp4".to_owned(), "v1".to_owned()));
    let result = toolkit::destroy(&assembly, &[], &fake.cloud(), &destroy_options(), &yes, &toolkit::silent).await;
    assert_eq!(
        result.expect_err("not empty").to_string(),
        "these buckets are not empty, and nothing was deleted: baleen-test-storage-sources (2 object versions)"
    );
    assert_eq!(fake.state().stacks.len(), 4);

    let options = toolkit::DestroyOptions { empty_buckets: true, ..destroy_options() };
    let log = Log::default();
    toolkit::destroy(&assembly, &[], &fake.cloud(), &options, &yes, &log).await.expect("destroyed");
    assert!(log.events().contains(&Event::BucketEmptied { stack: "storage".to_owned(), bucket, objects: 2 }));
    assert!(fake.state().objects.is_empty() && fake.state().older_versions.is_empty());
    assert!(fake.state().stacks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn protected_stacks_are_respected_before_anything_is_deleted() {
    let fake = Fake::default();
    let assembly = assembly(&Variant { protected: true, ..Variant::default() });
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    fake.state().stacks.get_mut("baleen-test-jobs").expect("there").protected = false;
    let result = toolkit::destroy(&assembly, &[], &fake.cloud(), &destroy_options(), &yes, &toolkit::silent).await;
    let error = result.expect_err("protected");
    assert_eq!(error.to_string(), "termination protection is on for fleet, storage, bootstrap; nothing was deleted");
    assert_eq!(fake.state().stacks.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_declined_stays() {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    let result = toolkit::destroy(&assembly, &[], &fake.cloud(), &destroy_options(), &no, &toolkit::silent).await;
    assert!(matches!(result, Err(Error::Declined { .. })));
    assert_eq!(fake.state().stacks.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_failed_deletion_names_its_cause_and_can_be_tried_again() {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    // An object arrives after the buckets were looked at.
    let state = fake.clone();
    let answer = move |_: toolkit::Question<'_>| {
        let place = ("baleen-test-storage-enhanced".to_owned(), "late.mp4".to_owned());
        state.state().objects.insert(place, Vec::new());
        true
    };
    let result = toolkit::destroy(&assembly, &[], &fake.cloud(), &destroy_options(), &answer, &toolkit::silent).await;
    let error = result.expect_err("not empty");
    assert!(error.to_string().starts_with("Enhanced (AWS::S3::Bucket) DELETE_FAILED: The bucket you tried"), "{error}");
    assert!(error.hints()[0].starts_with("empty the bucket first, with all versions"), "{:?}", error.hints());

    let options = toolkit::DestroyOptions { empty_buckets: true, ..destroy_options() };
    toolkit::destroy(&assembly, &[], &fake.cloud(), &options, &yes, &toolkit::silent).await.expect("destroyed");
    assert!(fake.state().stacks.is_empty());
}
