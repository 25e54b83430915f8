//! Which steps there are: what is done to which stack, in which order.

use std::collections::BTreeMap;

use cloud::cloud_formation::StackDescription;
use template::{Assembly, StackTemplate};
use tree::Tree;

/// One thing to do to one stack. A stack may have several steps, which follow each other.
pub(crate) struct Step {
    /// The stack's name within the app.
    pub stack: String,
    /// The template that the stack has afterwards.
    pub template: Tree,
    /// What is done, beside giving it the template.
    pub work: Work,
    /// Whether the parameters stay what they are, whatever is given and whatever other stacks put out.
    pub keeps_parameters: bool,
    /// Why, where the author's templates alone do not say it: lowercase, no final full stop.
    pub why: Option<String>,
    /// The steps that must be done before, by their place in the list: earlier ones only.
    pub after: Vec<usize>,
}

/// What kind of work a step is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// A change set that creates or updates the stack.
    Deploy,
    /// Resources get other places, in this stack and in others.
    Refactor(super::refactor::Refactoring),
}

/// A stack that is deployed.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    /// The stack.
    pub description: StackDescription,
    /// Its template as it was uploaded.
    pub text: String,
    /// The same, parsed; empty where it is no template that can be read.
    pub template: Tree,
}

/// Decides on the steps for the stacks selected, which are in an order in which they can be deployed.
///
/// `deployed` has the stacks of the assembly that exist and can be updated.
pub(crate) fn steps(
    assembly: &Assembly,
    selected: &[&StackTemplate],
    deployed: &BTreeMap<String, Deployed>,
) -> Vec<Step> {
    let _ = (assembly, deployed);
    let mut steps: Vec<Step> = Vec::with_capacity(selected.len());
    for stack in selected {
        let needs = |step: &Step| {
            stack.depends_on.contains(&step.stack)
                || stack.parameters.iter().any(|reference| reference.stack == step.stack)
        };
        let after = steps.iter().enumerate().filter(|(_, step)| needs(step)).map(|(place, _)| place).collect();
        steps.push(Step {
            stack: stack.name.clone(),
            template: stack.template.clone(),
            work: Work::Deploy,
            keeps_parameters: false,
            why: None,
            after,
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use template::{App, Raw, References, Settings};

    use super::*;

    #[test]
    fn a_step_waits_for_those_that_it_needs_and_for_no_other() {
        let mut app = App::new(Settings {
            name: "baleen".into(),
            environment: "test".into(),
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            tags: Vec::new(),
            references: References::Weak,
            termination_protection: false,
        });
        let sources = app.stack("storage", |stack| stack.add("Sources", Raw::new("AWS::S3::Bucket")));
        app.stack("keys", |stack| {
            stack.add("Key", Raw::new("AWS::KMS::Key"));
        });
        app.stack("fleet", |stack| {
            stack.add("Role", Raw::new("AWS::IAM::Role").value("Bucket", sources.attribute::<String>("Arn")));
        });
        let assembly = app.synth().expect("nothing is wrong");
        let all: Vec<_> = assembly.stacks.iter().collect();
        let steps = steps(&assembly, &all, &BTreeMap::new());
        let shape: Vec<_> = steps.iter().map(|step| (step.stack.as_str(), step.after.as_slice())).collect();
        assert_eq!(shape, [("storage", &[][..]), ("keys", &[]), ("fleet", &[0])]);
    }
}
