//! Secrets that stand where everyone who sees a template, or describes a resource, can read them.

use tree::{Entry, Finding, Node, Severity, Tree};

use super::others::{Others, Use};
use crate::look::Resource;
use crate::outline::{Outline, is_dynamic};
use crate::place::Place;
use crate::rule::Rule;
use crate::words::quoted;

/// Searches the whole template: what is secret stands in user data, variables, code, defaults and mappings alike.
pub(super) fn check(outline: &Outline<'_>, findings: &mut Vec<Finding>) {
    let place = Place::root(outline.name, outline.tree);
    for section in outline.tree.as_map().into_iter().flatten() {
        walk(&section.value, &place.entry(section), findings);
    }
    for section in outline.tree.as_map().into_iter().flatten().filter(|section| section.key == "Parameters") {
        let place = place.entry(section);
        for entry in section.value.as_map().into_iter().flatten() {
            parameter(entry, &place.entry(entry), findings);
        }
    }
}

fn walk(tree: &Tree, place: &Place<'_>, findings: &mut Vec<Finding>) {
    match &tree.node {
        Node::String(text) => {
            if let Some(what) = found(text) {
                let message =
                    format!("the text contains {what}: everyone who may see the template or the resource can read it");
                let hint = "withdraw it now, as it is known; keep the next one in Secrets Manager, or use a role";
                findings.push(SECRETS.at(place, message).hint(hint));
            }
        }
        Node::List(list) => {
            list.iter().enumerate().for_each(|(index, item)| walk(item, &place.index(index, item), findings));
        }
        Node::Map(map) => {
            // A variable of a container is an object with a name and a value.
            if let (Some(name), Some(value)) = (map.get("Name").and_then(Tree::as_str), map.entry("Value")) {
                named(name, value, &place.entry(value), findings);
            }
            for entry in map {
                let place = place.entry(entry);
                named(&entry.key, entry, &place, findings);
                walk(&entry.value, &place, findings);
            }
        }
        _ => {}
    }
}

/// Reports a literal value under a name that says that it is secret.
fn named(name: &str, entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(value) = entry.value.as_str() else { return };
    if is_secret(name) && is_value(value) {
        let message =
            format!("the secret {} is a literal value: everyone who may see the template can read it", quoted(name));
        let hint = "write a dynamic reference such as `{{resolve:secretsmanager:…}}`, or read it at run time";
        findings.push(SECRETS.at(place, message).hint(hint));
    }
}

/// How names end that say what their values are.
const ENDINGS: [&str; 9] =
    ["accesskey", "apikey", "authtoken", "passwd", "password", "privatekey", "secret", "secretkey", "secretaccesskey"];

fn is_secret(name: &str) -> bool {
    // Most names already end in a letter that no ending has.
    let last = name.bytes().rev().find(u8::is_ascii_alphanumeric);
    if !last.is_some_and(|byte| b"dnty".contains(&byte.to_ascii_lowercase())) {
        return false;
    }
    // From the end, without what only parts words.
    let ends = |ending: &&str| {
        let letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        letters.take(ending.len()).eq(ending.bytes().rev())
    };
    // Long names are not names.
    name.len() <= 64 && ENDINGS.iter().any(ends)
}

/// Tells whether a text can be a secret itself: not where one is kept, nor a word of a schema.
fn is_value(text: &str) -> bool {
    let is_elsewhere = is_dynamic(text) || text.starts_with("arn:") || text.starts_with('/') || text.contains("${");
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    !is_elsewhere && text.len() >= 6 && !text.contains(' ') && (!is_word || text.len() >= 16) && !text.contains("://")
}

/// The length of the shortest secret that is known by its looks: the id of an access key.
const SHORTEST: usize = 20;

/// Finds what a secret looks like anywhere in a text.
fn found(text: &str) -> Option<&'static str> {
    if text.len() < SHORTEST || !may_be_secret(text.as_bytes()) {
        return None;
    }
    if text.contains("PRIVATE KEY-----") && text.contains("-----BEGIN ") {
        return Some("a private key");
    }
    for prefix in ["AKIA", "ASIA"] {
        if text.match_indices(prefix).any(|(at, _)| is_key_id(text.as_bytes(), at)) {
            return Some("the id of an access key of AWS");
        }
    }
    if text.len() > 40 && assigned_key(text) {
        return Some("a secret access key of AWS");
    }
    let tokens = [("ghp_", 36), ("github_pat_", 50), ("glpat-", 20), ("xoxb-", 20), ("xoxp-", 20), ("sk_live_", 20)];
    let is_token = |(prefix, length): &(&str, usize)| {
        text.match_indices(prefix).any(|(at, _)| {
            let rest = text[at + prefix.len()..].bytes();
            rest.take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count() >= *length
        })
    };
    tokens.iter().any(is_token).then_some("an access token")
}

/// The letters that the words begin with that [`found`] looks for.
static BEGINNINGS: [bool; 256] = {
    let mut letters = [false; 256];
    let mut rest = b"APgsSx".as_slice();
    while let [letter, others @ ..] = rest {
        letters[*letter as usize] = true;
        rest = others;
    }
    letters
};

/// Tells whether a text has any of the words that [`found`] looks for, in one pass: nearly all texts have none.
fn may_be_secret(text: &[u8]) -> bool {
    text.iter().enumerate().filter(|(_, byte)| BEGINNINGS[usize::from(**byte)]).any(|(at, byte)| {
        let rest = &text[at..];
        match byte {
            b'A' => rest.starts_with(b"AKIA") || rest.starts_with(b"ASIA"),
            b'P' => rest.starts_with(b"PRIVATE KEY"),
            b'g' => [b"ghp_".as_slice(), b"github_pat_", b"glpat-"].iter().any(|prefix| rest.starts_with(prefix)),
            b'x' => rest.starts_with(b"xox"),
            b's' if rest.starts_with(b"sk_live_") => true,
            b's' | b'S' => rest.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"secret")),
            _ => false,
        }
    })
}

/// Tells whether an id of a key stands there: twenty capital letters and digits, and no more.
fn is_key_id(text: &[u8], at: usize) -> bool {
    let fits = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let length = text[at..].iter().take_while(|byte| fits(byte)).count();
    length == 20 && !before.is_some_and(u8::is_ascii_alphanumeric) && text[at..at + 20].iter().any(u8::is_ascii_digit)
}

/// Tells whether forty characters of Base64 follow the name of a secret access key.
fn assigned_key(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["secret_access_key", "secretaccesskey", "secret_key"].iter().any(|name| {
        lower.match_indices(name).any(|(at, _)| {
            let rest = &text.as_bytes()[at + name.len()..];
            let skipped = rest.iter().take_while(|byte| b" \t\"':=".contains(byte)).count();
            let key = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/+".contains(byte);
            skipped > 0 && rest[skipped..].iter().take_while(key).count() == 40
        })
    })
}

/// Checks a parameter of the template whose name says that its value is secret.
fn parameter(entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let is_text = entry.value.get("Type").and_then(Tree::as_str) == Some("String");
    if !is_text || !is_secret(&entry.key) {
        return;
    }
    let no_echo = entry.value.get("NoEcho").map(|flag| &flag.node);
    let is_hidden = match no_echo {
        Some(Node::Bool(flag)) => *flag,
        Some(Node::String(flag)) => flag.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if !is_hidden {
        let place = place.key("NoEcho", entry.value.origin);
        let message = format!(
            "`NoEcho` of the secret parameter {} is not `true`: whoever may describe the stack can read its value",
            quoted(&entry.key)
        );
        findings.push(NO_ECHO.at(&place, message).hint("set `NoEcho: true`"));
    }
    if let Some(default) = entry.value.as_map().and_then(|map| map.entry("Default"))
        && default.value.as_str().is_some_and(|text| !text.is_empty() && !is_dynamic(text) && !text.starts_with("arn:"))
    {
        let message = format!(
            "the secret parameter {} has a literal `Default`: everyone who may see the template can read it",
            quoted(&entry.key)
        );
        findings.push(SECRETS.at(&place.entry(default), message).hint("leave the default out"));
    }
}

/// Checks that a secret is changed from time to time.
pub(super) fn rotation(secret: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    if !others.has(Use::Rotation, secret) {
        let message = "automatic rotation is off (no `AWS::SecretsManager::RotationSchedule` of this secret): the \
             secret never changes";
        let hint = "add an `AWS::SecretsManager::RotationSchedule`";
        findings.push(secret.finding(&ROTATION, message).hint(hint));
    }
}

pub(crate) static SECRETS: Rule = Rule {
    id: "security/secrets",
    severity: Severity::Error,
    statement: "no secret stands in a template",
    why: "templates are committed, shared and logged; whoever may describe the stack or the function reads them",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html",
    bad: r##"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"UserData":
        {"Fn::Base64": "#!/bin/bash\nset -euo pipefail\nexport AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n"}}}}}}"##,
    good: r##"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"UserData":
        {"Fn::Base64": "#!/bin/bash\nset -euo pipefail\n"},
        "IamInstanceProfile": {"Name": "worker"}}}}}}"##,
};

pub(crate) static NO_ECHO: Rule = Rule {
    id: "security/no-echo",
    severity: Severity::Warning,
    statement: "parameters with secrets have `NoEcho`",
    why: "the console, the command line and every log of a deployment show them otherwise",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
    bad: r#"{"Parameters": {"DatabasePassword": {"Type": "String"}}, "Resources": {"Group": {"Type": "AWS::IAM::Group",
        "Properties": {"Path": {"Fn::Sub": "/${DatabasePassword}/"}}}}}"#,
    good: r#"{"Parameters": {"DatabasePassword": {"Type": "String", "NoEcho": true}},
        "Resources": {"Group": {"Type": "AWS::IAM::Group",
        "Properties": {"Path": {"Fn::Sub": "/${DatabasePassword}/"}}}}}"#,
};

pub(crate) static ROTATION: Rule = Rule {
    id: "security/secret-rotation",
    severity: Severity::Info,
    statement: "secrets have automatic rotation",
    why: "one that leaked long ago still works",
    page: "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html",
    bad: r#"{"Resources": {"Token": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}}}}"#,
    good: r#"{"Resources": {"Token": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}},
        "Rotation": {"Type": "AWS::SecretsManager::RotationSchedule", "Properties": {"SecretId": {"Ref": "Token"},
            "RotationLambdaARN": "arn:aws:lambda:eu-west-1:123456789012:function:rotate",
            "RotationRules": {"ScheduleExpression": "rate(30 days)"}}}}}"#,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_found() {
        for (text, what) in [
            ("export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", Some("the id of an access key of AWS")),
            ("aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00", Some("a secret access key of AWS")),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", Some("a private key")),
            ("token=ghp_0123456789abcdefghijABCDEFGHIJ012345", Some("an access token")),
            ("AKIA is a prefix, AKIASHORT too", None),
            ("xAKIAIOSFODNN7EXAMPLE", None),
            ("aws_secret_access_key=$(cat /run/key)", None),
            ("-----BEGIN PUBLIC KEY-----", None),
        ] {
            assert_eq!(found(text), what, "{text}");
        }
    }

    #[test]
    fn names_say_what_is_secret() {
        for (name, is) in [
            ("MasterUserPassword", true),
            ("DB_PASSWORD", true),
            ("api-key", true),
            ("PasswordPolicy", false),
            ("SecretId", false),
            ("TokenKey", false),
        ] {
            assert_eq!(is_secret(name), is, "{name}");
        }
        assert!(is_value("hunter2!") && is_value("Sup3rS3cret"));
        for text in
            ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:x", "/prod/db", "Required", "{{resolve:ssm:x}}"]
        {
            assert!(!is_value(text), "{text}");
        }
    }
}
