//! Compares the search with brute force: both policies are evaluated, by other code, on every request of a small world.

use serde_json::{Value, json};

use super::tests::compare_unlisted;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'p>(&mut self, words: &[&'p str]) -> &'p str {
        words[self.roll(words.len())]
    }

    fn some<'p>(&mut self, words: &[&'p str]) -> Vec<&'p str> {
        (0..=self.roll(2)).map(|_| self.pick(words)).collect()
    }
}

const ACTIONS: [&str; 6] = ["*", "s:*", "s:a", "s:b", "s:a*", "t:*"];
const RESOURCES: [&str; 10] = ["*", "a", "b", "a*", "b*", "*a", "*b", "ab", "a*b", "ba"];
const VALUES: [&str; 3] = ["a", "b", "ab"];
const LIKE: [&str; 4] = ["a*", "*b", "a", "*"];

fn condition(dice: &mut Dice) -> Value {
    match dice.roll(12) {
        0 => json!({"StringEquals": {"k": dice.some(&VALUES)}}),
        1 => json!({"StringNotEquals": {"k": dice.some(&VALUES)}}),
        2 => json!({"StringLike": {"k": dice.some(&LIKE)}}),
        3 => json!({"StringNotLikeIfExists": {"k": dice.some(&LIKE)}}),
        4 => json!({"StringEqualsIfExists": {"k": dice.some(&VALUES)}}),
        5 => json!({"Null": {"k": dice.pick(&["true", "false"])}}),
        6 => json!({"ForAllValues:StringEquals": {"m": dice.some(&VALUES)}}),
        7 => json!({"ForAnyValue:StringEquals": {"m": dice.some(&VALUES)}}),
        8 => json!({"ForAnyValue:StringNotEquals": {"m": dice.some(&VALUES)}, "StringEquals": {"k": "a"}}),
        _ => json!({}),
    }
}

fn policy(dice: &mut Dice) -> Value {
    let statements = (0..=dice.roll(4)).map(|_| {
        let action = if dice.roll(6) == 0 { "NotAction" } else { "Action" };
        let resource = if dice.roll(6) == 0 { "NotResource" } else { "Resource" };
        let effect = if dice.roll(4) == 0 { "Deny" } else { "Allow" };
        let mut statement = json!({"Effect": effect, "Condition": condition(dice)});
        statement[action] = json!(dice.some(&ACTIONS));
        statement[resource] = json!(dice.some(&RESOURCES));
        statement
    });
    Value::Array(statements.collect())
}

/// A policy that is like another one, but for one thing.
fn variant(dice: &mut Dice, policy: &Value) -> Value {
    let mut variant = policy.as_array().unwrap().clone();
    let at = dice.roll(variant.len());
    match dice.roll(5) {
        0 if variant.len() > 1 => {
            variant.remove(at);
        }
        1 => variant[at]["Condition"] = condition(dice),
        2 if variant[at].get("Action").is_some() => variant[at]["Action"] = json!(dice.some(&ACTIONS)),
        3 if variant[at].get("Resource").is_some() => variant[at]["Resource"] = json!(dice.some(&RESOURCES)),
        _ => variant.reverse(),
    }
    Value::Array(variant)
}

struct Request {
    action: &'static str,
    resource: &'static str,
    k: Option<&'static str>,
    m: Option<Vec<&'static str>>,
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (Some(b'*'), _) => glob(&pattern[1..], text) || (!text.is_empty() && glob(pattern, &text[1..])),
        (Some(own), Some(other)) => own == other && glob(&pattern[1..], &text[1..]),
        (None, None) => true,
        _ => false,
    }
}

fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

fn demands(operator: &str, wanted: &Value, request: &Request) -> bool {
    let wanted = words(wanted);
    let equal = |value: &str| wanted.contains(&value);
    let like = |value: &str| wanted.iter().any(|pattern| glob(pattern.as_bytes(), value.as_bytes()));
    match operator {
        "StringEquals" => request.k.is_some_and(equal),
        "StringNotEquals" => !request.k.is_some_and(equal),
        "StringLike" => request.k.is_some_and(like),
        "StringNotLikeIfExists" => !request.k.is_some_and(like),
        "StringEqualsIfExists" => request.k.is_none_or(equal),
        "Null" => wanted.contains(&if request.k.is_none() { "true" } else { "false" }),
        "ForAllValues:StringEquals" => request.m.iter().flatten().all(|value| equal(value)),
        "ForAnyValue:StringEquals" => request.m.iter().flatten().any(|value| equal(value)),
        "ForAnyValue:StringNotEquals" => request.m.iter().flatten().any(|value| !equal(value)),
        other => panic!("{other}"),
    }
}

fn applies(statement: &Value, request: &Request) -> bool {
    let any = |patterns: &Value, text: &str| words(patterns).iter().any(|own| glob(own.as_bytes(), text.as_bytes()));
    let action = match statement.get("Action") {
        Some(patterns) => any(patterns, request.action),
        None => !any(&statement["NotAction"], request.action),
    };
    let resource = match statement.get("Resource") {
        Some(patterns) => any(patterns, request.resource),
        None => !any(&statement["NotResource"], request.resource),
    };
    let condition = statement["Condition"].as_object().unwrap();
    let mut tests = condition
        .iter()
        .flat_map(|(operator, tests)| tests.as_object().unwrap().values().map(move |wanted| (operator, wanted)));
    action && resource && tests.all(|(operator, wanted)| demands(operator, wanted, request))
}

fn allowed(policy: &Value, request: &Request) -> bool {
    let effects = || policy.as_array().unwrap().iter().filter(|own| applies(own, request)).map(|own| &own["Effect"]);
    effects().any(|effect| effect == "Allow") && !effects().any(|effect| effect == "Deny")
}

fn requests() -> Vec<Request> {
    let keys = [None, Some("a"), Some("b"), Some("ab"), Some("c"), Some("acb")];
    let sets: [&[&str]; 8] = [&["a"], &["b"], &["ab"], &["c"], &["a", "b"], &["a", "c"], &["b", "ab"], &["a", "ab"]];
    let mut requests = Vec::new();
    for action in ["s:a", "s:b", "s:c", "s:ac", "t:c", "u:c"] {
        for resource in ["a", "b", "c", "ac", "bc", "ca", "cb", "ab", "acb", "ba", "bca", "aca", "bcb", "acba"] {
            for k in keys {
                requests.push(Request { action, resource, k, m: None });
                for m in sets {
                    requests.push(Request { action, resource, k, m: Some(m.to_vec()) });
                }
            }
        }
    }
    requests
}

#[test]
fn the_search_agrees_with_brute_force() {
    let requests = requests();
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut wider, mut not) = (0, 0);
    for _ in 0..120 {
        let old = policy(&mut dice);
        let new = if dice.roll(3) == 0 { policy(&mut dice) } else { variant(&mut dice, &old) };
        let witness = requests.iter().find(|request| allowed(&new, request) && !allowed(&old, request));
        let found = compare_unlisted(&old, &new, false);
        if let Some(Request { action, resource, k, m }) = witness {
            wider += 1;
            let request = format!("{action} on {resource} with {k:?} and {m:?}");
            assert!(!found.is_empty(), "{request} is allowed now and was not\nold: {old}\nnew: {new}");
        } else {
            not += 1;
            assert!(found.is_empty(), "nothing is allowed that was not, but {found:?}\nold: {old}\nnew: {new}");
        }
        // Where other policies may allow anything, what is no longer denied counts as well.
        let denied = |policy: &Value, request: &Request| {
            let denies = policy.as_array().unwrap().iter().filter(|own| own["Effect"] == "Deny");
            denies.into_iter().any(|own| applies(own, request))
        };
        let lifted = || requests.iter().any(|request| denied(&old, request) && !denied(&new, request));
        let with_others = !compare_unlisted(&old, &new, true).is_empty();
        assert_eq!(with_others, witness.is_some() || lifted(), "with others\nold: {old}\nnew: {new}");
        assert_eq!(compare_unlisted(&old, &old, true), [], "of {old}");
    }
    assert!(wider > 25 && not > 25, "the world is too small: {wider} and {not}");
}
