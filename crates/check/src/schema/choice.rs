//! `allOf`, `anyOf`, `oneOf`, `not` and `if`: what a value may be, explained by the nearest of its forms.

use serde_json::Value;
use tree::{Node, Tree};

use super::object::names;
use super::{CHOICE, ENUM, EXCLUSIVE, Fault, Keywords, MISTYPED, ONE_OF, Validation};
use crate::place::Place;
use crate::words::{all_of, given};

/// A form that a value may have, and how far the value is from it.
struct Form<'s> {
    schema: &'s Value,
    faults: Vec<Fault>,
    certain: bool,
}

impl<'t> Validation<'_, 't> {
    /// Applies the keywords that combine schemas.
    pub(super) fn choices(
        &self,
        tree: &'t Tree,
        keywords: &Keywords,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let mut certain = true;
        for (keyword, argument) in keywords {
            match (keyword.as_str(), argument) {
                ("allOf", Value::Array(all)) => {
                    for schema in all {
                        certain &= self.value(tree, schema, place, faults);
                    }
                }
                ("anyOf" | "oneOf", Value::Array(forms)) => {
                    certain &= self.one_of(tree, forms, keyword == "oneOf", place, faults);
                }
                ("not", schema) => {
                    let mut own = Vec::new();
                    if self.value(tree, schema, place, &mut own) && own.is_empty() {
                        faults.push(self.forbidden(tree, schema, place));
                    }
                }
                ("if", test) => certain &= self.branch(tree, test, keywords, place, faults),
                _ => {}
            }
        }
        certain
    }

    fn branch(
        &self,
        tree: &'t Tree,
        test: &Value,
        keywords: &Keywords,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let mut own = Vec::new();
        let is_known = self.value(tree, test, place, &mut own);
        let branch = keywords.get(if own.is_empty() { "then" } else { "else" });
        // A function inside may still decide for the other side, unless something known decided already.
        let decided = branch.filter(|_| is_known || !own.is_empty());
        decided.is_none_or(|schema| self.value(tree, schema, place, faults))
    }

    fn forbidden(&self, tree: &Tree, not: &Value, place: &Place<'_>) -> Fault {
        let required: Vec<&str> = names(not.get("required")).collect();
        if required.is_empty() {
            let message = format!("`{}` is {}, which is not allowed here", self.named(place), given(tree));
            return Fault { finding: ENUM.at(place, message), must: None, weight: 1 };
        }
        let message = format!("`{}` must not have {}", self.named(place), all_of(required));
        Fault { finding: EXCLUSIVE.at(place, message), must: None, weight: 1 }
    }

    fn one_of(
        &self,
        tree: &'t Tree,
        forms: &[Value],
        exactly_one: bool,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let options = forms.iter().map(|form| {
            let schema = self.resolved(form);
            let mut faults = Vec::new();
            let certain = self.value(tree, schema, place, &mut faults);
            Form { schema, faults, certain }
        });
        let options: Vec<Form<'_>> = options.collect();
        let fitting: Vec<&Form<'_>> = options.iter().filter(|option| option.faults.is_empty()).collect();
        let certain = options.iter().all(|option| option.certain);
        match fitting.as_slice() {
            [] => self.none_fits(tree, options, place, faults),
            [_, _, ..]
                if exactly_one && fitting.iter().all(|option| option.certain && is_about_presence(option.schema)) =>
            {
                let alternatives: Vec<String> =
                    fitting.iter().map(|option| all_of(names(option.schema.get("required")))).collect();
                let message = format!(
                    "`{}` has {}, which exclude each other",
                    self.named(place),
                    alternatives.join(" as well as ")
                );
                faults.push(Fault {
                    finding: EXCLUSIVE.at(place, message).hint("keep one of them"),
                    must: None,
                    weight: 4,
                });
            }
            _ => {}
        }
        certain
    }

    fn none_fits(&self, tree: &Tree, mut options: Vec<Form<'_>>, place: &Place<'_>, faults: &mut Vec<Fault>) {
        if options.iter().all(|option| is_about_presence(option.schema)) {
            let alternatives: Vec<String> =
                options.iter().map(|option| all_of(names(option.schema.get("required")))).collect();
            let message = format!("`{}` needs {}, but has none of them", self.named(place), alternatives.join(" or "));
            faults.push(Fault { finding: ONE_OF.at(place, message), must: None, weight: super::ABSENT });
            return;
        }
        let is_scalar = !matches!(tree.node, Node::Map(_) | Node::List(_));
        let is_mistyped =
            |option: &Form<'_>| option.faults.iter().any(|fault| fault.weight == MISTYPED && fault.is_at(place));
        let alternatives = options.len();
        if is_scalar || options.iter().all(is_mistyped) {
            faults.push(self.all_forms(tree, &options, place));
            return;
        }
        // Of the forms that have the right kind, the one with the least to change is explained.
        options.retain(|option| !is_mistyped(option));
        let nearest =
            options.into_iter().min_by_key(|option| option.faults.iter().map(|fault| fault.weight).sum::<u32>());
        for mut fault in nearest.map(|option| option.faults).unwrap_or_default() {
            if fault.finding.hint.is_none() && fault.is_at(place) {
                fault.finding.hint =
                    Some(format!("`{}` has {alternatives} forms; this is about the nearest one", self.named(place)));
            }
            faults.push(fault);
        }
    }

    /// Says of a value that is far from all its forms what each of them wants.
    fn all_forms(&self, tree: &Tree, options: &[Form<'_>], place: &Place<'_>) -> Fault {
        let mut wanted: Vec<&str> = Vec::new();
        for must in options.iter().filter_map(|option| option.faults.first()?.must.as_deref()) {
            if !wanted.contains(&must) {
                wanted.push(must);
            }
        }
        let only = options.iter().find_map(|option| option.faults.first());
        let rule = match only {
            Some(fault) if wanted.len() < 2 => fault.finding.rule,
            _ => CHOICE.id,
        };
        let must = wanted.join(", or ").replace(", or be ", ", or ");
        let mut fault = self.fault(&CHOICE, place, &given(tree), must);
        fault.finding.rule = rule;
        fault.finding.hint = only.and_then(|fault| fault.finding.hint.clone());
        fault.weight = if options.iter().all(|option| option.faults.iter().any(|fault| fault.weight == MISTYPED)) {
            MISTYPED
        } else {
            1
        };
        fault
    }
}

impl Fault {
    /// Tells whether the fault is of the place itself, not of something inside.
    fn is_at(&self, place: &Place<'_>) -> bool {
        self.finding.path.segments().len() <= place.depth
    }
}

/// Tells whether a schema says nothing but which properties there must be.
fn is_about_presence(schema: &Value) -> bool {
    let keywords = schema.as_object();
    let only = |keywords: &serde_json::Map<String, Value>| {
        keywords.contains_key("required") && keywords.keys().all(|keyword| keyword == "required" || keyword == "type")
    };
    keywords.is_some_and(only)
}
