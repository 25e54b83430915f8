//! Early validation: what the service finds wrong with a change set before it is executed.

use cloud::cloud_formation::{Change, ChangeAction, ValidationFailure};
use tree::{Finding, Severity};

use crate::physical;
use crate::stack::{Revision, Stack};
use crate::state::State;
use crate::template::Looked;

/// The names of the checks, as `DescribeEvents` has them, and as the reason of a change set has them.
const PROPERTIES: (&str, &str) = ("PROPERTY_VALIDATION", "AWS::EarlyValidation::PropertyValidation");
const NAMES: (&str, &str) = ("NAME_CONFLICT_VALIDATION", "AWS::EarlyValidation::ResourceExistenceCheck");
const EMPTINESS: &str = "BUCKET_EMPTINESS_VALIDATION";

impl State {
    /// Validates a change set.
    pub fn validate(&self, stack: &Stack, target: &Revision, changes: &[Change]) -> Vec<ValidationFailure> {
        if !self.settings.early_validation {
            return Vec::new();
        }
        let mut failures = properties(target);
        for change in changes {
            match change.action {
                ChangeAction::Add => failures.extend(self.name_taken(stack, target, change)),
                ChangeAction::Remove => failures.extend(self.not_empty(change)),
                _ => {}
            }
        }
        failures
    }

    /// A thing of the name that the template gives is there already.
    fn name_taken(&self, stack: &Stack, target: &Revision, change: &Change) -> Option<ValidationFailure> {
        let definition = target.template.resource(&change.logical_id)?;
        let look = |name: &str, attribute: Option<&str>| match self.look(stack, name, attribute) {
            Looked::Nothing => Looked::Later,
            found => found,
        };
        let properties =
            self.within(stack, target, &look, |scope| scope.evaluate(&definition["Properties"])).ok()??;
        let identity =
            physical::identity(&change.resource_type, &properties, self.maker(stack, &change.logical_id, "early"));
        let existing = self.world.get(&change.resource_type, &identity.physical_id).filter(|_| identity.is_named)?;
        // What is left of an attempt that failed is made anew.
        let is_own = existing.owner.as_ref().is_some_and(|owner| owner.stack == stack.id);
        (!is_own).then(|| ValidationFailure {
            reason: format!(
                "Resource of type '{}' with identifier '{}' already exists.",
                change.resource_type, identity.physical_id
            ),
            ..failure(change, NAMES.0, false)
        })
    }

    /// A bucket that is to be deleted holds something.
    fn not_empty(&self, change: &Change) -> Option<ValidationFailure> {
        let is_deleted = change.policy_action.as_deref() == Some("Delete");
        let physical_id = change.physical_id.as_deref().filter(|_| is_deleted)?;
        let reason = self.storage.occupied(&change.resource_type, physical_id)?;
        Some(ValidationFailure { reason, ..failure(change, EMPTINESS, true) })
    }
}

/// Says in the service's words that a change set is not valid.
pub(crate) fn reason(failures: &[ValidationFailure]) -> Option<String> {
    let errors = || failures.iter().filter(|failure| !failure.is_warning);
    let hooks = [PROPERTIES, NAMES].into_iter().filter(|(name, _)| errors().any(|failure| failure.name == *name));
    let hooks: Vec<_> = hooks.map(|(_, hook)| hook).collect();
    (!hooks.is_empty()).then(|| {
        format!(
            "The following hook(s)/validation failed: [{}]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.",
            hooks.join(", ")
        )
    })
}

fn failure(change: &Change, name: &str, is_warning: bool) -> ValidationFailure {
    ValidationFailure {
        logical_id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        name: name.to_owned(),
        is_warning,
        ..ValidationFailure::default()
    }
}

/// Holds the properties against the schemas of their types.
fn properties(target: &Revision) -> Vec<ValidationFailure> {
    let findings = check::check(&[check::Template { name: "", tree: &target.template.tree }]);
    let wrong = |finding: &&Finding| finding.severity == Severity::Error && finding.rule.starts_with("schema/");
    let failure = |finding: &Finding| {
        let logical_id = finding.resource.clone()?;
        Some(ValidationFailure {
            resource_type: target.template.resource_type(&logical_id).to_owned(),
            logical_id,
            name: PROPERTIES.0.to_owned(),
            path: Some(format!("/{}", finding.path)),
            reason: finding.message.clone(),
            is_warning: false,
        })
    };
    findings.iter().filter(wrong).filter_map(failure).collect()
}
