//! Functions.

use tree::{Finding, Severity};

use crate::look::Resource;
use crate::rule::Rule;
use crate::words::quoted;

/// Runtimes without support, and what comes after them: the page "Lambda runtimes" in November 2026.
const DEPRECATED: [(&str, &str); 36] = [
    ("dotnet5.0", "dotnet10"),
    ("dotnet6", "dotnet10"),
    ("dotnet7", "dotnet10"),
    ("dotnet8", "dotnet10"),
    ("dotnet9", "dotnet10"),
    ("dotnetcore1.0", "dotnet10"),
    ("dotnetcore2.0", "dotnet10"),
    ("dotnetcore2.1", "dotnet10"),
    ("dotnetcore3.1", "dotnet10"),
    ("go1.x", "provided.al2023"),
    ("java8", "java25"),
    ("nodejs", "nodejs24.x"),
    ("nodejs10.x", "nodejs24.x"),
    ("nodejs12.x", "nodejs24.x"),
    ("nodejs14.x", "nodejs24.x"),
    ("nodejs16.x", "nodejs24.x"),
    ("nodejs18.x", "nodejs24.x"),
    ("nodejs20.x", "nodejs24.x"),
    ("nodejs4.3", "nodejs24.x"),
    ("nodejs4.3-edge", "nodejs24.x"),
    ("nodejs6.10", "nodejs24.x"),
    ("nodejs8.10", "nodejs24.x"),
    ("provided", "provided.al2023"),
    ("provided.al2", "provided.al2023"),
    ("python2.7", "python3.14"),
    ("python3.10", "python3.14"),
    ("python3.6", "python3.14"),
    ("python3.7", "python3.14"),
    ("python3.8", "python3.14"),
    ("python3.9", "python3.14"),
    ("ruby2.5", "ruby4.0"),
    ("ruby2.7", "ruby4.0"),
    ("ruby3.2", "ruby4.0"),
    ("ruby3.1", "ruby4.0"),
    ("dotnetcore3.0", "dotnet10"),
    ("python3.5", "python3.14"),
];

/// Runtimes that are supported, but not the latest of their language.
const OLDER: [(&str, &str); 11] = [
    ("java11", "java25"),
    ("java17", "java25"),
    ("java21", "java25"),
    ("java8.al2", "java25"),
    ("nodejs22.x", "nodejs24.x"),
    ("python3.11", "python3.14"),
    ("python3.12", "python3.14"),
    ("python3.13", "python3.14"),
    ("ruby3.3", "ruby4.0"),
    ("ruby3.4", "ruby4.0"),
    ("ruby3.5", "ruby4.0"),
];

/// Checks a function.
pub(super) fn check(function: &Resource<'_>, findings: &mut Vec<Finding>) {
    let runtime = function.at("Runtime");
    let next = |list: &[(&str, &'static str)]| {
        let (_, next) = list.iter().find(|(name, _)| runtime.is(name))?;
        Some(*next)
    };
    let name = runtime.text().map(|name| quoted(&name)).unwrap_or_default();
    if let Some(next) = next(&DEPRECATED) {
        let message = format!(
            "`Runtime` is {name}, which is deprecated: it gets no security fixes, and Lambda blocks updates in the end"
        );
        findings.push(runtime.finding(&RUNTIME, message).hint(format!("use `{next}`")));
    } else if let Some(next) = next(&OLDER) {
        let message = format!("`Runtime` is {name}, but the latest of its language is `{next}`");
        findings.push(runtime.finding(&RUNTIME_LATEST, message).hint(format!("use `{next}`")));
    }
    let reserved = function.at("ReservedConcurrentExecutions");
    if reserved.is_absent() {
        let message =
            "`ReservedConcurrentExecutions` is absent: the function can use up the concurrency of the account";
        findings.push(reserved.finding(&CONCURRENCY, message).hint("set `ReservedConcurrentExecutions`"));
    }
}

pub(crate) static RUNTIME: Rule = Rule {
    id: "security/runtime-deprecated",
    severity: Severity::Warning,
    statement: "a function's runtime is supported",
    why: "holes that are found in it stay open, and one day the function cannot be changed any more",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    bad: r#"{"Resources": {"Resize": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.9",
        "Handler": "index.main", "Role": "arn:aws:iam::123456789012:role/resize",
        "Code": {"ZipFile": "def main(event, context): pass"}}}}}"#,
    good: r#"{"Resources": {"Resize": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.14",
        "Handler": "index.main", "Role": "arn:aws:iam::123456789012:role/resize",
        "Code": {"ZipFile": "def main(event, context): pass"}}}}}"#,
};

pub(crate) static RUNTIME_LATEST: Rule = Rule {
    id: "security/runtime-latest",
    severity: Severity::Info,
    statement: "a function's runtime is the latest of its language",
    why: "the next move is then years away",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    bad: r#"{"Resources": {"Resize": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.12",
        "Handler": "index.main", "Role": "arn:aws:iam::123456789012:role/resize",
        "Code": {"ZipFile": "def main(event, context): pass"}}}}}"#,
    good: RUNTIME.good,
};

pub(crate) static CONCURRENCY: Rule = Rule {
    id: "security/concurrency",
    severity: Severity::Info,
    statement: "a function has reserved concurrency",
    why: "one function that is called in a loop stops every other of the account, and costs without end",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
    bad: RUNTIME.good,
    good: r#"{"Resources": {"Resize": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.14",
        "Handler": "index.main", "Role": "arn:aws:iam::123456789012:role/resize", "ReservedConcurrentExecutions": 5,
        "Code": {"ZipFile": "def main(event, context): pass"}}}}}"#,
};
