//! The names that an assembly gives its resources, as far as policies can tell them.

use std::collections::BTreeSet;

use template::Assembly;
use tree::Tree;

use super::resources;

/// The names of resources, as patterns.
pub(super) struct Names {
    /// The type and the name of each resource that has one.
    named: BTreeSet<(String, String)>,
    environment: String,
}

impl Names {
    /// Reads the names off the templates. A resource without a name gets one that starts with its stack's name.
    pub fn of(assembly: &Assembly) -> Self {
        let environment = format!("{}-{}-", assembly.app, assembly.environment);
        let mut named = BTreeSet::new();
        for stack in &assembly.stacks {
            for (resource_type, properties) in resources(&stack.template) {
                let name = explicit(resource_type, properties).filter(|name| !name.starts_with(&environment));
                named.insert((resource_type.to_owned(), name.unwrap_or_else(|| format!("{environment}*"))));
            }
        }
        Self { named, environment }
    }

    /// Fills an ARN pattern such as `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`, once for each name that a
    /// resource of these types has.
    ///
    /// Ids that a service makes up cannot be known before.
    pub fn fill(&self, assembly: &Assembly, types: &BTreeSet<String>, pattern: &str) -> Vec<String> {
        let partition = if assembly.region.starts_with("cn-") { "aws-cn" } else { "aws" };
        let known = pattern
            .replace("${Partition}", partition)
            .replace("${Region}", &assembly.region)
            .replace("${Account}", &assembly.account);
        if known.contains("${StackName}") {
            return vec![open(&known.replacen("${StackName}", &format!("{}*", self.environment), 1))];
        }
        let Some((before, rest)) = known.split_once("${") else { return vec![known] };
        let Some((variable, after)) = rest.split_once('}') else { return vec![known.clone()] };
        let is_own = |name: &(String, String)| types.contains(&name.0) && is_named_by(variable, &name.0);
        let names: BTreeSet<&str> =
            self.named.iter().filter(|own| is_own(own)).map(|(_, name)| name.as_str()).collect();
        if names.is_empty() {
            return vec![open(&known)];
        }
        let fill = |name: &str| {
            // Some names begin with what the pattern says already: `alias/videos`, `/baleen/prod/weights`.
            let kind = before.rsplit(':').next().unwrap_or_default();
            let name = name.strip_prefix(kind).filter(|_| !kind.is_empty()).unwrap_or(name);
            let name = if before.ends_with('/') { name.trim_start_matches('/') } else { name };
            open(&format!("{before}{name}{after}"))
        };
        names.into_iter().map(fill).collect()
    }
}

/// Replaces what is left of variables by wildcards.
fn open(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    while out.contains("**") {
        out = out.replace("**", "*");
    }
    out
}

/// Tells whether a variable such as `QueueName` stands for the name of a resource of this type.
fn is_named_by(variable: &str, resource_type: &str) -> bool {
    let kind = resource_type.rsplit("::").next().unwrap_or_default().to_ascii_lowercase();
    let variable = variable.to_ascii_lowercase();
    let words = [kind.as_str(), kind.trim_start_matches("composite")];
    words.iter().any(|word| variable.contains(word)) || (kind.ends_with("group") && variable == "groupfriendlyname")
}

/// Returns the name that a template gives a resource, with `*` for what is not known before deployment.
fn explicit(resource_type: &str, properties: Option<&Tree>) -> Option<String> {
    let kind = resource_type.rsplit("::").next()?;
    let candidates =
        [format!("{kind}Name"), "Name".to_owned(), format!("{}Name", kind.trim_start_matches("Composite"))];
    candidates.iter().find_map(|name| properties?.get(name)).map(pattern)
}

/// Writes a string expression as a pattern.
fn pattern(tree: &Tree) -> String {
    match tree.as_single() {
        Some(("Fn::Sub", text)) => {
            let text = text.as_str().or_else(|| text.as_list()?.first()?.as_str());
            text.map_or_else(|| "*".to_owned(), open)
        }
        _ => tree.as_str().map_or_else(|| "*".to_owned(), str::to_owned),
    }
}
