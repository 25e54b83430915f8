//! Texts with intrinsic functions in them, in one spelling: what is the same value is the same string.
//!
//! `Fn::Sub`, `Fn::Join`, `Ref` and `Fn::GetAtt` are worked out as far as templates tell. What is known only when the
//! stack is made becomes one character of a private use area of Unicode per value. An ARN of a resource is spelt out
//! around its name, so that `Fn::GetAtt: Sources.Arn` and `arn:aws:s3:::${Sources}` are equal, and `arn:aws:s3:::*`
//! contains both.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use tree::Tree;

use super::pattern::{FIRST_HOLE, FRESH, QUESTION, STAR};
use crate::gates::side::{Id, Resource, Side};

/// Functions within functions beyond this depth are taken as they are written.
const DEEPEST: usize = 24;
/// So are texts of more parts than this: names that are made of names can grow without end.
const MOST: usize = 4_096;

/// The values that are not known before deployment; one set for both sides of a comparison.
#[derive(Default)]
pub(crate) struct Holes(RefCell<Known>);

#[derive(Default)]
struct Known {
    words: Vec<String>,
    by_words: BTreeMap<String, char>,
}

/// Which resource a name or an ARN is of.
pub(crate) type Names = BTreeMap<String, Id>;

/// Reads the texts of one side.
pub(crate) struct Reader<'r, 't> {
    pub side: &'r Side<'t>,
    pub holes: &'r Holes,
    /// The ARNs and names of resources that were read, with their logical ids.
    pub names: &'r mut Names,
    /// How many parts the text that is being read may still have.
    steps: usize,
}

impl Holes {
    /// Gives the character that stands for a value.
    pub fn hole(&self, words: &str) -> char {
        let known = &mut *self.0.borrow_mut();
        if let Some(hole) = known.by_words.get(words) {
            return *hole;
        }
        let number = u32::try_from(known.words.len()).unwrap_or(u32::MAX);
        // There are 131,000 of them; should they not suffice, the last one stands for all that remain.
        let hole = char::from_u32(u32::from(FIRST_HOLE).saturating_add(number)).unwrap_or(char::MAX);
        known.words.push(words.to_owned());
        known.by_words.insert(words.to_owned(), hole);
        hole
    }

    /// Writes a text for people: values as `${…}`.
    pub fn show(&self, text: &str) -> String {
        let known = self.0.borrow();
        let mut shown = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                FRESH => {}
                STAR => shown.push_str("${*}"),
                QUESTION => shown.push_str("${?}"),
                hole if hole >= FIRST_HOLE => {
                    let words = known.words.get((u32::from(hole) - u32::from(FIRST_HOLE)) as usize);
                    shown.push_str("${");
                    let words = words.map_or("…", String::as_str);
                    shown.push_str(words.rsplit_once('/').map_or(words, |(_, name)| name));
                    shown.push('}');
                }
                other => shown.push(other),
            }
        }
        shown
    }
}

impl<'r, 't> Reader<'r, 't> {
    pub fn new(side: &'r Side<'t>, holes: &'r Holes, names: &'r mut Names) -> Self {
        Self { side, holes, names, steps: 0 }
    }

    /// Reads one text or a list of them.
    pub fn texts(&mut self, stack: &str, tree: &Tree) -> Vec<String> {
        match tree.as_list() {
            Some(list) => list.iter().map(|item| self.text(stack, item)).collect(),
            None => vec![self.text(stack, tree)],
        }
    }

    /// Reads a text.
    pub fn text(&mut self, stack: &str, tree: &Tree) -> String {
        self.steps = MOST;
        let mut text = String::new();
        self.read(stack, tree, &mut text, 0);
        text
    }

    fn read(&mut self, stack: &str, tree: &Tree, text: &mut String, depth: usize) {
        self.steps = self.steps.saturating_sub(1);
        match &tree.node {
            tree::Node::String(own) => self.literal(own, text),
            tree::Node::Number(number) => text.push_str(&number.to_string()),
            tree::Node::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
            tree::Node::Map(_) if depth < DEEPEST && self.steps > 0 => match tree.as_single() {
                Some((name, argument)) => self.function(stack, (name, argument), tree, text, depth + 1),
                None => self.unknown(stack, tree, text),
            },
            _ => self.unknown(stack, tree, text),
        }
    }

    fn unknown(&mut self, stack: &str, tree: &Tree, text: &mut String) {
        text.push(self.holes.hole(&format!("{stack}/{}", tree.to_json_compact())));
    }

    fn function(&mut self, stack: &str, (name, argument): (&str, &Tree), tree: &Tree, text: &mut String, depth: usize) {
        let parts = argument.as_list().unwrap_or_default();
        match (name, &argument.node) {
            ("Ref", tree::Node::String(target)) => self.reference(stack, target, text, depth),
            ("Fn::GetAtt", tree::Node::String(dotted)) => match dotted.split_once('.') {
                Some((target, attribute)) => self.attribute(stack, target, attribute, text, depth),
                None => self.unknown(stack, tree, text),
            },
            ("Fn::GetAtt", _) => match parts {
                [target, attribute] => match (target.as_str(), attribute.as_str()) {
                    (Some(target), Some(attribute)) => self.attribute(stack, target, attribute, text, depth),
                    _ => self.unknown(stack, tree, text),
                },
                _ => self.unknown(stack, tree, text),
            },
            ("Fn::Sub", tree::Node::String(template)) => self.substitute(stack, template, None, text, depth),
            ("Fn::Sub", _) => match parts {
                [template, values] if template.as_str().is_some() => {
                    self.substitute(stack, template.as_str().unwrap_or_default(), Some(values), text, depth);
                }
                _ => self.unknown(stack, tree, text),
            },
            ("Fn::Join", _) => match parts {
                [delimiter, items] if delimiter.as_str().is_some() && items.as_list().is_some() => {
                    for (index, item) in items.as_list().unwrap_or_default().iter().enumerate() {
                        if index > 0 {
                            text.push_str(delimiter.as_str().unwrap_or_default());
                        }
                        self.read(stack, item, text, depth);
                    }
                }
                _ => self.unknown(stack, tree, text),
            },
            ("Fn::ImportValue", tree::Node::String(export)) => match self.side.export(export) {
                Some((other, value)) => self.read(other, value, text, depth),
                None => text.push(self.holes.hole(&format!("import/{export}"))),
            },
            ("Fn::FindInMap", _) => self.look_up(stack, parts, tree, text, depth),
            _ => self.unknown(stack, tree, text),
        }
    }

    /// A value of a mapping: itself where the keys are known, else something that differs as soon as the mapping does.
    fn look_up(&mut self, stack: &str, parts: &[Tree], tree: &Tree, text: &mut String, depth: usize) {
        let mapping = parts.first().and_then(Tree::as_str).and_then(|name| self.side.mapping(stack, name));
        let Some(mapping) = mapping else { return self.unknown(stack, tree, text) };
        let keys = parts.get(1..).unwrap_or_default().iter().map(Tree::as_str).collect::<Option<Vec<_>>>();
        if let Some(value) = keys.and_then(|keys| mapping.find(keys)) {
            return self.read(stack, value, text, depth);
        }
        let words = format!("{stack}/{}{}", tree.to_json_compact(), mapping.to_json_compact());
        text.push(self.holes.hole(&words));
    }

    /// A text of a policy may itself have variables, which are filled in for each request: `${aws:username}`.
    fn literal(&mut self, own: &str, text: &mut String) {
        let mut rest = own;
        while let Some((before, after)) = rest.split_once("${") {
            push_plain(before, text);
            let Some((variable, after)) = after.split_once('}') else {
                rest = after;
                text.push_str("${");
                break;
            };
            match variable {
                "*" => text.push(STAR),
                "?" => text.push(QUESTION),
                "$" => text.push('$'),
                _ => text.push(self.holes.hole(&variable.to_ascii_lowercase())),
            }
            rest = after;
        }
        push_plain(rest, text);
    }

    fn substitute(&mut self, stack: &str, template: &str, values: Option<&Tree>, text: &mut String, depth: usize) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            self.literal(before, text);
            let Some((name, after)) = after.split_once('}') else {
                rest = "";
                break;
            };
            if let Some(escaped) = name.strip_prefix('!') {
                self.literal(&format!("${{{escaped}}}"), text);
            } else if let Some(value) = values.and_then(|values| values.get(name.trim())) {
                self.read(stack, value, text, depth);
            } else if let Some((target, attribute)) = name.trim().split_once('.') {
                self.attribute(stack, target, attribute, text, depth);
            } else {
                self.reference(stack, name.trim(), text, depth);
            }
            rest = after;
        }
        self.literal(rest, text);
    }

    fn reference(&mut self, stack: &str, target: &str, text: &mut String, depth: usize) {
        match target {
            // Whatever the partition is, it is the same one on both sides.
            "AWS::Partition" => return text.push_str("aws"),
            "AWS::URLSuffix" => return text.push_str("amazonaws.com"),
            "AWS::StackName" | "AWS::StackId" => return text.push(self.holes.hole(&format!("{stack}/{target}"))),
            _ if target.starts_with("AWS::") => return text.push(self.holes.hole(target)),
            _ => {}
        }
        let side = self.side;
        if let Some(parameter) = side.parameter(stack, target) {
            return self.parameter(stack, target, parameter, text, depth);
        }
        let Some(resource) = side.resource(stack, target).cloned() else {
            return text.push(self.holes.hole(&format!("{stack}/{target}")));
        };
        let shape = shape(resource.kind);
        let from = text.len();
        match shape.filter(|shape| shape.ref_is_arn) {
            Some(shape) => self.arn(&resource, shape, text, depth),
            None => self.name(&resource, shape.map(|shape| shape.name), text, depth),
        }
        self.remember(&resource, text.get(from..).unwrap_or_default());
    }

    fn parameter(&mut self, stack: &str, name: &str, parameter: &Tree, text: &mut String, depth: usize) {
        if let Some((other, value)) = self.side.source(parameter) {
            return if depth < DEEPEST && self.steps > 0 {
                self.read(other, value, text, depth + 1);
            } else {
                text.push(self.holes.hole(&format!("{stack}/{name}")));
            };
        }
        let plain = matches!(parameter.get("Type").and_then(Tree::as_str), Some("String" | "Number"));
        match parameter.get("Default") {
            Some(default) if plain => self.read(stack, default, text, DEEPEST),
            _ => text.push(self.holes.hole(&format!("{stack}/{name}"))),
        }
    }

    fn attribute(&mut self, stack: &str, target: &str, attribute: &str, text: &mut String, depth: usize) {
        let Some(resource) = self.side.resource(stack, target).cloned() else {
            return text.push(self.holes.hole(&format!("{stack}/{target}.{attribute}")));
        };
        let from = text.len();
        match shape(resource.kind) {
            Some(shape) if shape.arn == attribute => self.arn(&resource, shape, text, depth),
            Some(shape) if shape.name == attribute || shape.name_attribute == attribute => {
                self.name(&resource, Some(shape.name), text, depth);
            }
            _ => {
                let words = format!("{}/{}.{attribute}", resource.id.stack, resource.id.logical);
                text.push(self.holes.hole(&words));
            }
        }
        self.remember(&resource, text.get(from..).unwrap_or_default());
    }

    fn remember(&mut self, resource: &Resource<'_>, text: &str) {
        if !self.names.contains_key(text) {
            self.names.insert(text.to_owned(), resource.id.clone());
        }
    }

    /// The physical name, if the template gives it.
    fn name(&mut self, resource: &Resource<'_>, property: Option<&str>, text: &mut String, depth: usize) {
        let property = property.filter(|_| !self.side.is_named_otherwise(&resource.id));
        match property.and_then(|property| resource.property([property])) {
            Some(name) if depth < DEEPEST && self.steps > 0 => self.read(resource.stack, name, text, depth + 1),
            _ => text.push(self.holes.hole(&format!("{}/{}", resource.id.stack, resource.id.logical))),
        }
    }

    fn arn(&mut self, resource: &Resource<'_>, shape: &Shape, text: &mut String, depth: usize) {
        let mut rest = shape.spelling;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (field, after) = after.split_once('}').unwrap_or((after, ""));
            match field {
                "region" => text.push(self.holes.hole("AWS::Region")),
                "account" => text.push(self.holes.hole("AWS::AccountId")),
                "path" => match resource.property(["Path"]) {
                    Some(path) if depth < DEEPEST => self.read(resource.stack, path, text, depth + 1),
                    _ => text.push('/'),
                },
                _ => self.name(resource, Some(shape.name), text, depth),
            }
            rest = after;
        }
        text.push_str(rest);
    }
}

/// Keeps templates from writing the characters that stand for values.
fn push_plain(own: &str, text: &mut String) {
    let is_value = |character: char| ('\u{E000}'..='\u{F8FF}').contains(&character) || character >= FIRST_HOLE;
    if own.is_ascii() {
        text.push_str(own);
    } else {
        let plain = |character: char| if is_value(character) { char::REPLACEMENT_CHARACTER } else { character };
        text.extend(own.chars().map(plain));
    }
}

/// How the ARN of a type is made of its name.
///
/// Source: "Actions, resources, and condition keys for AWS services", Service Authorization Reference.
struct Shape {
    kind: &'static str,
    /// The attribute that is the ARN.
    arn: &'static str,
    /// The property that gives the name.
    name: &'static str,
    /// The attribute that gives it, if it is called otherwise.
    name_attribute: &'static str,
    ref_is_arn: bool,
    spelling: &'static str,
}

const fn shape_of(
    kind: &'static str,
    (arn, name): (&'static str, &'static str),
    name_attribute: &'static str,
    ref_is_arn: bool,
    spelling: &'static str,
) -> Shape {
    Shape { kind, arn, name, name_attribute, ref_is_arn, spelling }
}

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    shape_of("AWS::DynamoDB::Table", ("Arn", "TableName"), "", false, "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    shape_of("AWS::ECR::Repository", ("Arn", "RepositoryName"), "", false, "arn:aws:ecr:{region}:{account}:repository/{name}"),
    shape_of("AWS::IAM::Group", ("Arn", "GroupName"), "", false, "arn:aws:iam::{account}:group{path}{name}"),
    shape_of("AWS::IAM::ManagedPolicy", ("PolicyArn", "ManagedPolicyName"), "", true, "arn:aws:iam::{account}:policy{path}{name}"),
    shape_of("AWS::IAM::Role", ("Arn", "RoleName"), "", false, "arn:aws:iam::{account}:role{path}{name}"),
    shape_of("AWS::IAM::User", ("Arn", "UserName"), "", false, "arn:aws:iam::{account}:user{path}{name}"),
    shape_of("AWS::KMS::Key", ("Arn", "KeyId"), "KeyId", false, "arn:aws:kms:{region}:{account}:key/{name}"),
    shape_of("AWS::Kinesis::Stream", ("Arn", "Name"), "", false, "arn:aws:kinesis:{region}:{account}:stream/{name}"),
    shape_of("AWS::Lambda::Function", ("Arn", "FunctionName"), "", false, "arn:aws:lambda:{region}:{account}:function:{name}"),
    shape_of("AWS::Logs::LogGroup", ("Arn", "LogGroupName"), "", false, "arn:aws:logs:{region}:{account}:log-group:{name}:*"),
    shape_of("AWS::S3::Bucket", ("Arn", "BucketName"), "", false, "arn:aws:s3:::{name}"),
    shape_of("AWS::SNS::Topic", ("TopicArn", "TopicName"), "", true, "arn:aws:sns:{region}:{account}:{name}"),
    shape_of("AWS::SQS::Queue", ("Arn", "QueueName"), "", false, "arn:aws:sqs:{region}:{account}:{name}"),
    shape_of("AWS::StepFunctions::StateMachine", ("Arn", "StateMachineName"), "Name", true, "arn:aws:states:{region}:{account}:stateMachine:{name}"),
];

/// Lists the resources that are on both sides and have another name on each.
pub(crate) fn named_otherwise(old: &Side<'_>, new: &Side<'_>) -> BTreeSet<Id> {
    let holes = Holes::default();
    let (mut old_names, mut new_names) = (Names::new(), Names::new());
    let (mut was, mut is) = (Reader::new(old, &holes, &mut old_names), Reader::new(new, &holes, &mut new_names));
    let differs = |now: &&Resource<'_>| {
        let (Some(shape), Some(before)) = (shape(now.kind), old.same(&now.id)) else { return false };
        let before_named = before.property([shape.name]).map(|name| was.text(before.stack, name));
        let now_named = now.property([shape.name]).map(|name| is.text(now.stack, name));
        before.kind == now.kind && before_named != now_named
    };
    new.resources.iter().filter(differs).map(|resource| resource.id.clone()).collect()
}

fn shape(kind: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.kind == kind)
}
