//! Whom something new lets in from the start, although they are strangers to its account.

use super::guarded::Guarded;
use super::permissions::condition::{Clause, Operator};
use super::permissions::describe::Words;
use super::permissions::statement::{Principal, Principals, Statement, account_of};

/// Identity providers that everybody's tokens come from: that a token is meant for AWS says nothing of whose it is.
///
/// Source: "Identity-provider controls for shared OIDC providers", IAM User Guide.
const SHARED: [&str; 3] = ["token.actions.githubusercontent.com:", "gitlab.com:", "app.terraform.io:"];

/// Keeps, of a statement of something new, the principals that are strangers; gives nothing where there are none.
///
/// Statements that deny are kept as they are.
pub(crate) fn only(words: &Words<'_>, what: &Guarded, statement: &Statement) -> Option<Statement> {
    let rule = &statement.rule;
    if rule.deny {
        return Some(statement.clone());
    }
    let is_key = what.place.kind.starts_with("AWS::KMS::");
    if rule.principals.not || !(what.elsewhere || what.trust || is_key) {
        return None;
    }
    let bounds = || rule.clauses.iter().filter(|clause| clause.operator != Operator::Guard);
    let is_stranger = |who: &&Principal| match who {
        Principal::Other(kind, _) => what.trust && kind == "Federated" && !bounds().any(names_whom),
        _ if bounds().next().is_some() => false,
        Principal::Anybody => true,
        Principal::Account(account) => what.trust && is_elsewhere(words, account, account),
        Principal::Arn(arn) => what.trust && is_elsewhere(words, arn, account_of(arn).unwrap_or(arn)),
    };
    let list: Vec<Principal> = rule.principals.list.iter().filter(is_stranger).cloned().collect();
    if list.is_empty() {
        return None;
    }
    let mut kept = statement.clone();
    kept.rule.principals = Principals { not: false, list };
    Some(kept)
}

/// Tells whether a condition says whose tokens, or tokens for whom, are taken.
fn names_whom(clause: &Clause) -> bool {
    let is_shared = SHARED.iter().any(|issuer| clause.key.starts_with(issuer));
    let names = clause.key.ends_with(":sub") || (clause.key.ends_with(":aud") && !is_shared);
    names && clause.operator != Operator::Null && !clause.values.iter().any(|value| value == "*")
}

/// Tells whether a principal is of another account than that of the stack, which a template calls `AWS::AccountId`.
fn is_elsewhere(words: &Words<'_>, who: &str, account: &str) -> bool {
    !words.names.contains_key(who) && !account.starts_with(words.holes.hole("AWS::AccountId"))
}
