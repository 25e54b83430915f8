//! What the conditions of a template can be at the same time.
//!
//! A condition depends on parameters through `Fn::Equals`. Each expression that is compared with literals becomes a
//! variable whose values are these literals and, unless `AllowedValues` says otherwise, one that stands for all else.
//! Going through the values of the variables gives exactly the combinations that can happen: never both of
//! `IsProd` and `IsDev` where each compares the same parameter with another word.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Finding, Node, Tree};

use crate::outline::branches;

/// The conditions of a template.
pub(crate) struct Conditions<'t> {
    tests: BTreeMap<&'t str, Test<'t>>,
    /// How many values each variable has.
    sizes: Vec<usize>,
}

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
/// Conditions that refer to one another more deeply than this refer to themselves.
const DEEPEST: usize = 32;

impl<'t> Conditions<'t> {
    pub fn read(declared: impl Iterator<Item = (&'t str, &'t Tree)>, parameters: &BTreeMap<&'t str, &'t Tree>) -> Self {
        let mut reader = Reader { parameters, variables: Vec::new(), numbers: BTreeMap::new() };
        let tests = declared.map(|(name, tree)| (name, reader.test(tree))).collect();
        let sizes = reader.variables.iter().map(|variable| variable.values.len() + usize::from(variable.open));
        Self { tests, sizes: sizes.collect() }
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

    /// Lists the combinations of these conditions that can happen; names that are not declared are left out.
    pub fn scenarios(&self, names: &BTreeSet<&'t str>) -> Vec<Scenario<'t>> {
        let names: Vec<&'t str> = names.iter().copied().filter(|name| self.contains(name)).collect();
        let mut variables = BTreeSet::new();
        for name in &names {
            self.collect(&Test::Condition(name), &mut variables, 0);
        }
        let variables: Vec<usize> = variables.into_iter().collect();
        let mut combinations = BTreeSet::new();
        for values in self.assignments(&variables) {
            let assigned: BTreeMap<usize, usize> = variables.iter().copied().zip(values).collect();
            let truths: Vec<bool> =
                names.iter().map(|name| self.evaluate(&Test::Condition(name), &assigned, 0)).collect();
            combinations.insert(truths);
        }
        combinations.into_iter().map(|truths| names.iter().copied().zip(truths).collect()).collect()
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
    fn assignments(&self, variables: &[usize]) -> Vec<Vec<usize>> {
        let sizes: Vec<usize> = variables.iter().map(|variable| self.sizes[*variable].max(1)).collect();
        let all = sizes.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if all.is_some_and(|all| all <= MOST) {
            return sizes.iter().fold(vec![Vec::new()], |assignments, size| {
                let extend = |values: Vec<usize>| (0..*size).map(move |value| [values.as_slice(), &[value]].concat());
                assignments.into_iter().flat_map(extend).collect()
            });
        }
        let mut assignments = vec![vec![0; sizes.len()]];
        for (first, size) in sizes.iter().enumerate() {
            for (value, second) in (1..*size).flat_map(|value| (first..sizes.len()).map(move |second| (value, second)))
            {
                let mut values = vec![0; sizes.len()];
                values[first] = value;
                values[second] = if second == first { value } else { sizes[second] - 1 };
                assignments.push(values);
            }
        }
        assignments.truncate(MOST);
        assignments
    }

    fn collect(&self, test: &Test<'t>, variables: &mut BTreeSet<usize>, depth: usize) {
        match test {
            Test::Equals(variable, _) => {
                variables.insert(*variable);
            }
            Test::Condition(name) if depth < DEEPEST => {
                if let Some(test) = self.tests.get(name) {
                    self.collect(test, variables, depth + 1);
                }
            }
            Test::Constant(_) | Test::Condition(_) => {}
            Test::Not(test) => self.collect(test, variables, depth),
            Test::And(tests) | Test::Or(tests) => tests.iter().for_each(|test| self.collect(test, variables, depth)),
        }
    }

    fn evaluate(&self, test: &Test<'t>, assigned: &BTreeMap<usize, usize>, depth: usize) -> bool {
        match test {
            Test::Constant(truth) => *truth,
            Test::Equals(variable, value) => assigned.get(variable) == Some(value),
            Test::Condition(name) if depth < DEEPEST => {
                self.tests.get(name).is_some_and(|test| self.evaluate(test, assigned, depth + 1))
            }
            Test::Condition(_) => false,
            Test::Not(test) => !self.evaluate(test, assigned, depth),
            Test::And(tests) => tests.iter().all(|test| self.evaluate(test, assigned, depth)),
            Test::Or(tests) => tests.iter().any(|test| self.evaluate(test, assigned, depth)),
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
    for (number, found) in found.into_iter().enumerate() {
        for finding in found {
            match findings.iter_mut().find(|(known, _)| *known == finding) {
                Some((_, when)) => {
                    when.insert(number);
                }
                None => findings.push((finding, BTreeSet::from([number]))),
            }
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
