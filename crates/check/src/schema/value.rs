use tree::{Node, Tree};

use super::{Fault, Keyword, TYPE, Validation};
use crate::kinds::{Kinds, produced};
use crate::outline::{branches, function, is_dynamic, is_no_value};
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{given, kind};

impl<'t> Validation<'_, 't> {
    /// Holds a value against a schema. Tells whether everything that matters was known: a function's value is not.
    pub(super) fn value(&self, tree: &'t Tree, schema: Keyword, place: &Place<'_>, faults: &mut Vec<Fault>) -> bool {
        if is_no_value(tree) {
            return true;
        }
        if let Some((name, then, otherwise)) = branches(tree)
            && let Some(truth) = self.scenario.get(name)
        {
            let (branch, index) = if *truth { (then, 1) } else { (otherwise, 2) };
            let place = place.key("Fn::If", branch.origin);
            return self.value(branch, schema, &place.index(index, branch), faults);
        }
        let schema = self.resolved(schema);
        if let Some((name, argument)) = function(tree) {
            self.kind(tree, name, argument, schema, place, faults);
            return false;
        }
        if tree.as_str().is_some_and(is_dynamic) {
            return false;
        }
        if let Some(types) = schema.get("type")
            && !accepts(types, tree)
        {
            faults.push(self.mistyped(tree, types, place));
            return true;
        }
        let Some(keywords) = schema.as_object() else { return true };
        let certain = match &tree.node {
            Node::Null => true,
            Node::List(items) => self.list(items, keywords, place, faults),
            Node::Map(map) => self.object(map, keywords, place, faults),
            Node::String(_) | Node::Number(_) | Node::Bool(_) => {
                self.scalar(tree, keywords, place, faults);
                true
            }
        };
        self.choices(tree, keywords, place, faults) && certain
    }

    /// Checks that what a function gives is of the right kind.
    fn kind(
        &self,
        tree: &Tree,
        name: &str,
        argument: &Tree,
        schema: Keyword,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let (gives, wanted) = (produced(self.outline, tree), Kinds::of_type(schema.get("type")));
        if gives.overlaps(wanted) {
            faults.extend(self.flow(name, argument, schema, place));
            // Schemas without a type of their own have several that are chosen from.
            if schema.get("type").is_none() {
                self.choices_of_kind(tree, schema, place, faults);
            }
            return;
        }
        let function = match argument.as_str() {
            Some(of) if name == "Ref" => format!("`Ref` of `{of}`"),
            _ => format!("`{name}`"),
        };
        let must = format!("be {}", types(schema.get("type")));
        let message = format!("`{}` must {must}, but {function} gives {}", self.named(place), gives.describe());
        faults.push(Fault { finding: TYPE.at(place, message), must: Some(must), weight: super::MISTYPED });
    }

    fn choices_of_kind(&self, tree: &'t Tree, schema: Keyword, place: &Place<'_>, faults: &mut Vec<Fault>) {
        for keyword in ["anyOf", "oneOf"] {
            let Some(options) = schema.get(keyword).and_then(Keyword::as_array) else { continue };
            let mut best: Option<Vec<Fault>> = None;
            for option in options {
                let mut own = Vec::new();
                self.value(tree, option, place, &mut own);
                best = best.filter(|best| best.len() <= own.len()).or(Some(own));
            }
            faults.extend(best.unwrap_or_default());
        }
    }

    fn mistyped(&self, tree: &Tree, allowed: Keyword, place: &Place<'_>) -> Fault {
        let is_scalar = !matches!(tree.node, Node::Map(_) | Node::List(_));
        let given = if is_scalar { format!("{} ({})", given(tree), kind(tree)) } else { kind(tree).to_owned() };
        let must = format!("be {}", types(Some(allowed)));
        let mut fault = self.fault(&TYPE, place, &given, must);
        fault.weight = super::MISTYPED;
        let is_string = tree.as_str().is_some();
        let wants_list = Kinds::of_type(Some(allowed)) == Kinds::LIST;
        if wants_list && is_string {
            fault.finding.hint = Some("put it into brackets: a list of one".to_owned());
        }
        fault
    }

    /// Makes the fault of a value that is something else than it must be.
    pub(super) fn fault(&self, rule: &'static Rule, place: &Place<'_>, given: &str, must: String) -> Fault {
        let message = format!("`{}` is {given}, but must {must}", self.named(place));
        Fault { finding: rule.at(place, message), must: Some(must), weight: 1 }
    }
}

/// Tells whether a value is of one of these types, or can be converted as CloudFormation does.
fn accepts(types: Keyword, tree: &Tree) -> bool {
    match types.as_array() {
        Some(types) => types.iter().any(|one| accepts(one, tree)),
        None => types.as_str().is_none_or(|name| accepts_one(name, tree)),
    }
}

fn accepts_one(name: &str, tree: &Tree) -> bool {
    match (name, &tree.node) {
        ("string", Node::String(_) | Node::Number(_) | Node::Bool(_))
        | ("number", Node::Number(_))
        | ("boolean", Node::Bool(_))
        | ("array", Node::List(_))
        | ("object", Node::Map(_))
        // Null has a rule of its own.
        | (_, Node::Null) => true,
        ("integer", Node::Number(number)) => {
            number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        ("integer", Node::String(text)) => text.parse::<i128>().is_ok(),
        ("number", Node::String(text)) => text.parse::<f64>().is_ok(),
        ("boolean", Node::String(text)) => ["true", "false"].contains(&text.to_lowercase().as_str()),
        _ => false,
    }
}

/// Names types, with articles.
pub(super) fn types(keyword: Option<Keyword>) -> String {
    let one = |name: Keyword| match name.as_str() {
        Some("array") => "a list",
        Some("object") => "an object",
        Some("integer") => "an integer",
        Some("number") => "a number",
        Some("boolean") => "`true` or `false`",
        Some("null") => "null",
        _ => "a string",
    };
    let Some(keyword) = keyword else { return "something else".to_owned() };
    match keyword.as_array() {
        Some(types) => types.iter().map(one).collect::<Vec<_>>().join(" or "),
        None => one(keyword).to_owned(),
    }
}
