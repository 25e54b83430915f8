//! Synthesis and check are one step.

use template::{App, Raw, References, Settings};
use tree::Severity;

fn app(declare: impl FnOnce(&mut template::Stack)) -> App {
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: vec![],
        references: References::Weak,
        termination_protection: false,
    });
    app.stack("storage", declare);
    app
}

#[test]
fn a_template_without_faults_is_an_assembly() {
    let good = app(|stack| {
        stack.add("Sources", Raw::new("AWS::S3::Bucket").property("BucketName", "sources"));
    });
    let checked = toolkit::assemble(&good).expect("nothing is wrong");
    assert_eq!(checked.assembly.stacks.len(), 1);
}

#[test]
fn what_the_check_finds_is_found_here() {
    let bad = app(|stack| {
        stack.add("Sources", Raw::new("AWS::S3::Bucket").property("BucketNme", "sources"));
    });
    let findings = toolkit::assemble(&bad).expect_err("a property is misspelt");
    let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let [finding] = errors.as_slice() else { panic!("one error, not {errors:?}") };
    assert!(finding.message.contains("BucketNme"), "{finding}");
    assert!(finding.origin.file().is_some_and(|file| file.ends_with("assemble.rs")), "{finding}");
}
