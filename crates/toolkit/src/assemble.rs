use check::Template;
use template::{App, Assembly};
use tree::{Finding, Severity};

/// An assembly that can be deployed, and what is worth saying about it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The synthesized app.
    pub assembly: Assembly,
    /// Warnings and remarks of the check; no errors.
    pub remarks: Vec<Finding>,
}

/// Synthesizes an app and checks its templates, in one step; fails with all findings if one of them is an error.
pub fn assemble(app: &App) -> Result<Checked, Vec<Finding>> {
    let assembly = app.synth()?;
    let stacks = assembly.stacks.iter();
    let templates: Vec<_> = stacks.map(|stack| Template { name: &stack.name, tree: &stack.template }).collect();
    let findings = check::check(&templates);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    Ok(Checked { assembly, remarks: findings })
}
