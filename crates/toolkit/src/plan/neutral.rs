//! Templates in which it makes no difference how a value of one stack reaches another.
//!
//! A weak reference is a parameter, another one is an import; both give the value of the same output. Where templates are
//! compared, both become an import named after that value, so that changing from one to the other is no change.

use std::collections::BTreeMap;

use tree::{Map, Node, Origin, Tree};

use super::references::{Used, entries, with_references};

/// Stands before the value, written as a default, of a weak reference that is not what the other stack puts out now: a
/// run that failed between the two left it so. It makes the reference another one than after the next deployment.
pub(crate) const OUTDATED: &str = "outdated: ";

/// Makes the templates of a set neutral. The names are those of the stacks.
pub(crate) fn neutral(templates: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    let outputs = Outputs::of(&templates);
    let neutral = |(name, template): (String, Tree)| {
        let template = outputs.neutral(&name, &template);
        (name, template)
    };
    templates.into_iter().map(neutral).collect()
}

/// What the outputs of a set of templates are called.
struct Outputs {
    /// By stack and output.
    names: BTreeMap<(String, String), String>,
    /// By export.
    exports: BTreeMap<String, String>,
}

/// A parameter that is filled from an output of another stack.
struct Weak {
    name: String,
    is_list: bool,
}

impl Outputs {
    fn of(templates: &[(String, Tree)]) -> Self {
        let (mut names, mut exports) = (BTreeMap::new(), BTreeMap::new());
        for (stack, template) in templates {
            for output in entries(template.get("Outputs")) {
                // After the value: two outputs may give the same one.
                let value = output.value.get("Value").map(Tree::to_json_compact).unwrap_or_default();
                let name = format!("{stack}: {value}");
                if let Some(export) = output.value.find(["Export", "Name"]).and_then(Tree::as_str) {
                    exports.insert(export.to_owned(), name.clone());
                }
                names.insert((stack.clone(), output.key.clone()), name);
            }
        }
        Self { names, exports }
    }

    fn neutral(&self, stack: &str, template: &Tree) -> Tree {
        let weak = self.weak(template);
        let import = |name: &str| Tree::single("Fn::ImportValue", Tree::string(name));
        let mut neutral = with_references(template, &|used| match used {
            Used::Name { name, attribute: None } => weak.get(name).map(|weak| {
                let value = import(&weak.name);
                if !weak.is_list {
                    return value;
                }
                let arguments = vec![Tree::string(","), value];
                Tree::single("Fn::Split", Tree::new(Node::List(arguments), Origin::Unknown))
            }),
            Used::Import(export) => self.exports.get(export).map(|name| import(name)),
            _ => None,
        });
        if let Some(parameters) = section(&mut neutral, "Parameters") {
            let own = std::mem::take(parameters).into_iter().filter(|parameter| !weak.contains_key(&parameter.key));
            *parameters = own.collect();
        }
        if let Some(outputs) = section(&mut neutral, "Outputs") {
            let exported = std::mem::take(outputs).into_iter().map(|mut output| {
                let name = self.names.get(&(stack.to_owned(), output.key.clone()));
                if let (Node::Map(map), Some(name)) = (&mut output.value.node, name) {
                    let own = std::mem::take(map).into_iter().filter(|entry| entry.key != "Export");
                    *map = own.collect();
                    map.push("Export", Tree::single("Name", Tree::string(name)));
                }
                output
            });
            *outputs = exported.collect();
        }
        neutral
    }

    /// Finds the parameters that are filled from outputs of the set: their description says so, as synthesis wrote it.
    fn weak(&self, template: &Tree) -> BTreeMap<String, Weak> {
        let weak = entries(template.get("Parameters")).filter_map(|parameter| {
            let words = parameter.value.get("Description")?.as_str()?;
            let (output, stack) = words.strip_prefix("Output ")?.split_once(" of stack ")?;
            let name = self.names.get(&(stack.to_owned(), output.to_owned()))?.clone();
            let default = parameter.value.get("Default").and_then(Tree::as_str).unwrap_or_default();
            let name = if default.starts_with(OUTDATED) { format!("{name}, {default}") } else { name };
            let is_list = parameter.value.get("Type").and_then(Tree::as_str) == Some("CommaDelimitedList");
            Some((parameter.key.clone(), Weak { name, is_list }))
        });
        weak.collect()
    }
}

fn section<'t>(template: &'t mut Tree, name: &str) -> Option<&'t mut Map> {
    let Node::Map(map) = &mut template.node else { return None };
    match &mut map.get_mut(name)?.node {
        Node::Map(section) => Some(section),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use template::{App, Raw, References, Settings};

    use super::*;

    fn templates(references: References) -> Vec<(String, Tree)> {
        let mut app = App::new(Settings {
            name: "app".into(),
            environment: "test".into(),
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            tags: Vec::new(),
            references,
            termination_protection: false,
        });
        let sources = app.stack("storage", |stack| {
            let sources = stack.add("Sources", Raw::new("AWS::S3::Bucket"));
            stack.output("Named", sources.reference::<String>());
            sources
        });
        app.stack("fleet", |stack| {
            let name = template::sub!("of-{}", sources.reference::<String>());
            let subnets = sources.list_attribute::<String>("Subnets");
            stack.add("Queue", Raw::new("AWS::SQS::Queue").value("QueueName", name).value("Subnets", subnets));
        });
        let assembly = app.synth().expect("it is a good app");
        assembly.stacks.into_iter().map(|stack| (stack.name, stack.template)).collect()
    }

    #[test]
    fn the_kind_of_reference_makes_no_difference() {
        let [old, new] = [References::Weak, References::Exports].map(|kind| neutral(templates(kind)));
        let old: Vec<_> = old.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
        let new: Vec<_> = new.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
        let diff = diff::diff(&old, &new);
        assert_eq!(diff.resources().count(), 0, "{diff:?}");
    }
}
