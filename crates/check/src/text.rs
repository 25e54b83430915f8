//! The text that a template was read from: what CloudFormation refuses in it, or reads otherwise than it looks.

use tree::{Finding, Oddity, Path, Remark, Segment, Severity, SyntaxError};

use crate::rule::Rule;
use crate::words::quoted;

/// Makes a finding of the place at which a text is no template; `template` is the path of its file.
pub fn syntax(template: &str, error: &SyntaxError) -> Finding {
    let finding = Finding::error(SYNTAX.id, template, Path::root(), error.origin(), &error.message);
    Finding { hint: error.hint.clone(), ..finding }
}

/// Makes a finding of what was remarked upon while a template was read, if it matters. What is deployed by tools that
/// rewrite it first, as SAM's templates are, may have what these tools expand.
pub(crate) fn finding(template: &str, remark: &Remark, is_rewritten: bool) -> Option<Finding> {
    let written = quoted(&remark.text);
    let (rule, message, hint) = match &remark.oddity {
        Oddity::Alias | Oddity::Merge if is_rewritten => return None,
        Oddity::Alias => (
            &ALIAS,
            format!("{written} is an alias, and CloudFormation does not know YAML's aliases"),
            "write the value here, or let `aws cloudformation package` expand it before the template is deployed",
        ),
        Oddity::Merge => (
            &ALIAS,
            format!("{written} merges another mapping in, and CloudFormation does not know YAML's merges"),
            "write the entries here, or let `aws cloudformation package` expand them before the template is deployed",
        ),
        Oddity::Key(kind) => {
            (&KEY, format!("a key must be a string, but {written} is {kind}"), "put the key in quotes")
        }
        Oddity::Number(read_as) => (
            &NUMBER,
            format!("{written} is read as the number {read_as}"),
            "put it in quotes if it is an identifier, such as an account id; else write the number as it is read",
        ),
        // Where a boolean is wanted, `yes` is one.
        Oddity::Boolean(flag) if is_text(remark) => (
            &BOOLEAN,
            format!("{written} is read as the boolean {flag}"),
            "put the word in quotes, or write `true` or `false`",
        ),
        Oddity::Boolean(_) => return None,
        Oddity::Tag => (
            &TAG,
            format!("CloudFormation does not support the tag {written}"),
            "leave the tag out, and put the value in quotes if it must stay as it is written",
        ),
    };
    let finding = Finding::error(rule.id, template, remark.path.clone(), remark.origin, message).hint(hint);
    Some(Finding { severity: rule.severity, ..finding })
}

/// Tells whether a value stands where it is compared as a text.
fn is_text(remark: &Remark) -> bool {
    let keys: Vec<&str> = remark.path.segments().iter().filter_map(Segment::as_key).collect();
    match keys[..] {
        ["Parameters", .., "AllowedValues" | "Default"] => true,
        [section, ..] => matches!(section, "Conditions" | "Mappings"),
        [] => false,
    }
}

const PAGE: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html";

pub(crate) static SYNTAX: Rule = Rule {
    id: "text/syntax",
    severity: Severity::Error,
    statement: "a template is one document of JSON or YAML",
    why: "CloudFormation cannot read it",
    page: PAGE,
    bad: "Resources:\n  Topic:\n    Type: 'AWS::SNS::Topic\n",
    good: "Resources:\n  Topic:\n    Type: 'AWS::SNS::Topic'\n",
};

pub(crate) static ALIAS: Rule = Rule {
    id: "text/alias",
    severity: Severity::Error,
    statement: "a YAML template has no aliases and no merges",
    why: "CloudFormation refuses them; only tools that rewrite the template first, such as `aws cloudformation package`, \
          expand them",
    page: PAGE,
    bad: "Resources:\n  First:\n    Type: AWS::SNS::Topic\n    Properties: &settings {DisplayName: News}\n  \
          Second:\n    Type: AWS::SNS::Topic\n    Properties: *settings\n",
    good: "Resources:\n  First:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: News}\n  \
           Second:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: News}\n",
};

pub(crate) static KEY: Rule = Rule {
    id: "text/key",
    severity: Severity::Error,
    statement: "a key is a string, also where it looks like a number",
    why: "CloudFormation answers `map keys must be strings; received numeric`",
    page: PAGE,
    bad: "Mappings:\n  Accounts:\n    123456789012: {Stage: prod}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    \
          Properties:\n      DisplayName: !FindInMap [Accounts, !Ref AWS::AccountId, Stage]\n",
    good: "Mappings:\n  Accounts:\n    '123456789012': {Stage: prod}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    \
           Properties:\n      DisplayName: !FindInMap [Accounts, !Ref AWS::AccountId, Stage]\n",
};

pub(crate) static NUMBER: Rule = Rule {
    id: "text/number",
    severity: Severity::Warning,
    statement: "a number is written as it is read, in decimal and without leading zeros",
    why: "YAML 1.1 has octal, hexadecimal and sexagesimal numbers: the account id 012345670123 becomes 1402433619",
    page: "https://yaml.org/type/int.html",
    bad: "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: 0755}\n",
    good: "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: '0755'}\n",
};

pub(crate) static BOOLEAN: Rule = Rule {
    id: "text/boolean",
    severity: Severity::Warning,
    statement: "`yes`, `no`, `on` and `off` are in quotes where they are compared as words",
    why: "YAML 1.1 reads them as booleans, so that the parameter is the word `true` or `false`",
    page: "https://yaml.org/type/bool.html",
    bad: "Parameters:\n  Public: {Type: String, AllowedValues: [yes, no]}\n\
          Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: !Ref Public}\n",
    good: "Parameters:\n  Public: {Type: String, AllowedValues: ['yes', 'no']}\n\
           Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: !Ref Public}\n",
};

pub(crate) static TAG: Rule = Rule {
    id: "text/tag",
    severity: Severity::Error,
    statement: "a YAML template has no tags but the short forms of functions and those of plain values",
    why: "CloudFormation does not support the tags binary, omap, pairs, set and timestamp, nor those of others",
    page: PAGE,
    bad: "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: !!binary TmV3cw==}\n",
    good: "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: News}\n",
};

/// The rules of this group.
pub(crate) static RULES: &[&Rule] = &[&ALIAS, &BOOLEAN, &KEY, &NUMBER, &SYNTAX, &TAG];
