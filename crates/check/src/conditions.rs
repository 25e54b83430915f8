//! What the conditions of a template can be at the same time.
//!
//! A condition depends on parameters through `Fn::Equals`. Each expression that is compared with literals becomes a
//! variable whose values are these literals and, unless `AllowedValues` says otherwise, one that stands for all else.
//! Going through the values of the variables gives exactly the combinations that can happen: never both of
//! `IsProd` and `IsDev` where each compares the same parameter with another word.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use tree::{Finding, Node, Path, Tree};

use crate::outline::branches;

/// The conditions of a template.
pub(crate) struct Conditions<'t> {
    tests: BTreeMap<&'t str, Test<'t>>,
    /// How many values each variable has.
    sizes: Vec<usize>,
    /// How many tests may still be made. No template that a person writes needs a hundredth of them.
    budget: Cell<usize>,
}

/// See [`Conditions::budget`].
const BUDGET: usize = 1_000_000;

/// The value of each condition in one combination that can happen.
pub(crate) type Scenario<'t> = BTreeMap<&'t str, bool>;

enum Test<'t> {
    Constant(bool),
    /// A variable has its value of this number.
    Equals(usize, usize),
    Condition(&'t str),
    Not(Box<Test<'t>>),
    And(Vec<Test<'t>>),
    Or(Vec<Test<'t>>),
}

/// More combinations than this are not gone through; then what differs in one or two variables is.
const MOST: usize = 256;
/// Up to so many conditions are often looked at together.
const COMMON: usize = 64;

impl<'t> Conditions<'t> {
    pub fn read(declared: impl Iterator<Item = (&'t str, &'t Tree)>, parameters: &BTreeMap<&'t str, &'t Tree>) -> Self {
        let mut reader = Reader { parameters, variables: Vec::new(), numbers: BTreeMap::new() };
        let tests = declared.map(|(name, tree)| (name, reader.test(tree))).collect();
        let sizes = reader.variables.iter().map(|variable| variable.values.len() + usize::from(variable.open));
        Self { tests, sizes: sizes.collect(), budget: Cell::new(BUDGET) }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.tests.contains_key(name)
    }

    /// Tells whether the template declares no conditions.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &'t str> {
        self.tests.keys().copied()
    }

    /// Lists the combinations of these conditions that can happen; names that are not declared are left out. None at
    /// all if there is no more time to look: then nothing that depends on them is judged.
    pub fn scenarios(&self, names: &BTreeSet<&'t str>) -> Vec<Scenario<'t>> {
        let names: Vec<&'t str> = names.iter().copied().filter(|name| self.contains(name)).collect();
        let needed = self.needed(&names);
        self.spend(needed.len());
        let mut variables = BTreeSet::new();
        for name in &needed {
            self.tests[name].collect(&mut variables);
        }
        let variables: Vec<usize> = variables.into_iter().collect();
        // Conditions that depend on hundreds of others are gone through less often.
        let most = (MOST * COMMON / needed.len().max(COMMON)).max(2);
        let mut combinations = BTreeSet::new();
        for values in self.assignments(&variables, most) {
            if !self.spend(needed.len()) {
                return Vec::new();
            }
            let assigned: BTreeMap<usize, usize> = variables.iter().copied().zip(values).collect();
            let mut truths = BTreeMap::new();
            for name in &needed {
                let truth = self.tests[name].evaluate(&assigned, &truths);
                truths.insert(*name, truth);
            }
            let truth = |name: &&str| truths.get(name).copied().unwrap_or_default();
            combinations.insert(names.iter().map(truth).collect::<Vec<bool>>());
        }
        combinations.into_iter().map(|truths| names.iter().copied().zip(truths).collect()).collect()
    }

    /// Takes from the budget, and tells whether it lasted.
    fn spend(&self, tests: usize) -> bool {
        self.budget.set(self.budget.get().saturating_sub(tests));
        self.budget.get() > 0
    }

    /// Lists conditions and all that they depend on, each one after those that it depends on.
    fn needed(&self, names: &[&'t str]) -> Vec<&'t str> {
        let mut order = Vec::new();
        let mut met = BTreeSet::new();
        // Each name is on the stack twice: to look at what it depends on, and then to take its place.
        if self.budget.get() == 0 {
            return order;
        }
        let mut open: Vec<(&'t str, bool)> = names.iter().rev().map(|name| (*name, false)).collect();
        while let Some((name, is_ready)) = open.pop() {
            if is_ready {
                order.push(name);
            } else if met.insert(name) {
                open.push((name, true));
                let mut others = Vec::new();
                self.tests[name].others(&mut others);
                open.extend(others.into_iter().filter(|other| self.contains(other)).map(|other| (other, false)));
            }
        }
        order
    }

    /// Tells whether these conditions can have these values at the same time.
    pub fn possible(&self, assumed: &[(&'t str, bool)]) -> bool {
        let names = assumed.iter().map(|(name, _)| *name).collect();
        let fits = |scenario: &Scenario<'t>| {
            assumed.iter().all(|(name, truth)| scenario.get(name).is_none_or(|value| value == truth))
        };
        self.scenarios(&names).iter().any(fits)
    }

    /// Lists values of the variables: all combinations, or the most different ones if there are too many.
    fn assignments(&self, variables: &[usize], most: usize) -> Vec<Vec<usize>> {
        let sizes: Vec<usize> = variables.iter().map(|variable| self.sizes[*variable].max(1)).collect();
        let all = sizes.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if all.is_some_and(|all| all <= most) {
            return sizes.iter().fold(vec![Vec::new()], |assignments, size| {
                let extend = |values: Vec<usize>| (0..*size).map(move |value| [values.as_slice(), &[value]].concat());
                assignments.into_iter().flat_map(extend).collect()
            });
        }
        let sizes = sizes.as_slice();
        let different = sizes.iter().enumerate().flat_map(|(first, size)| {
            (1..*size).flat_map(move |value| (first..sizes.len()).map(move |second| (first, value, second)))
        });
        let different = different.map(|(first, value, second)| {
            let mut values = vec![0; sizes.len()];
            values[second] = sizes[second] - 1;
            values[first] = value;
            values
        });
        std::iter::once(vec![0; sizes.len()]).chain(different).take(most).collect()
    }
}

impl<'t> Test<'t> {
    /// Adds the variables that are tested here.
    fn collect(&self, variables: &mut BTreeSet<usize>) {
        match self {
            Self::Equals(variable, _) => {
                variables.insert(*variable);
            }
            Self::Constant(_) | Self::Condition(_) => {}
            Self::Not(test) => test.collect(variables),
            Self::And(tests) | Self::Or(tests) => tests.iter().for_each(|test| test.collect(variables)),
        }
    }

    /// Adds the conditions that are referred to here.
    fn others(&self, names: &mut Vec<&'t str>) {
        match self {
            Self::Condition(name) => names.push(name),
            Self::Constant(_) | Self::Equals(..) => {}
            Self::Not(test) => test.others(names),
            Self::And(tests) | Self::Or(tests) => tests.iter().for_each(|test| test.others(names)),
        }
    }

    /// Decides the test. A condition whose truth is not known yet needs itself, or is not declared: it is false.
    fn evaluate(&self, assigned: &BTreeMap<usize, usize>, truths: &BTreeMap<&'t str, bool>) -> bool {
        match self {
            Self::Constant(truth) => *truth,
            Self::Equals(variable, value) => assigned.get(variable) == Some(value),
            Self::Condition(name) => truths.get(name) == Some(&true),
            Self::Not(test) => !test.evaluate(assigned, truths),
            Self::And(tests) => tests.iter().all(|test| test.evaluate(assigned, truths)),
            Self::Or(tests) => tests.iter().any(|test| test.evaluate(assigned, truths)),
        }
    }
}

/// Collects the names of the conditions on which a value depends.
pub(crate) fn collect<'t>(tree: &'t Tree, names: &mut BTreeSet<&'t str>) {
    match &tree.node {
        Node::List(list) => list.iter().for_each(|element| collect(element, names)),
        Node::Map(map) => {
            if let Some((name, ..)) = branches(tree) {
                names.insert(name);
            }
            map.iter().for_each(|entry| collect(&entry.value, names));
        }
        _ => {}
    }
}

/// Puts together what was found in each scenario, and says when it happens if that is not always.
pub(crate) fn merged(scenarios: &[Scenario<'_>], found: Vec<Vec<Finding>>) -> Vec<Finding> {
    let mut findings: Vec<(Finding, BTreeSet<usize>)> = Vec::new();
    let mut known: BTreeMap<(&str, Path, String), usize> = BTreeMap::new();
    for (number, found) in found.into_iter().enumerate() {
        for finding in found {
            let key = (finding.rule, finding.path.clone(), finding.message.clone());
            let index = *known.entry(key).or_insert(findings.len());
            if index == findings.len() {
                findings.push((finding, BTreeSet::new()));
            }
            findings[index].1.insert(number);
        }
    }
    let explained = findings.into_iter().map(|(mut finding, when)| {
        if when.len() < scenarios.len()
            && let Some((name, truth)) = explanation(scenarios, &when)
        {
            finding.message = format!("{}, when `{name}` is {truth}", finding.message);
        }
        finding
    });
    explained.collect()
}

/// Finds the condition that best tells these scenarios from the others.
fn explanation<'t>(scenarios: &[Scenario<'t>], when: &BTreeSet<usize>) -> Option<(&'t str, bool)> {
    let first = scenarios.get(*when.first()?)?;
    let common =
        first.iter().filter(|(name, truth)| when.iter().all(|number| scenarios[*number].get(*name) == Some(*truth)));
    let others = |(name, truth): &(&&'t str, &bool)| {
        let same = |(number, scenario): &(usize, &Scenario<'t>)| {
            !when.contains(number) && scenario.get(**name) == Some(*truth)
        };
        scenarios.iter().enumerate().filter(same).count()
    };
    common.min_by_key(others).map(|(name, truth)| (*name, *truth))
}

struct Reader<'p, 't> {
    parameters: &'p BTreeMap<&'t str, &'t Tree>,
    variables: Vec<Variable>,
    numbers: BTreeMap<String, usize>,
}

struct Variable {
    values: Vec<String>,
    /// Whether there are values beside these.
    open: bool,
}

impl<'t> Reader<'_, 't> {
    fn test(&mut self, tree: &'t Tree) -> Test<'t> {
        let several = |reader: &mut Self, argument: &'t Tree| {
            argument.as_list().unwrap_or_default().iter().map(|tree| reader.test(tree)).collect()
        };
        match tree.as_single() {
            Some(("Fn::And", argument)) => Test::And(several(self, argument)),
            Some(("Fn::Or", argument)) => Test::Or(several(self, argument)),
            Some(("Fn::Not", argument)) => match argument.as_list() {
                Some([tree]) => Test::Not(Box::new(self.test(tree))),
                _ => self.unknown(tree),
            },
            Some(("Condition", argument)) => argument.as_str().map_or(Test::Constant(false), Test::Condition),
            Some(("Fn::Equals", argument)) => match argument.as_list() {
                Some([left, right]) => self.equals(left, right),
                _ => self.unknown(tree),
            },
            _ => self.unknown(tree),
        }
    }

    fn equals(&mut self, left: &'t Tree, right: &'t Tree) -> Test<'t> {
        match (literal(left), literal(right)) {
            (Some(left), Some(right)) => Test::Constant(left == right),
            (None, Some(value)) => self.compared(left, &value),
            (Some(value), None) => self.compared(right, &value),
            (None, None) if left == right => Test::Constant(true),
            (None, None) => {
                let mut sides = [left.to_json_compact(), right.to_json_compact()];
                sides.sort();
                self.variable(sides.join(" = "), || Variable { values: vec!["equal".to_owned()], open: true }, "equal")
            }
        }
    }

    fn compared(&mut self, expression: &'t Tree, value: &str) -> Test<'t> {
        let allowed = self.allowed(expression);
        let new = || match allowed {
            Some(values) => Variable { values, open: false },
            None => Variable { values: Vec::new(), open: true },
        };
        self.variable(expression.to_json_compact(), new, value)
    }

    fn variable(&mut self, key: String, new: impl FnOnce() -> Variable, value: &str) -> Test<'t> {
        let number = *self.numbers.entry(key).or_insert(self.variables.len());
        if number == self.variables.len() {
            self.variables.push(new());
        }
        let variable = &mut self.variables[number];
        match variable.values.iter().position(|known| known == value) {
            Some(position) => Test::Equals(number, position),
            None if variable.open => {
                variable.values.push(value.to_owned());
                Test::Equals(number, variable.values.len() - 1)
            }
            None => Test::Constant(false),
        }
    }

    /// Lists the values that a parameter can have, if the template limits them.
    fn allowed(&self, expression: &Tree) -> Option<Vec<String>> {
        let ("Ref", name) = expression.as_single()? else { return None };
        let parameter = self.parameters.get(name.as_str()?)?;
        // Of other types the values are names or lists of what is compared.
        if !matches!(parameter.get("Type")?.as_str()?, "String" | "Number") {
            return None;
        }
        parameter.get("AllowedValues")?.as_list()?.iter().map(literal).collect()
    }

    /// Makes a test that is sometimes true.
    fn unknown(&mut self, tree: &Tree) -> Test<'t> {
        let new = || Variable { values: vec!["true".to_owned()], open: true };
        self.variable(tree.to_json_compact(), new, "true")
    }
}

fn literal(tree: &Tree) -> Option<String> {
    match &tree.node {
        Node::String(text) => Some(text.clone()),
        Node::Number(number) => Some(number.to_string()),
        Node::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// More branches of one value are not gone through.
const MOST_BRANCHES: usize = 64;

/// Lists what a value is for each way that the conditions of its `Fn::If` can be.
pub(crate) fn alternatives(tree: &Tree) -> Vec<(Vec<(&str, bool)>, &Tree)> {
    let mut open = vec![(Vec::new(), tree)];
    let mut settled = Vec::new();
    while let Some((assumed, tree)) = open.pop() {
        match branches(tree) {
            Some((name, then, otherwise)) if settled.len() + open.len() < MOST_BRANCHES => {
                let with = |truth: bool| assumed.iter().copied().chain([(name, truth)]).collect();
                open.push((with(false), otherwise));
                open.push((with(true), then));
            }
            _ => settled.push((assumed, tree)),
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tree::Origin;

    use super::*;

    fn scenarios(template: serde_json::Value, names: &[&str]) -> Vec<Vec<bool>> {
        let tree = Tree::from_json(template, Origin::Unknown);
        let section = |name: &str| -> BTreeMap<String, Tree> {
            let entries = tree.get(name).and_then(Tree::as_map).into_iter().flatten();
            entries.map(|entry| (entry.key.clone(), entry.value.clone())).collect()
        };
        let (parameters, declared) = (section("Parameters"), section("Conditions"));
        let parameters = parameters.iter().map(|(name, tree)| (name.as_str(), tree)).collect();
        let conditions = Conditions::read(declared.iter().map(|(name, tree)| (name.as_str(), tree)), &parameters);
        let names: BTreeSet<&str> =
            names.iter().filter_map(|name| conditions.names().find(|own| own == name)).collect();
        conditions.scenarios(&names).into_iter().map(|scenario| scenario.into_values().collect()).collect()
    }

    #[test]
    fn two_words_for_one_parameter_exclude_each_other() {
        let template = json!({
            "Parameters": {"Stage": {"Type": "String"}},
            "Conditions": {
                "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
                "IsProd": {"Fn::Equals": ["prod", {"Ref": "Stage"}]},
                "IsEither": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]}
            }
        });
        assert_eq!(scenarios(template.clone(), &["IsDev", "IsProd"]), [[false, false], [false, true], [true, false]]);
        assert_eq!(scenarios(template, &["IsDev", "IsEither"]), [[false, false], [false, true], [true, true]]);
    }

    #[test]
    fn allowed_values_leave_nothing_else() {
        let template = json!({
            "Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
            "Conditions": {
                "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
                "IsOther": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
                "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
            }
        });
        let possible = scenarios(template, &["IsDev", "IsOther", "IsProd"]);
        assert_eq!(possible, [[false, false, true], [true, false, false]]);
    }

    #[test]
    fn a_condition_of_itself_ends() {
        let template = json!({"Conditions": {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Condition": "A"}}});
        assert_eq!(scenarios(template, &["A"]).len(), 1);
    }

    #[test]
    fn many_conditions_are_sampled() {
        let conditions: serde_json::Map<_, _> = (0..20)
            .map(|number| (format!("C{number:02}"), json!({"Fn::Equals": [{"Ref": format!("P{number}")}, "x"]})))
            .collect();
        let names: Vec<String> = conditions.keys().cloned().collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let possible = scenarios(json!({"Conditions": conditions}), &names);
        assert!(possible.len() <= MOST);
        for index in 0..names.len() {
            assert!(possible.iter().any(|truths| truths[index]) && possible.iter().any(|truths| !truths[index]));
        }
    }
}
