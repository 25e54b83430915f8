use proptest::prelude::*;
use template::{Assembly, StackTemplate};

use super::world::{Declared, Version, World, version};
use super::{Blocked, BlockedReason, Phase};

fn all(assembly: &Assembly) -> Vec<&StackTemplate> {
    assembly.stacks.iter().collect()
}

/// Runs the first phases only, as if the program had been killed then.
fn run(world: &mut World, assembly: &Assembly, most: usize) -> Vec<Phase> {
    let phases = world.plan(assembly, &all(assembly)).expect("nothing is in the way");
    for (at, phase) in phases.iter().enumerate().take(most) {
        assert!(phase.after.iter().all(|before| *before < at), "{phase:?}");
        let stack = assembly.stack(&phase.stack).expect("it is one of them");
        if let Err(refusal) = world.deploy(stack, phase) {
            let steps: Vec<_> = phases.iter().map(|phase| (&phase.stack, &phase.why)).collect();
            panic!("update {at} is refused: {refusal}\n{steps:#?}\n{}", phase.template.to_json_pretty());
        }
    }
    phases
}

#[expect(clippy::unnecessary_wraps, reason = "a place may be empty")]
fn one(name: u8) -> Option<Declared> {
    Some(Declared { name, uses: None, arn: false })
}

#[expect(clippy::unnecessary_wraps, reason = "a place may be empty")]
fn user(from: usize, which: usize) -> Option<Declared> {
    Some(Declared { name: 0, uses: Some((from, which, false)), arn: true })
}

/// Two stacks, of which the second one uses the first one's bucket.
fn pair(exports: bool, bucket: Option<Declared>, second: Option<Declared>, user: Option<Declared>) -> Assembly {
    Version { exports, stacks: vec![vec![bucket, None, second], vec![None, user, None]] }.assembly()
}

fn said(phases: &[Phase]) -> Vec<(&str, &str)> {
    phases.iter().map(|phase| (phase.stack.as_str(), phase.why.as_deref().unwrap_or_default())).collect()
}

/// aws-cdk#7602, #17741: the resource goes, and so does its use; the exporter comes first and is refused.
#[test]
fn deadly_embrace_of_an_export_that_goes() {
    let mut world = World::default();
    run(&mut world, &pair(true, one(0), one(0), user(0, 0)), 9);
    let phases = run(&mut world, &pair(true, None, one(0), user(0, 2)), 9);
    assert_eq!(
        said(&phases),
        [
            ("s0", "1 of 2: keeps export `app-test-s0-R0Arn` until s1 no longer imports it"),
            ("s1", ""),
            ("s0", "2 of 2: drops export `app-test-s0-R0Arn`, which nothing imports any more"),
        ]
    );
    assert_eq!(phases[2].after, [0, 1]);
}

/// aws-cdk#34813: the same the other way about: the importer wants what only the new exporter has.
#[test]
fn deadly_embrace_of_an_importer_that_comes_first() {
    let mut world = World::default();
    run(&mut world, &pair(true, one(0), None, user(0, 0)), 9);
    let phases = run(&mut world, &pair(true, None, one(0), user(0, 2)), 9);
    let kept = phases[0].template.find(["Resources", "R0"]);
    assert!(kept.is_some(), "what is behind the export is kept with it");
    assert!(phases[2].template.find(["Resources", "R0"]).is_none());
}

/// aws-cdk#27902: the value changes, because the resource behind it is replaced.
#[test]
fn deadly_embrace_of_an_export_whose_value_changes() {
    let mut world = World::default();
    run(&mut world, &pair(true, one(0), None, user(0, 0)), 9);
    let phases = run(&mut world, &pair(true, one(1), None, user(0, 0)), 9);
    let literal =
        "1 of 2: takes the present value of export `app-test-s0-R0Arn` as a literal, so that nothing holds s0";
    assert_eq!(said(&phases), [("s1", literal), ("s0", ""), ("s1", "2 of 2: imports `app-test-s0-R0Arn` again")]);
    assert_eq!(phases[1].after, [0]);
    assert_eq!(phases[2].after, [0, 1]);
}

#[test]
fn nothing_is_replaced_from_one_kind_of_reference_to_the_other() {
    for (from, to, updates) in [(false, true, 2), (true, false, 3)] {
        let mut world = World::default();
        run(&mut world, &pair(from, one(0), None, user(0, 0)), 9);
        let before: Vec<_> = world.stacks.values().map(|stack| stack.resources.clone()).collect();
        let phases = run(&mut world, &pair(to, one(0), None, user(0, 0)), 9);
        let after: Vec<_> = world.stacks.values().map(|stack| stack.resources.clone()).collect();
        assert_eq!(before, after);
        assert_eq!(phases.len(), updates, "{:?}", said(&phases));
    }
}

#[test]
fn a_stack_that_is_left_alone_keeps_the_export() {
    let mut world = World::default();
    run(&mut world, &pair(true, one(0), one(0), user(0, 0)), 9);
    let gone = pair(true, None, one(0), user(0, 2));
    let phases = world.plan(&gone, &all(&gone)[..1]).expect("nothing is in the way");
    let why = "keeps export `app-test-s0-R0Arn`, as s1 is not deployed this time and imports it";
    assert_eq!(said(&phases), [("s0", why)]);
    let changed = pair(true, one(1), one(0), user(0, 0));
    let blocked = world.plan(&changed, &all(&changed)[..1]).expect_err("the value cannot be kept");
    let [Blocked { reason: BlockedReason::LeftAlone, importers, .. }] = blocked.as_slice() else {
        panic!("{blocked:?}");
    };
    assert_eq!(importers, &["s1"]);
    assert_eq!(blocked[0].hint(), "deploy them together: `baleen deploy s0 s1`");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever changes, in both directions, killed between any two updates: no update is refused, the new templates are
    /// reached, and nothing is replaced whose name did not change.
    #[test]
    fn no_export_ever_blocks(old in version(), new in version(), killed in 0..8usize) {
        let (old, new) = (old.assembly(), new.assembly());
        let mut world = World::default();
        run(&mut world, &old, usize::MAX);
        let before = world.clone();
        run(&mut world, &new, killed);
        run(&mut world, &new, usize::MAX);
        for stack in &new.stacks {
            prop_assert_eq!(&world.stacks[&stack.name].template, &stack.template);
            for (id, (name, made)) in &world.stacks[&stack.name].resources {
                if let Some((was, number)) = before.stacks[&stack.name].resources.get(id) {
                    prop_assert!(was != name || made == number, "{}.{} was replaced", &stack.name, id);
                }
            }
        }
        let again = run(&mut world, &new, usize::MAX);
        prop_assert_eq!(again.len(), new.stacks.len(), "nothing is left to be done in two");
    }
}
