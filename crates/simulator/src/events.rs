//! What a stack tells about itself.

use cloud::cloud_formation::{StackEvent, StackStatus};

use crate::clock::date;
use crate::state::State;

const STACK: &str = "AWS::CloudFormation::Stack";

impl State {
    /// Gives a stack another status, and says so.
    pub fn set_status(&mut self, id: &str, status: &str, reason: Option<String>) {
        let Some(stack) = self.stacks.get_mut(id) else { return };
        stack.status = StackStatus::from(status);
        stack.reason.clone_from(&reason);
        let (name, id) = (stack.name.clone(), stack.id.clone());
        self.record(&id, &name, Some(id.clone()), STACK, status, reason);
    }

    /// Gives a resource another status, and says so.
    pub fn set_resource(&mut self, id: &str, logical_id: &str, status: &str, reason: Option<String>) {
        let now = self.now;
        let Some(stack) = self.stacks.get_mut(id) else { return };
        let Some(resource) = stack.resources.get_mut(logical_id) else { return };
        status.clone_into(&mut resource.status);
        resource.reason.clone_from(&reason);
        resource.changed = now;
        let (physical_id, resource_type) = (resource.physical_id.clone(), resource.resource_type.clone());
        self.record(id, logical_id, physical_id, &resource_type, status, reason);
    }

    /// Adds an event.
    pub fn record(
        &mut self,
        stack: &str,
        logical_id: &str,
        physical_id: Option<String>,
        resource_type: &str,
        status: &str,
        reason: Option<String>,
    ) {
        let number = self.next().to_string();
        let id = self.random.uuid(&["event", stack, &number]);
        let time = Some(date(self.now));
        let Some(stack) = self.stacks.get_mut(stack) else { return };
        stack.events.push(StackEvent {
            id,
            time,
            stack_id: stack.id.clone(),
            logical_id: logical_id.to_owned(),
            physical_id,
            resource_type: resource_type.to_owned(),
            status: status.to_owned(),
            reason,
            client_token: stack.operation.as_ref().and_then(|operation| operation.token.clone()),
            detailed_status: None,
        });
    }
}
