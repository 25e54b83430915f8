use cloud::cloud_formation::{
    Change, ChangeAction, ChangeSetRequest, ChangeSetStatus, ChangeSetType, DeleteStackRequest, ExecutionStatus,
    ParameterValue, StackStatus, TemplateSource,
};
use cloud::{Cloud, ErrorKind};
use serde_json::{Value, json};

use crate::{execute, until};

const STACK: &str = "demo-storage";

pub(crate) async fn check(cloud: &Cloud) {
    create(cloud).await;
    update(cloud).await;
    without_changes(cloud).await;
    errors(cloud).await;
    delete(cloud).await;
}

fn template(description: &str) -> Value {
    json!({
        "Description": description,
        "Parameters": { "Days": { "Type": "Number", "Default": "7" }, "Kept": { "Type": "String" } },
        "Resources": {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": { "VisibilityTimeout": 30, "Tags": [{ "Key": "days", "Value": { "Ref": "Days" } }] },
            },
            "Bucket": { "Type": "AWS::S3::Bucket" },
        },
        "Outputs": { "Queue": { "Value": { "Ref": "Queue" }, "Description": "Where tasks wait" } },
    })
}

fn request(name: &str, kind: ChangeSetType, template: &Value) -> ChangeSetRequest {
    let mut request = ChangeSetRequest::new(STACK, name, kind, TemplateSource::Body(template.to_string()));
    request.tags.insert("project".to_owned(), "baleen".to_owned());
    request.parameters.insert("Days".to_owned(), ParameterValue::Value("3".to_owned()));
    request.client_token = Some(format!("token-{name}"));
    request.description = Some("made by a test".to_owned());
    request
}

async fn create(cloud: &Cloud) {
    let formation = cloud.cloud_formation.as_ref();
    assert_eq!(formation.describe_stack(STACK).await.expect("an answer"), None);
    let mut first = request("first", ChangeSetType::Create, &template("The first"));
    first.parameters.insert("Kept".to_owned(), ParameterValue::Value("as it was".to_owned()));
    let ids = formation.create_change_set(&first).await.expect("made");
    let review = formation.describe_stack(STACK).await.expect("an answer").expect("a stack");
    assert_eq!((&review.status, &review.id), (&StackStatus::ReviewInProgress, &ids.stack));

    let change_set = formation.describe_change_set(STACK, "first").await.expect("described");
    assert_eq!(change_set.status, ChangeSetStatus::CreateComplete);
    assert_eq!(change_set.execution_status, ExecutionStatus::Available);
    assert!(formation.validation_failures(STACK, "first").await.expect("an answer").is_empty());
    let added = |change: &Change| (change.action.clone(), change.logical_id.clone());
    let mut added: Vec<_> = change_set.changes.iter().map(added).collect();
    added.sort();
    assert_eq!(added, [(ChangeAction::Add, "Bucket".to_owned()), (ChangeAction::Add, "Queue".to_owned())]);

    let stack = execute(cloud, STACK, "first").await;
    assert_eq!(stack.status, StackStatus::CreateComplete);
    assert_eq!(stack.parameters["Days"], "3");
    assert_eq!(stack.tags["project"], "baleen");
    assert!(stack.output("Queue").is_some_and(|url| url.starts_with("http")), "{stack:?}");
    assert!(stack.created.is_some());

    let listed = formation.list_stacks("demo-").await.expect("listed");
    assert_eq!(listed.iter().map(|stack| stack.name.as_str()).collect::<Vec<_>>(), [STACK]);
    let resources = formation.stack_resources(STACK).await.expect("resources");
    assert!(resources.iter().any(|resource| resource.logical_id == "Queue" && resource.physical_id.is_some()));
    let kept: Value = serde_json::from_str(&formation.template(STACK).await.expect("a template")).expect("JSON");
    assert_eq!(kept, template("The first"));
}

async fn update(cloud: &Cloud) {
    let formation = cloud.cloud_formation.as_ref();
    let before = formation.stack_events(STACK, None).await.expect("events");
    assert!(before.windows(2).all(|pair| pair[0].time <= pair[1].time), "oldest first");
    let last = before.last().expect("events");
    assert!(last.is_of_stack(), "{last:?}");

    let mut changed = template("The second");
    changed["Resources"]["Queue"]["Properties"]["VisibilityTimeout"] = json!(60);
    let mut second = request("second", ChangeSetType::Update, &changed);
    second.parameters.insert("Kept".to_owned(), ParameterValue::Previous);
    formation.create_change_set(&second).await.expect("made");
    let change_set = formation.describe_change_set(STACK, "second").await.expect("described");
    let [change] = change_set.changes.as_slice() else { panic!("one change: {change_set:?}") };
    assert_eq!((&change.action, change.logical_id.as_str()), (&ChangeAction::Modify, "Queue"));
    assert!(change.details.iter().any(|detail| detail.name.as_deref() == Some("VisibilityTimeout")), "{change:?}");

    let stack = execute(cloud, STACK, "second").await;
    assert_eq!(stack.status, StackStatus::UpdateComplete);
    assert_eq!(stack.parameters["Kept"], "as it was");
    let after = formation.stack_events(STACK, Some(&last.id)).await.expect("events");
    assert!(!after.is_empty() && after.iter().all(|event| event.status.contains("UPDATE")), "{after:?}");
}

async fn without_changes(cloud: &Cloud) {
    let formation = cloud.cloud_formation.as_ref();
    let template: Value = serde_json::from_str(&formation.template(STACK).await.expect("a template")).expect("JSON");
    let mut third = request("third", ChangeSetType::Update, &template);
    third.parameters.insert("Kept".to_owned(), ParameterValue::Previous);
    formation.create_change_set(&third).await.expect("made");
    let change_set = until("the change set is made", async || {
        let change_set = formation.describe_change_set(STACK, "third").await.expect("described");
        (change_set.status != ChangeSetStatus::CreateInProgress).then_some(change_set)
    });
    let change_set = change_set.await;
    assert!(change_set.is_without_changes(), "{change_set:?}");
    formation.delete_change_set(STACK, "third").await.expect("deleted");
    formation.delete_change_set(STACK, "third").await.expect("deleting nothing is no error");
}

async fn errors(cloud: &Cloud) {
    let formation = cloud.cloud_formation.as_ref();
    let error = formation.describe_change_set(STACK, "none").await.expect_err("no such change set");
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    let error = formation.stack_events("no-such-stack", None).await.expect_err("no such stack");
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    let unknown = json!({ "Resources": { "Document": { "Type": "AWS::No::Such" } } });
    let request = ChangeSetRequest::new(STACK, "bad", ChangeSetType::Update, TemplateSource::Body(unknown.to_string()));
    let error = formation.create_change_set(&request).await.expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Validation, "{error}");
    assert!(error.message.starts_with("demo-storage: "), "{error}");
}

async fn delete(cloud: &Cloud) {
    let formation = cloud.cloud_formation.as_ref();
    formation.update_termination_protection(STACK, true).await.expect("protected");
    let stack = formation.describe_stack(STACK).await.expect("an answer").expect("a stack");
    assert!(stack.termination_protection);
    let request = DeleteStackRequest::new(STACK);
    let error = formation.delete_stack(&request).await.expect_err("it is protected");
    assert_eq!(error.kind, ErrorKind::Validation, "{error}");
    formation.update_termination_protection(STACK, false).await.expect("not protected");

    formation.delete_stack(&request).await.expect("deleted");
    let by_id = until("the stack is deleted", async || {
        let stack = formation.describe_stack(&stack.id).await.expect("an answer")?;
        (stack.status == StackStatus::DeleteComplete).then_some(stack)
    });
    by_id.await;
    assert_eq!(formation.describe_stack(STACK).await.expect("an answer"), None);
    formation.delete_stack(&request).await.expect("deleting nothing is no error");
}
