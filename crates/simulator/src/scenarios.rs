//! What any CloudFormation should do alike: scenarios that run against a [`Cloud`] and tell what they saw.
//!
//! They are run against the simulator and against emulators that others have written, so that what the simulator does is
//! not only our own belief. What they see is told in words without names or ids that differ from run to run.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use cloud::cloud_formation::{
    Capability, Change, ChangeSetDescription, ChangeSetRequest, ChangeSetStatus, ChangeSetType, DeleteStackRequest,
    ExecutionStatus, ParameterValue, StackStatus, TemplateSource,
};
use cloud::objects::PutTarget;
use cloud::{Cloud, Error};
use serde_json::{Value, json};

/// What a scenario saw, or the call that should have succeeded and did not.
pub type Seen = Result<Vec<String>, Error>;

/// Tells what a scenario sees.
pub type Telling<'c> = Pin<Box<dyn Future<Output = Seen> + Send + 'c>>;

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name, which its stacks begin with.
    pub name: &'static str,
    /// Runs it; `Duration` is how long to wait before something is looked at again.
    pub run: for<'c> fn(&'c Cloud, Duration) -> Telling<'c>,
}

/// All of them.
pub const SCENARIOS: [Scenario; 12] = [
    Scenario { name: "creating", run: |cloud, pause| Box::pin(creating(Driver { cloud, pause })) },
    Scenario { name: "unchanged", run: |cloud, pause| Box::pin(unchanged(Driver { cloud, pause })) },
    Scenario { name: "changing", run: |cloud, pause| Box::pin(changing(Driver { cloud, pause })) },
    Scenario { name: "replacing", run: |cloud, pause| Box::pin(replacing(Driver { cloud, pause })) },
    Scenario { name: "removing", run: |cloud, pause| Box::pin(removing(Driver { cloud, pause })) },
    Scenario { name: "refusing", run: |cloud, pause| Box::pin(refusing(Driver { cloud, pause })) },
    Scenario { name: "capabilities", run: |cloud, pause| Box::pin(capabilities(Driver { cloud, pause })) },
    Scenario { name: "exporting", run: |cloud, pause| Box::pin(exporting(Driver { cloud, pause })) },
    Scenario { name: "protecting", run: |cloud, pause| Box::pin(protecting(Driver { cloud, pause })) },
    Scenario { name: "failing", run: |cloud, pause| Box::pin(failing(Driver { cloud, pause })) },
    Scenario { name: "retaining", run: |cloud, pause| Box::pin(retaining(Driver { cloud, pause })) },
    Scenario { name: "expressing", run: |cloud, pause| Box::pin(expressing(Driver { cloud, pause })) },
];

async fn creating(driver: Driver<'_>) -> Seen {
    let template = json!({"Resources": {"Jobs": queue(1), "Films": {"Type": "AWS::S3::Bucket"}}, "Outputs": {"Jobs": {"Value": {"Ref": "Jobs"}}}});
    let made = driver.make("creating", ChangeSetType::Create, &template, &[]).await?;
    let mut seen = vec![format!("{} {}", made.status, made.execution_status)];
    seen.extend(made.changes.iter().map(change));
    seen.push(driver.status("creating").await?);
    seen.push(driver.execute("creating").await?);
    let events = driver.cloud.cloud_formation.stack_events("creating", None).await?;
    let mut ends: Vec<_> = events
        .iter()
        .filter(|event| event.status.ends_with("COMPLETE"))
        .map(|event| format!("{} {}", event.logical_id, event.status))
        .collect();
    ends.sort();
    seen.extend(ends);
    let stack = driver.cloud.cloud_formation.describe_stack("creating").await?;
    seen.push(format!("output {}", stack.is_some_and(|stack| stack.output("Jobs").is_some())));
    seen.push(driver.delete("creating").await?);
    Ok(seen)
}

async fn unchanged(driver: Driver<'_>) -> Seen {
    let template = json!({"Resources": {"Jobs": queue(1)}});
    driver.deploy("unchanged", &template).await?;
    let made = driver.make("unchanged", ChangeSetType::Update, &template, &[]).await?;
    let seen = vec![format!("{} without changes {}", made.status, made.is_without_changes())];
    driver.cloud.cloud_formation.delete_change_set("unchanged", "change").await?;
    driver.delete("unchanged").await?;
    Ok(seen)
}

async fn changing(driver: Driver<'_>) -> Seen {
    driver.deploy("changing", &json!({"Resources": {"Jobs": queue(1)}})).await?;
    let before = driver.physical("changing", "Jobs").await?;
    let made = driver.make("changing", ChangeSetType::Update, &json!({"Resources": {"Jobs": queue(2)}}), &[]).await?;
    let mut seen: Vec<_> = made.changes.iter().map(change).collect();
    seen.push(driver.execute("changing").await?);
    seen.push(format!("the same thing {}", before == driver.physical("changing", "Jobs").await?));
    driver.delete("changing").await?;
    Ok(seen)
}

async fn replacing(driver: Driver<'_>) -> Seen {
    let template =
        |name: &str| json!({"Resources": {"Told": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}});
    driver.deploy("replacing", &template("replacing-one")).await?;
    let before = driver.physical("replacing", "Told").await?;
    let made = driver.make("replacing", ChangeSetType::Update, &template("replacing-two"), &[]).await?;
    let mut seen: Vec<_> = made.changes.iter().map(change).collect();
    seen.push(driver.execute("replacing").await?);
    seen.push(format!("the same thing {}", before == driver.physical("replacing", "Told").await?));
    driver.delete("replacing").await?;
    Ok(seen)
}

async fn removing(driver: Driver<'_>) -> Seen {
    driver.deploy("removing", &json!({"Resources": {"Jobs": queue(1), "More": queue(1)}})).await?;
    let made = driver.make("removing", ChangeSetType::Update, &json!({"Resources": {"Jobs": queue(1)}}), &[]).await?;
    let mut seen: Vec<_> = made.changes.iter().map(change).collect();
    seen.push(driver.execute("removing").await?);
    let left = driver.cloud.cloud_formation.stack_resources("removing").await?;
    let left = left.iter().filter(|resource| resource.status != "DELETE_COMPLETE").count();
    seen.push(format!("{left} left"));
    driver.delete("removing").await?;
    Ok(seen)
}

async fn refusing(driver: Driver<'_>) -> Seen {
    let good = json!({"Resources": {"Jobs": queue(1)}});
    let with_parameter = json!({"Parameters": {"Delay": {"Type": "String"}}, "Resources": {"Jobs": queue(1)}});
    let no_reference =
        json!({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "None"}}}}});
    let no_resources = json!({"Resources": {}});
    let create = ChangeSetType::Create;
    let mut seen = vec![
        driver.refusal("no stack", ChangeSetType::Update, &good, &[]).await,
        driver.refusal("missing parameter", create, &with_parameter, &[]).await,
        driver.refusal("unknown parameter", create, &good, &[("None", "1")]).await,
        driver.refusal("unknown reference", create, &no_reference, &[]).await,
        driver.refusal("no resources", create, &no_resources, &[]).await,
    ];
    let described = driver.cloud.cloud_formation.describe_change_set("refusing", "none").await;
    // Which of the two is missed first is the service's own affair.
    seen.push(format!("no change set: {:?}", described.map(|_| ()).map_err(|error| error.kind)));
    seen.push(format!("none: {}", driver.cloud.cloud_formation.describe_stack("refusing-none").await?.is_none()));
    Ok(seen)
}

async fn capabilities(driver: Driver<'_>) -> Seen {
    let template = json!({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {
        "RoleName": "capabilities", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}}});
    let body = TemplateSource::Body(template.to_string());
    let request = ChangeSetRequest::new("capabilities", "change", ChangeSetType::Create, body);
    let made = driver.cloud.cloud_formation.create_change_set(&request).await.map(|_| ());
    let seen = vec![said(made)];
    driver.delete("capabilities").await?;
    Ok(seen)
}

async fn exporting(driver: Driver<'_>) -> Seen {
    let template = |name: &str| {
        json!({"Resources": {"Told": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}},
            "Outputs": {"Told": {"Value": {"Fn::GetAtt": ["Told", "TopicName"]}, "Export": {"Name": "exporting-told"}}}})
    };
    let importing = json!({"Resources": {"Copy": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "exporting-told"}}}}});
    let mut seen = vec![driver.deploy("exporting", &template("exporting-one")).await?];
    seen.push(driver.deploy("exporting-user", &importing).await?);
    let users = driver.cloud.cloud_formation.importing_stacks("exporting-told").await;
    seen.push(users.map_or_else(|error| said(Err(error)), |users| format!("used by {}", users.join(", "))));
    seen.push(format!("changed: {}", driver.deploy("exporting", &template("exporting-two")).await?));
    seen.push(format!("deleted: {}", driver.delete("exporting").await?));
    driver.delete("exporting-user").await?;
    seen.push(format!("deleted without users: {}", driver.delete("exporting").await?));
    Ok(seen)
}

async fn protecting(driver: Driver<'_>) -> Seen {
    driver.deploy("protecting", &json!({"Resources": {"Jobs": queue(1)}})).await?;
    let formation = &driver.cloud.cloud_formation;
    formation.update_termination_protection("protecting", true).await?;
    let deleted = formation.delete_stack(&DeleteStackRequest::new("protecting")).await;
    let seen = vec![said(deleted), driver.status("protecting").await?];
    formation.update_termination_protection("protecting", false).await?;
    driver.delete("protecting").await?;
    Ok(seen)
}

async fn failing(driver: Driver<'_>) -> Seen {
    let template = json!({"Resources": {"Films": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "failing-films"}}, "Jobs": queue(1)}});
    driver.deploy("failing-first", &template).await?;
    let mut seen = vec![driver.deploy("failing", &template).await?];
    let updated = driver.make("failing", ChangeSetType::Update, &template, &[]).await;
    seen.push(format!("updated: {}", said(updated.map(|_| ()))));
    driver.cloud.objects.put(&PutTarget::new("failing-films", "a"), b"x").await?;
    seen.push(format!("deleted with objects: {}", driver.delete("failing-first").await?));
    Ok(seen)
}

async fn retaining(driver: Driver<'_>) -> Seen {
    let template = json!({"Resources": {"Films": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "retaining-films"}}}});
    driver.deploy("retaining", &template).await?;
    let mut seen = vec![driver.delete("retaining").await?];
    seen.push(format!("still there {}", driver.cloud.objects.list("retaining-films", "").await.is_ok()));
    Ok(seen)
}

async fn expressing(driver: Driver<'_>) -> Seen {
    let output = |value: Value| json!({"Value": value});
    let template = json!({
        "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}},
        "Mappings": {"Sizes": {"one": {"small": "1"}}},
        "Resources": {"Jobs": queue(1), "Never": {"Type": "AWS::SQS::Queue", "Condition": "No"}},
        "Outputs": {
            "If": output(json!({"Fn::If": ["Yes", "then", "else"]})),
            "Join": output(json!({"Fn::Join": ["-", ["a", "b"]]})),
            "Select": output(json!({"Fn::Select": [1, {"Fn::Split": [":", "x:y"]}]})),
            "Map": output(json!({"Fn::FindInMap": ["Sizes", "one", "small"]})),
            "Sub": output(json!({"Fn::Sub": ["${A}/${!B}", {"A": "a"}]})),
            "Cidr": output(json!({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]})),
            "Base": output(json!({"Fn::Base64": "hello"})),
            "Name": output(json!({"Ref": "AWS::StackName"}))
        }
    });
    let mut template = template;
    template["Conditions"]["No"] = json!({"Fn::Not": [{"Condition": "Yes"}]});
    driver.deploy("expressing", &template).await?;
    let stack = driver.cloud.cloud_formation.describe_stack("expressing").await?;
    let outputs = stack.map(|stack| stack.outputs).unwrap_or_default();
    let mut seen: Vec<_> = outputs.iter().map(|(name, output)| format!("{name} {}", output.value)).collect();
    seen.push(format!("{} resource", driver.cloud.cloud_formation.stack_resources("expressing").await?.len()));
    driver.delete("expressing").await?;
    Ok(seen)
}

fn queue(delay: u32) -> Value {
    json!({"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}})
}

/// `Modify Jobs False`
fn change(change: &Change) -> String {
    let replacement = change.replacement.as_ref().map(|replacement| format!(" {replacement}")).unwrap_or_default();
    format!("{} {}{replacement}", change.action, change.logical_id)
}

/// Says what the service answers: the kind and the code of a refusal.
fn said(answer: Result<(), Error>) -> String {
    match answer {
        Ok(()) => "accepted".to_owned(),
        Err(error) => format!("{:?} {}", error.kind, error.code.unwrap_or_default()),
    }
}

/// Makes calls and waits for what they begin.
#[derive(Clone, Copy)]
struct Driver<'c> {
    cloud: &'c Cloud,
    pause: Duration,
}

/// How often something is looked at before it is taken for hung.
const LOOKS: u32 = 2000;

impl Driver<'_> {
    async fn make(
        self,
        stack: &str,
        kind: ChangeSetType,
        template: &Value,
        parameters: &[(&str, &str)],
    ) -> Result<ChangeSetDescription, Error> {
        let mut request = ChangeSetRequest::new(stack, "change", kind, TemplateSource::Body(template.to_string()));
        request.capabilities = vec![Capability::NamedIam];
        for (name, value) in parameters {
            request.parameters.insert((*name).to_owned(), ParameterValue::Value((*value).to_owned()));
        }
        self.cloud.cloud_formation.create_change_set(&request).await?;
        let mut looks = 0;
        loop {
            let made = self.cloud.cloud_formation.describe_change_set(stack, "change").await?;
            let is_pending = matches!(made.status, ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress);
            looks += 1;
            if !is_pending || looks > LOOKS {
                return Ok(made);
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Executes the change set, and says how the stack stands then.
    async fn execute(self, stack: &str) -> Result<String, Error> {
        let formation = &self.cloud.cloud_formation;
        formation.execute_change_set(stack, "change", None).await?;
        for _ in 0..LOOKS {
            tokio::time::sleep(self.pause).await;
            // Where a change set is forgotten once it is executed, there is only the stack to look at.
            let executing = formation.describe_change_set(stack, "change").await;
            let is_executing = executing.is_ok_and(|found| found.execution_status == ExecutionStatus::InProgress);
            if !is_executing && self.standing(stack).await?.is_none_or(|status| !status.is_in_progress()) {
                break;
            }
        }
        formation.delete_change_set(stack, "change").await?;
        self.status(stack).await
    }

    async fn deploy(self, stack: &str, template: &Value) -> Result<String, Error> {
        let exists = self.standing(stack).await?.is_some_and(|status| status != StackStatus::ReviewInProgress);
        let kind = if exists { ChangeSetType::Update } else { ChangeSetType::Create };
        let made = self.make(stack, kind, template, &[]).await?;
        match made.status {
            ChangeSetStatus::CreateComplete => self.execute(stack).await,
            status => Ok(format!("change set {status}")),
        }
    }

    async fn refusal(self, what: &str, kind: ChangeSetType, template: &Value, parameters: &[(&str, &str)]) -> String {
        let stack = format!("refusing-{}", what.replace(' ', "-"));
        let made = self.make(&stack, kind, template, parameters).await;
        let answer = match made {
            Ok(made) if made.status == ChangeSetStatus::Failed => "change set FAILED".to_owned(),
            made => said(made.map(|_| ())),
        };
        format!("{what}: {answer}")
    }

    /// Deletes a stack, and says how it stands then, or what the service says.
    async fn delete(self, stack: &str) -> Result<String, Error> {
        if let Err(error) = self.cloud.cloud_formation.delete_stack(&DeleteStackRequest::new(stack)).await {
            return Ok(said(Err(error)));
        }
        for _ in 0..LOOKS {
            tokio::time::sleep(self.pause).await;
            if self.standing(stack).await?.is_none_or(|status| !status.is_in_progress()) {
                break;
            }
        }
        self.status(stack).await
    }

    async fn standing(self, stack: &str) -> Result<Option<StackStatus>, Error> {
        Ok(self.cloud.cloud_formation.describe_stack(stack).await?.map(|stack| stack.status))
    }

    async fn status(self, stack: &str) -> Result<String, Error> {
        Ok(self.standing(stack).await?.map_or_else(|| "gone".to_owned(), |status| status.to_string()))
    }

    async fn physical(self, stack: &str, logical_id: &str) -> Result<Option<String>, Error> {
        let resources = self.cloud.cloud_formation.stack_resources(stack).await?;
        Ok(resources.into_iter().find(|one| one.logical_id == logical_id).and_then(|one| one.physical_id))
    }
}
