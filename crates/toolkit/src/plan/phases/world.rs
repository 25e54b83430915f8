//! The rules of exports and replacements, and nothing else of CloudFormation, to run phases against.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use template::{App, Assembly, Handle, Raw, References, Settings, StackTemplate, Value};
use tree::Tree;

use super::super::exports::{Before, Exported, touch};
use super::super::references::{Used, entries, used};
use super::{Blocked, Phase, phases};

/// Says how one version of an app looks.
#[derive(Clone, Debug)]
pub struct Version {
    pub exports: bool,
    pub stacks: Vec<Vec<Option<Declared>>>,
}

/// A resource. Its place decides its type: buckets at even ones, parameters at odd ones.
#[derive(Clone, Debug)]
pub struct Declared {
    /// A part of its name: another one replaces it.
    pub name: u8,
    /// What it uses of earlier stacks, and whether by its name, which replaces it when that changes.
    pub uses: Option<(usize, usize, bool)>,
    pub arn: bool,
}

pub fn version() -> impl Strategy<Value = Version> {
    let declared = (0..2u8, proptest::option::of((0..4usize, 0..3usize, any::<bool>())), any::<bool>())
        .prop_map(|(name, uses, arn)| Declared { name, uses, arn });
    let stack = proptest::collection::vec(proptest::option::weighted(0.7, declared), 3);
    (any::<bool>(), proptest::collection::vec(stack, 4)).prop_map(|(exports, stacks)| Version { exports, stacks })
}

impl Version {
    pub fn assembly(&self) -> Assembly {
        let mut app = App::new(Settings {
            name: "app".into(),
            environment: "test".into(),
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            tags: Vec::new(),
            references: if self.exports { References::Exports } else { References::Weak },
            termination_protection: false,
        });
        let mut made: Vec<Vec<Option<Handle>>> = Vec::new();
        for (at, declared) in self.stacks.iter().enumerate() {
            let handles = app.stack(&format!("s{at}"), |stack| {
                stack.add("Always", Raw::new("AWS::SNS::Topic"));
                let resources = declared.iter().enumerate();
                let add = |(place, declared): (usize, &Option<Declared>)| {
                    let declared = declared.as_ref()?;
                    let name = format!("s{at}-r{place}-{}", declared.name);
                    let used: Option<(Value<String>, bool)> = declared.uses.and_then(|(from, which, by_name)| {
                        let handle = made.get(from)?.get(which)?.as_ref()?;
                        let arn = declared.arn && which % 2 == 0;
                        Some((if arn { handle.attribute("Arn") } else { handle.reference() }, by_name))
                    });
                    let raw = match (place % 2, used) {
                        (0, _) => Raw::new("AWS::S3::Bucket").property("BucketName", name),
                        (_, Some((used, true))) => Raw::new("AWS::SSM::Parameter")
                            .value("Name", used)
                            .property("Value", "x")
                            .property("Type", "String"),
                        (_, Some((used, false))) => Raw::new("AWS::SSM::Parameter")
                            .property("Name", name)
                            .value("Value", used)
                            .property("Type", "String"),
                        (_, None) => Raw::new("AWS::SSM::Parameter")
                            .property("Name", name)
                            .property("Value", "x")
                            .property("Type", "String"),
                    };
                    Some(stack.add(&format!("R{place}"), raw))
                };
                resources.map(add).collect()
            });
            made.push(handles);
        }
        app.synth().expect("it is a good app")
    }
}

/// What is deployed.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub stacks: BTreeMap<String, Deployed>,
    made: usize,
}

#[derive(Clone, Debug)]
pub struct Deployed {
    pub template: Tree,
    parameters: BTreeMap<String, String>,
    /// The resources' names and the numbers that tell one from those that it replaced.
    pub resources: BTreeMap<String, (String, usize)>,
}

impl World {
    /// Lays out the phases from what is there.
    pub fn plan(&self, assembly: &Assembly, selected: &[&StackTemplate]) -> Result<Vec<Phase>, Vec<Blocked>> {
        let _ = assembly;
        let before: BTreeMap<String, Before> =
            self.stacks.iter().map(|(name, stack)| (name.clone(), self.before(name, stack))).collect();
        phases(selected, &before, &touch(selected, &before), &BTreeMap::new())
    }

    fn before(&self, name: &str, stack: &Deployed) -> Before {
        let exports = entries(stack.template.get("Outputs")).filter_map(|output| {
            let export = output.value.find(["Export", "Name"])?.as_str()?.to_owned();
            let value = self.resolve(name, &stack.parameters, &stack.resources, output.value.get("Value")?);
            Some((output.key.clone(), Exported { name: export, value: Some(value) }))
        });
        Before { template: stack.template.clone(), exports: exports.collect() }
    }

    /// Updates a stack, or says why CloudFormation would not.
    pub fn deploy(&mut self, stack: &StackTemplate, phase: &Phase) -> Result<(), String> {
        let old = self.stacks.get(&stack.name).cloned();
        let mut parameters = BTreeMap::new();
        for parameter in entries(phase.template.get("Parameters")) {
            let weak = stack.parameters.iter().find(|weak| weak.parameter == parameter.key && !phase.detaches);
            let value = match (weak, &old) {
                (Some(weak), _) => self.output(&weak.stack, &weak.output)?,
                (None, Some(old)) => old.parameters.get(&parameter.key).cloned().ok_or("a parameter has no value")?,
                (None, None) => return Err("a parameter has no value".to_owned()),
            };
            parameters.insert(parameter.key.clone(), value);
        }
        for used in used(&phase.template) {
            if let Used::Import(export) = used
                && self.export(export).is_none()
            {
                return Err(format!("no export named {export}"));
            }
        }
        let held = self.held(&stack.name);
        let resources = self.resources(&stack.name, &phase.template, &parameters, old.as_ref());
        let new = Deployed { template: phase.template.clone(), parameters, resources };
        let now = self.before(&stack.name, &new);
        for (export, value) in held {
            match now.exports.values().find(|own| own.name == export) {
                None => return Err(format!("export {export} cannot be deleted as it is in use")),
                Some(own) if own.value.as_deref() != Some(&*value) => {
                    return Err(format!("export {export} cannot be updated as it is in use"));
                }
                Some(_) => {}
            }
        }
        self.stacks.insert(stack.name.clone(), new);
        Ok(())
    }

    /// The exports of a stack that others import, with their values.
    fn held(&self, name: &str) -> Vec<(String, String)> {
        let Some(stack) = self.stacks.get(name) else { return Vec::new() };
        let others = self.stacks.iter().filter(|(other, _)| *other != name);
        let imported: BTreeSet<String> = others
            .flat_map(|(_, other)| used(&other.template))
            .filter_map(|used| match used {
                Used::Import(export) => Some(export.to_owned()),
                _ => None,
            })
            .collect();
        let exports = self.before(name, stack).exports.into_values();
        exports.filter(|own| imported.contains(&own.name)).filter_map(|own| Some((own.name, own.value?))).collect()
    }

    fn resources(
        &mut self,
        name: &str,
        template: &Tree,
        parameters: &BTreeMap<String, String>,
        old: Option<&Deployed>,
    ) -> BTreeMap<String, (String, usize)> {
        let mut resources = BTreeMap::new();
        for resource in entries(template.get("Resources")) {
            let given = ["BucketName", "Name"].iter().find_map(|key| resource.value.find(["Properties", key]));
            let given = given.map(|given| self.resolve(name, parameters, &resources, given)).unwrap_or_default();
            let kept = old.and_then(|old| old.resources.get(&resource.key)).filter(|(old, _)| *old == given);
            let made = kept.cloned().unwrap_or_else(|| {
                self.made += 1;
                (given, self.made)
            });
            resources.insert(resource.key.clone(), made);
        }
        resources
    }

    fn output(&self, stack: &str, output: &str) -> Result<String, String> {
        let stack_state = self.stacks.get(stack).ok_or_else(|| format!("{stack} is not deployed"))?;
        let value = stack_state.template.find(["Outputs", output, "Value"]);
        let value = value.ok_or_else(|| format!("{stack} has no output {output}"))?;
        Ok(self.resolve(stack, &stack_state.parameters, &stack_state.resources, value))
    }

    fn export(&self, name: &str) -> Option<String> {
        self.stacks.iter().find_map(|(stack, state)| {
            let output = entries(state.template.get("Outputs"))
                .find(|output| output.value.find(["Export", "Name"]).and_then(Tree::as_str) == Some(name))?;
            Some(self.resolve(stack, &state.parameters, &state.resources, output.value.get("Value")?))
        })
    }

    /// Says what a value is: text that is another one for every other resource.
    fn resolve(
        &self,
        stack: &str,
        parameters: &BTreeMap<String, String>,
        resources: &BTreeMap<String, (String, usize)>,
        value: &Tree,
    ) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        match used(value).as_slice() {
            [Used::Name { name, attribute }] => match (parameters.get(*name), resources.get(*name)) {
                (Some(value), _) => value.clone(),
                (None, Some((_, made))) => format!("{stack}.{name}#{made}.{}", attribute.unwrap_or_default()),
                (None, None) => panic!("{name} is not there"),
            },
            [Used::Import(export)] => self.export(export).unwrap_or_default(),
            other => panic!("{other:?} is in no template here"),
        }
    }
}
