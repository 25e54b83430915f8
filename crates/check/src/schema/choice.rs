//! `allOf`, `anyOf`, `oneOf`, `not` and `if`: what a value may be, explained by the nearest of its forms.

use schemas::Array;
use tree::{Node, Tree};

use super::object::names;
use super::{CHOICE, ENUM, EXCLUSIVE, Fault, Keyword, Keywords, MISTYPED, ONE_OF, Validation};
use crate::place::Place;
use crate::words::{all_of, given};

/// A form that a value may have, and how far the value is from it.
struct Form {
    schema: Keyword,
    faults: Vec<Fault>,
    certain: bool,
}

impl<'t> Validation<'_, 't> {
    /// Applies the keywords that combine schemas.
    pub(super) fn choices(
        &self,
        tree: &'t Tree,
        keywords: Keywords,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let mut certain = true;
        for (keyword, argument) in keywords {
            match keyword {
                "allOf" => {
                    for schema in argument.as_array().into_iter().flatten() {
                        certain &= self.value(tree, schema, place, faults);
                    }
                }
                "anyOf" | "oneOf" => {
                    let Some(forms) = argument.as_array() else { continue };
                    certain &= self.one_of(tree, forms, keyword == "oneOf", place, faults);
                }
                "not" => {
                    let mut own = Vec::new();
                    if self.value(tree, argument, place, &mut own) && own.is_empty() {
                        faults.push(self.forbidden(tree, argument, place));
                    }
                }
                "if" => certain &= self.branch(tree, argument, keywords, place, faults),
                _ => {}
            }
        }
        certain
    }

    fn branch(
        &self,
        tree: &'t Tree,
        test: Keyword,
        keywords: Keywords,
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

    fn forbidden(&self, tree: &Tree, not: Keyword, place: &Place<'_>) -> Fault {
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
        forms: Array<'static>,
        exactly_one: bool,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let tried = forms.iter().map(|form| {
            let schema = self.resolved(form);
            let mut faults = Vec::new();
            let certain = self.value(tree, schema, place, &mut faults);
            Form { schema, faults, certain }
        });
        let tried: Vec<Form> = tried.collect();
        let certain = tried.iter().all(|form| form.certain);
        let fitting: Vec<&Form> = tried.iter().filter(|form| form.faults.is_empty()).collect();
        match fitting.as_slice() {
            [] => self.none_fits(tree, tried, place, faults),
            [_, _, ..] if exactly_one && fitting.iter().all(|form| form.certain && form.is_about_presence()) => {
                let message = format!(
                    "`{}` has {}, which exclude each other",
                    self.named(place),
                    required(&fitting, " as well as ")
                );
                let finding = EXCLUSIVE.at(place, message).hint("keep one of them");
                faults.push(Fault { finding, must: None, weight: 4 });
            }
            _ => {}
        }
        certain
    }

    fn none_fits(&self, tree: &Tree, mut forms: Vec<Form>, place: &Place<'_>, faults: &mut Vec<Fault>) {
        if forms.iter().all(Form::is_about_presence) {
            let all: Vec<&Form> = forms.iter().collect();
            let message = format!("`{}` needs {}, but has none of them", self.named(place), required(&all, " or "));
            faults.push(Fault { finding: ONE_OF.at(place, message), must: None, weight: super::ABSENT });
            return;
        }
        let is_scalar = !matches!(tree.node, Node::Map(_) | Node::List(_));
        if (is_scalar || forms.iter().all(|form| form.is_mistyped(place)))
            && let Some(fault) = self.all_forms(tree, &forms, place)
        {
            faults.push(fault);
            return;
        }
        // Of the forms that have the right kind, the one with the least to change is explained.
        let number = forms.len();
        forms.sort_by_key(|form| (form.is_mistyped(place), form.faults.iter().map(|fault| fault.weight).sum::<u32>()));
        for mut fault in forms.into_iter().next().map(|form| form.faults).unwrap_or_default() {
            if fault.finding.hint.is_none() && fault.is_at(place) {
                let hint = format!("`{}` has {number} forms; this is about the nearest one", self.named(place));
                fault.finding.hint = Some(hint);
            }
            faults.push(fault);
        }
    }

    /// Says of a value that is far from all its forms what each of them wants.
    fn all_forms(&self, tree: &Tree, forms: &[Form], place: &Place<'_>) -> Option<Fault> {
        let first = forms.iter().find_map(|form| form.faults.first())?;
        let mut wanted: Vec<&str> = Vec::new();
        for form in forms {
            let must = form.faults.first()?.must.as_deref()?;
            if !wanted.contains(&must) {
                wanted.push(must);
            }
        }
        let must = wanted.join(", or ").replace(", or be ", ", or ");
        let mut fault = self.fault(&CHOICE, place, &given(tree), must);
        if wanted.len() == 1 {
            fault.finding.rule = first.finding.rule;
        }
        fault.finding.hint.clone_from(&first.finding.hint);
        if forms.iter().all(|form| form.is_mistyped(place)) {
            fault.weight = MISTYPED;
        }
        Some(fault)
    }
}

impl Form {
    /// Tells whether the value is of another kind than the form.
    fn is_mistyped(&self, place: &Place<'_>) -> bool {
        self.faults.iter().any(|fault| fault.weight == MISTYPED && fault.is_at(place))
    }

    /// Tells whether the form says nothing but which properties there must be.
    fn is_about_presence(&self) -> bool {
        let only = |keywords: Keywords| {
            keywords.contains_key("required")
                && keywords.keys().all(|keyword| keyword == "required" || keyword == "type")
        };
        self.schema.as_object().is_some_and(only)
    }
}

/// Lists what each form requires.
fn required(forms: &[&Form], separator: &str) -> String {
    let each: Vec<String> = forms.iter().map(|form| all_of(names(form.schema.get("required")))).collect();
    each.join(separator)
}

impl Fault {
    /// Tells whether the fault is of the place itself, not of something inside.
    fn is_at(&self, place: &Place<'_>) -> bool {
        self.finding.path.segments().len() <= place.depth
    }
}
