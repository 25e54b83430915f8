//! The rules about documents of Systems Manager.

use tree::Severity;

use crate::rule::Rule;

pub(super) static CONTENT: Rule = Rule {
    id: "ssm/content",
    severity: Severity::Error,
    statement: "the content of a document is JSON, or says that it is YAML",
    why: "Systems Manager refuses the document",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/create-ssm-doc.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": "{\"schemaVersion\": \"2.2\", mainSteps: []}"}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": "{\"schemaVersion\": \"2.2\", \"mainSteps\": [{\"action\": \"aws:runShellScript\", \"name\": \"Run\", \"inputs\": {\"runCommand\": [\"uptime\"]}}]}"}}}}"#,
};

pub(super) static SCHEMA_VERSION: Rule = Rule {
    id: "ssm/schema-version",
    severity: Severity::Error,
    statement: "a document has a schema version of its type",
    why: "Systems Manager refuses the document",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.1",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
};

pub(super) static STEP: Rule = Rule {
    id: "ssm/step",
    severity: Severity::Error,
    statement: "a document has steps, and each step an action and a name of its own",
    why: "Systems Manager refuses the document",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}}, {"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["df"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
};

pub(super) static ACTION: Rule = Rule {
    id: "ssm/action",
    severity: Severity::Error,
    statement: "an action of a document is one that its type has",
    why: "Systems Manager refuses the document",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShelScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
};

pub(super) static INPUTS: Rule = Rule {
    id: "ssm/inputs",
    severity: Severity::Error,
    statement: "a step has the inputs that its action needs, and no others; what a shell runs is a list of lines",
    why: "Systems Manager refuses the document, or the step fails on every instance",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"commands": ["uptime"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
};

pub(super) static LIMIT: Rule = Rule {
    id: "ssm/limit",
    severity: Severity::Error,
    statement: "a document has at most 64 KB, and a step of it may run from 1 to 172800 seconds",
    why: "Systems Manager refuses the document, or the step fails on every instance",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"], "timeoutSeconds": "259200"}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"], "timeoutSeconds": "172800"}}]}}}}}"#,
};

pub(super) static PLATFORM: Rule = Rule {
    id: "ssm/platform",
    severity: Severity::Error,
    statement: "a precondition compares two values, and does not keep a step from every platform that it is for",
    why: "the document is refused, or the step is always skipped, which counts as success",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}, "precondition": {"StringEquals": ["platformType",
        "Windows"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["uptime"]}, "precondition": {"StringEquals": ["platformType",
        "Linux"]}}]}}}}}"#,
};

pub(super) static SHELL: Rule = Rule {
    id: "ssm/shell",
    severity: Severity::Warning,
    statement: "a shell script stops at the first failure, and its interpreter stands in its first line",
    why: "Run Command reports what the last line returns: work that failed in the middle counts as success",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["aws s3 cp s3://videos/in.mp4 /tmp/in.mp4",
        "enhance /tmp/in.mp4 /tmp/out.mp4", "rm /tmp/in.mp4"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["set -eu", "aws s3 cp s3://videos/in.mp4 /tmp/in.mp4",
        "enhance /tmp/in.mp4 /tmp/out.mp4", "rm /tmp/in.mp4"]}}]}}}}}"#,
};

pub(super) static INJECTION: Rule = Rule {
    id: "ssm/injection",
    severity: Severity::Warning,
    statement: "a parameter gets to a script as an environment variable, or can hold nothing that a shell understands",
    why: "the text is put into the script before the shell reads it: whoever sends the command, or names a file, runs commands as root",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2", "parameters": {"Key": {"type": "String"}},
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["enhance \"{{ Key }}\""]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2", "parameters": {"Key": {"type": "String",
        "interpolationType": "ENV_VAR"}}, "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["enhance \"$SSM_Key\""]}}]}}}}}"#,
};

pub(super) static PARAMETER: Rule = Rule {
    id: "ssm/parameter",
    severity: Severity::Error,
    statement: "a parameter has a type that there is, and a default that it would accept",
    why: "Systems Manager refuses the document, or every command without the parameter",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2", "parameters": {"Scale": {"type": "String",
        "allowedValues": ["2", "4"], "default": "3"}}, "mainSteps": [{"action": "aws:runShellScript",
        "name": "Run", "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2", "parameters": {"Scale": {"type": "String",
        "allowedValues": ["2", "4"], "default": "2"}}, "mainSteps": [{"action": "aws:runShellScript",
        "name": "Run", "inputs": {"runCommand": ["uptime"]}}]}}}}}"#,
};

pub(super) static UNDECLARED: Rule = Rule {
    id: "ssm/undeclared",
    severity: Severity::Error,
    statement: "what stands in `{{ }}` is a parameter of the document",
    why: "Systems Manager refuses the document",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2", "parameters": {"Lines": {"type": "Integer",
        "default": 50}}, "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["tail -n {{ Line }} /var/log/syslog"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2", "parameters": {"Lines": {"type": "Integer",
        "default": 50}}, "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["tail -n {{ Lines }} /var/log/syslog"]}}]}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[
    &CONTENT,
    &SCHEMA_VERSION,
    &STEP,
    &ACTION,
    &INPUTS,
    &LIMIT,
    &PLATFORM,
    &SHELL,
    &INJECTION,
    &PARAMETER,
    &UNDECLARED,
];
