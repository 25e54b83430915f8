use std::collections::BTreeMap;

use cloud::cloud_formation::{RollbackTriggers, StackOutput, StackStatus};
use serde_json::json;
use template::{App, Declare, References, Settings, Stack};
use template::{Handle, Raw};

use super::*;
use crate::plan::references::entries;
use crate::{Immovable, ImmovableReason};

fn app(references: References) -> App {
    App::new(Settings {
        name: "app".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: Vec::new(),
        references,
        termination_protection: false,
    })
}

fn bucket() -> Raw {
    Raw::new("AWS::S3::Bucket").property("VersioningConfiguration", json!({ "Status": "Enabled" }))
}

fn reader(stack: &mut Stack, bucket: &Handle) {
    let role = Raw::new("AWS::SSM::Parameter").property("Type", "String");
    stack.add("Reader", role.value("Value", bucket.attribute::<String>("Arn")));
}

/// Deploys an app as CloudFormation would describe it afterwards.
fn deployed(assembly: &Assembly) -> BTreeMap<String, Deployed> {
    let of = |stack: &StackTemplate| {
        let outputs = entries(stack.template.get("Outputs")).map(|output| {
            let export = output.value.find(["Export", "Name"]).and_then(tree::Tree::as_str).map(str::to_owned);
            let value = format!("{}-{}", stack.name, output.key);
            (output.key.clone(), StackOutput { value, description: None, export })
        });
        let parameters =
            stack.parameters.iter().map(|weak| (weak.parameter.clone(), format!("{}-{}", weak.stack, weak.output)));
        let description = StackDescription {
            name: stack.stack_name.clone(),
            id: format!("arn:{}", stack.stack_name),
            status: StackStatus::CreateComplete,
            reason: None,
            description: None,
            parameters: parameters.collect(),
            outputs: outputs.collect(),
            tags: BTreeMap::new(),
            termination_protection: false,
            role_arn: None,
            rollback: RollbackTriggers::default(),
            created: None,
            updated: None,
        };
        (stack.name.clone(), Deployed { description, text: String::new(), template: stack.template.clone() })
    };
    assembly.stacks.iter().map(of).collect()
}

fn plan_with(old: &App, new: &App, given_up: &[String]) -> Result<Vec<Step>, Error> {
    let (old, new) = (old.synth().expect("the old app is good"), new.synth().expect("the new app is good"));
    let selected: Vec<_> = new.stacks.iter().collect();
    let deployed = deployed(&old);
    Draft::of(&new, &selected, &deployed, given_up)?.steps(&new, &selected, &deployed, &Foreign::new())
}

fn plan(old: &App, new: &App) -> Vec<Step> {
    plan_with(old, new, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(old: &App, new: &App) -> Vec<Immovable> {
    match plan_with(old, new, &[]) {
        Err(Error::Immovable { moves }) => moves,
        Err(error) => panic!("{error}"),
        Ok(steps) => panic!("{:?}", said(&steps)),
    }
}

fn said(steps: &[Step]) -> Vec<(&str, &str, &[usize])> {
    steps.iter().map(|step| (step.stack.as_str(), step.why.as_deref().unwrap_or_default(), &*step.after)).collect()
}

fn refactoring(step: &Step) -> &Refactoring {
    match &step.work {
        Work::Refactor(refactoring) => refactoring,
        Work::Deploy => panic!("{:?} moves nothing", step.why),
    }
}

/// `storage` with one bucket of this name, and `fleet`, which reads it.
fn storage_and_fleet(references: References, logical_id: &str) -> App {
    let mut app = app(references);
    let sources = app.stack("storage", |stack| {
        stack.add("Topic", Raw::new("AWS::SNS::Topic"));
        stack.add(logical_id, bucket())
    });
    app.stack("fleet", |stack| reader(stack, &sources));
    app
}

#[test]
fn a_renamed_bucket_is_renamed() {
    for references in [References::Weak, References::Exports] {
        let steps = plan(&storage_and_fleet(references, "Sources"), &storage_and_fleet(references, "Originals"));
        let first = "renames `Sources` (AWS::S3::Bucket) to `Originals`; nothing is made anew";
        assert_eq!(said(&steps)[0], ("storage", first, &[][..]));
        let template = &refactoring(&steps[0]).templates["storage"];
        let names: Vec<_> = entries(template.get("Resources")).map(|entry| entry.key.as_str()).collect();
        assert_eq!(names, ["Topic", "Originals"]);
        let value = template.find(["Outputs", "SourcesArn", "Value"]).expect("the output stays for now");
        assert_eq!(value.to_json(), json!({ "Fn::GetAtt": ["Originals", "Arn"] }));
        assert!(steps[1..].iter().all(|step| step.work == Work::Deploy));
        let storage = steps[1..].iter().find(|step| step.stack == "storage").expect("it is updated, too");
        assert!(storage.after.contains(&0));
    }
}

/// The bucket is in `from` of the two stacks; `fleet` reads it.
fn two_homes(references: References, from: usize) -> App {
    let mut app = app(references);
    let mut homes = ["storage", "archive"].into_iter().enumerate().map(|(at, name)| {
        app.stack(name, |stack| {
            stack.add("Topic", Raw::new("AWS::SNS::Topic"));
            (at == from).then(|| stack.add("Sources", bucket()))
        })
    });
    let sources = [homes.next(), homes.next()].into_iter().flatten().flatten().next().expect("it is in one of them");
    drop(homes);
    app.stack("fleet", |stack| reader(stack, &sources));
    app
}

#[test]
fn a_bucket_moves_to_another_stack_in_both_directions() {
    for (from, to) in [(0, 1), (1, 0)] {
        let steps = plan(&two_homes(References::Weak, from), &two_homes(References::Weak, to));
        let (old, new) = (["storage", "archive"][from], ["storage", "archive"][to]);
        let why = format!("moves `Sources` (AWS::S3::Bucket) from {old} to {new}; nothing is made anew");
        assert_eq!(said(&steps)[0], (new, &*why, &[][..]));
        let templates = &refactoring(&steps[0]).templates;
        assert!(templates[old].find(["Resources", "Sources"]).is_none());
        assert_eq!(templates[new].find(["Resources", "Sources", "Type"]), Some(&tree::Tree::string("AWS::S3::Bucket")));
        assert!(templates[old].get("Outputs").is_none(), "an output of what has left would be refused");
        let order: Vec<_> = steps[1..].iter().map(|step| (step.stack.as_str(), step.why.clone())).collect();
        assert_eq!(order, [("storage", None), ("archive", None), ("fleet", None)].map(|(name, why)| (name, why)));
    }
}

#[test]
fn an_export_is_taken_as_a_literal_before_its_bucket_moves() {
    let steps = plan(&two_homes(References::Exports, 0), &two_homes(References::Exports, 1));
    let said = said(&steps);
    let literal =
        "takes the present value of `app-test-storage-SourcesArn` as a literal, so that what is behind it may move";
    assert_eq!(said[0], ("fleet", literal, &[][..]));
    assert!(steps[0].keeps_parameters);
    let value = steps[0].template.find(["Resources", "Reader", "Properties", "Value"]);
    assert_eq!(value, Some(&tree::Tree::string("storage-SourcesArn")));
    assert_eq!((said[1].0, said[1].2), ("archive", &[0][..]));
    assert_eq!(steps.last().map(|step| step.stack.as_str()), Some("fleet"));
}

#[test]
fn what_stays_behind_and_what_moves_find_each_other_by_exports() {
    let home = |at: usize| {
        let mut app = app(References::Weak);
        let key = app.stack("keys", |stack| {
            stack.add("Topic", Raw::new("AWS::SNS::Topic"));
            let key = stack.add("Key", Raw::new("AWS::KMS::Key"));
            if at == 0 {
                let name = template::sub!("alias-{}", key.attribute::<String>("Arn"));
                stack.add("Sources", bucket().value("BucketName", name));
            }
            key
        });
        app.stack("storage", |stack| {
            stack.add("Topic", Raw::new("AWS::SNS::Topic"));
            if at == 1 {
                let name = template::sub!("alias-{}", key.attribute::<String>("Arn"));
                stack.add("Sources", bucket().value("BucketName", name));
            }
        });
        app
    };
    let steps = plan(&home(0), &home(1));
    let templates = &refactoring(&steps[0]).templates;
    let export = "app-test-keys-KeyArn";
    let name = templates["storage"].find(["Resources", "Sources", "Properties", "BucketName"]).expect("it is there");
    assert_eq!(name.to_json(), json!({ "Fn::Sub": ["alias-${KeyArn}", { "KeyArn": { "Fn::ImportValue": export } }] }));
    let output = templates["keys"].find(["Outputs", "KeyArn"]).expect("it is exported").to_json();
    assert_eq!(
        (&output["Value"], &output["Export"]),
        (&json!({ "Fn::GetAtt": ["Key", "Arn"] }), &json!({ "Name": export }))
    );
    let whys: Vec<_> = said(&steps)[1..].iter().map(|(stack, why, _)| (*stack, *why)).collect();
    assert_eq!(
        whys,
        [
            ("keys", "1 of 2: keeps export `app-test-keys-KeyArn` until storage no longer imports it"),
            (
                "storage",
                "1 of 2: no longer imports what is kept for it, and says so in an output, so that it is updated"
            ),
            ("storage", "2 of 2: takes the output away that said so"),
            ("keys", "2 of 2: drops export `app-test-keys-KeyArn`, which nothing imports any more"),
        ]
    );
}

/// Two buckets alike, and what is said of them.
fn twins(ids: [&str; 2], formerly: bool) -> App {
    let mut app = app(References::Weak);
    app.stack("storage", |stack| {
        stack.add("Topic", Raw::new("AWS::SNS::Topic"));
        for (id, former) in ids.into_iter().zip(["A", "B"]) {
            if formerly {
                stack.add(id, bucket().formerly(former))
            } else {
                stack.add(id, bucket())
            };
        }
    });
    app
}

#[test]
fn nobody_guesses_which_of_two_buckets_is_which() {
    let refused = refused(&twins(["A", "B"], false), &twins(["C", "D"], false));
    assert!(refused.iter().all(|one| one.reason == ImmovableReason::Unclear), "{refused:?}");
    assert!(refused[0].hint().contains("`.formerly(\"A\")`"), "{}", refused[0].hint());
    let steps = plan(&twins(["A", "B"], false), &twins(["D", "C"], true));
    let why = "renames `A` (AWS::S3::Bucket) to `D`; renames `B` (AWS::S3::Bucket) to `C`; nothing is made anew";
    assert_eq!(said(&steps)[0].1, why);
    let again = plan(&twins(["D", "C"], true), &twins(["D", "C"], true));
    assert_eq!(said(&again), [("storage", "", &[][..])], "the word does nothing once it is done");
}

#[test]
fn what_is_given_up_does_not_move() {
    let given_up = ["Sources".to_owned()];
    let (old, new) = (storage_and_fleet(References::Weak, "Sources"), storage_and_fleet(References::Weak, "Originals"));
    let steps = plan_with(&old, &new, &given_up).expect("nothing is in the way");
    assert!(steps.iter().all(|step| step.work == Work::Deploy));
}

/// One stack with one resource more or less.
fn one(id: &str, resource: impl Declare<Resource = Raw>) -> App {
    let mut app = app(References::Weak);
    app.stack("storage", |stack| {
        stack.add("Topic", Raw::new("AWS::SNS::Topic"));
        stack.add(id, resource);
    });
    app
}

#[test]
fn what_holds_nothing_moves_only_if_its_name_allows_no_second_one() {
    let role = || Raw::new("AWS::IAM::Role").property("MaxSessionDuration", 3600);
    let steps = plan(&one("A", role()), &one("B", role()));
    assert!(steps.iter().all(|step| step.work == Work::Deploy));
    let named =
        |seconds: u32| Raw::new("AWS::IAM::Role").property("RoleName", "r").property("MaxSessionDuration", seconds);
    let steps = plan(&one("A", named(3600)), &one("B", named(7200)));
    assert_eq!(said(&steps)[0].1, "renames `A` (AWS::IAM::Role) to `B`; nothing is made anew");
}

#[test]
fn another_type_is_another_resource() {
    let table = Raw::new("AWS::DynamoDB::Table").property("KeySchema", json!([]));
    let refused = refused(&one("A", bucket()), &one("B", table.formerly("A")));
    assert_eq!(refused[0].reason, ImmovableReason::OtherType("AWS::DynamoDB::Table".to_owned()));
}

#[test]
fn a_stack_is_not_left_empty() {
    let home = |at: usize| {
        let mut app = app(References::Weak);
        for (own, name) in ["a", "b"].into_iter().enumerate() {
            app.stack(name, |stack| {
                if own == at {
                    stack.add("Sources", bucket());
                } else {
                    stack.add("Topic", Raw::new("AWS::SNS::Topic"));
                }
            });
        }
        app
    };
    let refused = refused(&home(0), &home(1));
    assert_eq!(refused[0].reason, ImmovableReason::Empties);
}

#[test]
fn two_stacks_never_need_each_other() {
    let home = |at: usize| {
        let mut app = app(References::Weak);
        for (own, name) in ["a", "b"].into_iter().enumerate() {
            app.stack(name, |stack| {
                stack.add("Topic", Raw::new("AWS::SNS::Topic"));
                if own == 0 || at == 1 {
                    let key = stack.add(&format!("Key{own}"), Raw::new("AWS::KMS::Key"));
                    if own == at {
                        let sources = stack.add("Sources", bucket().value("Key", key.attribute::<String>("Arn")));
                        reader(stack, &sources);
                    }
                }
            });
        }
        app
    };
    let refused = refused(&home(0), &home(1));
    assert_eq!(refused[0].reason, ImmovableReason::Circle);
}

#[test]
fn a_new_stack_is_made_by_the_move() {
    let mut new = app(References::Weak);
    new.stack("storage", |stack| {
        stack.add("Topic", Raw::new("AWS::SNS::Topic"));
    });
    new.stack("archive", |stack| {
        stack.add("Originals", bucket().formerly_in("storage", "Sources"));
    });
    let steps = plan(&one("Sources", bucket()), &new);
    let refactoring = refactoring(&steps[0]);
    assert_eq!(refactoring.creates, ["archive"]);
    assert_eq!(steps[0].stack, "archive");
    assert_eq!(
        said(&steps)[0].1,
        "moves `Sources` (AWS::S3::Bucket) from storage to archive as `Originals`; nothing is made anew"
    );
}
