use check::{Known, Link, Surroundings, Template};
use template::{App, Assembly};
use tree::{Finding, Severity};

/// An assembly that can be deployed, and what is worth saying about it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The synthesized app.
    pub assembly: Assembly,
    /// Warnings and remarks of the check; no errors.
    pub remarks: Vec<Finding>,
    /// What the stacks' author accepts, with the reasons.
    pub suppressed: Vec<check::Suppressed>,
}

/// Synthesizes an app and checks its templates, in one step; fails with all findings if one of them is an error.
pub fn assemble(app: &App) -> Result<Checked, Vec<Finding>> {
    let assembly = app.synth()?;
    let stacks = assembly.stacks.iter();
    let templates: Vec<_> = stacks.map(|stack| Template { name: &stack.name, tree: &stack.template }).collect();
    let check::Report { findings, suppressed } = check::report(&templates, &surroundings(&assembly));
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    Ok(Checked { assembly, remarks: findings, suppressed })
}

/// Says of the templates what the manifest knows: which parameter is filled with which output, and where they will be.
fn surroundings(assembly: &Assembly) -> Surroundings<'_> {
    let mut surroundings = Surroundings::default();
    for stack in &assembly.stacks {
        surroundings.links.extend(stack.parameters.iter().map(|reference| Link {
            template: &stack.name,
            parameter: &reference.parameter,
            from: &reference.stack,
            output: &reference.output,
        }));
        let known = [
            ("AWS::AccountId", &assembly.account),
            ("AWS::Region", &assembly.region),
            ("AWS::StackName", &stack.stack_name),
        ];
        surroundings.values.extend(known.map(|(name, value)| Known { template: &stack.name, name, value }));
    }
    surroundings
}
