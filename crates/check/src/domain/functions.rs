//! Functions whose code stands in the template.

use tree::{Finding, Severity};

use super::Shared;
use super::code::{self, Language};
use crate::look::{Part, Resource, shortest};
use crate::rule::Rule;
use crate::words::quoted;

/// How large all variables together may be, in bytes.
const VARIABLES: usize = 4096;

/// Checks a function.
pub(super) fn check(shared: &Shared<'_>, function: &Resource<'_>, findings: &mut Vec<Finding>) {
    environment(function, findings);
    let code = function.at("Code/ZipFile");
    if code.is_absent() {
        return;
    }
    let parts = code.parts();
    let runtime = function.at("Runtime");
    let Some(language) = runtime.text().and_then(|text| language(&text)) else {
        if let Some(text) = runtime.text() {
            let message = format!("code stands in the template, but the runtime {} takes none", quoted(&text));
            let hint = "code can stand in the template for runtimes of Python and Node.js only";
            findings.push(runtime.finding(&RUNTIME, message).hint(hint));
        }
        return;
    };
    let text = parts.iter().fold(String::new(), |mut text, part| {
        if let Part::Text(part) = part {
            text.push_str(part);
        }
        text
    });
    let is_whole = parts.iter().all(|part| matches!(part, Part::Text(_)));
    handler(function, language, &text, is_whole, findings);
    if is_whole {
        variables(function, language, &text, findings);
    }
    code::check(shared, function, language, &text, findings);
}

fn language(runtime: &str) -> Option<Language> {
    match runtime {
        _ if runtime.starts_with("python") => Some(Language::Python),
        _ if runtime.starts_with("nodejs") => Some(Language::JavaScript),
        _ => None,
    }
}

fn environment(function: &Resource<'_>, findings: &mut Vec<Finding>) {
    let variables = function.at("Environment/Variables");
    let bytes: usize = variables.entries().map(|(name, value)| name.len() + shortest(&value.parts())).sum();
    if bytes > VARIABLES {
        let message =
            format!("the environment variables have at least {bytes} bytes, but at most {VARIABLES} are allowed");
        findings.push(variables.finding(&VARIABLE, message).hint("put large values into a parameter or an object"));
    }
    for (name, value) in variables.entries() {
        if RESERVED.contains(&name) {
            let message = format!("the variable {} is set by Lambda itself", quoted(name));
            findings.push(value.finding(&VARIABLE, message).hint("call it something else"));
        }
    }
}

/// What Lambda sets itself, and refuses to be given.
static RESERVED: [&str; 16] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "_HANDLER",
];

fn handler(function: &Resource<'_>, language: Language, code: &str, is_whole: bool, findings: &mut Vec<Finding>) {
    let handler = function.at("Handler");
    let Some(text) = handler.text() else { return };
    let Some((file, name)) = text.rsplit_once('.') else {
        let message =
            format!("the handler is {}, but must name a file and a function, such as `index.handler`", quoted(&text));
        findings.push(handler.finding(&HANDLER, message));
        return;
    };
    if file != "index" {
        let message = format!("the handler is {}, but code in a template becomes the file `index`", quoted(&text));
        findings.push(handler.finding(&HANDLER, message).hint(format!("write `index.{name}`")));
        return;
    }
    let is_defined = match language {
        Language::Python => defines(code, name),
        Language::JavaScript => words(code).any(|word| word == name),
    };
    if is_whole && !is_defined {
        let message = format!("the handler is {}, but the code defines no `{name}`", quoted(&text));
        findings.push(handler.finding(&HANDLER, message).hint(defined(code, language)));
    }
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !(character.is_alphanumeric() || "_$".contains(character)))
}

/// Tells whether Python code gives a meaning to a name, in whatever way.
fn defines(code: &str, name: &str) -> bool {
    code.lines().any(|line| {
        // A definition under `if` or `try` is indented and still one of the module.
        let line = line.trim_start();
        let gives =
            ["def ", "async def ", "class ", "import ", "from ", "for "].iter().any(|word| line.starts_with(word))
                || line.contains('=')
                || line.contains(" as ");
        gives && !line.starts_with('#') && words(line).any(|word| word == name)
    })
}

/// Names the functions that there are.
fn defined(code: &str, language: Language) -> String {
    let names: Vec<String> = code
        .lines()
        .filter_map(|line| match language {
            Language::Python => line.strip_prefix("def ")?.split('(').next(),
            Language::JavaScript => line.trim().strip_prefix("exports.")?.split([' ', '=']).next(),
        })
        .map(|name| format!("`index.{}`", name.trim()))
        .collect();
    if names.is_empty() {
        "name a function that the code defines".to_owned()
    } else {
        format!("there is {}", names.join(", "))
    }
}

/// Reports variables that Python code reads without a default, and that nobody sets.
fn variables(function: &Resource<'_>, language: Language, code: &str, findings: &mut Vec<Finding>) {
    let environment = function.at("Environment/Variables");
    if language != Language::Python || environment.is_unknown() || !environment.is_closed() {
        return;
    }
    for piece in code.split("os.environ[").skip(1) {
        let Some(quote) = piece.chars().next().filter(|quote| ['"', '\''].contains(quote)) else { continue };
        let Some((name, rest)) = piece[1..].split_once(quote) else { continue };
        let is_read = rest.strip_prefix(']').is_some_and(|rest| !is_assignment(rest));
        let is_set = RESERVED.contains(&name) || name.starts_with("AWS_") || ["TZ", "PATH", "LANG"].contains(&name);
        let is_guarded = [format!("{quote}{name}{quote} in os.environ"), format!("setdefault({quote}{name}{quote}")]
            .iter()
            .any(|guard| code.contains(guard));
        if is_read && !is_set && !is_guarded && environment.get(name).is_absent() {
            let message = format!("the code reads `os.environ[\"{name}\"]`, but the function has no such variable");
            let place = function.at("Code/ZipFile");
            let hint = format!("set `{name}` in `Environment`, or read it by `os.environ.get`");
            let finding = place.finding(&MISSING_VARIABLE, message).hint(hint);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
}

fn is_assignment(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.starts_with('=') && !rest.starts_with("==")
}

pub(super) static RUNTIME: Rule = Rule {
    id: "lambda/inline-runtime",
    severity: Severity::Error,
    statement: "code stands in a template for runtimes of Python and Node.js only",
    why: "CloudFormation packs nothing else",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html",
    bad: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {"Function": {"Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Ref": "Role"}, "Runtime": "java21", "Handler": "index.handler",
            "Code": {"ZipFile": "class index {}"}}}}}"#,
    good: SAMPLE,
};

pub(super) static HANDLER: Rule = Rule {
    id: "lambda/handler",
    severity: Severity::Error,
    statement: "the handler of code in a template is `index` and a function that the code defines",
    why: "the function deploys, and every call of it fails",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html",
    bad: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {"Function": {"Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Ref": "Role"}, "Runtime": "python3.13", "Handler": "index.lambda_handler",
            "Code": {"ZipFile": "def handler(event, context):\n    return event\n"}}}}}"#,
    good: SAMPLE,
};

pub(super) static VARIABLE: Rule = Rule {
    id: "lambda/variable",
    severity: Severity::Error,
    statement: "environment variables have at most 4 KB together, and none is one that Lambda sets itself",
    why: "Lambda refuses the function",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    bad: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {"Function": {"Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Ref": "Role"}, "Runtime": "python3.13", "Handler": "worker.run",
            "Code": {"S3Bucket": "code", "S3Key": "worker.zip"},
            "Environment": {"Variables": {"AWS_REGION": {"Ref": "AWS::Region"}}}}}}}"#,
    good: SAMPLE,
};

pub(super) static MISSING_VARIABLE: Rule = Rule {
    id: "lambda/missing-variable",
    severity: Severity::Error,
    statement: "a variable that code in a template reads is set",
    why: "the function deploys, and fails when it gets there",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    bad: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {"Function": {"Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Ref": "Role"}, "Runtime": "python3.13", "Handler": "index.handler",
            "Code": {"ZipFile": "import os\n\ndef handler(event, context):\n    return os.environ[\"TABLE\"]\n"}}}}}"#,
    good: SAMPLE,
};

const SAMPLE: &str = r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {"Function": {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Role": {"Ref": "Role"}, "Runtime": "python3.13", "Handler": "index.handler",
        "Code": {"ZipFile": "import os\n\ndef handler(event, context):\n    return os.environ[\"TABLE\"]\n"},
        "Environment": {"Variables": {"TABLE": "jobs"}}}}}}"#;

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&RUNTIME, &HANDLER, &VARIABLE, &MISSING_VARIABLE];
