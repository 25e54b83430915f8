//! What Python code calls by boto3.

use std::collections::BTreeMap;

use super::Call;
use super::tokens::Token::{Newline, Sign, Text, Word};
use super::tokens::{PYTHON, Placed, tokens};

/// What a name stands for: a client of a service, or a resource such as a table.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Meaning<'c> {
    service: &'c str,
    /// `Table` of `boto3.resource("dynamodb").Table(…)`; nothing of a client, and `""` of the service's resource itself.
    kind: Option<&'c str>,
}

/// Lists the calls of services whose client is certain.
pub(super) fn calls(code: &str) -> Vec<Call<'_>> {
    let tokens = tokens(code, &PYTHON);
    let meanings = meanings(&tokens);
    let mut calls = Vec::new();
    for at in 0..tokens.len() {
        let rest = &tokens[at..];
        // A name of a longer path, such as `self.client`, is looked up from the beginning of that.
        let is_inner = at > 0 && matches!(tokens[at - 1].0, Sign('.'));
        if is_inner {
            continue;
        }
        let made = client(rest).or_else(|| {
            let (name, length) = name(rest)?;
            Some(((*meanings.get(&name)?)?, length))
        });
        let Some((meaning, length)) = made else { continue };
        let (meaning, length) = narrowed(meaning, rest, length);
        calls.extend(call(meaning, &rest[length..]));
    }
    calls
}

/// Reads `.method(` behind what stands for a client.
fn call<'c>(meaning: Meaning<'c>, rest: &[Placed<'c>]) -> Option<Call<'c>> {
    let [(Sign('.'), _), (Word(method), line), (Sign('('), _), behind @ ..] = rest else { return None };
    let method = match (*method, behind) {
        ("get_paginator", [(Text(method), _), ..]) => method,
        _ => method,
    };
    Some(Call { service: meaning.service, kind: meaning.kind, method, line: *line })
}

/// Gives the names that stand for the same client wherever they are given a meaning; nothing to a name that means other
/// things as well.
fn meanings<'c>(tokens: &[Placed<'c>]) -> BTreeMap<(&'c str, &'c str), Option<Meaning<'c>>> {
    let mut meanings: BTreeMap<(&str, &str), Option<Meaning<'_>>> = BTreeMap::new();
    let mut depth = 0_usize;
    let mut is_parameter = false;
    for at in 0..tokens.len() {
        match tokens[at].0 {
            Sign('(' | '[' | '{') => depth += 1,
            Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Sign(':') if depth == 0 => is_parameter = false,
            Word("def" | "lambda") => is_parameter = true,
            Newline => is_parameter = false,
            _ => {}
        }
        let rest = &tokens[at..];
        let Some((name, length)) = name(rest) else { continue };
        let before = at.checked_sub(1).and_then(|before| tokens.get(before)).map(|(token, _)| *token);
        if before == Some(Sign('.')) {
            continue;
        }
        let is_assigned = depth == 0
            && matches!(rest.get(length), Some((Sign('='), _)))
            && !matches!(rest.get(length + 1), Some((Sign('='), _)));
        let meaning = if is_assigned {
            let value = &rest[length + 1..];
            // `client = None` is what is written before the first call makes it.
            if matches!(value, [(Word("None"), _), (Newline, _), ..]) {
                continue;
            }
            value_of(value, &meanings)
        } else {
            let is_rebound = is_parameter
                || matches!(before, Some(Word("for" | "as" | "import" | "del" | "def" | "class")))
                || is_among(rest, length, depth)
                || is_walrus(rest, length);
            if !is_rebound {
                continue;
            }
            None
        };
        let known = meanings.entry(name).or_insert(meaning);
        if *known != meaning {
            *known = None;
        }
    }
    meanings
}

/// Tells whether a name is one of several that are assigned at once, or annotated.
fn is_among(rest: &[Placed<'_>], length: usize, depth: usize) -> bool {
    let line = || rest[length..].iter().map(|(token, _)| *token).take(20).take_while(|token| *token != Newline);
    depth == 0 && matches!(line().next(), Some(Sign(',' | ':'))) && line().any(|token| token == Sign('='))
}

fn is_walrus(rest: &[Placed<'_>], length: usize) -> bool {
    matches!(rest.get(length..length + 2), Some([(Sign(':'), _), (Sign('='), _)]))
}

/// Says what the value of an assignment stands for, if all of it is a client or a resource.
fn value_of<'c>(
    value: &[Placed<'c>],
    meanings: &BTreeMap<(&'c str, &'c str), Option<Meaning<'c>>>,
) -> Option<Meaning<'c>> {
    let (meaning, length) = client(value).or_else(|| {
        let (name, length) = name(value)?;
        Some(((*meanings.get(&name)?)?, length))
    })?;
    let (meaning, length) = narrowed(meaning, value, length);
    matches!(value.get(length), None | Some((Newline, _))).then_some(meaning)
}

/// Reads a name, or one of an object's own such as `self.client`: what it is, and how many tokens it has.
fn name<'c>(rest: &[Placed<'c>]) -> Option<((&'c str, &'c str), usize)> {
    match rest {
        [(Word("self"), _), (Sign('.'), _), (Word(name), _), ..] => Some((("self", name), 3)),
        [(Word(name), _), ..] => Some((("", name), 1)),
        _ => None,
    }
}

/// Reads `boto3.client("sqs", …)` and `boto3.resource("dynamodb")`, also of a session.
fn client<'c>(rest: &[Placed<'c>]) -> Option<(Meaning<'c>, usize)> {
    let head = match rest {
        [(Word("boto3"), _), (Sign('.'), _), (Word("client" | "resource"), _), ..] => 2,
        [
            (Word("boto3"), _),
            (Sign('.'), _),
            (Word("Session"), _),
            (Sign('('), _),
            (Sign(')'), _),
            (Sign('.'), _),
            ..,
        ] => 6,
        _ => return None,
    };
    let [(Word(what), _), (Sign('('), _), (Text(service), _), (Sign(')' | ','), _), ..] = &rest[head..] else {
        return None;
    };
    let kind = match *what {
        "client" => None,
        "resource" => Some(""),
        _ => return None,
    };
    Some((Meaning { service, kind }, head + 1 + parenthesized(&rest[head + 1..])?))
}

/// Steps from a service's resource to one of its things, such as `.Table("jobs")`.
fn narrowed<'c>(meaning: Meaning<'c>, rest: &[Placed<'c>], length: usize) -> (Meaning<'c>, usize) {
    if meaning.kind == Some("")
        && let Some([(Sign('.'), _), (Word(kind), _), behind @ ..]) = rest.get(length..)
        && kind.starts_with(|first: char| first.is_ascii_uppercase())
        && let Some(arguments) = parenthesized(behind)
    {
        return (Meaning { kind: Some(kind), ..meaning }, length + 2 + arguments);
    }
    (meaning, length)
}

/// How many tokens the arguments of a client may have.
const ARGUMENTS: usize = 200;

/// Returns how many tokens the parentheses have that begin here.
fn parenthesized(rest: &[Placed<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (length, (token, _)) in rest.iter().take(ARGUMENTS).enumerate() {
        match token {
            Sign('(') => depth += 1,
            Sign(')') if depth == 1 => return Some(length + 1),
            Sign(')') => depth = depth.checked_sub(1)?,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
