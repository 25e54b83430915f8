//! Runs the tools, and brings what each says into one form.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::finding::{Finding, Findings, Place, Tool};
use super::policies::{self, Policy};

const PARLIAMENT: &str = include_str!("parliament.py");

/// The templates of every environment, by environment and stack.
pub type Templates = BTreeMap<String, BTreeMap<String, Value>>;

pub fn cfn_lint(root: &Path, programs: &Path, templates: &Templates) -> anyhow::Result<Findings> {
    let mut command = isolated(&programs.join("cfn-lint"), programs);
    command.current_dir(root).args(["--include-checks", "I", "--format", "json", "--non-zero-exit-code", "none", "--"]);
    for (environment, stacks) in templates {
        command.args(stacks.keys().map(|stack| format!("snapshots/{environment}/{stack}.json")));
    }
    from_cfn_lint(&output(&mut command, "")?).context("cannot read what cfn-lint says")
}

pub fn checkov(root: &Path, programs: &Path) -> anyhow::Result<Findings> {
    let mut command = isolated(&programs.join("checkov"), programs);
    // In its own folder, it meets no configuration file. It never goes to the network.
    command.current_dir(programs).env("CKV_SKIP_PACKAGE_UPDATE_CHECK", "true");
    command.args(["--framework", "cloudformation", "--skip-download", "--skip-results-upload"]);
    command.args(["--quiet", "--compact", "--soft-fail", "--output", "json", "--directory"]);
    command.arg(root.join("snapshots"));
    from_checkov(&output(&mut command, "")?).context("cannot read what checkov says")
}

pub fn parliament(programs: &Path, templates: &Templates) -> anyhow::Result<Findings> {
    let policies: Vec<_> = templates
        .iter()
        .flat_map(|(environment, stacks)| {
            let policies = policies::policies(&completed(stacks, templates)).into_iter();
            policies
                .filter(|policy| stacks.contains_key(&policy.stack))
                .map(move |policy| (environment.as_str(), policy))
        })
        .collect();
    // The auditors of habits judge what an identity may do. In the policy of a key, an endpoint or a role, `*` is that very
    // thing, and they would list every action that it has.
    let questions: Vec<_> = policies
        .iter()
        .map(|(_, policy)| json!({ "document": policy.document, "community": policy.identity }))
        .collect();
    let mut command = isolated(&programs.join("python"), programs);
    command.args(["-I", "-W", "ignore", "-c", PARLIAMENT]);
    let answers = output(&mut command, &Value::Array(questions).to_string())?;
    eprintln!("parliament: {} policies", policies.len());
    from_parliament(&policies, &answers).context("cannot read what parliament says")
}

/// The stacks of an environment, and in the place of those that it keeps no snapshot of, production's: what a value of
/// theirs looks like is the same.
fn completed(stacks: &BTreeMap<String, Value>, templates: &Templates) -> BTreeMap<String, Value> {
    let others = templates.get("prod").into_iter().flatten().filter(|(stack, _)| !stacks.contains_key(*stack));
    stacks.iter().chain(others).map(|(stack, template)| (stack.clone(), template.clone())).collect()
}

/// A command that a person's own settings for the tools, in files or variables, do not reach.
fn isolated(program: &Path, programs: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", programs).env("PYTHONUTF8", "1");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn output(command: &mut Command, input: &str) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{program}`"))?;
    // The tools read all of their input before they write; the pipe is closed here, at the end of the statement.
    let written = child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().with_context(|| format!("cannot run `{program}`"))?;
    if !output.status.success() {
        bail!("`{program}` failed: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    written.with_context(|| format!("cannot write to `{program}`"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CfnLintMatch {
    filename: String,
    message: String,
    rule: CfnLintRule,
    location: CfnLintLocation,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CfnLintRule {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CfnLintLocation {
    path: Option<Vec<Value>>,
}

fn from_cfn_lint(text: &str) -> anyhow::Result<Findings> {
    let mut findings = Findings::new();
    for found in serde_json::from_str::<Vec<CfnLintMatch>>(text)? {
        let (environment, stack) = template_of(&found.filename)?;
        let path = found.location.path.unwrap_or_default();
        let (logical_id, within) = match &path[..] {
            [section, name, within @ ..] if section == "Resources" => {
                (name.as_str().unwrap_or_default().into(), within)
            }
            [Value::String(section), Value::String(name), within @ ..] => (format!("{section}.{name}"), within),
            _ => ("Template".to_owned(), &[][..]),
        };
        // Names only: a finding stays the same when a statement moves up or a value becomes a function.
        let names: Vec<_> = within.iter().filter_map(Value::as_str).filter(|name| !name.starts_with("Fn::")).collect();
        let detail = (!names.is_empty()).then(|| names.join("."));
        let place = Place { environment, stack, logical_id, detail };
        findings.insert(Finding { tool: Tool::CfnLint, rule: found.rule.id, place }, found.message);
    }
    Ok(findings)
}

#[derive(Deserialize)]
struct CheckovReport {
    results: CheckovResults,
    summary: CheckovSummary,
}

#[derive(Deserialize)]
struct CheckovResults {
    failed_checks: Vec<CheckovCheck>,
}

#[derive(Deserialize)]
struct CheckovCheck {
    check_id: String,
    check_name: String,
    file_path: String,
    resource: String,
    check_result: CheckovResult,
}

#[derive(Deserialize)]
struct CheckovResult {
    #[serde(default)]
    evaluated_keys: Vec<String>,
}

impl CheckovCheck {
    /// Is true for a finding about checkov's own mark in a map, which holds the path of the template.
    ///
    /// Where this checkout's path happens to have a run of forty letters, checkov takes it for a secret key.
    fn is_about_its_own_mark(&self) -> bool {
        let keys = &self.check_result.evaluated_keys;
        !keys.is_empty() && keys.iter().all(|key| key.ends_with("/__file__"))
    }
}

#[derive(Deserialize)]
struct CheckovSummary {
    parsing_errors: u64,
}

fn from_checkov(text: &str) -> anyhow::Result<Findings> {
    let report: CheckovReport = serde_json::from_str(text)?;
    if report.summary.parsing_errors > 0 {
        bail!("checkov cannot read {} templates", report.summary.parsing_errors);
    }
    let mut findings = Findings::new();
    for check in report.results.failed_checks.into_iter().filter(|check| !check.is_about_its_own_mark()) {
        let (environment, stack) = template_of(&check.file_path)?;
        let logical_id = check.resource.rsplit('.').next().unwrap_or_default().to_owned();
        let place = Place { environment, stack, logical_id, detail: None };
        findings.insert(Finding { tool: Tool::Checkov, rule: check.check_id, place }, check.check_name);
    }
    Ok(findings)
}

#[derive(Deserialize)]
struct ParliamentFinding {
    issue: String,
    title: String,
    detail: Value,
    location: Value,
}

fn from_parliament(policies: &[(&str, Policy)], text: &str) -> anyhow::Result<Findings> {
    let answers: Vec<Vec<ParliamentFinding>> = serde_json::from_str(text)?;
    if answers.len() != policies.len() {
        bail!("{} policies were given, and {} answered", policies.len(), answers.len());
    }
    let mut findings = Findings::new();
    for ((environment, policy), answer) in policies.iter().zip(answers) {
        // What a policy on a key or an endpoint calls `*` is the thing itself, or whatever its conditions leave.
        let applies = |found: &ParliamentFinding| policy.identity || found.issue != "RESOURCE_STAR";
        for found in answer.into_iter().filter(applies) {
            for detail in details(&found) {
                let message = format!("{}, in {}", found.title.trim_end_matches(['.', ' ']), policy.path);
                let place = Place {
                    environment: (*environment).to_owned(),
                    stack: policy.stack.clone(),
                    logical_id: policy.logical_id.clone(),
                    detail,
                };
                findings.insert(Finding { tool: Tool::Parliament, rule: found.issue.clone(), place }, message);
            }
        }
    }
    Ok(findings)
}

/// What a finding is about: an action, a kind of escalation, a text. One that is about many actions becomes many.
fn details(found: &ParliamentFinding) -> Vec<Option<String>> {
    let string = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let action = |value: &Value| string(value).or_else(|| string(&value["action"]));
    if let Some(kind) = string(&found.location["type"]) {
        return vec![Some(kind)];
    }
    for list in [&found.detail, &found.location["actions"]] {
        if let Some(actions) = list.as_array() {
            return actions.iter().map(action).collect();
        }
    }
    vec![string(&found.location["string"]).or_else(|| string(&found.detail))]
}

/// The environment and the stack whose template a file is.
fn template_of(file: &str) -> anyhow::Result<(String, String)> {
    let path = Path::new(file);
    let environment = path.parent().and_then(Path::file_name);
    match (environment, path.file_stem()) {
        (Some(environment), Some(stack)) => {
            Ok((environment.to_string_lossy().into_owned(), stack.to_string_lossy().into_owned()))
        }
        _ => bail!("`{file}` is no template of an environment"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: &Findings) -> Vec<String> {
        findings.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn cfn_lint_names_properties() {
        let found = |path: Value| {
            json!({
                "Filename": "snapshots/dev/jobs.json", "Level": "Informational", "Message": "use Fn::Sub",
                "Rule": { "Id": "I1022" }, "Location": { "Path": path },
            })
        };
        let text = json!([
            found(json!(["Resources", "Role", "Properties", "Policies", 0, "Resource", "Fn::Join"])),
            found(json!(["Resources", "Role", "Properties", "Policies", 1, "Resource"])),
            found(json!(["Parameters", "Unused"])),
            found(Value::Null),
        ]);
        let findings = from_cfn_lint(&text.to_string()).expect("it can be read");
        assert_eq!(
            lines(&findings),
            [
                "cfn-lint I1022 dev/jobs/Parameters.Unused",
                "cfn-lint I1022 dev/jobs/Role: Properties.Policies.Resource",
                "cfn-lint I1022 dev/jobs/Template",
            ]
        );
    }

    fn checkov_says(parsing_errors: u64) -> String {
        checkov_says_of("Properties/LoggingConfiguration", parsing_errors)
    }

    fn checkov_says_of(key: &str, parsing_errors: u64) -> String {
        let check = json!({
            "check_id": "CKV_AWS_18", "check_name": "access logs", "file_path": "/dev/storage.json",
            "resource": "AWS::S3::Bucket.Logs", "check_result": { "result": "FAILED", "evaluated_keys": [key] },
        });
        let report = json!({
            "results": { "failed_checks": [check] }, "summary": { "failed": 1, "parsing_errors": parsing_errors },
        });
        report.to_string()
    }

    #[test]
    fn checkov_names_resources() {
        let findings = from_checkov(&checkov_says(0)).expect("it can be read");
        assert_eq!(lines(&findings), ["checkov CKV_AWS_18 dev/storage/Logs"]);
    }

    #[test]
    fn the_path_of_a_template_is_no_secret() {
        let variables = "Properties/Environment/Variables";
        let found =
            |name| from_checkov(&checkov_says_of(&format!("{variables}/{name}"), 0)).expect("it can be read").len();
        assert_eq!(found("TOKEN"), 1);
        assert_eq!(found("__file__"), 0);
    }

    #[test]
    fn a_template_that_checkov_cannot_read_is_no_clean_template() {
        assert!(from_checkov(&checkov_says(1)).is_err());
    }

    #[test]
    fn parliament_names_each_action() {
        let policy = Policy {
            stack: "jobs".to_owned(),
            logical_id: "Role".to_owned(),
            path: "Properties.PolicyDocument".to_owned(),
            identity: true,
            document: Value::Null,
        };
        let found = |issue: &str, detail: Value, location: Value| json!({ "issue": issue, "title": "a title. ", "detail": detail, "location": location });
        let text = json!([[
            found("RESOURCE_STAR", json!(["ec2:DescribeInstances", "ssm:ListCommands"]), json!({ "line": 1 })),
            found("RESOURCE_MISMATCH", json!([{ "action": "s3:GetObject", "required_format": "*" }]), json!({})),
            found("PERMISSIONS_MANAGEMENT_ACTIONS", json!(""), json!({ "actions": ["iam:passrole"] })),
            found("PRIVILEGE_ESCALATION", json!(""), json!({ "type": "PassRole", "actions": ["iam:passrole"] })),
            found("UNKNOWN_ACTION", json!("Unknown action s3:No"), json!({ "string": "s3:No" })),
            found("INVALID_ARN", Value::Null, json!({ "string": "not:an:arn" })),
            found("NO_VERSION", json!(""), json!({})),
        ]]);
        let findings = from_parliament(&[("dev", policy)], &text.to_string()).expect("it can be read");
        assert_eq!(
            lines(&findings),
            [
                "parliament INVALID_ARN dev/jobs/Role: not:an:arn",
                "parliament NO_VERSION dev/jobs/Role",
                "parliament PERMISSIONS_MANAGEMENT_ACTIONS dev/jobs/Role: iam:passrole",
                "parliament PRIVILEGE_ESCALATION dev/jobs/Role: PassRole",
                "parliament RESOURCE_MISMATCH dev/jobs/Role: s3:GetObject",
                "parliament RESOURCE_STAR dev/jobs/Role: ec2:DescribeInstances",
                "parliament RESOURCE_STAR dev/jobs/Role: ssm:ListCommands",
                "parliament UNKNOWN_ACTION dev/jobs/Role: s3:No",
            ]
        );
    }
}
