//! What references refer to, also from template to template.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Entry, Tree};

use super::{DEEPEST, Hole, Part, Resource, View};
use crate::Surroundings;
use crate::attributes;
use crate::conditions::Scenario;
use crate::outline::{Outline, function};

/// All templates that are checked together, and what is known of them from outside.
pub(crate) struct Scope<'a> {
    pub outlines: &'a [Outline<'a>],
    values: BTreeMap<(&'a str, &'a str), &'a str>,
    links: BTreeMap<(&'a str, &'a str), (usize, &'a str)>,
    exports: BTreeMap<&'a str, (usize, &'a str)>,
    /// The resources by template and logical id.
    entries: BTreeMap<&'a str, BTreeMap<&'a str, &'a Entry>>,
}

/// The resource that a reference refers to.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub resource: Resource<'a>,
    /// The attribute, if it is `Fn::GetAtt` that refers.
    pub attribute: Option<&'a str>,
}

impl Target<'_> {
    /// Tells whether both are the same resource of the same template.
    pub fn is_same(&self, other: &Resource<'_>) -> bool {
        std::ptr::eq(self.resource.id, other.id)
    }
}

/// Of the conditions of another template nothing is known.
static NONE: Scenario<'static> = BTreeMap::new();

impl<'a> Scope<'a> {
    pub fn new(outlines: &'a [Outline<'a>], surroundings: &Surroundings<'a>) -> Self {
        let numbers: BTreeMap<&str, usize> =
            outlines.iter().enumerate().map(|(number, outline)| (outline.name, number)).collect();
        let links = surroundings.links.iter().filter_map(|link| {
            let number = *numbers.get(link.from)?;
            Some(((link.template, link.parameter), (number, link.output)))
        });
        let values = surroundings.values.iter().map(|known| ((known.template, known.name), known.value));
        let exports = outlines.iter().enumerate().flat_map(|(number, outline)| {
            let outputs = outline.tree.get("Outputs").and_then(Tree::as_map).into_iter().flatten();
            outputs.filter_map(move |output| {
                let name = output.value.find(["Export", "Name"])?.as_str()?;
                Some((name, (number, output.key.as_str())))
            })
        });
        let entries = outlines.iter().map(|outline| {
            // Of two entries with the same key the first one counts.
            let mut entries: Vec<&Entry> = outline.resource_entries().collect();
            entries.reverse();
            (outline.name, entries.into_iter().map(|entry| (entry.key.as_str(), entry)).collect())
        });
        Self {
            outlines,
            links: links.collect(),
            values: values.collect(),
            exports: exports.collect(),
            entries: entries.collect(),
        }
    }

    /// Returns what a parameter or pseudo parameter is known to be.
    pub fn value(&self, outline: &Outline<'_>, name: &str) -> Option<&'a str> {
        self.values.get(&(outline.name, name)).copied()
    }

    /// Lists the resources of all templates, with nothing known of their conditions.
    pub fn resources(&'a self) -> impl Iterator<Item = Resource<'a>> {
        self.outlines.iter().flat_map(move |outline| self.resources_of(outline))
    }

    /// Lists the resources of one template, with nothing known of its conditions.
    pub fn resources_of(&'a self, outline: &'a Outline<'a>) -> impl Iterator<Item = Resource<'a>> {
        outline.resource_entries().filter_map(move |entry| Resource::read(self, outline, &NONE, entry))
    }

    /// Tells whether all templates of a system are here: who fills which parameter is known.
    pub fn is_whole(&self) -> bool {
        !self.links.is_empty()
    }

    /// Lists the resources that outputs of their templates give out, by template and logical id.
    pub fn given_out(&'a self) -> BTreeSet<(&'a str, &'a str)> {
        let of_template = |(number, outline): (usize, &'a Outline<'a>)| {
            let outputs = outline.tree.get("Outputs").and_then(Tree::as_map).into_iter().flatten();
            outputs.filter_map(move |output| Some(self.output(number, &output.key)?.mentioned()?.resource.key()))
        };
        self.outlines.iter().enumerate().flat_map(of_template).collect()
    }

    fn resource(&'a self, outline: &'a Outline<'a>, scenario: &'a Scenario<'a>, id: &str) -> Option<Resource<'a>> {
        let entry = self.entries.get(outline.name)?.get(id)?;
        Resource::read(self, outline, scenario, entry)
    }

    /// Looks at an output's value.
    fn output(&'a self, number: usize, output: &str) -> Option<View<'a>> {
        let outline = self.outlines.get(number)?;
        let value = outline.tree.find(["Outputs", output, "Value"])?;
        // The root matters for paths only, and there are no findings about outputs.
        let entry = outline.resource_entries().next()?;
        Some(Resource::read(self, outline, &NONE, entry)?.view.look(value))
    }
}

impl<'a> View<'a> {
    /// Follows a reference to the resource that it refers to: `Ref`, `Fn::GetAtt`, an `Fn::Sub` of nothing else, and the
    /// same in the output of another template, if that is what a parameter is filled with or an import imports.
    pub fn target(self) -> Option<Target<'a>> {
        self.followed(0)
    }

    /// Follows a reference that may be a part of a text, such as the bucket in `${Bucket.Arn}/*`, or from which a part is
    /// selected: the only resource that the text mentions.
    pub fn mentioned(self) -> Option<Target<'a>> {
        if let Some(target) = self.target() {
            return Some(target);
        }
        if let Some(("Fn::Select", argument)) = self.tree().and_then(function)
            && let Some([_, list]) = argument.as_list()
            && let Some(("Fn::Split", argument)) = function(list)
            && let Some([_, text]) = argument.as_list()
        {
            return self.look(text).mentioned();
        }
        let mut targets = self.parts().into_iter().filter_map(|part| match part {
            Part::Hole(Hole::Other(view))
                if view.tree().map(std::ptr::from_ref) == self.tree().map(std::ptr::from_ref) =>
            {
                None
            }
            Part::Hole(hole) => self.filled(hole),
            Part::Text(_) => None,
        });
        targets.next().filter(|_| targets.next().is_none())
    }

    /// Follows a hole of a text to the resource that fills it.
    pub fn filled(self, hole: Hole<'a>) -> Option<Target<'a>> {
        match hole {
            Hole::Ref(name) => self.named(name, 0),
            Hole::Attribute(id, name) => self.attribute(id, name),
            Hole::Other(view) => view.target(),
        }
    }

    fn followed(self, depth: usize) -> Option<Target<'a>> {
        if depth > DEEPEST || !self.is_unknown() {
            return None;
        }
        match function(self.tree()?)? {
            ("Ref", name) => self.named(name.as_str()?, depth),
            ("Fn::GetAtt", argument) => {
                let (id, name) = attributes::literal(argument)?;
                self.attribute(id, name)
            }
            ("Fn::Sub", _) => match self.parts().as_slice() {
                [Part::Hole(Hole::Ref(name))] => self.named(name, depth),
                [Part::Hole(Hole::Attribute(id, name))] => self.attribute(id, name),
                [Part::Hole(Hole::Other(view))] => view.followed(depth + 1),
                _ => None,
            },
            ("Fn::ImportValue", argument) => {
                let name = self.look(argument).text()?;
                let (number, output) = self.scope.exports.get(name.as_ref())?;
                self.scope.output(*number, output)?.followed(depth + 1)
            }
            _ => None,
        }
    }

    fn named(self, name: &str, depth: usize) -> Option<Target<'a>> {
        if let Some((number, output)) = self.scope.links.get(&(self.outline.name, name)) {
            return self.scope.output(*number, output)?.followed(depth + 1);
        }
        let resource = self.scope.resource(self.outline, self.scenario, name)?;
        Some(Target { resource, attribute: None })
    }

    fn attribute(self, id: &str, name: &'a str) -> Option<Target<'a>> {
        let resource = self.scope.resource(self.outline, self.scenario, id)?;
        Some(Target { resource, attribute: Some(name) })
    }
}
