//! Importing: things that exist become resources of a stack, without being touched.

use std::collections::BTreeMap;

use cloud::cloud_formation::{Change, ChangeAction, ImportedResource};
use serde_json::Value;

use crate::change_set::ExecutionEnd;
use crate::operation::{Begun, Decision};
use crate::settings::Verb;
use crate::stack::{Resource, Revision, Stack};
use crate::state::State;
use crate::template::{Looked, Template, text};
use crate::world::{Owner, Thing};

/// Says what of a template cannot be imported: whatever else than taking over it would do.
pub(crate) fn check(
    template: &Template,
    previous: Option<&Template>,
    import: &[ImportedResource],
) -> Result<(), String> {
    if import.is_empty() {
        return Err("ResourcesToImport must be specified for a change set of type IMPORT".to_owned());
    }
    let imported: BTreeMap<_, _> = import.iter().map(|one| (one.logical_id.as_str(), one)).collect();
    for one in import {
        let Some(definition) = template.resource(&one.logical_id) else {
            return Err(format!("Resources [{}] to import are not in the template", one.logical_id));
        };
        if template.resource_type(&one.logical_id) != one.resource_type {
            return Err(format!("Resource type of [{}] does not match the template", one.logical_id));
        }
        if definition["DeletionPolicy"].is_null() {
            return Err(format!(
                "Resources [{}] must have a DeletionPolicy attribute specified in the template",
                one.logical_id
            ));
        }
        identifies(one)?;
    }
    let before = |name: &str| previous.and_then(|previous| previous.resource(name));
    for (name, definition) in template.resources() {
        match (before(name), imported.contains_key(name.as_str())) {
            (None, false) => return Err(format!("Resources [{name}] is missing from ResourcesToImport list")),
            (Some(_), true) => return Err(format!("Resource [{name}] is already in the stack")),
            (Some(before), false) if before != definition => {
                return Err(format!("As part of the import operation, you cannot modify or add [{name}]"));
            }
            _ => {}
        }
    }
    let gone = previous.into_iter().flat_map(Template::resources).find(|(name, _)| template.resource(name).is_none());
    if let Some((name, _)) = gone {
        return Err(format!("As part of the import operation, you cannot delete [{name}]"));
    }
    let outputs = |template: &Template| template.section("Outputs").cloned().unwrap_or_default();
    if outputs(template) != previous.map(outputs).unwrap_or_default() {
        return Err("As part of the import operation, you cannot modify or add [Outputs]".to_owned());
    }
    Ok(())
}

/// Checks that a resource is named by what identifies its type.
fn identifies(one: &ImportedResource) -> Result<(), String> {
    let Some(schema) = schemas::schema(&one.resource_type) else {
        return Err(format!("ResourceTypes [{}] are not supported for Import", one.resource_type));
    };
    let wanted: Vec<_> = schema.primary_identifier().map(|path| path.replace('/', ".")).collect();
    let given: Vec<_> = one.identifier.keys().cloned().collect();
    let mut sorted = wanted.clone();
    sorted.sort();
    if sorted == given {
        return Ok(());
    }
    Err(format!(
        "Resource identifiers for [{}] must be [{}], and are [{}]",
        one.logical_id,
        wanted.join(", "),
        given.join(", ")
    ))
}

impl State {
    /// Lists what an import would do; an error is why it cannot be.
    pub fn imports(
        &self,
        stack: &Stack,
        target: &Revision,
        import: &[ImportedResource],
    ) -> Result<Vec<Change>, String> {
        let look = |_: &str, _: Option<&str>| Looked::Later;
        self.within(stack, target, &look, |scope| scope.is_there(&Value::Null))?;
        let change = |one: &ImportedResource| {
            let thing = self.importable(one)?;
            Ok(Change {
                action: ChangeAction::Import,
                logical_id: one.logical_id.clone(),
                physical_id: Some(thing.physical_id.clone()),
                resource_type: one.resource_type.clone(),
                replacement: None,
                policy_action: None,
                scope: Vec::new(),
                details: Vec::new(),
            })
        };
        import.iter().map(change).collect()
    }

    /// Finds a thing that can be taken over.
    fn importable(&self, one: &ImportedResource) -> Result<&Thing, String> {
        let has = |thing: &Thing, name: &str, value: &str| {
            thing.physical_id == value
                || thing.attributes.get(name).and_then(text).as_deref() == Some(value)
                || thing.properties.get(name).and_then(text).as_deref() == Some(value)
        };
        let of_type = self.world.of_type(&one.resource_type);
        let mut found = of_type.filter(|thing| one.identifier.iter().all(|(name, value)| has(thing, name, value)));
        let values = || one.identifier.values().cloned().collect::<Vec<_>>().join("|");
        let thing = found.next().ok_or_else(|| {
            format!("Resource of type '{}' with identifier '{}' was not found.", one.resource_type, values())
        })?;
        match &thing.owner {
            Some(owner) => Err(format!("{} already exists in stack {}", thing.physical_id, owner.stack)),
            None => Ok(thing),
        }
    }

    pub(crate) fn begin_import(&mut self, id: &str, index: usize, one: &ImportedResource) -> Begun {
        let Some(stack) = self.stacks.get(id) else { return Begun::Done };
        let Some(target) = stack.operation.as_ref().and_then(|operation| operation.target.as_ref()) else {
            return Begun::Done;
        };
        let found = self.importable(one).map(|thing| thing.physical_id.clone());
        let resource = found.and_then(|physical_id| {
            Ok(Resource { physical_id: Some(physical_id), ..self.wanted(stack, target, &one.logical_id)? })
        });
        let (shown, decision) = match resource {
            Ok(resource) => (resource.clone(), Decision::Import { resource: Box::new(resource) }),
            Err(reason) => {
                let definition = target.template.resource(&one.logical_id).cloned().unwrap_or_default();
                (crate::operation::unmade(&one.logical_id, definition), Decision::Fail { reason })
            }
        };
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.resources.insert(one.logical_id.clone(), shown);
        }
        self.set_resource(id, &one.logical_id, "IMPORT_IN_PROGRESS", Some("Resource import started.".to_owned()));
        self.schedule(id, index, &one.logical_id, Verb::Update, decision);
        Begun::Running
    }

    pub(crate) fn end_import(&mut self, id: &str, index: usize, resource: &Resource) {
        let logical_id = resource.logical_id.clone();
        let physical_id = resource.physical_id.clone().unwrap_or_default();
        let struck = self.strike(id, &logical_id, Verb::Create, false);
        let owner = Owner { stack: id.to_owned(), logical_id: logical_id.clone() };
        let thing = self.world.get_mut(&resource.resource_type, &physical_id);
        match (struck, thing) {
            (None, Some(thing)) => {
                thing.owner = Some(owner);
                self.set_resource(id, &logical_id, "IMPORT_COMPLETE", Some("Resource import completed.".to_owned()));
                self.end_task(id, index, false);
            }
            (struck, _) => {
                let reason = struck.unwrap_or_else(|| format!("{physical_id} does not exist"));
                self.set_resource(id, &logical_id, "IMPORT_FAILED", Some(reason));
                self.end_task(id, index, true);
            }
        }
    }

    /// Lets go of what an import had taken over. Nothing of it was touched, so that takes no time.
    pub(crate) fn undo_import(&mut self, id: &str, reason: Option<String>) {
        self.set_status(id, "IMPORT_ROLLBACK_IN_PROGRESS", reason);
        let Some(stack) = self.stacks.get_mut(id) else { return };
        let Some(stable) = stack.stable.take() else { return };
        let taken: Vec<_> =
            stack.resources.values().filter(|one| !stable.resources.contains_key(&one.logical_id)).cloned().collect();
        stack.revision = stable.revision;
        stack.imports = stable.imports;
        for resource in taken {
            if let Some(stack) = self.stacks.get_mut(id) {
                stack.resources.remove(&resource.logical_id);
            }
            let physical_id = resource.physical_id.unwrap_or_default();
            let thing = self.world.get_mut(&resource.resource_type, &physical_id);
            if let Some(thing) = thing.filter(|thing| thing.owner.as_ref().is_some_and(|owner| owner.stack == id)) {
                thing.owner = None;
            }
        }
        self.set_status(id, "IMPORT_ROLLBACK_COMPLETE", None);
        self.end_operation(id, ExecutionEnd::Failed);
    }
}
