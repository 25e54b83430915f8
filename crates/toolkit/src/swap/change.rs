//! Changes parameters of a stack that is deployed, and nothing else.

use std::collections::BTreeMap;

use cloud::cloud_formation::{
    ChangeSetRequest, ChangeSetType, ParameterValue, RollbackTriggers, StackDescription, TemplateSource,
};
use template::StackTemplate;

use crate::Error;
use crate::call::Context;
use crate::change_set::{self, Made};
use crate::source::capabilities;

/// What to change.
pub(super) struct Change<'a> {
    pub stack: &'a StackTemplate,
    pub standing: &'a StackDescription,
    /// The parameters' new values. The others stay.
    pub parameters: BTreeMap<String, String>,
    /// Which alarms undo it; those that the stack has where absent.
    pub rollback: Option<RollbackTriggers>,
    /// The name of the change set.
    pub name: String,
    /// Tells it from other changes of this run: letters, digits and hyphens.
    pub purpose: String,
}

/// Begins the change; what comes of it is seen at the stack. The template stays the one that the stack has.
pub(super) async fn begin(context: &Context<'_>, role: Option<&str>, change: Change<'_>) -> Result<(), Error> {
    let Change { stack, standing, parameters, rollback, name, purpose } = change;
    change_set::delete_leftover(context, stack, &name, false).await?;
    let mut request = ChangeSetRequest::new(&stack.stack_name, name, ChangeSetType::Update, TemplateSource::Previous);
    let value = |name: &String| match parameters.get(name) {
        Some(value) => (name.clone(), ParameterValue::Value(value.clone())),
        None => (name.clone(), ParameterValue::Previous),
    };
    request.parameters = standing.parameters.keys().map(value).collect();
    request.tags = standing.tags.clone();
    request.capabilities = capabilities(&stack.template);
    request.role_arn = role.map(str::to_owned).or_else(|| standing.role_arn.clone());
    request.rollback = rollback;
    match change_set::make(context, stack, request, false, &format!("make-{purpose}")).await? {
        // It is as it should be already.
        Made::Empty => Ok(()),
        Made::Ready(ids, _) => change_set::execute(context, &stack.name, &ids, &purpose).await,
    }
}
