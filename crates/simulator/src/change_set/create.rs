//! Makes change sets.

use std::sync::Arc;

use cloud::Result;
use cloud::cloud_formation::{
    Capability, ChangeSetIds, ChangeSetRequest, ChangeSetStatus, ChangeSetType, ExecutionStatus, OnStackFailure,
    StackStatus, TemplateSource,
};

use super::ChangeSet;
use crate::durations;
use crate::early;
use crate::import;
use crate::parameters::Parameters;
use crate::refusal::{invalid, refusal};
use crate::settings::Settings;
use crate::stack::{Revision, Stack};
use crate::state::{State, Wake};
use crate::template::{Template, capabilities_needed};
use crate::triggers;

const CREATE: &str = "cloudformation:CreateChangeSet";

/// AWS page "CloudFormation quotas".
const LONGEST_BODY: usize = 51_200;
const LONGEST_OBJECT: usize = 1_048_576;
const MOST_TAGS: usize = 50;

impl State {
    pub fn create_change_set(&mut self, request: &ChangeSetRequest) -> Result<ChangeSetIds> {
        check_names(request)?;
        if let Some(reason) = request.rollback.as_ref().and_then(triggers::wrong) {
            return Err(invalid(CREATE, reason));
        }
        let existing = self.find(&request.stack).filter(|stack| stack.status != StackStatus::DeleteComplete);
        let existing = existing.map(|stack| stack.id.clone());
        if let Some(ids) = existing.as_deref().and_then(|id| self.made_with_token(id, request)) {
            return Ok(ids);
        }
        let stack = existing.as_deref().and_then(|id| self.stacks.get(id));
        fits(request, stack)?;
        let revision = self.revision(request, stack)?;
        let id = match existing {
            Some(id) => id,
            None => self.new_stack(&request.stack)?,
        };
        let number = self.next().to_string();
        let uuid = self.random.uuid(&["change set", &id, &number]);
        let Settings { region, account, .. } = &self.settings;
        let partition = crate::physical::partition(region);
        let change_set = format!("arn:{partition}:cloudformation:{region}:{account}:changeSet/{}/{uuid}", request.name);
        if let Some(token) = &request.client_token {
            self.tokens.insert(format!("{CREATE} {id} {token}"), change_set.clone());
        }
        let Some(stack) = self.stacks.get_mut(&id) else { return Err(invalid(CREATE, "Stack is gone")) };
        stack.change_sets.push(ChangeSet {
            name: request.name.clone(),
            id: change_set.clone(),
            kind: request.change_set_type,
            status: ChangeSetStatus::CreatePending,
            reason: None,
            execution_status: ExecutionStatus::Unavailable,
            changes: Vec::new(),
            revision,
            on_failure: request.on_stack_failure.unwrap_or(OnStackFailure::Rollback),
            role_arn: request.role_arn.clone().or_else(|| stack.role_arn.clone()),
            rollback: request.rollback.clone(),
            import: request.import.clone(),
            failures: Vec::new(),
        });
        let after = durations::up_to(self.settings.change_set, self.random, &["change set", &change_set]);
        self.wake(after, Wake::ChangeSet { stack: id.clone(), id: change_set.clone() });
        Ok(ChangeSetIds { change_set, stack: id })
    }

    /// Finds what the same call made before.
    fn made_with_token(&self, id: &str, request: &ChangeSetRequest) -> Option<ChangeSetIds> {
        let token = request.client_token.as_deref()?;
        let change_set = self.tokens.get(&format!("{CREATE} {id} {token}"))?;
        let there = self.stacks.get(id)?.change_sets.iter().find(|made| made.id == *change_set)?;
        (there.name == request.name).then(|| ChangeSetIds { change_set: change_set.clone(), stack: id.to_owned() })
    }

    fn revision(&self, request: &ChangeSetRequest, stack: Option<&Stack>) -> Result<Revision> {
        let previous = stack.and_then(|stack| stack.revision.as_ref());
        let template = match (&request.template, previous) {
            (TemplateSource::Previous, Some(previous)) => previous.template.clone(),
            (TemplateSource::Previous, None) => {
                return Err(invalid(CREATE, "UsePreviousTemplate cannot be used with a stack that has no template"));
            }
            (source, _) => Arc::new(Template::parse(&self.body(source)?).map_err(|reason| invalid(CREATE, reason))?),
        };
        check_capabilities(&template, &request.capabilities)?;
        let nothing = Parameters::default();
        let before = previous.map_or(&nothing, |previous| &previous.parameters);
        let stored = |name: &str| self.stored_parameter(name);
        let parameters = Parameters::settle(&template, &request.parameters, before, &stored);
        let parameters = parameters.map_err(|reason| invalid(CREATE, reason))?;
        if let (Some(previous), true) = (previous, request.change_set_type != ChangeSetType::Create) {
            same_types(&previous.template, &template)?;
        }
        if request.change_set_type == ChangeSetType::Import {
            import::check(&template, previous.map(|previous| &*previous.template), &request.import)
                .map_err(|reason| invalid(CREATE, reason))?;
        }
        Ok(Revision { template, parameters, tags: request.tags.clone() })
    }

    /// Reads the template of a request.
    pub fn body(&self, source: &TemplateSource) -> Result<String> {
        let too_long = |what: &str, most: usize| {
            let message = format!(
                "1 validation error detected: Value at '{what}' failed to satisfy constraint: Member must have length less than or equal to {most}"
            );
            invalid(CREATE, message)
        };
        match source {
            TemplateSource::Body(body) if body.len() > LONGEST_BODY => Err(too_long("templateBody", LONGEST_BODY)),
            TemplateSource::Body(body) => Ok(body.clone()),
            TemplateSource::Url(url) => {
                let found = self.storage.at_url(url, &self.settings.region);
                let found = found.ok_or_else(|| invalid(CREATE, "S3 error: The specified key does not exist."))?;
                if found.len() > LONGEST_OBJECT {
                    let message = format!(
                        "Template size is {} bytes, which exceeds the maximum allowed size of 1 MB",
                        found.len()
                    );
                    return Err(invalid(CREATE, message));
                }
                Ok(String::from_utf8_lossy(&found).into_owned())
            }
            TemplateSource::Previous => Ok(String::new()),
        }
    }

    /// Makes a stack in `REVIEW_IN_PROGRESS`.
    fn new_stack(&mut self, name: &str) -> Result<String> {
        if self.live.len() >= self.settings.most_stacks {
            let message = format!("Limit for stack has been exceeded: {}", self.settings.most_stacks);
            return Err(refusal(CREATE, "LimitExceededException", message));
        }
        let number = self.next().to_string();
        let id = self.stack_id(name, &number);
        self.stacks.insert(id.clone(), Stack::new(name, id.clone(), self.now));
        self.live.insert(name.to_owned(), id.clone());
        self.set_status(&id, "REVIEW_IN_PROGRESS", Some("User Initiated".to_owned()));
        Ok(id)
    }

    /// The time is over that a change set takes to be made.
    pub fn make_change_set(&mut self, id: &str, change_set: &str) {
        let Some(stack) = self.stacks.get(id) else { return };
        let Some(found) = stack.change_sets.iter().find(|found| found.id == change_set) else { return };
        let changes = match found.kind {
            ChangeSetType::Import => self.imports(stack, &found.revision, &found.import),
            _ => self.changes(stack, &found.revision),
        };
        let made = changes.map(|changes| {
            let failures = self.validate(stack, &found.revision, &changes);
            (changes, failures)
        });
        let Some(stack) = self.stacks.get_mut(id) else { return };
        let Some(found) = stack.change_sets.iter_mut().find(|found| found.id == change_set) else { return };
        match made {
            Ok((changes, failures)) => {
                found.reason = early::reason(&failures);
                (found.status, found.execution_status) = match found.reason {
                    Some(_) => (ChangeSetStatus::Failed, ExecutionStatus::Unavailable),
                    None => (ChangeSetStatus::CreateComplete, ExecutionStatus::Available),
                };
                (found.changes, found.failures) = (changes, failures);
            }
            Err(reason) => {
                found.status = ChangeSetStatus::Failed;
                found.reason = Some(reason);
            }
        }
    }
}

fn check_names(request: &ChangeSetRequest) -> Result<()> {
    let is_name = |name: &str| {
        name.len() <= 128
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let pattern = "[a-zA-Z][-a-zA-Z0-9]*";
    let is_arn = request.stack.starts_with("arn:");
    for (value, what, good) in [
        (&request.stack, "stackName", is_arn || is_name(&request.stack)),
        (&request.name, "changeSetName", is_name(&request.name)),
    ] {
        if !good {
            return Err(invalid(
                CREATE,
                format!(
                    "1 validation error detected: Value '{value}' at '{what}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"
                ),
            ));
        }
    }
    if request.tags.len() > MOST_TAGS {
        return Err(invalid(
            CREATE,
            format!(
                "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to {MOST_TAGS}"
            ),
        ));
    }
    Ok(())
}

/// Says whether a change set of this kind can be made for a stack as it is.
fn fits(request: &ChangeSetRequest, stack: Option<&Stack>) -> Result<()> {
    let Some(stack) = stack else {
        return match request.change_set_type {
            ChangeSetType::Create | ChangeSetType::Import => Ok(()),
            ChangeSetType::Update => Err(invalid(CREATE, format!("Stack [{}] does not exist", request.stack))),
        };
    };
    if request.change_set_type == ChangeSetType::Create {
        if stack.status != StackStatus::ReviewInProgress || stack.is_busy() {
            let message = format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [{}]",
                stack.name, request.name
            );
            return Err(invalid(CREATE, message));
        }
    } else if request.change_set_type == ChangeSetType::Import && stack.status == StackStatus::ReviewInProgress {
        // A stack that is to be made of what exists.
    } else if !accepts_update(&stack.status) || stack.is_busy() {
        return Err(invalid(CREATE, not_updatable(stack)));
    }
    if stack.change_sets.iter().any(|change_set| change_set.name == request.name) {
        return Err(refusal(CREATE, "AlreadyExistsException", format!("ChangeSet [{}] already exists", request.name)));
    }
    Ok(())
}

/// Says in which states a stack can be updated (AWS page "Stack status codes").
pub(super) fn accepts_update(status: &StackStatus) -> bool {
    matches!(
        status,
        StackStatus::CreateComplete
            | StackStatus::CreateFailed
            | StackStatus::UpdateComplete
            | StackStatus::UpdateFailed
            | StackStatus::UpdateRollbackComplete
            | StackStatus::ImportComplete
            | StackStatus::ImportRollbackComplete
    )
}

pub(super) fn not_updatable(stack: &Stack) -> String {
    // What was accepted a moment ago does not show yet.
    let status = match (stack.is_busy(), stack.status.is_in_progress()) {
        (true, false) => "UPDATE_IN_PROGRESS",
        _ => stack.status.as_str(),
    };
    format!("Stack:{} is in {status} state and can not be updated.", stack.id)
}

fn check_capabilities(template: &Template, given: &[Capability]) -> Result<()> {
    let missing = match capabilities_needed(template) {
        Some(Capability::NamedIam) if !given.contains(&Capability::NamedIam) => "CAPABILITY_NAMED_IAM",
        Some(Capability::Iam) if !given.contains(&Capability::NamedIam) && !given.contains(&Capability::Iam) => {
            "CAPABILITY_IAM"
        }
        _ if template.has_macros() && !given.contains(&Capability::AutoExpand) => "CAPABILITY_AUTO_EXPAND",
        _ => return Ok(()),
    };
    Err(refusal(CREATE, "InsufficientCapabilitiesException", format!("Requires capabilities : [{missing}]")))
}

/// A logical id cannot change its type.
fn same_types(before: &Template, after: &Template) -> Result<()> {
    let changed = after
        .resources()
        .map(|(name, _)| name)
        .filter(|name| before.resource(name).is_some() && before.resource_type(name) != after.resource_type(name));
    let changed: Vec<_> = changed.map(String::as_str).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{}]",
        changed.join(", ")
    );
    Err(invalid(CREATE, message))
}
