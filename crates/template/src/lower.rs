//! Expressions to JSON: references become `Ref`, `Fn::GetAtt`, a weak parameter or an import.

use tree::{Entry, Finding, Map, Node, Origin, Tree};

use crate::app::{App, References};
use crate::condition::{Condition, Test, TestKind};
use crate::expression::{Expression, Kind, Part};
use crate::properties::Properties;
use crate::reference::{Identity, Reference};
use crate::stack::Stack;
use crate::way::Way;

/// A value of another stack that this one uses.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The other stack.
    pub stack: String,
    /// What it must put out.
    pub value: Tree,
    /// The name of the output, unless the author already puts out this very value under another.
    pub output: String,
    /// The name of the parameter here.
    pub parameter: String,
    pub list: bool,
    pub origin: Origin,
}

/// Lowers one stack.
pub(crate) struct Lowering<'a> {
    pub app: &'a App,
    pub stack: &'a Stack,
    pub imports: Vec<Import>,
    pub findings: Vec<Finding>,
}

impl<'a> Lowering<'a> {
    pub fn new(app: &'a App, stack: &'a Stack) -> Self {
        Self { app, stack, imports: Vec::new(), findings: Vec::new() }
    }

    /// Lowers a value; nothing if it is absent.
    pub fn value(&mut self, expression: &Expression, path: &Way<'_>, origin: Origin) -> Option<Tree> {
        let origin = expression.origin.or(origin);
        let tree = match &expression.kind {
            Kind::Absent => return None,
            Kind::NoValue => reference("AWS::NoValue"),
            Kind::Null => Tree::new(Node::Null, origin),
            Kind::Bool(flag) => Tree::new(Node::Bool(*flag), origin),
            Kind::Number(number) => Tree::new(Node::Number(number.clone()), origin),
            Kind::String(text) => Tree::string(&**text),
            Kind::List(items) => {
                let lowered = items.iter().enumerate();
                let mut list = Vec::with_capacity(items.len());
                list.extend(lowered.filter_map(|(index, item)| self.value(item, &path.index(index), origin)));
                Tree::new(Node::List(list), origin)
            }
            Kind::Map(entries) => {
                let lowered = entries.iter().filter_map(|(key, value)| {
                    let value = self.value(value, &path.key(key), origin)?;
                    Some(Entry { key: key.clone(), origin: value.origin, value })
                });
                Tree::new(Node::Map(lowered.collect()), origin)
            }
            Kind::Properties(properties) => self.properties(properties, path, origin),
            Kind::Reference(of) => self.reference(of, path, origin),
            Kind::Parameter(parameter) => {
                self.must_be_here(&parameter.identity, "parameter", &parameter.name, path, origin);
                reference(&*parameter.name)
            }
            Kind::Pseudo(name) => reference(*name),
            Kind::If(condition, then, otherwise) => {
                let name = self.condition(condition, path, origin);
                let then = self.branch(then, path, origin);
                let otherwise = self.branch(otherwise, path, origin);
                Tree::single("Fn::If", list([Tree::string(name), then, otherwise]))
            }
            Kind::FindInMap(mapping, top, second) => {
                self.must_be_here(&mapping.identity, "mapping", &mapping.name, path, origin);
                let top = self.branch(top, path, origin);
                let second = self.branch(second, path, origin);
                Tree::single("Fn::FindInMap", list([Tree::string(&*mapping.name), top, second]))
            }
            Kind::Function(name, argument) => {
                let argument = self.branch(argument, path, origin);
                Tree::single(*name, argument)
            }
            Kind::Text(parts) => self.text(parts, path, origin),
            Kind::Stringified(json) => {
                let mut parts = Vec::new();
                stringify(json, &mut parts);
                self.text(&parts, path, origin)
            }
            Kind::Invalid(mistake) => {
                self.error("synth/invalid-document", path, origin, &*mistake.message, &*mistake.hint);
                Tree::new(Node::Null, origin)
            }
        };
        Some(place(tree, origin))
    }

    /// Lowers a value where something must stand; what is absent becomes `AWS::NoValue`.
    fn branch(&mut self, expression: &Expression, path: &Way<'_>, origin: Origin) -> Tree {
        self.value(expression, path, origin).unwrap_or_else(|| reference("AWS::NoValue"))
    }

    /// Lowers the properties of a resource or of a property type.
    pub fn properties(&mut self, properties: &Properties, path: &Way<'_>, origin: Origin) -> Tree {
        let mut map = Map::default();
        for property in &properties.entries {
            let path = path.key(&property.name);
            if let Some(first) = map.entry(&property.name) {
                let message = format!("`{}` is set twice; first at {}", property.name, first.origin);
                self.error("synth/set-twice", &path, property.origin, message, "keep one of the two");
                continue;
            }
            match self.value(&property.value, &path, property.origin) {
                Some(value) => {
                    map.push_entry(Entry { key: property.name.to_string(), origin: property.origin, value });
                }
                None if property.required => {
                    let message = format!("`{}` is required, but the value given is absent (`None`)", property.name);
                    self.error("synth/required-absent", &path, property.origin, message, "give it a value");
                }
                None => {}
            }
        }
        Tree::new(Node::Map(map), origin)
    }

    /// Checks that a condition is of this stack and returns its name.
    pub fn condition(&mut self, condition: &Condition, path: &Way<'_>, origin: Origin) -> String {
        self.must_be_here(&condition.identity, "condition", &condition.name, path, origin);
        condition.name.to_string()
    }

    /// Lowers what a condition says.
    pub fn test(&mut self, test: &Test, path: &Way<'_>, origin: Origin) -> Tree {
        let mut all = |tests: &[Test]| list(tests.iter().map(|test| self.test(test, path, origin)));
        match &test.0 {
            TestKind::Equals(left, right) => {
                let sides = [self.branch(left, path, origin), self.branch(right, path, origin)];
                Tree::single("Fn::Equals", list(sides))
            }
            TestKind::All(tests) => Tree::single("Fn::And", all(tests)),
            TestKind::Any(tests) => Tree::single("Fn::Or", all(tests)),
            TestKind::Not(test) => Tree::single("Fn::Not", list([self.test(test, path, origin)])),
            TestKind::Named(condition) => {
                Tree::single("Condition", Tree::string(self.condition(condition, path, origin)))
            }
        }
    }

    fn reference(&mut self, of: &Reference, path: &Way<'_>, origin: Origin) -> Tree {
        let there = &of.handle.identity;
        let local = match &of.attribute {
            None => reference(of.handle.logical_id()),
            Some(attribute) => {
                let arguments = [of.handle.logical_id(), attribute].map(Tree::string);
                Tree::single("Fn::GetAtt", list(arguments))
            }
        };
        if there.same_stack(&self.stack.identity) {
            return local;
        }
        if !there.same_app(&self.stack.identity) {
            let message = format!("`{}` belongs to a stack of another app", of.handle.logical_id());
            self.error("synth/foreign-reference", path, origin, message, "declare both stacks in one app");
            return local;
        }
        self.check_not_conditional(of, path, origin);
        let attribute = of.attribute.as_deref().unwrap_or_default().replace('.', "");
        let output = format!("{}{attribute}", of.handle.logical_id());
        let parameter = format!("{}{output}", pascal_case(&there.stack));
        let value = if of.list { join(local) } else { local };
        let import = Import {
            stack: there.stack.to_string(),
            value: place(value, origin),
            output: output.clone(),
            parameter: parameter.clone(),
            list: of.list,
            origin,
        };
        if !self.imports.iter().any(|known| known.parameter == import.parameter) {
            self.imports.push(import);
        }
        match self.app.settings.references {
            References::Weak => reference(parameter),
            References::Exports => {
                let name = export_name(self.app, &there.stack, &output);
                let imported = Tree::single("Fn::ImportValue", Tree::string(name));
                if of.list { Tree::single("Fn::Split", list([Tree::string(","), imported])) } else { imported }
            }
        }
    }

    fn check_not_conditional(&mut self, of: &Reference, path: &Way<'_>, origin: Origin) {
        let there = self.app.stacks.iter().find(|stack| stack.identity.same_stack(&of.handle.identity));
        let Some(stack) = there else {
            let message = format!("stack `{}` has not been declared", of.handle.stack());
            self.error("synth/foreign-reference", path, origin, message, "declare it before this one");
            return;
        };
        let condition =
            stack.resource(of.handle.logical_id()).and_then(|found| found.item.attributes.condition.as_ref());
        if let Some((condition, _)) = condition {
            let message = format!(
                "`{}` of stack `{}` exists only under condition `{}`, so another stack cannot use it",
                of.handle.logical_id(),
                of.handle.stack(),
                condition.name,
            );
            let hint = "decide in Rust, from the environment, whether the resource exists";
            self.error("synth/conditional-export", path, origin, message, hint);
        }
    }

    fn must_be_here(&mut self, there: &Identity, what: &str, name: &str, path: &Way<'_>, origin: Origin) {
        if there.same_stack(&self.stack.identity) {
            return;
        }
        let message = if there.same_app(&self.stack.identity) {
            format!("{what} `{name}` belongs to stack `{}`", there.stack)
        } else {
            format!("{what} `{name}` belongs to a stack of another app")
        };
        let hint = format!("declare the {what} in this stack; only resources' values go from stack to stack");
        self.error("synth/foreign-reference", path, origin, message, hint);
    }

    /// Lowers text with holes to a plain string or to `Fn::Sub`.
    fn text(&mut self, parts: &[Part], path: &Way<'_>, origin: Origin) -> Tree {
        let mut text = Substitution::default();
        for part in parts {
            match part {
                Part::Literal(literal) => text.literal(literal),
                Part::Hole(hole) => {
                    let tree = self.branch(hole, path, origin);
                    text.hole(tree);
                }
            }
        }
        text.finish()
    }

    pub fn error(
        &mut self,
        rule: &'static str,
        path: &Way<'_>,
        origin: Origin,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.findings.push(Finding::error(rule, self.stack.name(), path.path(), origin, message).hint(hint));
    }
}

/// The name under which a value is exported: unique in an account and region, as CloudFormation wants it.
pub(crate) fn export_name(app: &App, stack: &str, output: &str) -> String {
    format!("{}-{}-{stack}-{output}", app.settings.name, app.settings.environment)
}

/// Text for `Fn::Sub`, built piece by piece. Neighbouring literals are one text, so that `$` and `{` never meet unseen.
#[derive(Default)]
struct Substitution {
    pieces: Vec<Piece>,
    variables: Map,
}

enum Piece {
    Literal(String),
    Name(String),
    /// Text of another `Fn::Sub`, escaped already.
    Escaped(String),
}

impl Substitution {
    fn literal(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Literal(text.to_owned())),
        }
    }

    fn hole(&mut self, tree: Tree) {
        match (&tree.node, tree.as_single()) {
            (Node::String(text), _) => self.literal(text),
            (Node::Number(number), _) => self.literal(&number.to_string()),
            (Node::Bool(flag), _) => self.literal(if *flag { "true" } else { "false" }),
            (_, Some(("Ref", Tree { node: Node::String(name), .. }))) => self.pieces.push(Piece::Name(name.clone())),
            (_, Some(("Fn::GetAtt", Tree { node: Node::List(path), .. }))) => {
                let name: Vec<_> = path.iter().filter_map(Tree::as_str).collect();
                self.pieces.push(Piece::Name(name.join(".")));
            }
            (_, Some(("Fn::Sub", Tree { node: Node::String(text), .. }))) => {
                self.pieces.push(Piece::Escaped(text.clone()));
            }
            _ => {
                let known = self.variables.iter().find(|entry| entry.value == tree).map(|entry| entry.key.clone());
                let name = known.unwrap_or_else(|| {
                    let name = format!("Value{}", self.variables.len() + 1);
                    self.variables.push(&*name, tree);
                    name
                });
                self.pieces.push(Piece::Name(name));
            }
        }
    }

    fn finish(mut self) -> Tree {
        match self.pieces.as_mut_slice() {
            [] => return Tree::string(""),
            [Piece::Literal(text)] => return Tree::string(std::mem::take(text)),
            _ => {}
        }
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(&literal.replace("${", "${!")),
                Piece::Name(name) => text.extend(["${", name, "}"]),
                Piece::Escaped(escaped) => text.push_str(escaped),
            }
        }
        if self.variables.is_empty() {
            return Tree::single("Fn::Sub", Tree::string(text));
        }
        let variables = Tree::new(Node::Map(self.variables), Origin::Unknown);
        Tree::single("Fn::Sub", list([Tree::string(text), variables]))
    }
}

/// Writes an expression as compact JSON text with holes where its references are.
fn stringify(expression: &Expression, parts: &mut Vec<Part>) {
    let mut literal = |text: String| parts.push(Part::Literal(text));
    match &expression.kind {
        Kind::Absent | Kind::NoValue | Kind::Null => literal("null".to_owned()),
        Kind::Bool(flag) => literal(flag.to_string()),
        Kind::Number(number) => literal(number.to_string()),
        Kind::String(text) => literal(quoted(text)),
        Kind::List(items) => {
            literal("[".to_owned());
            for (index, item) in items.iter().filter(|item| !item.is_absent()).enumerate() {
                if index > 0 {
                    parts.push(Part::Literal(",".to_owned()));
                }
                stringify(item, parts);
            }
            parts.push(Part::Literal("]".to_owned()));
        }
        Kind::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
            stringify_object(entries, parts);
        }
        Kind::Properties(properties) => {
            let entries = properties.entries.iter().map(|property| (&*property.name, &property.value));
            stringify_object(entries, parts);
        }
        Kind::Text(inner) => {
            literal("\"".to_owned());
            for part in inner {
                parts.push(match part {
                    Part::Literal(text) => Part::Literal(escaped(text)),
                    Part::Hole(hole) => Part::Hole(hole.clone()),
                });
            }
            parts.push(Part::Literal("\"".to_owned()));
        }
        Kind::Stringified(_)
        | Kind::Reference(_)
        | Kind::Parameter(_)
        | Kind::Pseudo(_)
        | Kind::If(..)
        | Kind::FindInMap(..)
        | Kind::Function(..)
        | Kind::Invalid(_) => {
            literal("\"".to_owned());
            parts.push(Part::Hole(expression.clone()));
            parts.push(Part::Literal("\"".to_owned()));
        }
    }
}

fn stringify_object<'e>(entries: impl Iterator<Item = (&'e str, &'e Expression)>, parts: &mut Vec<Part>) {
    parts.push(Part::Literal("{".to_owned()));
    for (index, (key, value)) in entries.filter(|(_, value)| !value.is_absent()).enumerate() {
        let comma = if index > 0 { "," } else { "" };
        parts.push(Part::Literal(format!("{comma}{}:", quoted(key))));
        stringify(value, parts);
    }
    parts.push(Part::Literal("}".to_owned()));
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// Writes text as it stands inside the quotes of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = quoted(text);
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// Gives an origin to the root of a tree and to what was made together with it, as the parts of an intrinsic function.
pub(crate) fn place(mut tree: Tree, origin: Origin) -> Tree {
    tree.origin = tree.origin.or(origin);
    let unplaced = |tree: &Tree| tree.origin == Origin::Unknown;
    match &mut tree.node {
        Node::Map(map) if map.iter().any(|entry| unplaced(&entry.value)) => {
            let placed = std::mem::take(map).into_iter().map(|entry| Entry {
                origin: entry.origin.or(origin),
                value: if unplaced(&entry.value) { place(entry.value, origin) } else { entry.value },
                key: entry.key,
            });
            *map = placed.collect();
        }
        Node::List(items) if items.iter().any(unplaced) => {
            let placed = std::mem::take(items).into_iter();
            *items = placed.map(|item| if unplaced(&item) { place(item, origin) } else { item }).collect();
        }
        _ => {}
    }
    tree
}

pub(crate) fn reference(name: impl Into<String>) -> Tree {
    Tree::single("Ref", Tree::string(name))
}

pub(crate) fn list(items: impl IntoIterator<Item = Tree>) -> Tree {
    Tree::new(Node::List(items.into_iter().collect()), Origin::Unknown)
}

fn join(values: Tree) -> Tree {
    Tree::single("Fn::Join", list([Tree::string(","), values]))
}

/// `fleet-blue` → `FleetBlue`
pub(crate) fn pascal_case(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    words
        .filter_map(|word| {
            let mut characters = word.chars();
            let first = characters.next()?.to_ascii_uppercase();
            Some(std::iter::once(first).chain(characters).collect::<String>())
        })
        .collect()
}
