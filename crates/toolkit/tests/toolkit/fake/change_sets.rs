use std::collections::BTreeMap;

use cloud::cloud_formation::{
    Capability, Change, ChangeAction, ChangeSetDescription, ChangeSetIds, ChangeSetRequest, ChangeSetStatus,
    ChangeSetType, ExecutionStatus, Replacement, StackStatus, TemplateSource,
};
use cloud::{Error, ErrorKind, Result};

use super::{ACCOUNT, REGION, Stack, State, is_spent, parameter_value, parse, refused};

/// A change set, and what executing it would make of the stack.
#[derive(Clone)]
pub struct ChangeSet {
    pub name: String,
    pub id: String,
    pub creates: bool,
    pub execution_status: ExecutionStatus,
    pub changes: Vec<Change>,
    /// Whether it has been looked at: it is being made until then.
    pub looked_at: bool,
    pub template: String,
    pub parameters: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
}

const CREATE: &str = "cloudformation:CreateChangeSet";
const EXECUTE: &str = "cloudformation:ExecuteChangeSet";

impl State {
    pub fn create_change_set(&mut self, request: &ChangeSetRequest) -> Result<ChangeSetIds> {
        let template = self.template(&request.template)?;
        check_capabilities(&template, &request.capabilities)?;
        let creates = request.change_set_type == ChangeSetType::Create;
        let previous = self.find(&request.stack).map(|stack| (stack.status.clone(), stack.parameters.clone()));
        match &previous {
            None if !creates => return Err(refused(CREATE, format!("Stack [{}] does not exist", request.stack))),
            Some((status, _)) if creates && *status != StackStatus::ReviewInProgress => {
                return Err(Error::new(ErrorKind::AlreadyExists, CREATE, format!("Stack [{}] exists", request.stack)));
            }
            Some((status, _)) if !creates && !accepts_update(status) => {
                return Err(refused(CREATE, format!("Stack is in {status} state and can not be updated")));
            }
            _ => {}
        }
        let previous = previous.map(|(_, parameters)| parameters).unwrap_or_default();
        let parameters = resolve_parameters(&template, request, &previous)?;
        let number = self.next();
        if self.find(&request.stack).is_none() {
            let stack = self.new_stack(&request.stack);
            self.stacks.insert(request.stack.clone(), stack);
        }
        self.tokens.extend(request.client_token.clone());
        self.roles.insert(request.stack.clone(), request.role_arn.clone());
        let stack = self.existing(CREATE, &request.stack)?;
        if stack.change_sets.iter().any(|present| present.name == request.name) {
            return Err(Error::new(ErrorKind::AlreadyExists, CREATE, format!("ChangeSet [{}] exists", request.name)));
        }
        let change_set = ChangeSet {
            name: request.name.clone(),
            id: format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{}/{number}", request.name),
            creates,
            execution_status: ExecutionStatus::Unavailable,
            changes: changes(stack, &template, &parameters, &request.tags),
            looked_at: false,
            template,
            parameters,
            tags: request.tags.clone(),
        };
        let ids = ChangeSetIds { change_set: change_set.id.clone(), stack: stack.id.clone() };
        stack.change_sets.push(change_set);
        Ok(ids)
    }

    fn template(&self, source: &TemplateSource) -> Result<String> {
        let body = match source {
            TemplateSource::Body(body) if body.len() > 51_200 => {
                return Err(refused(CREATE, "Template may not exceed 51200 bytes in size"));
            }
            TemplateSource::Body(body) => body.clone(),
            TemplateSource::Url(url) => {
                let path = url.strip_prefix(&format!("https://s3.{REGION}.amazonaws.com/"));
                let place = path.and_then(|path| path.split_once('/'));
                let object = place.and_then(|(bucket, key)| self.objects.get(&(bucket.to_owned(), key.to_owned())));
                let object = object.ok_or_else(|| refused(CREATE, format!("S3 error: {url} is not there")))?;
                String::from_utf8_lossy(object).into_owned()
            }
            TemplateSource::Previous => return Err(refused(CREATE, "not part of this fake")),
        };
        if parse(&body)["Resources"].as_object().is_none_or(serde_json::Map::is_empty) {
            return Err(refused(CREATE, "At least one Resources member must be defined"));
        }
        Ok(body)
    }

    pub fn describe_change_set(&mut self, stack: &str, name: &str) -> Result<ChangeSetDescription> {
        let missing =
            || Error::new(ErrorKind::NotFound, "cloudformation:DescribeChangeSet", format!("{name} is not there"));
        let invalid = self.invalid.clone();
        let stack = self.find(stack).ok_or_else(missing)?;
        let (stack_id, is_working) = (stack.id.clone(), stack.status.is_in_progress());
        let invalid = invalid.contains_key(&stack.name);
        let succeeded = stack.status.is_success();
        let found = stack.change_sets.iter_mut().find(|present| present.name == name || present.id == name);
        let change_set = found.ok_or_else(missing)?;
        let (status, reason) = if !std::mem::replace(&mut change_set.looked_at, true) {
            (ChangeSetStatus::CreateInProgress, None)
        } else if invalid {
            let reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation].";
            (ChangeSetStatus::Failed, Some(reason.to_owned()))
        } else if change_set.changes.is_empty() {
            let reason = "The submitted information didn't contain changes. Submit different information.";
            (ChangeSetStatus::Failed, Some(reason.to_owned()))
        } else {
            if change_set.execution_status == ExecutionStatus::Unavailable {
                change_set.execution_status = ExecutionStatus::Available;
            }
            (ChangeSetStatus::CreateComplete, None)
        };
        if change_set.execution_status == ExecutionStatus::InProgress && !is_working {
            change_set.execution_status = if succeeded { ExecutionStatus::Complete } else { ExecutionStatus::Failed };
        }
        Ok(ChangeSetDescription {
            name: change_set.name.clone(),
            id: change_set.id.clone(),
            stack_id,
            status,
            reason,
            execution_status: change_set.execution_status.clone(),
            changes: change_set.changes.clone(),
            parameters: change_set.parameters.clone(),
            tags: change_set.tags.clone(),
        })
    }

    pub fn execute_change_set(&mut self, stack: &str, name: &str) -> Result<()> {
        let (failing, stubborn) = (self.failing.clone(), self.failing_to_roll_back.clone());
        let lagging = self.lagging;
        let stack = self.existing(EXECUTE, stack)?;
        let before = stack.status.clone();
        let found = stack.change_sets.iter_mut().find(|present| present.name == name || present.id == name);
        let change_set = found.ok_or_else(|| Error::new(ErrorKind::NotFound, EXECUTE, name.to_owned()))?;
        if change_set.execution_status != ExecutionStatus::Available {
            let message = format!("ChangeSet is in {} status", change_set.execution_status);
            return Err(refused(EXECUTE, message).with_code("InvalidChangeSetStatus"));
        }
        change_set.execution_status = ExecutionStatus::InProgress;
        let change_set = change_set.clone();
        let name = stack.name.clone();
        stack.change_sets.retain(|present| is_spent(&present.execution_status));
        stack.begin(&change_set, &failing, &stubborn);
        stack.stale = lagging.then_some(before);
        *self.executions.entry(name).or_default() += 1;
        Ok(())
    }
}

fn accepts_update(status: &StackStatus) -> bool {
    !status.is_in_progress()
        && !matches!(
            status,
            StackStatus::ReviewInProgress
                | StackStatus::RollbackComplete
                | StackStatus::RollbackFailed
                | StackStatus::DeleteFailed
                | StackStatus::UpdateRollbackFailed
        )
}

fn check_capabilities(template: &str, capabilities: &[Capability]) -> Result<()> {
    let template = parse(template);
    let resources = template["Resources"].as_object().into_iter().flatten();
    let mut types = resources.filter_map(|(_, resource)| resource["Type"].as_str());
    if types.any(|name| name.starts_with("AWS::IAM::")) && !capabilities.contains(&Capability::NamedIam) {
        return Err(refused(CREATE, "Requires capabilities : [CAPABILITY_NAMED_IAM]"));
    }
    Ok(())
}

fn resolve_parameters(
    template: &str,
    request: &ChangeSetRequest,
    previous: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let template = parse(template);
    let declared = template["Parameters"].as_object().cloned().unwrap_or_default();
    if let Some(unknown) = request.parameters.keys().find(|name| !declared.contains_key(*name)) {
        return Err(refused(CREATE, format!("Parameters: [{unknown}] do not exist in the template")));
    }
    let mut resolved = BTreeMap::new();
    for (name, declaration) in declared {
        let given = request.parameters.get(&name).and_then(|value| parameter_value(value, previous.get(&name)));
        let default = declaration["Default"].as_str().map(str::to_owned);
        let value =
            given.or(default).ok_or_else(|| refused(CREATE, format!("Parameters: [{name}] must have values")))?;
        resolved.insert(name, value);
    }
    Ok(resolved)
}

/// Compares resource by resource; a changed parameter changes the resources that use it, and changed tags all.
fn changes(
    stack: &Stack,
    template: &str,
    parameters: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> Vec<Change> {
    let (old, new) = (parse(&stack.template), parse(template));
    let none = serde_json::Map::new();
    let old = old["Resources"].as_object().unwrap_or(&none);
    let new = new["Resources"].as_object().unwrap_or(&none);
    let is_touched = |resource: &serde_json::Value| {
        let text = resource.to_string();
        let used = |name: &String| text.contains(&format!("{{\"Ref\":\"{name}\"}}"));
        let changed = parameters.iter().filter(|(name, value)| stack.parameters.get(*name) != Some(value));
        changed.map(|(name, _)| name).any(used) || (!stack.tags.is_empty() && stack.tags != *tags)
    };
    let mut changes = Vec::new();
    for (logical_id, resource) in new {
        match old.get(logical_id) {
            None => changes.push(change(ChangeAction::Add, logical_id, resource)),
            Some(before) if before != resource || is_touched(resource) => {
                changes.push(change(ChangeAction::Modify, logical_id, resource));
            }
            Some(_) => {}
        }
    }
    let removed = old.iter().filter(|(logical_id, _)| !new.contains_key(*logical_id));
    changes.extend(removed.map(|(logical_id, resource)| change(ChangeAction::Remove, logical_id, resource)));
    changes
}

fn change(action: ChangeAction, logical_id: &str, resource: &serde_json::Value) -> Change {
    Change {
        replacement: (action == ChangeAction::Modify).then_some(Replacement::False),
        action,
        logical_id: logical_id.to_owned(),
        physical_id: None,
        resource_type: resource["Type"].as_str().unwrap_or_default().to_owned(),
        policy_action: None,
        scope: Vec::new(),
        details: Vec::new(),
    }
}
