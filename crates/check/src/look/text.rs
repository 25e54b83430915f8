//! What text an expression gives: the constant parts, and the holes that only the stack can fill.

use std::borrow::Cow;

use tree::{Node, Tree};

use super::{DEEPEST, View};
use crate::attributes;
use crate::outline::function;

/// A part of a text.
#[derive(Clone)]
pub(crate) enum Part<'a> {
    Text(Cow<'a, str>),
    Hole(Hole<'a>),
}

/// What only the stack knows.
#[derive(Clone, Copy)]
pub(crate) enum Hole<'a> {
    /// `Ref` of a parameter, a pseudo parameter or a resource.
    Ref(&'a str),
    /// `Fn::GetAtt` of a resource.
    Attribute(&'a str, &'a str),
    /// Anything else.
    Other(View<'a>),
}

/// Puts the parts together, if all of them are constant.
pub(super) fn constant(parts: Vec<Part<'_>>) -> Option<Cow<'_, str>> {
    let mut parts = parts.into_iter();
    let Part::Text(mut text) = parts.next().unwrap_or(Part::Text(Cow::Borrowed(""))) else { return None };
    for part in parts {
        let Part::Text(more) = part else { return None };
        text.to_mut().push_str(&more);
    }
    Some(text)
}

/// Tells how many characters a text has at least: holes of known names count what they have at least.
pub(crate) fn shortest(parts: &[Part<'_>]) -> usize {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.chars().count(),
            Part::Hole(Hole::Ref("AWS::AccountId")) => 12,
            Part::Hole(Hole::Ref("AWS::Region")) => "us-east-1".len(),
            Part::Hole(Hole::Ref("AWS::Partition")) => "aws".len(),
            Part::Hole(Hole::Ref("AWS::URLSuffix")) => "amazonaws.com".len(),
            Part::Hole(Hole::Ref("AWS::StackName")) => 1,
            Part::Hole(_) => 0,
        })
        .sum()
}

impl<'a> View<'a> {
    /// Takes an expression apart into constant text and holes.
    pub fn parts(self) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        self.collect_parts(&mut parts, 0);
        parts
    }

    fn collect_parts(self, parts: &mut Vec<Part<'a>>, depth: usize) {
        let Some(tree) = self.tree() else { return };
        let text = match &tree.node {
            Node::String(_) | Node::Number(_) | Node::Bool(_) if self.is_known() => self.text(),
            _ => None,
        };
        if let Some(text) = text {
            parts.push(Part::Text(text));
            return;
        }
        let whole = Part::Hole(Hole::Other(self));
        if depth > DEEPEST {
            parts.push(whole);
            return;
        }
        match function(tree) {
            Some(("Ref", name)) => parts.push(name.as_str().map_or(whole, |name| self.reference(name))),
            Some(("Fn::GetAtt", argument)) => match attributes::literal(argument) {
                Some((id, name)) => parts.push(Part::Hole(Hole::Attribute(id, name))),
                None => parts.push(whole),
            },
            Some(("Fn::Join", argument)) => match argument.as_list() {
                Some([separator, list]) => {
                    match (separator.as_str(), self.look(list).known().and_then(Tree::as_list)) {
                        (Some(separator), Some(_)) => {
                            for (index, item) in self.look(list).items().enumerate() {
                                if index > 0 && !separator.is_empty() {
                                    parts.push(Part::Text(Cow::Borrowed(separator)));
                                }
                                item.collect_parts(parts, depth + 1);
                            }
                        }
                        _ => parts.push(whole),
                    }
                }
                _ => parts.push(whole),
            },
            Some(("Fn::Sub", argument)) => {
                let (text, variables) = match argument.as_list() {
                    Some([text, variables]) => (text.as_str(), Some(variables)),
                    Some(_) => (None, None),
                    None => (argument.as_str(), None),
                };
                match text {
                    Some(text) => self.substituted(text, variables, parts, depth),
                    None => parts.push(whole),
                }
            }
            Some(("Fn::FindInMap", argument)) => match self.found_in_map(argument) {
                Some(value) => value.collect_parts(parts, depth + 1),
                None => parts.push(whole),
            },
            Some(("Fn::Select", argument)) => match self.selected(argument, depth) {
                Some(selected) => parts.extend(selected),
                None => parts.push(whole),
            },
            _ => parts.push(whole),
        }
    }

    fn reference(self, name: &'a str) -> Part<'a> {
        match self.scope.value(self.outline, name) {
            Some(value) => Part::Text(Cow::Borrowed(value)),
            None => Part::Hole(Hole::Ref(name)),
        }
    }

    fn substituted(self, text: &'a str, variables: Option<&'a Tree>, parts: &mut Vec<Part<'a>>, depth: usize) {
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, after) = rest.split_at(start);
            let Some(end) = after.find('}') else { break };
            let (hole, behind) = (after[2..end].trim(), &after[end + 1..]);
            if !before.is_empty() {
                parts.push(Part::Text(Cow::Borrowed(before)));
            }
            if let Some(kept) = hole.strip_prefix('!') {
                parts.push(Part::Text(Cow::Owned(format!("${{{kept}}}"))));
            } else if let Some(value) = variables.and_then(|variables| variables.get(hole)) {
                self.look(value).collect_parts(parts, depth + 1);
            } else if let Some((id, name)) = hole.split_once('.') {
                parts.push(Part::Hole(Hole::Attribute(id, name)));
            } else {
                parts.push(self.reference(hole));
            }
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(Cow::Borrowed(rest)));
        }
    }

    fn found_in_map(self, argument: &'a Tree) -> Option<Self> {
        let [mapping, top, second] = argument.as_list()? else { return None };
        let top = self.look(top).text()?;
        let second = self.look(second).text()?;
        Some(self.look(self.outline.mappings.get(mapping.as_str()?)?.get(&top)?.get(&second)?))
    }

    /// Selects from a list, or from a constant text that is split.
    fn selected(self, argument: &'a Tree, depth: usize) -> Option<Vec<Part<'a>>> {
        let [index, list] = argument.as_list()? else { return None };
        let index = usize::try_from(self.look(index).integer()?).ok()?;
        let list = self.look(list);
        if list.is_known() {
            let mut parts = Vec::new();
            list.is_closed().then(|| list.items().nth(index))??.collect_parts(&mut parts, depth + 1);
            return Some(parts);
        }
        let ("Fn::Split", argument) = list.tree().and_then(function)? else { return None };
        let [separator, text] = argument.as_list()? else { return None };
        let mut parts = Vec::new();
        self.look(text).collect_parts(&mut parts, depth + 1);
        let text = constant(parts)?;
        Some(vec![Part::Text(Cow::Owned(text.split(separator.as_str()?).nth(index)?.to_owned()))])
    }
}
