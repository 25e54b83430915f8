//! Who uses what: references of resources, outputs and conditions.

use std::collections::BTreeMap;

use tree::{Entry, Map, Node, Tree};

use crate::values::text::{branches, function};
use crate::{Item, Path, Step, Template};

/// Something that is referred to. Stacks are positions in the list of templates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target<'t> {
    /// A resource or a parameter: they share one space of names.
    Name(usize, &'t str),
    Mapping(usize, &'t str),
    Condition(usize, &'t str),
    /// An export, by the text of its name.
    Export(String),
}

/// A place that refers to something.
#[derive(Clone, Debug)]
pub(crate) struct User<'t> {
    pub stack: usize,
    pub owner: Owner<'t>,
    /// The way from the owner to the whole expression that the reference is in.
    pub path: Path,
    /// That expression.
    pub value: &'t Tree,
    /// The attribute, of an `Fn::GetAtt`.
    pub attribute: Option<String>,
    /// The keys, of an `Fn::FindInMap`; nothing where they are not known before deployment.
    pub keys: [Option<&'t str>; 2],
}

/// What has the reference in it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner<'t> {
    Resource(&'t Entry),
    Output(&'t Entry),
    Condition(&'t str),
}

/// All references of some templates.
pub(crate) type Users<'t> = BTreeMap<Target<'t>, Vec<User<'t>>>;

/// Collects the references of templates.
pub(crate) fn users<'t>(templates: &[Template<'t>]) -> Users<'t> {
    let mut users = Users::new();
    for (stack, template) in templates.iter().enumerate() {
        for entry in section(template.tree, "Resources") {
            let mut walk =
                Walk { stack, owner: Owner::Resource(entry), steps: Vec::new(), outer: None, users: &mut users };
            if let Some(properties) = entry.value.get("Properties") {
                walk.under(Place::Key("Properties"), properties);
            }
            if let Some((condition, name)) = entry.value.get("Condition").and_then(|tree| Some((tree, tree.as_str()?)))
            {
                walk.steps.push(Place::Key("Condition"));
                walk.found(Target::Condition(stack, name), condition, None, [None, None]);
            }
        }
        for entry in section(template.tree, "Outputs") {
            let mut walk =
                Walk { stack, owner: Owner::Output(entry), steps: Vec::new(), outer: None, users: &mut users };
            if let Some(value) = entry.value.get("Value") {
                walk.under(Place::Key("Value"), value);
            }
        }
        for entry in section(template.tree, "Conditions") {
            let owner = Owner::Condition(&entry.key);
            let mut walk = Walk { stack, owner, steps: Vec::new(), outer: None, users: &mut users };
            walk.walk(&entry.value);
        }
    }
    users
}

/// Lists the entries of a section.
pub(crate) fn section<'t>(tree: &'t Tree, name: &str) -> impl Iterator<Item = &'t Entry> {
    tree.get(name).and_then(Tree::as_map).map(Map::iter).into_iter().flatten()
}

/// A step that is not copied before it is needed: few of the values that are walked through refer to anything.
#[derive(Clone, Copy)]
enum Place<'t> {
    Key(&'t str),
    Index(usize),
}

struct Walk<'t, 'u> {
    stack: usize,
    owner: Owner<'t>,
    /// The way to where the walk is, or to the outermost expression.
    steps: Vec<Place<'t>>,
    /// The outermost expression that the walk is in.
    outer: Option<&'t Tree>,
    users: &'u mut Users<'t>,
}

impl<'t> Walk<'t, '_> {
    fn under(&mut self, step: Place<'t>, tree: &'t Tree) {
        self.steps.push(step);
        self.walk(tree);
        self.steps.pop();
    }

    fn walk(&mut self, tree: &'t Tree) {
        if let Some((condition, then, otherwise)) = branches(tree) {
            self.found(Target::Condition(self.stack, condition), tree, None, [None, None]);
            if self.outer.is_some() {
                self.walk(then);
                return self.walk(otherwise);
            }
            self.steps.push(Place::Key("Fn::If"));
            self.under(Place::Index(1), then);
            self.under(Place::Index(2), otherwise);
            self.steps.pop();
            return;
        }
        if let Some((name, argument)) = function(tree) {
            return self.expression(tree, name, argument);
        }
        if let Some(("Condition", Node::String(name))) = tree.as_single().map(|(key, value)| (key, &value.node)) {
            // In the section of conditions; elsewhere there is none of this name, and nobody minds.
            self.found(Target::Condition(self.stack, name), tree, None, [None, None]);
        }
        match &tree.node {
            Node::Map(map) if self.outer.is_some() => map.iter().for_each(|entry| self.walk(&entry.value)),
            Node::Map(map) => map.iter().for_each(|entry| self.under(Place::Key(&entry.key), &entry.value)),
            Node::List(list) if self.outer.is_some() => list.iter().for_each(|item| self.walk(item)),
            Node::List(list) => list.iter().enumerate().for_each(|(at, item)| self.under(Place::Index(at), item)),
            _ => {}
        }
    }

    fn expression(&mut self, tree: &'t Tree, name: &str, argument: &'t Tree) {
        let outermost = self.outer.is_none();
        self.outer.get_or_insert(tree);
        match name {
            "Ref" => {
                if let Some(name) = argument.as_str() {
                    self.found(Target::Name(self.stack, name), tree, None, [None, None]);
                }
            }
            "Fn::GetAtt" => self.attribute(tree, argument),
            "Fn::Sub" => self.substitution(tree, argument),
            "Fn::FindInMap" => {
                if let Some([mapping, first, second, ..]) = argument.as_list()
                    && let Some(mapping) = mapping.as_str()
                {
                    let keys = [first.as_str(), second.as_str()];
                    self.found(Target::Mapping(self.stack, mapping), tree, None, keys);
                }
                self.walk(argument);
            }
            "Fn::ImportValue" => {
                if let Some(name) = crate::values::text::text(argument) {
                    self.found(Target::Export(name), tree, None, [None, None]);
                }
                self.walk(argument);
            }
            _ => self.walk(argument),
        }
        if outermost {
            self.outer = None;
        }
    }

    fn attribute(&mut self, tree: &'t Tree, argument: &'t Tree) {
        let (id, attribute) = match (argument.as_str(), argument.as_list()) {
            (Some(text), _) => text.split_once('.').unwrap_or((text, "")),
            (None, Some([id, attribute])) => (id.as_str().unwrap_or_default(), attribute.as_str().unwrap_or_default()),
            _ => return,
        };
        self.found(Target::Name(self.stack, id), tree, Some(attribute.to_owned()), [None, None]);
    }

    fn substitution(&mut self, tree: &'t Tree, argument: &'t Tree) {
        let (template, variables) = match argument.as_list() {
            Some([template, variables]) => (template.as_str(), Some(variables)),
            _ => (argument.as_str(), None),
        };
        for hole in template.into_iter().flat_map(holes) {
            if variables.is_some_and(|variables| variables.get(hole).is_some()) {
                continue;
            }
            let (name, attribute) = hole.split_once('.').map_or((hole, None), |(id, name)| (id, Some(name.to_owned())));
            self.found(Target::Name(self.stack, name), tree, attribute, [None, None]);
        }
        if let Some(variables) = variables {
            self.walk(variables);
        }
    }

    fn found(&mut self, target: Target<'t>, tree: &'t Tree, attribute: Option<String>, keys: [Option<&'t str>; 2]) {
        let path = Path::from_steps(self.steps.iter().map(Place::step));
        let user =
            User { stack: self.stack, owner: self.owner, path, value: self.outer.unwrap_or(tree), attribute, keys };
        self.users.entry(target).or_default().push(user);
    }
}

impl Place<'_> {
    fn step(&self) -> Step {
        match *self {
            Self::Key(key) => Step::Key(key.to_owned()),
            Self::Index(at) => Step::Item(Item { was: Some(at), now: Some(at), label: None }),
        }
    }
}

/// Lists the names in the holes of an `Fn::Sub`.
fn holes(template: &str) -> impl Iterator<Item = &str> {
    template
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with('!'))
}
